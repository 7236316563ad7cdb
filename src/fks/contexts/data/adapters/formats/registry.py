"""Which formats there are, and which one a file is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from fks.contexts.data.adapters.archives import members_of, opened
from fks.contexts.data.adapters.formats.binance import looks_like_binance, read_binance
from fks.contexts.data.adapters.formats.delimited import read_delimited
from fks.contexts.data.adapters.formats.lean import looks_like_lean, read_lean
from fks.contexts.data.adapters.formats.parquet import read_parquet
from fks.contexts.data.adapters.formats.reading import FORMAT_NAMES, Found, Progress, ReadOptions
from fks.contexts.data.adapters.tabular import sniff
from fks.kernel.errors import Invalid, NotFound

__all__ = ["FORMATS", "detect", "read_file"]

Reader = Callable[[Path, ReadOptions, Progress], Found]

FORMATS: dict[str, Reader] = {
    "csv": read_delimited,
    "yahoo": read_delimited,
    "binance": read_binance,
    "lean": read_lean,
    "parquet": read_parquet,
}
assert tuple(FORMATS) == FORMAT_NAMES
_COLUMNAR = (".parquet", ".pq", ".feather", ".arrow")


def read_file(path: Path, form: str | None, options: ReadOptions, progress: Progress) -> Found:
    """Read a file in the given format, or in the one it shows."""
    if form is not None and form not in FORMATS:
        raise Invalid(
            f"no format {form[:20]!r}; there are {', '.join(FORMATS)}", code="data.unknown_format"
        )
    if not path.exists():
        raise NotFound(f"no file {path}", code="data.no_file")
    if not path.is_file() and not path.is_dir():
        raise Invalid(f"{path} is no regular file", code="data.no_file")
    chosen = form or detect(path, options)
    if chosen in ("csv", "yahoo") and path.suffix == ".zip" and options.member is None:
        options = _only_member(path, options)
    return FORMATS[chosen](path, options, progress)


def detect(path: Path, options: ReadOptions) -> str:
    """Return the format a file shows. Raises `Invalid` when it shows none."""
    if looks_like_lean(path):
        return "lean"
    if path.is_dir():
        raise Invalid(
            f"{path} is a folder; only a LEAN symbol's folder can be imported as a whole",
            code="data.unknown_format",
        )
    if path.suffix in _COLUMNAR:
        return "parquet"
    member = options.member
    if path.suffix == ".zip" and member is None:
        member = members_of(path)[0] if members_of(path) else None
        if member is None:
            raise Invalid(f"{path.name} is an empty archive", code="data.empty_file")
    with opened(path, member) as stream:
        cells, _ = sniff(stream, path.name)
    return "binance" if looks_like_binance(path, cells) else "csv"


def _only_member(path: Path, options: ReadOptions) -> ReadOptions:
    """Choose the only file of an archive."""
    names = members_of(path)
    if len(names) != 1:
        raise Invalid(
            f"{path.name} holds {len(names)} files; choose one with --member: "
            f"{', '.join(names[:10])}",
            code="data.choose_member",
        )
    return msgspec.structs.replace(options, member=names[0])
