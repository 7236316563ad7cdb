"""The histories of all names on disk: one chained log a name, beside its versions.

A store from before histories were kept has versions without one; their manifests say when they
were made, and the first change writes that down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from fks.contexts.data.domain.content import NAME
from fks.contexts.data.domain.versions import Entry, current, not_before
from fks.contexts.data.store.chained import ChainedLog
from fks.contexts.data.store.stored import StoredDataset, load
from fks.contexts.data.store.written import replace
from fks.contracts.data.datasets import Provenance

__all__ = ["Histories"]

_LOG = ".history"


class Histories:
    """What happened to each name below a folder; the samples have theirs from the start."""

    def __init__(self, root: Path, samples: Path, now_ns: Callable[[], int]) -> None:
        self._root = root
        self._samples = samples
        self._now_ns = now_ns
        self._logs: dict[str, ChainedLog[Entry]] = {}

    def of(self, name: str) -> Sequence[Entry]:
        """Return the entries of a name, oldest first; none where there is no such name."""
        return self._log(name).read().entries or self._first(name)

    def marks(self) -> dict[str, tuple[int, int]]:
        """Return a mark a name that changes whenever something happened to it."""
        if not self._root.is_dir():
            return {}
        found = {}
        for folder in self._root.iterdir():
            try:
                told = (folder / _LOG).stat()
            except (FileNotFoundError, NotADirectoryError):
                continue
            if NAME.match(folder.name):
                found[folder.name] = (told.st_mtime_ns, told.st_size)
        return found

    def stored(self, name: str, of: str, made_by: Provenance) -> None:
        """Note that a version was stored and is the latest. The caller is the sole writer.

        The same content from the same source once more is no news.
        """

        def news(entries: Sequence[Entry]) -> Entry | None:
            told = any(e.kind == "stored" and (e.hash, e.made_by) == (of, made_by) for e in entries)
            if told and current(entries) == of:
                return None
            at_ns = not_before(entries, self._now_ns())
            return Entry(kind="stored", at_ns=at_ns, hash=of, made_by=made_by)

        entries = self._log(name).change_locked(news)
        replace(self._root / name / "latest", (current(entries) or of).encode())

    def collected(self, name: str, of: str) -> None:
        """Note that a version was removed. The caller is the sole writer."""
        self.change(
            name,
            lambda entries: Entry(
                kind="collected", at_ns=not_before(entries, self._now_ns()), hash=of
            ),
        )

    def change(
        self, name: str, decide: Callable[[Sequence[Entry]], Entry | None]
    ) -> Sequence[Entry]:
        """Append what `decide` returns. The caller is the sole writer of the name."""
        self.begin(name)
        return self._log(name).change_locked(decide)

    def begin(self, name: str) -> None:
        """Write down what the versions themselves tell, before another one is stored."""
        log = self._log(name)
        if not log.read().entries:
            for entry in self._first(name):
                log.change_locked(lambda _, entry=entry: entry)  # type: ignore[misc]  # bound now

    def _log(self, name: str) -> ChainedLog[Entry]:
        """Return the log of a name."""
        assert NAME.match(name), name
        return self._logs.setdefault(name, ChainedLog(self._root / name / _LOG, Entry))

    def _first(self, name: str) -> Sequence[Entry]:
        """Return the entries that the versions themselves tell of, the latest at the end."""
        folder = self._root / name
        found: list[StoredDataset] = []
        if folder.is_dir():
            loaded = (load(path) for path in folder.iterdir() if not path.name.startswith("."))
            found = [one for one in loaded if one is not None]
        if not found:
            sample = load(self._samples / name)
            found = [] if sample is None else [sample]
        latest = _pointer(folder)
        found.sort(key=lambda one: (one.info.created_at_ns, one.info.hash))
        entries: list[Entry] = []
        for one in found:
            at_ns = not_before(entries, one.info.created_at_ns)
            made_by = one.manifest().made_by
            entries.append(Entry(kind="stored", at_ns=at_ns, hash=one.info.hash, made_by=made_by))
        again = [entry for entry in entries if entry.hash == latest]
        if again and current(entries) != latest:
            # An older content was imported once more, and nothing says when: after all the rest.
            at_ns = entries[-1].at_ns + 1
            entries.append(
                Entry(kind="stored", at_ns=at_ns, hash=again[0].hash, made_by=again[0].made_by)
            )
        return entries


def _pointer(folder: Path) -> str | None:
    """Return the version that `latest` names."""
    try:
        return (folder / "latest").read_text(encoding="ascii").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
