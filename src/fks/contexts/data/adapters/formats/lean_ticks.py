"""LEAN's ticks: trades and quotes, a zip a day.

How many cells a line has, follows from the security and from what the path calls it:
trades are `ms, price, quantity[, exchange, condition][, suspicious]`, quotes of equities and
options `ms, bid, size, ask, size, exchange, [condition,] suspicious`, of coins without exchange,
of currencies `ms, bid, ask`. Equities' and options' prices are multiplied by 10,000. A price of 0
is an empty side: the equities' quotes are those of single exchanges, and each line gives one side.
A line that its source marks as suspicious is refused and says so. Open interest is `time,
contracts` at every resolution. Funding rates lie in
`<security>/<market>/margin_interest/<symbol>.csv`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fks.contexts.data.adapters.archives import opened
from fks.contexts.data.adapters.formats.lean_places import (
    Place,
    chosen_member,
    contract_symbol,
    place_of,
    times_of,
)
from fks.contexts.data.adapters.formats.reading import FoundTicks, Progress, ReadOptions
from fks.contexts.data.adapters.formats.tick_headers import TickColumns
from fks.contexts.data.adapters.formats.tick_tables import read_table_of
from fks.contexts.data.adapters.formats.ticking import (
    TickPart,
    found_ticks,
    numbers_or_zero,
    quotes,
    read_ticks,
    trades,
    without,
)
from fks.contexts.data.adapters.tabular import TextRows, numbers_of, sniff
from fks.contracts.data.ticks import QuoteRows, TradeRows, ValueRows
from fks.kernel.errors import Invalid

__all__ = ["read_lean_ticks", "read_margin_interest"]

# How many cells a line may have, and whether the last of them says that it is suspicious.
_TRADES = {3: False, 4: True, 6: True}
_QUOTES = {3: False, 5: False, 6: True, 7: True, 8: True}
_FUNDING = {"ts": 0, "rate": 1}
_INTEREST = {2: False}
_PRICES_ONLY = 3
_YES = pa.array(["1", "true"], pa.string())
_SAID = "marked as suspicious by its source"


def read_lean_ticks(
    path: Path, paths: Sequence[Path], options: ReadOptions, progress: Progress
) -> FoundTicks:
    """Read the zips of a day or of many days. Raises `Invalid` where they hold something else."""
    parts: list[tuple[str, TickPart]] = []
    place, member, form = place_of(paths[0]), "", place_of(paths[0]).form
    for one in paths:
        place = place_of(one)
        chosen = chosen_member(one, options.member, required=len(paths) == 1)
        if chosen is not None:
            member = chosen
            parts.append((one.name, _read(one, chosen, place, progress)))
    if not parts:
        raise Invalid(
            f"none of {len(paths)} zips in {path} holds {options.member}", code="data.choose_member"
        )
    notes = []
    if form == "quote" and place.security == "equity":
        notes.append("each quote is one side of one exchange")
    if len(parts) < len(paths):
        notes.append(
            f"{len(paths) - len(parts)} of {len(paths)} days have no file of {options.member}"
        )
    return found_ticks(parts, contract_symbol(place, member), notes=notes, calendar=place.calendar)


def read_margin_interest(path: Path, options: ReadOptions, progress: Progress) -> FoundTicks:
    """Read `YYYYMMDD HH:MM:SS,rate`, the funding of a perpetual in UTC."""
    with opened(path) as stream:
        cells, delimiter = sniff(stream, path.name)
        if len(cells) != len(_FUNDING):
            raise Invalid(
                f"{path.name} has {len(cells)} columns; LEAN's margin interest has time and rate",
                code="data.wrong_columns",
            )
        columns = TickColumns("funding", dict(_FUNDING))
        return read_table_of(
            *(stream, path, (len(cells), delimiter), columns, options, progress),
            header=False,
            symbol=path.name.partition(".")[0].upper(),
            calendar="24/7",
        )


def _read(path: Path, member: str, place: Place, progress: Progress) -> TickPart:
    """Read one CSV of one zip."""
    counts = {"trade": _TRADES, "quote": _QUOTES, "openinterest": _INTEREST}[place.form]
    with opened(path, member) as stream:
        cells, delimiter = sniff(stream, path.name)
        if len(cells) not in counts:
            raise Invalid(
                f"{path.name} has {len(cells)} columns; LEAN's lines of {place.form} have "
                f"{', '.join(map(str, counts))}",
                code="data.wrong_columns",
            )
        make = partial(_part, place=place, cells=len(cells), flagged=counts[len(cells)])
        shape = (len(cells), delimiter)
        return read_ticks(stream, path.name, shape, range(len(cells)), make, progress)


def _part(block: TextRows, *, place: Place, cells: int, flagged: bool) -> TickPart:
    """Turn a block into rows, without the suspicious ones."""
    columns = block.columns
    ts_ns = times_of(columns[0], place)
    rows: TradeRows | QuoteRows | ValueRows
    if place.form == "openinterest":
        rows = ValueRows(ts_ns, numbers_of(columns[1]))
    elif place.form == "trade":
        rows = trades(ts_ns, numbers_of(columns[1]) / place.scale, numbers_of(columns[2]))
    elif cells == _PRICES_ONLY:
        bid, ask = (numbers_or_zero(columns[k]) / place.scale for k in (1, 2))
        rows = quotes(ts_ns, bid, None, ask, None)
    else:
        bid, ask = (numbers_or_zero(columns[k]) / place.scale for k in (1, 3))
        sizes = [numbers_or_zero(columns[k]) for k in (2, 4)]
        rows = quotes(ts_ns, bid, sizes[0], ask, sizes[1])
    part = TickPart(rows, block.row)
    if not flagged:
        return part
    suspicious = pc.is_in(pc.utf8_lower(columns[cells - 1]), value_set=_YES)
    return without(part, np.asarray(suspicious.to_numpy(zero_copy_only=False)), _SAID)
