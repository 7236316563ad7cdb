"""The vault on disk, and the guard that every read of stored bars passes.

A seal is on a name: on all its versions, on the same content under other names, and on what was
derived from it. The look is in the log, and on the disk, before the bars are handed out.
"""

from __future__ import annotations

import getpass
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from fks.contexts.data.domain.quality import iso
from fks.contexts.data.domain.timeframes import NO_CLOCK_NS, timeframe_ns
from fks.contexts.data.domain.vault import (
    VaultEntry,
    granted,
    reason_now,
    sealing,
    state,
    touched,
)
from fks.contexts.data.domain.versions import stored_hashes
from fks.contexts.data.store.chained import ChainedLog
from fks.contexts.data.store.history import Histories
from fks.contexts.data.store.stored import load
from fks.contexts.data.store.written import disk_faults
from fks.contracts.data import DatasetInfo
from fks.contracts.data.datasets import VaultState
from fks.kernel.errors import Denied

__all__ = ["Vault", "whoever_runs_this"]

_EVER = 2**63 - 1


class Vault:
    """Sealed ranges of the datasets of one home."""

    def __init__(self, home: Path, histories: Histories, now_ns: Callable[[], int]) -> None:
        self._root = home / "vault"
        self._datasets = home / "datasets"
        self._log = ChainedLog(self._root / "log", VaultEntry)
        self._histories = histories
        self._now_ns = now_ns

    def state(self, dataset: str = "") -> VaultState:
        """Return what is sealed and who looked. Raises `Unavailable` for a damaged log."""
        with disk_faults(self._root, "read"):
            read = self._log.read()
        return state(read.entries, dataset, read.head)

    def seal(self, dataset: str, from_ts_ns: int, to_ts_ns: int, by: str) -> None:
        """Seal bars of a name that opens; the same range twice is one seal."""
        entry = VaultEntry(
            kind="sealed",
            at_ns=self._now_ns(),
            by=by,
            dataset=dataset,
            from_ts_ns=from_ts_ns,
            to_ts_ns=to_ts_ns,
        )
        with disk_faults(self._root, "written"):
            self._log.change(lambda entries: sealing(entries, entry))

    def open(self, dataset: str, reason: str, by: str, *, reads: int = 1, key: str = "") -> None:
        """Let the next reads pass. Raises `Invalid` without a seal or a reason."""
        entry = VaultEntry(
            kind="opened",
            at_ns=self._now_ns(),
            by=by,
            dataset=dataset,
            reason=reason.strip(),
            reads=reads,
            key=key,
        )
        with disk_faults(self._root, "written"):
            self._log.change(lambda entries: granted(entries, entry))

    def check(self, info: DatasetInfo, from_ts_ns: int, to_ts_ns: int) -> None:
        """Let a read of `[from_ts_ns, to_ts_ns)` pass, or raise `Denied`.

        A read that touches sealed bars needs a grant for each sealed name, and takes one of each.
        """
        self.check_all((info,), from_ts_ns, to_ts_ns)

    def hides(self, info: DatasetInfo) -> bool:
        """Tell whether bars of a dataset are sealed, whoever may look; takes no grant."""
        with disk_faults(self._root, "read"):
            entries = self._log.read().entries
            return bool(
                entries and self._seals(entries, info, info.first_ts_ns, info.last_ts_ns + 1)
            )

    def check_all(self, infos: Iterable[DatasetInfo], from_ts_ns: int, to_ts_ns: int) -> None:
        """Let a read of several datasets pass, or raise `Denied` and take no grant at all."""
        with disk_faults(self._root, "read"):
            entries = self._log.read().entries
            if not entries:
                return
            reads = []
            for info in infos:
                first, end = max(from_ts_ns, info.first_ts_ns), min(to_ts_ns, info.last_ts_ns + 1)
                seals = self._seals(entries, info, first, end) if first < end else []
                for name in sorted({seal.dataset for seal in seals}):
                    ours = [seal for seal in seals if seal.dataset == name]
                    reads.append((info, name, ours, end))
        for name, needed in Counter(name for _, name, _, _ in reads).items():
            if reason_now(entries, name)[0] < needed:
                raise _sealed(name, [one for read in reads if read[1] == name for one in read[2]])
        with disk_faults(self._root, "written"):
            for read in reads:
                self._take(*read)

    def _take(self, info: DatasetInfo, name: str, seals: list[VaultEntry], end: int) -> None:
        """Log one look at a name's sealed bars, if it may pass."""
        from_ts_ns = max(min(seal.from_ts_ns for seal in seals), info.first_ts_ns)
        to_ts_ns = min(max(seal.to_ts_ns for seal in seals), end)

        def look(entries: Sequence[VaultEntry]) -> VaultEntry:
            left, reason = reason_now(entries, name)
            if left < 1:
                raise _sealed(name, seals)
            return VaultEntry(
                kind="read",
                at_ns=self._now_ns(),
                by=whoever_runs_this(),
                dataset=name,
                hash=info.hash,
                from_ts_ns=from_ts_ns,
                to_ts_ns=to_ts_ns,
                reason=reason,
            )

        self._log.change(look)

    def _seals(
        self, entries: Sequence[VaultEntry], info: DatasetInfo, first: int, end: int
    ) -> list[VaultEntry]:
        """Return the seals that a read touches.

        A bar of a derived dataset may hold sealed rows without opening among them, so it counts
        from a bar before to a bar after. How long a bar is that follows no clock is not known here:
        any of them may.
        """
        sealed = {entry.dataset for entry in entries if entry.kind == "sealed"}
        known = {name: set(stored_hashes(self._histories.of(name))) for name in sealed}
        same = {name for name in sealed if name == info.name or info.hash in known[name]}
        found = touched(entries, same, first, end)
        ancestors = self._ancestors(info.hash)
        derived = {name for name in sealed - same if known[name] & ancestors}
        if derived:
            step = timeframe_ns(info.timeframe)
            if step == NO_CLOCK_NS:
                step = info.last_ts_ns - info.first_ts_ns + 1
            found += touched(entries, derived, first - step, end + step)
        return found

    def _ancestors(self, of: str) -> set[str]:
        """Return the hashes of all that a version was derived from."""
        found: set[str] = set()
        waiting = [of]
        while waiting:
            one = waiting.pop()
            for folder in self._datasets.glob(f"*/{one}"):
                dataset = load(folder)
                parents = () if dataset is None else dataset.manifest().made_by.parents
                waiting += [parent for parent in parents if parent not in found]
                found.update(parents)
        return found


def _sealed(name: str, seals: Sequence[VaultEntry]) -> Denied:
    """Say which bars cannot be read, and what can be done."""
    end = seals[0].to_ts_ns
    span = f"from {iso(seals[0].from_ts_ns)} " + (f"to {iso(end)}" if end < _EVER else "on")
    return Denied(
        f"bars of {name} {span} are sealed in the holdout vault; ask for bars outside of them, or "
        f'look with a reason: fks data vault open {name} --reason "..."',
        code="data.sealed",
    )


def whoever_runs_this() -> str:
    """Return who reads: the user's name, the process, and the program."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user without an entry in the password file
        user = f"uid {os.getuid()}"
    program = " ".join((Path(sys.argv[0]).name, *sys.argv[1:3])) if sys.argv else ""
    return f"{user}, process {os.getpid()}, {program[:80]}".encode("utf-8", "replace").decode()
