"""Where each record lies: derived from the segments, never the truth.

SQLite in WAL mode. It is written after the segment is on the disk: after a power cut it may be
behind, and it is caught up. Missing or broken, it is made again. Where it cannot be kept on the
disk at all, it is kept in memory.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Entry", "Index", "JobHead", "Known", "Listed", "Place"]

_LAYOUT = 1
_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS payloads (
    provider TEXT NOT NULL, segment INTEGER NOT NULL, told INTEGER NOT NULL,
    start INTEGER NOT NULL, length INTEGER NOT NULL, id BLOB NOT NULL, job TEXT NOT NULL,
    number INTEGER NOT NULL, status INTEGER NOT NULL, received_at_ns INTEGER NOT NULL,
    bytes INTEGER NOT NULL, PRIMARY KEY (provider, segment, told)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS of_id ON payloads (id);
CREATE INDEX IF NOT EXISTS of_job
    ON payloads (provider, job, number, segment, told, bytes, received_at_ns);
CREATE TABLE IF NOT EXISTS segments (
    provider TEXT NOT NULL, segment INTEGER NOT NULL, ends INTEGER NOT NULL, salt BLOB NOT NULL,
    tip BLOB NOT NULL, closed INTEGER NOT NULL, PRIMARY KEY (provider, segment)
) WITHOUT ROWID;
PRAGMA user_version = {_LAYOUT};
COMMIT;
"""
_JOBS = """
SELECT provider, job, count(*), sum(bytes), min(received_at_ns), max(received_at_ns)
FROM payloads WHERE ?1 IS NULL OR provider = ?1 GROUP BY provider, job ORDER BY provider, job
"""


class Place(NamedTuple):
    """Where a record lies."""

    provider: str
    segment: int
    start: int


class Listed(NamedTuple):
    """A record without its body, as the index knows it."""

    id: str
    number: int
    status: int
    received_at_ns: int


class JobHead(NamedTuple):
    """A job: how many payloads of how many bytes (before compression), and from when to when."""

    provider: str
    job: str
    payloads: int
    bytes: int
    first_at_ns: int
    last_at_ns: int


class Entry(NamedTuple):
    """What is noted of a record; `told` is the offset at which it was written."""

    told: int
    start: int
    length: int
    id: str
    job: str
    number: int
    status: int
    received_at_ns: int
    bytes: int


class Known(NamedTuple):
    """How far a segment is known, the digest of its last frame, and whether more may follow."""

    segment: int
    ends: int
    salt: bytes
    tip: bytes
    closed: bool


