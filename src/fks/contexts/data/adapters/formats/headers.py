"""Which column of a header is which, in the words of many vendors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fks.kernel.errors import Invalid

__all__ = ["ALIASES", "CLOCK", "SYMBOL", "columns_of_header"]

CLOCK = "clock"
"""A second time column, with the time of day."""

SYMBOL = "symbol"
"""A column that says of which symbol a row is."""

ALIASES: dict[str, tuple[str, ...]] = {
    "ts": (
        *("ts_ns", "ts", "timestamp", "datetime", "date", "time", "open_time", "opentime"),
        *(
            "timestamp_utc",
            "date_time",
            "unix",
            "epoch",
            "gmt time",
            "local time",
            "open time",
            "index",
            "__index_level_0__",
        ),
        *("window_start", "start_at", "start_time", "ts_event"),
    ),
    "open": ("open", "o", "first", "open_price", "opening price"),
    "high": ("high", "h", "max", "high_price"),
    "low": ("low", "l", "min", "low_price"),
    "close": ("close", "c", "last", "close_price", "price", "close/last", "settle", "close*"),
    "volume": (
        "volume",
        "v",
        "vol",
        "vol.",
        "volume_base",
        "base_volume",
        "tickvol",
        "tick_volume",
    ),
}
_CLOCKS = ("time", "hour", "time of day")
_SYMBOLS = ("symbol", "ticker", "tic", "instrument", "pair", "currency pair", "name")
_INDEXES = ("", "price")  # what pandas writes over an index without a name, and yfinance over dates


def columns_of_header(cells: Sequence[str], given: Mapping[str, str], name: str) -> dict[str, int]:
    """Return at which place each canonical column stands; the first of equal names counts.

    `given` maps canonical columns to the file's own names. Raises `Invalid` naming what is
    missing and what there is.
    """
    places = {_plain(cell): k for k, cell in reversed(list(enumerate(cells)))}
    there = ", ".join(cells)[:200]
    found: dict[str, int] = {}
    for column, wanted in given.items():
        if column not in ALIASES:
            raise Invalid(
                f"no column {column[:20]!r} to map; map one of {', '.join(ALIASES)}",
                code="data.bad_column_map",
            )
        if _plain(wanted) not in places:
            raise Invalid(
                f"{name} has no column {wanted[:40]!r}; it has {there}", code="data.bad_column_map"
            )
        found[column] = places[_plain(wanted)]
    for column, aliases in ALIASES.items():
        match = next((places[a] for a in aliases if a in places), None)
        if match is not None:
            found.setdefault(column, match)
    if "ts" in found and _plain(cells[found["ts"]]) == "date":
        clock = next((places[c] for c in _CLOCKS if c in places), None)
        if clock is not None:
            found[CLOCK] = clock
    if "ts" not in found and cells and _plain(cells[0]) in _INDEXES:
        found["ts"] = 0
        if found.get("close") == 0:
            del found["close"]
    symbol = next((places[one] for one in _SYMBOLS if one in places), None)
    if symbol is not None and symbol not in found.values():
        found[SYMBOL] = symbol
    missing = [column for column in ALIASES if column not in found and column != "volume"]
    if missing:
        raise Invalid(
            f"{name} has no column for {', '.join(missing)}; it has {there}. "
            f"Say which with --map {missing[0]}=NAME",
            code="data.wrong_columns",
        )
    return found


def _plain(cell: str) -> str:
    """Return a name without case, blanks around it and MetaTrader's brackets."""
    return cell.strip().strip("<>").strip().lower()
