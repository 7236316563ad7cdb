"""How far the chain of a backfill stands, and its rows: so that no run reads all of it again.

`<home>/chains/<provider>/<job>/` has a small `head.json` and one file of rows, named by its
content. Both are derived from the raw log and never the truth: missing, broken, or made by another
version of FKS, they count for nothing, and the chain is read from the log.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import msgspec
import numpy as np

from fks.contexts.data.domain.backfills import Part
from fks.contexts.data.store.rawlog.records import folder_name
from fks.contexts.data.store.written import disk_faults, replace, sole_writer
from fks.contracts.data import Finding, ticks
from fks.contracts.data.providers import PageRequest
from fks.contracts.data.ticks import Rows
from fks.kernel.ids import content_hash

__all__ = ["Checkpoints", "Made", "Standing"]

_KINDS: dict[str, Any] = {
    one.__name__: one
    for one in (
        *(ticks.BarRows, ticks.TradeRows, ticks.QuoteRows),
        *(ticks.FundingRows, ticks.ActionRows),
    )
}


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What a run made: a version of a name, of these sizes and these rows behind the checkpoint."""

    name: str
    hash: str
    sizes: str
    tail: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """The pages of a chain that stand, from the first one on, and what follows them.

    `rewritten` is what its provider said otherwise of them later, `rechecked_at_ns` when it was
    asked.
    """

    job: str
    code_version: str
    pages: int = 0
    rows: int = 0
    reached_ns: int = 0
    last: str = ""
    following: PageRequest | None = None
    file: str = ""
    made: Made | None = None
    rewritten: tuple[Finding, ...] = ()
    rechecked_at_ns: int = 0


class Checkpoints:
    """The checkpoints below one home."""

    def __init__(self, home: Path, code_version: str) -> None:
        self._root, self._code_version = home / "chains", code_version

    def standing(self, provider: str, job: str) -> Standing:
        """Return what is known of a chain; nothing of it where nothing usable is."""
        none = Standing(job=job, code_version=self._code_version)
        unusable = suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError)
        with unusable:
            text = (self._folder(provider, job) / "head.json").read_bytes()
            found = msgspec.json.decode(text, type=Standing)
            if (found.job, found.code_version) == (none.job, none.code_version):
                return found
        return none

    def parts(self, provider: str, standing: Standing) -> tuple[Part, ...] | None:
        """Return the pages that stand with their rows; None where they are not there any more."""
        if not standing.pages:
            return ()
        with suppress(OSError, ValueError, KeyError, BadZipFile, EOFError):
            content = (self._folder(provider, standing.job) / standing.file).read_bytes()
            if _named(content) == standing.file:
                found = _unpacked(content)
                return found if len(found) == standing.pages else None
        return None

    def keep(self, provider: str, standing: Standing, parts: Sequence[Part] | None) -> None:
        """Keep a checkpoint; `parts` are all its pages, None where they are those of before.

        Raises `Unavailable` where the disk is full or fails.
        """
        folder = self._folder(provider, standing.job)
        with disk_faults(self._root, "written"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with sole_writer(folder):
                if parts:
                    content = _packed(parts)
                    standing = msgspec.structs.replace(standing, file=_named(content))
                    replace(folder / standing.file, content)
                replace(folder / "head.json", msgspec.json.encode(standing))
                for path in folder.glob("rows-*"):
                    if path.name != standing.file:
                        path.unlink(missing_ok=True)

    def _folder(self, provider: str, job: str) -> Path:
        """Return where a chain is kept; names of jobs are plain."""
        assert job.isascii() and set(job) <= set("abcdefghijklmnopqrstuvwxyz0123456789-"), job
        return self._root / folder_name(provider) / job


def _named(content: bytes) -> str:
    """Return what a file of rows is called."""
    return f"rows-{content_hash(content)[:32]}.npz"


def _packed(parts: Sequence[Part]) -> bytes:
    """Return pages with rows as a file."""
    kind = next(type(part.rows) for part in parts)
    assert all(type(part.rows) is kind for part in parts), "a chain has one kind of rows"
    columns = zip(*(part.rows for part in parts), strict=True)
    arrays: dict[str, Any] = {
        f"column_{k}": np.concatenate(column) for k, column in enumerate(columns)
    }
    file = io.BytesIO()
    np.savez(
        file,
        kind=np.array(kind.__name__),
        payload=np.array([part.payload for part in parts]),
        count=np.array([len(part.rows.ts_ns) for part in parts], dtype=np.int64),
        seen=np.array([part.seen_ns for part in parts], dtype=np.int64),
        begins=np.array([part.begins_ns for part in parts], dtype=np.int64),
        **arrays,
    )
    return file.getvalue()


def _unpacked(content: bytes) -> tuple[Part, ...]:
    """Return what `_packed` made."""
    with np.load(io.BytesIO(content)) as found:
        kind = _KINDS[str(found["kind"])]
        columns = [found[f"column_{k}"] for k in range(len(kind._fields))]
        ends = np.cumsum(found["count"])
        told = zip(
            found["payload"].tolist(),
            (ends - found["count"]).tolist(),
            ends.tolist(),
            found["seen"].tolist(),
            found["begins"].tolist(),
            strict=True,
        )
        made: list[Part] = []
        for payload, first, last, seen, begins in told:
            rows: Rows = kind(*(column[first:last] for column in columns))
            made.append(Part(payload, rows, seen, begins))
    return tuple(made)