class Index:
    """An open index, closed when nobody holds it any more. Threads may share it."""

    def __init__(self, root: Path | None) -> None:
        self._path = None if root is None else root / "index.db"
        self._database = _opened(self._path)
        self._made = _identity(self._path)
        self._one = threading.Lock()
        weakref.finalize(self, self._database.close)

    def stands(self) -> bool:
        """Tell whether the file that was opened is still the one of that name."""
        return self._made is not None and self._made == _identity(self._path)

    def add(self, provider: str, entries: Iterable[Entry], known: Known) -> None:
        """Note records, and how far their segment is known."""
        rows = (
            (provider, known.segment, *one[:3], bytes.fromhex(one.id), *one[4:]) for one in entries
        )
        with self._one, self._database:
            self._database.executemany(
                "INSERT OR IGNORE INTO payloads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
            )
            self._database.execute(
                "INSERT OR REPLACE INTO segments VALUES (?, ?, ?, ?, ?, ?)", (provider, *known)
            )

    def forget(self, provider: str, segment: int) -> None:
        """Drop what is known of a segment."""
        with self._one, self._database:
            for statement in (
                "DELETE FROM payloads WHERE provider = ? AND segment = ?",
                "DELETE FROM segments WHERE provider = ? AND segment = ?",
            ):
                self._database.execute(statement, (provider, segment))

    def known(self, provider: str) -> dict[int, Known]:
        """Return how far each segment of a provider is known."""
        rows = self._rows(
            "SELECT segment, ends, salt, tip, closed FROM segments WHERE provider = ?", (provider,)
        )
        return {row[0]: _known(row) for row in rows}

    def last(self, provider: str) -> Known | None:
        """Return how far the last segment of a provider is known."""
        rows = self._rows(
            "SELECT segment, ends, salt, tip, closed FROM segments WHERE provider = ? "
            "ORDER BY segment DESC LIMIT 1",
            (provider,),
        )
        return next((_known(row) for row in rows), None)

    def entries(self, provider: str, segment: int) -> dict[int, tuple[str, int, int]]:
        """Return id, start and length of all records of a segment by where each was written."""
        rows = self._rows(
            "SELECT told, id, start, length FROM payloads WHERE provider = ? AND segment = ?",
            (provider, segment),
        )
        return {told: (of.hex(), start, length) for told, of, start, length in rows}

    def places(self, payload: str) -> tuple[Place, ...]:
        """Return where a payload lies; more than one place where it was appended twice."""
        try:
            of = bytes.fromhex(payload)
        except ValueError:
            return ()
        rows = self._rows("SELECT provider, segment, start FROM payloads WHERE id = ?", (of,))
        return tuple(Place(*row) for row in rows)

    def begins(self, start: str) -> tuple[str, ...]:
        """Return up to two payloads whose id begins with so many hex digits."""
        if not 0 < len(start) <= 64 or set(start) - set("0123456789abcdef"):
            return ()
        low, high = (bytes.fromhex(start.ljust(64, fill)) for fill in "0f")
        rows = self._rows(
            "SELECT DISTINCT id FROM payloads WHERE id BETWEEN ? AND ? LIMIT 2", (low, high)
        )
        return tuple(row[0].hex() for row in rows)

    def of_job(
        self, provider: str, job: str, first: int = 0, last: int = 2**63 - 1
    ) -> Sequence[tuple[Listed, Place]]:
        """Return the records of a job with these numbers, by number and then as appended."""
        rows = self._rows(
            "SELECT id, number, status, received_at_ns, provider, segment, start FROM payloads "
            "WHERE provider = ? AND job = ? AND number BETWEEN ? AND ? "
            "ORDER BY number, segment, told",
            (provider, job, first, last),
        )
        return [(Listed(row[0].hex(), *row[1:4]), Place(*row[4:])) for row in rows]

    def has_job(self, provider: str, job: str) -> bool:
        """Tell whether there is a record of a job."""
        words = "SELECT 1 FROM payloads WHERE provider = ? AND job = ? LIMIT 1"
        return bool(self._rows(words, (provider, job)))

    def jobs(self, provider: str | None) -> tuple[JobHead, ...]:
        """Return jobs by name."""
        return tuple(JobHead(*row) for row in self._rows(_JOBS, (provider,)))

    def _rows(self, statement: str, values: tuple[object, ...]) -> list[Any]:
        """Return all rows of an answer."""
        with self._one:
            return self._database.execute(statement, values).fetchall()


def _known(row: tuple[int, int, bytes, bytes, int]) -> Known:
    """Return a row of the segments."""
    segment, ends, salt, tip, closed = row
    return Known(segment, ends, salt, tip, bool(closed))


def _identity(path: Path | None) -> tuple[int, int] | None:
    """Return which file has this name."""
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return None if found is None else (found.st_dev, found.st_ino)


def _opened(path: Path | None) -> sqlite3.Connection:
    """Open the file, or memory where there can be none.

    A file that is broken, or of another layout, is made anew.
    """
    if path is not None:
        try:
            try:
                return _on_disk(path)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                path.unlink(missing_ok=True)
                return _on_disk(path)
        except (OSError, sqlite3.OperationalError):
            return _laid_out(sqlite3.connect(":memory:", check_same_thread=False))
    return _laid_out(sqlite3.connect(":memory:", check_same_thread=False))


def _on_disk(path: Path) -> sqlite3.Connection:
    """Open the file for this owner only."""
    if not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    database = sqlite3.connect(path, timeout=30, check_same_thread=False)
    with ExitStack() as undo:
        undo.callback(database.close)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        _laid_out(database)
        undo.pop_all()
    return database


def _laid_out(database: sqlite3.Connection) -> sqlite3.Connection:
    """Make the tables where there are none."""
    layout = database.execute("PRAGMA user_version").fetchone()[0]
    if layout not in (0, _LAYOUT):
        raise sqlite3.DatabaseError("an index of another layout")
    if layout == 0:
        database.executescript(_SCHEMA)
    return database
