"""What a provider lets through, shared by all processes of one home: a small file and its lock.

A server and commands beside it are one client to a provider. Each request is counted in
`<home>/weights` before it is sent; a pause that the provider asked for holds for
all. The file is replaced whole, under a lock that a kill lets go. It is no truth: missing or broken
it counts nothing, and what this process did it knows by itself. Where the file cannot be used, or
its lock is held for too long, a process counts for itself alone.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import msgspec

from fks.contexts.data.domain.fetching.limiting import WINDOW_S, WeightWindow
from fks.kernel.ids import content_hash

__all__ = ["SharedWindow", "shared_file"]

_BUSY_S = 0.01
_MOST_BUSY = 100
_MOST_BYTES = 1 << 16
_MOST_QUIET_S = 604_800.0


class _Taken(msgspec.Struct, array_like=True):
    """Weight that was used by a time of the monotonic clock, and what the wall clock said then."""

    at_s: float
    wall_s: float
    weight: int


class _Shared(msgspec.Struct):
    """The file: what was used of late, and for how long from then on nobody may ask."""

    taken: list[_Taken] = []
    quiet: _Taken | None = None
    quiet_s: float = 0.0


class SharedWindow:
    """The weight that all processes used in the last 60 seconds. Times are as `WeightWindow`'s.

    Without a file it is this process alone. Seconds are joined in the file: a weight may count up
    to a second longer than a minute, never shorter.
    """

    def __init__(self, limit: int, path: Path | None, wall_ns: Callable[[], int]) -> None:
        self.limit = limit
        self._own = WeightWindow(limit)
        self._path, self._wall_ns = path, wall_ns
        self._busy = 0
        self._quiet_until_s = 0.0

    def used(self, now_s: float) -> int:
        """Return the weight that was used in the window that ends now."""
        return max(self._own.used(now_s), self._window(self._read(), now_s).used(now_s))

    def quiet_s(self, now_s: float) -> float:
        """Return for how long a provider asked everybody to be quiet."""
        found = self._read()
        left_s = self._quiet_until_s - now_s
        if found.quiet is not None:
            age_s = self._age_s(found.quiet, now_s)
            left_s = max(left_s, min(found.quiet_s, _MOST_QUIET_S) - age_s)
        return max(0.0, left_s)

    def take(self, now_s: float, weight: int) -> float:
        """Count a request where it fits now, and return 0; else return how long to wait."""
        wait_s = self._own.wait_s(now_s, weight)
        with self._alone() as (free, busy):
            shared = self._read() if free or busy else _Shared()
            wait_s = max(wait_s, self._window(shared, now_s).wait_s(now_s, weight))
            if wait_s > 0:
                return wait_s
            self._busy = self._busy + 1 if busy else 0
            if busy and self._busy < _MOST_BUSY:
                return _BUSY_S
            if free:
                self._add(shared, now_s, weight)
        self._own.take(now_s, weight)
        return 0.0

    def believe(self, now_s: float, told: int) -> None:
        """Count what the provider says was used, by whomever, where that is more than we know."""
        missing = min(told, 10 * self.limit) - self.used(now_s)
        if missing <= 0:
            return
        self._own.believe(now_s, self._own.used(now_s) + missing)
        with self._alone() as (free, _):
            if free:
                self._add(self._read(), now_s, missing)

    def hush(self, now_s: float, for_s: float) -> None:
        """Let nobody ask for a time."""
        self._quiet_until_s = max(self._quiet_until_s, now_s + for_s)
        if for_s <= self.quiet_of_others_s(now_s):
            return
        with self._alone() as (free, _):
            if free:
                shared = self._read()
                shared.quiet = _Taken(now_s, self._wall_ns() / 1e9, 0)
                shared.quiet_s = for_s
                self._write(shared)

    def quiet_of_others_s(self, now_s: float) -> float:
        """Return for how long the file says that nobody may ask."""
        found = self._read()
        return 0.0 if found.quiet is None else found.quiet_s - self._age_s(found.quiet, now_s)

    def _window(self, shared: _Shared, now_s: float) -> WeightWindow:
        """Return what the file says as a window, oldest first."""
        window = WeightWindow(self.limit)
        ages = sorted((self._age_s(one, now_s), one.weight) for one in shared.taken)
        for age_s, weight in reversed(ages):
            if age_s < WINDOW_S and weight > 0:
                window.take(now_s - age_s, weight)
        return window

    def _age_s(self, one: _Taken, now_s: float) -> float:
        """Return how long ago something was; by the wall clock where it was before a restart."""
        age_s = now_s - one.at_s
        return age_s if age_s >= 0 else max(0.0, self._wall_ns() / 1e9 - one.wall_s)

    def _add(self, shared: _Shared, now_s: float, weight: int) -> None:
        """Count a weight in the file, with what was used in the same second."""
        wall_s = self._wall_ns() / 1e9
        shared.taken = [one for one in shared.taken if self._age_s(one, now_s) < WINDOW_S]
        last = shared.taken[-1] if shared.taken else None
        if last is not None and int(last.at_s) == int(now_s):
            last.at_s, last.wall_s, last.weight = (
                max(last.at_s, now_s),
                wall_s,
                last.weight + weight,
            )
        else:
            shared.taken.append(_Taken(now_s, wall_s, weight))
        self._write(shared)

    def _read(self) -> _Shared:
        """Return the file; nothing where there is none, or none that can be read."""
        if self._path is not None:
            unusable = suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError)
            with unusable, self._path.open("rb") as file:
                return msgspec.json.decode(file.read(_MOST_BYTES), type=_Shared)
        return _Shared()

    def _write(self, shared: _Shared) -> None:
        """Replace the file. On a full disk this process counts for itself."""
        assert self._path is not None, "there is a file to share"
        scratch = self._path.with_suffix(".new")
        with suppress(OSError):
            scratch.write_bytes(msgspec.json.encode(shared))
            scratch.replace(self._path)

    @contextmanager
    def _alone(self) -> Iterator[tuple[bool, bool]]:
        """Tell whether the file is ours to write now, and whether somebody else holds it."""
        handle, free, busy = -1, False, False
        if self._path is not None:
            with suppress(OSError):
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                lock = self._path.with_suffix(".lock")
                handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    free = True
                except BlockingIOError:
                    busy = True
        try:
            yield free, busy
        finally:
            if handle >= 0:
                os.close(handle)


def shared_file(home: Path, provider: str, base_url: str) -> Path:
    """Return where the processes of a home share what a provider at a URL lets through."""
    name = quote(provider, safe="")[:120].replace(".", "%2E")
    return home / "weights" / f"{name}-{content_hash(base_url.encode())[:8]}.json"
