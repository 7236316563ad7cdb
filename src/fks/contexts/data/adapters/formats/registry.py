"""Which formats there are, and which one a file is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath

import msgspec

from fks.contexts.data.adapters.formats.binance import looks_like_binance, read_binance
from fks.contexts.data.adapters.formats.bybit import looks_like_bybit, read_bybit
from fks.contexts.data.adapters.formats.capture import looks_like_capture, read_capture
from fks.contexts.data.adapters.formats.corporate import looks_like_actions, read_action_file
from fks.contexts.data.adapters.formats.databento import looks_like_databento, read_databento
from fks.contexts.data.adapters.formats.delimited import read_delimited
from fks.contexts.data.adapters.formats.documents import looks_like_document, read_document
from fks.contexts.data.adapters.formats.forex import (
    looks_like_fxcm,
    looks_like_histdata,
    looks_like_truefx,
    read_fxcm,
    read_histdata,
    read_truefx,
)
from fks.contexts.data.adapters.formats.lean import looks_like_lean, read_lean
from fks.contexts.data.adapters.formats.lobster import looks_like_lobster, read_lobster
from fks.contexts.data.adapters.formats.ninja import looks_like_ninja, read_ninja
from fks.contexts.data.adapters.formats.parquet import read_parquet
from fks.contexts.data.adapters.formats.reading import (
    FORMAT_NAMES,
    SIDES,
    Found,
    FoundTicks,
    Progress,
    ReadOptions,
    kind_of,
    symbol_of,
)
from fks.contexts.data.adapters.formats.recordings import looks_like_recording, read_recording
from fks.contexts.data.adapters.formats.shown import Shown, only_member, show
from fks.contexts.data.adapters.formats.tardis import looks_like_tardis, read_tardis
from fks.contexts.data.adapters.formats.tick_tables import looks_like_ticks, read_tick_table
from fks.contracts.data.ticks import KINDS
from fks.kernel.errors import Invalid, NotFound

__all__ = ["FORMATS", "detect", "read_file"]

Reader = Callable[[Path, ReadOptions, Progress], Found | FoundTicks]

FORMATS: dict[str, Reader] = {
    "csv": read_delimited,
    "yahoo": read_delimited,
    "binance": read_binance,
    "lean": read_lean,
    "parquet": read_parquet,
    "ticks": read_tick_table,
    "capture": read_capture,
    "truefx": read_truefx,
    "histdata": read_histdata,
    "fxcm": read_fxcm,
    "databento": read_databento,
    "lobster": read_lobster,
    "tardis": read_tardis,
    "bybit": read_bybit,
    "json": read_document,
    "ninja": read_ninja,
    "recording": read_recording,
    "actions": read_action_file,
}
assert tuple(FORMATS) == FORMAT_NAMES
_COLUMNAR = (".parquet", ".pq", ".feather", ".arrow")
_LOOKS: tuple[tuple[str, Callable[[Shown], bool]], ...] = (
    ("databento", looks_like_databento),
    ("capture", looks_like_capture),
    ("recording", looks_like_recording),
    ("lobster", looks_like_lobster),
    ("binance", looks_like_binance),
    ("tardis", looks_like_tardis),
    ("bybit", looks_like_bybit),
    ("actions", looks_like_actions),
    ("json", looks_like_document),
    ("ninja", looks_like_ninja),
    ("truefx", looks_like_truefx),
    ("histdata", looks_like_histdata),
    ("fxcm", looks_like_fxcm),
    ("ticks", looks_like_ticks),
)
"""What is asked of a file, in this order; one that nobody knows is a CSV of bars."""


def read_file(
    path: Path, form: str | None, options: ReadOptions, progress: Progress
) -> Found | FoundTicks:
    """Read a file in the given format, or in the one it shows."""
    if form is not None and form not in FORMATS:
        raise Invalid(
            f"no format {form[:20]!r}; there are {', '.join(FORMATS)}", code="data.unknown_format"
        )
    if not path.exists():
        raise NotFound(f"no file {path}", code="data.no_file")
    if not path.is_file() and not path.is_dir():
        raise Invalid(f"{path} is no regular file", code="data.no_file")
    if options.kind is not None and options.kind not in KINDS:
        raise Invalid(
            f"no kind {options.kind[:20]!r}; there are {', '.join(KINDS)}", code="data.choose_kind"
        )
    if options.side is not None and options.side not in SIDES:
        raise Invalid(
            f"no side {options.side[:20]!r}; there are {', '.join(SIDES)}", code="data.choose_side"
        )
    chosen = form or detect(path, options)
    asked = options.member
    if chosen != "lean" and path.is_file():
        options = msgspec.structs.replace(options, member=only_member(path, options))
    found = FORMATS[chosen](path, options, progress)
    if asked is not None and chosen != "lean" and found.symbol == symbol_of(path):
        # Nothing but the archive's name said what is traded: the member that was chosen says more.
        found = found._replace(symbol=symbol_of(PurePosixPath(asked.replace("\\", "/"))))
    if options.side is not None and not (isinstance(found, Found) and found.quotes):
        raise Invalid(
            f"{path.name} holds no bars with bid and ask, between which --side chooses; leave it "
            "out",
            code="data.choose_side",
        )
    # A LEAN folder has bars of trades and bars of quotes, between which the kind chooses.
    held = kind_of(found.rows) if isinstance(found, FoundTicks) else "bars"
    if options.kind not in (None, held) and (chosen, held) != ("lean", "bars"):
        raise Invalid(f"{path.name} holds {held}, no {options.kind}", code="data.choose_kind")
    return found


def detect(path: Path, options: ReadOptions) -> str:
    """Return the format a file shows. Raises `Invalid` when it shows none."""
    if looks_like_lean(path):
        return "lean"
    if path.is_dir():
        raise Invalid(
            f"{path} is a folder; only a LEAN symbol's folder can be imported as a whole",
            code="data.unknown_format",
        )
    if path.suffix.lower() in _COLUMNAR:
        return "parquet"
    shown = show(path, options)
    return next((name for name, looks in _LOOKS if looks(shown)), "csv")
