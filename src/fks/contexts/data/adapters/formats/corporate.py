"""Files of corporate actions as datasets: LEAN's factors, Polygon's JSON, plain CSV."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from fks.contexts.data.adapters.actions import (
    FACTORS,
    MOST_BYTES,
    columns_of_actions,
    text_of,
    told_actions,
)
from fks.contexts.data.adapters.archives import opened
from fks.contexts.data.adapters.formats.reading import (
    FoundTicks,
    Progress,
    ReadOptions,
    silent,
    symbol_of,
)
from fks.contexts.data.adapters.formats.shown import Shown
from fks.contexts.data.adapters.formats.ticking import SymbolChoice, TickPart, found_ticks
from fks.contexts.data.domain.actions import rows_of
from fks.contexts.data.domain.table import Refused
from fks.kernel.errors import Invalid

__all__ = ["actions_of_table", "looks_like_actions", "read_action_file"]

_CURRENCY = "USD"
_EVENTS = (b'"split_from"', b'"ex_dividend_date"')


def looks_like_actions(shown: Shown) -> bool:
    """Tell whether a file begins as one of actions does."""
    start = shown.head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"{"):
        return b'"results"' in start and any(one in start for one in _EVENTS)
    if FACTORS.match(start[:200].decode("ascii", "replace").partition("\n")[0]):
        return True
    return columns_of_actions(shown.cells) is not None


def actions_of_table(
    path: Path,
    load: Callable[[list[str]], pa.Table],
    names: Sequence[str],
    options: ReadOptions,
    progress: Progress,
) -> FoundTicks:
    """Return the actions of a table whose columns `columns_of_actions` knows."""
    places = columns_of_actions(names)
    assert places is not None, "the columns are those of actions"
    table = load([names[k] for k in places.values()])
    if table.num_rows > MOST_BYTES // 16:
        raise Invalid(f"{path.name} has {table.num_rows:,} rows", code="data.too_large")
    text = pa.BufferOutputStream()
    csv.write_csv(table, text, csv.WriteOptions(quoting_style="needed"))
    return _found(text_of(text.getvalue().to_pybytes(), path.name), path, options, progress)


def read_action_file(path: Path, options: ReadOptions, progress: Progress = silent) -> FoundTicks:
    """Read the actions of one symbol. Raises `Invalid` where there are none, or of several."""
    with opened(path, options.member) as stream:
        text = text_of(stream.read(MOST_BYTES + 1), path.name)
    return _found(text, path, options, progress)


def _found(text: str, path: Path, options: ReadOptions, progress: Progress) -> FoundTicks:
    """Return the actions of one symbol of a text."""
    told = told_actions(text, path.name, _CURRENCY)
    if not told:
        raise Invalid(f"{path.name} has no actions", code="data.empty_file")
    choice = SymbolChoice(options.symbol, path.name)
    there = sorted({one.symbol for one in told if one.symbol})
    choice.look(there)
    if there and options.symbol is not None and choice.chosen is None:
        raise Invalid(
            f"{path.name} has no action of {options.symbol[:40]}; there are those of "
            f"{', '.join(there)[:200]}",
            code="data.nothing_usable",
        )
    own = [one for one in told if not one.symbol or choice.takes(one.symbol)]
    progress(len(own))
    good = [(one.row, one.action) for one in own if one.action is not None]
    part = TickPart(
        rows_of([action for _, action in good]),
        np.array([row for row, _ in good], dtype=np.int64),
        tuple(Refused(one.row, one.fault, "") for one in own if one.action is None),
    )
    symbol = choice.chosen or symbol_of(path)
    start = text.lstrip()
    usual = "XNYS" if start.startswith("{") or FACTORS.match(start) else None
    return found_ticks([(path.name, part)], symbol, calendar=usual)
