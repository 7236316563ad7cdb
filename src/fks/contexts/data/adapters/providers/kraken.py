"""Kraken's spot market: OHLC (its last 720 bars and no others), trades, sizes of pairs.

Formats are those of the public REST documentation (0/public). Pairs are told as Kraken's short
names (`XBTUSDT`). A bar's time is its open in seconds; the last bar of a page is still forming.
"""

from __future__ import annotations

from decimal import Decimal
from string import ascii_uppercase, digits
from typing import Any

import msgspec
import numpy as np

from fks.contexts.data.adapters.providers.reading import (
    bar_rows,
    decoded,
    fitting_ticks,
    floats,
    malformed,
    needs,
    refused,
    stamps,
)
from fks.contexts.data.adapters.providers.settings import KrakenSettings
from fks.contexts.data.domain.timeframes import timeframe_ns
from fks.contracts.data.providers import Capability, DataQuery, KeyUse, Limits, Page, PageRequest
from fks.contracts.data.ticks import NO_ID, BarRows, TradeRows
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid, NotFound

__all__ = ["Kraken"]

_NAME = "kraken"
_S = 1_000_000_000
_ROWS = 1000
_MINUTES = {
    "1m": 1,
    "5m": 5,
    "15m": 15,
    "30m": 30,
    "1h": 60,
    "4h": 240,
    "1d": 1440,
    "1w": 10080,
    "15d": 21600,
}
_LETTERS = ascii_uppercase + digits + "./"
_Bar = tuple[int, float, float, float, float, float, float, int]


class _Pair(msgspec.Struct):
    altname: str
    quote: str
    pair_decimals: int
    lot_decimals: int
    wsname: str = ""
    tick_size: str = ""


class _Pairs(msgspec.Struct):
    error: list[str]
    result: dict[str, _Pair] = {}


class _Answer(msgspec.Struct):
    error: list[str]
    result: dict[str, msgspec.Raw] = {}


class Kraken:
    """Kraken's spot market by its pages."""

    key: KeyUse | None = None

    def __init__(self, settings: KrakenSettings) -> None:
        self.base_url = settings.base_url
        # One call a second without a key, as its support pages say.
        self.limits = Limits(weight_per_minute=settings.weight_per_minute or 60, at_once=1)
        self.capabilities = (
            Capability(kind="bars", timeframes=tuple(_MINUTES)),
            Capability(kind="trades"),
        )

    def instrument_page(self, symbol: str) -> PageRequest:
        """Return the description of a pair."""
        return PageRequest(
            path="/0/public/AssetPairs", params=(("pair", needs(_NAME, symbol, _LETTERS)),)
        )

    def read_instrument(self, symbol: str, body: bytes) -> Instrument:
        """Return the sizes of a pair as they are now."""
        found = decoded(_NAME, body, _Pairs)
        _no_error(found.error, symbol)
        if len(found.result) != 1:
            raise malformed(_NAME, f"{len(found.result)} pairs where one was asked for")
        (pair,) = found.result.values()
        if not (0 <= pair.pair_decimals <= 12 and 0 <= pair.lot_decimals <= 12):
            raise malformed(_NAME, "a pair of more than 12 decimals")
        tick = pair.tick_size or str(Decimal(1).scaleb(-pair.pair_decimals))
        return Instrument(
            id=symbol,
            tick_size=fitting_ticks(_NAME, "tick size", tick),
            lot_size=Decimal(1).scaleb(-pair.lot_decimals),
            currency=pair.wsname.partition("/")[2] or pair.quote,
            venue="KRAKEN",
            calendar="24/7",
        )

    def first_page(self, query: DataQuery) -> PageRequest:
        """Return the first page of bars or trades."""
        pair = ("pair", needs(_NAME, query.symbol, _LETTERS))
        if query.kind == "bars":
            minutes = _MINUTES.get(query.timeframe)
            if minutes is None:
                raise Invalid(
                    f"{_NAME} has no {query.timeframe[:20]!r} bars; it has {', '.join(_MINUTES)}",
                    code="data.bad_timeframe",
                )
            since = str(max(0, query.start_ns // _S - 1))  # bars after this time
            asked = (pair, ("interval", str(minutes)), ("since", since))
            return PageRequest(path="/0/public/OHLC", params=asked)
        if query.kind == "trades":
            asked = (pair, ("since", str(max(0, query.start_ns - 1))), ("count", str(_ROWS)))
            return PageRequest(path="/0/public/Trades", params=asked)
        raise Invalid(
            f"{_NAME} gives no {query.kind[:20]!r} here; it gives bars, trades",
            code="data.no_such_kind",
        )

    def read_page(self, query: DataQuery, request: PageRequest, body: bytes) -> Page:
        """Return the rows of a page."""
        answer = decoded(_NAME, body, _Answer)
        _no_error(answer.error, query.symbol)
        last = answer.result.get("last")
        rows = [raw for name, raw in answer.result.items() if name != "last"]
        if last is None or len(rows) != 1:
            raise malformed(_NAME, "an answer without one pair and where it ends")
        if query.kind == "bars":
            return self._bars(query, bytes(rows[0]))
        return self._trades(request, bytes(rows[0]), decoded(_NAME, bytes(last), str))

    def _bars(self, query: DataQuery, body: bytes) -> Page:
        """Read bars: time, OHLC, volume-weighted price, volume, count. There is no further page."""
        rows = decoded(_NAME, body, list[_Bar])
        ts_ns = stamps(_NAME, [row[0] for row in rows], _S)
        made: BarRows = bar_rows(ts_ns, rows, (1, 2, 3, 4, 6))
        step_ns = timeframe_ns(query.timeframe)
        return Page(made, None, int(ts_ns[-1]) + step_ns if rows else query.start_ns)

    def _trades(self, request: PageRequest, body: bytes, last: str) -> Page:
        """Read trades: price, volume, seconds, side, type, misc, and since 2023 an id."""
        rows = decoded(_NAME, body, list[list[Any]])
        if any(len(row) < 6 or row[3] not in ("b", "s") for row in rows) or not last.isdigit():
            raise malformed(_NAME, "a trade without price, volume, time and side")
        try:
            made = TradeRows(
                stamps(_NAME, [row[2] for row in rows], _S),
                floats([float(row[0]) for row in rows]),
                floats([float(row[1]) for row in rows]),
                np.array([1 if row[3] == "b" else -1 for row in rows], dtype=np.int8),
                np.array([int(row[6]) if len(row) > 6 else NO_ID for row in rows], dtype=np.int64),
            )
        except (TypeError, ValueError, OverflowError) as error:
            raise malformed(_NAME, str(error)) from None
        kept = [(name, text) for name, text in request.params if name != "since"]
        after = msgspec.structs.replace(request, params=(*kept, ("since", last)))
        return Page(made, after if len(rows) >= _ROWS else None, int(last))


def _no_error(errors: list[str], symbol: str) -> None:
    """Raise what Kraken says instead of an answer."""
    if not errors:
        return
    if any("Unknown asset pair" in one for one in errors):
        raise NotFound(f"{_NAME} has no pair {symbol[:40]!r}", code="data.no_symbol")
    raise refused(_NAME, "; ".join(errors))
