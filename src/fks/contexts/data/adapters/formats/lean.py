"""LEAN's bars: one zip a day (or a symbol), CSV without header; its ticks are read beside this.

The path says what is inside. Times are milliseconds since midnight, or `YYYYMMDD HH:MM`; prices
of equities and options are multiplied by 10,000. Quote bars give the middle of bid and ask, or
the side that is wanted; one without both sides has no middle. A zip of futures or options holds
one CSV a contract.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fks.contexts.data.adapters.archives import opened
from fks.contexts.data.adapters.formats.lean_places import (
    RESOLUTIONS,
    Place,
    chosen_member,
    contract_symbol,
    is_margin_interest,
    looks_like_lean,
    place_of,
    times_of,
)
from fks.contexts.data.adapters.formats.lean_ticks import read_lean_ticks, read_margin_interest
from fks.contexts.data.adapters.formats.reading import (
    Found,
    FoundTicks,
    Progress,
    ReadOptions,
    of_side,
    one_table,
    side_note,
    silent,
)
from fks.contexts.data.adapters.tabular import TextRows, numbers_of, read_text, sniff
from fks.contexts.data.domain.table import RawTable, Refused, joined
from fks.contracts.columns import Float64
from fks.kernel.errors import Invalid

__all__ = ["looks_like_lean", "read_lean"]

_TRADE, _QUOTE = 6, 11


def read_lean(path: Path, options: ReadOptions, progress: Progress = silent) -> Found | FoundTicks:
    """Read a zip, or a symbol's folder of daily zips as one table.

    Of a folder the trades are read, or the quotes where there are none or that kind is wanted.
    With `--member` days on which that contract has no file are left out, and said so.
    """
    if is_margin_interest(path):
        return read_margin_interest(path, options, progress)
    paths = _zips(path, options.kind) if path.is_dir() else [path]
    first = place_of(paths[0])
    if first.resolution == "tick" or first.form == "openinterest":
        return read_lean_ticks(path, paths, options, progress)
    parts: list[tuple[str, RawTable]] = []
    without, quotes, member = 0, False, ""
    place = place_of(paths[0])
    for one in paths:
        place = place_of(one)
        chosen = chosen_member(one, options.member, required=len(paths) == 1)
        if chosen is None:
            without += 1
            continue
        member = chosen
        table, quotes = _read(one, chosen, place, progress, options.side)
        parts.append((one.name, table))
    if not parts:
        raise Invalid(
            f"none of {len(paths)} zips in {path} holds {options.member}", code="data.choose_member"
        )
    notes = []
    if quotes:
        notes.append(side_note(options.side))
    if without:
        notes.append(f"{without} of {len(paths)} days have no file of {options.member}")
    table, pieces = one_table(parts)
    return Found(
        table,
        contract_symbol(place, member),
        RESOLUTIONS[place.resolution],
        notes=tuple(notes),
        pieces=pieces,
        quotes=quotes,
        calendar=place.calendar,
    )


def _zips(folder: Path, kind: str | None) -> list[Path]:
    """Return the zips of a folder that belong together. Raises `Invalid` where there are none."""
    forms = {
        "trades": ("trade",),
        "quotes": ("quote",),
        "values": ("openinterest",),
        **dict.fromkeys(("depth", "funding", "actions"), ()),
    }
    for form in forms.get(kind or "", ("trade", "quote")):
        found = sorted({*folder.glob(f"*_{form}.zip"), *folder.glob(f"*_{form}_*.zip")})
        if found:
            return found
    raise Invalid(f"{folder} holds no trade or quote zips of one symbol", code="data.no_file")


def _read(
    path: Path, member: str, place: Place, progress: Progress, side: str | None
) -> tuple[RawTable, bool]:
    """Read one CSV of one zip; tell whether it holds quotes."""
    with opened(path, member) as stream:
        cells, delimiter = sniff(stream, path.name)
        if len(cells) not in (_TRADE, _QUOTE):
            raise Invalid(
                f"{path.name} has {len(cells)} columns; LEAN bars have {_TRADE} (trades) or "
                f"{_QUOTE} (quotes)",
                code="data.wrong_columns",
            )
        parts: list[RawTable] = []
        refused: list[Refused] = []
        for block in read_text(
            stream, path.name, len(cells), delimiter, wanted=range(len(cells)), header=False
        ):
            if isinstance(block, tuple):
                refused.extend(block)
                continue
            parts.append(_table(block, place, side))
            progress(len(block.row))
    return joined(parts)._replace(refused=tuple(refused)), len(cells) == _QUOTE


def _table(block: TextRows, place: Place, side: str | None) -> RawTable:
    """Turn a block into bars; a quote bar is one side or the middle, its volume 0."""
    scale = place.scale
    cells = [numbers_of(block.columns[k]) for k in range(1, len(block.columns))]
    if len(block.columns) == _QUOTE:
        first, high, low, last = (of_side(cells[k], cells[k + 5], side) / scale for k in range(4))
        volume: Float64 = np.zeros(len(block.row))
    else:
        first, high, low, last = (cell / scale for cell in cells[:4])
        volume = cells[4]
    return RawTable(block.row, times_of(block.columns[0], place), first, high, low, last, volume)
