"""Data that are no bars: trades, quotes, order books, funding and corporate actions.

Each kind exists twice. *Rows* are what a file or a provider wrote, as floats and in its order,
checked by nobody. *Columns* are what a dataset holds: whole ticks and lots of its instrument, in
time order. All arrays have shape (n,); times are UTC nanoseconds.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from fks.contracts.columns import Float64, Int64
from fks.kernel.messages import Query

__all__ = [
    "ADD",
    "CANCEL",
    "CLEAR",
    "FILL",
    "KINDS",
    "LAST",
    "MODIFY",
    "NO_ID",
    "NO_PRICE",
    "SET",
    "SNAPSHOT",
    "TRADE",
    "ActionColumns",
    "ActionRows",
    "BarRows",
    "DepthColumns",
    "DepthRows",
    "FundingColumns",
    "FundingRows",
    "GetTicks",
    "Int8",
    "QuoteColumns",
    "QuoteRows",
    "Rows",
    "TickWindow",
    "TradeColumns",
    "TradeRows",
    "ValueColumns",
    "ValueRows",
]

Int8 = npt.NDArray[np.int8]

KINDS = ("bars", "trades", "quotes", "depth", "funding", "actions", "values")
"""What a dataset can hold."""

NO_ID = -1
"""The id of a trade or an order that its source did not name, and an unknown sequence."""
NO_PRICE = int(np.iinfo(np.int64).min)
"""The ticks of a side of a quote that was empty."""

SET, ADD, CANCEL, MODIFY, TRADE, FILL, CLEAR = range(7)
"""What a row of depth does.

`SET` gives a price level its whole quantity (0 removes it); the others are about one order, as
Databento names them: added, cancelled by a quantity, modified to one, traded against (the
aggressor's side; changes no book), filled (changes no book); `CLEAR` empties the book.
"""
LAST, SNAPSHOT = 1, 2
"""Flags of a row of depth: the last one of its message; one of a snapshot."""


class BarRows(NamedTuple):
    """Bars as their source wrote them; `ts_ns` is each bar's open."""

    ts_ns: Int64
    open: Float64
    high: Float64
    low: Float64
    close: Float64
    volume: Float64


class TradeRows(NamedTuple):
    """Trades: `side` is the aggressor's, 1 buys, -1 sells, 0 unknown; `id` or `NO_ID`."""

    ts_ns: Int64
    price: Float64
    quantity: Float64
    side: Int8
    id: Int64


class QuoteRows(NamedTuple):
    """Best bids and asks; the price of an empty side is NaN and its quantity 0."""

    ts_ns: Int64
    bid: Float64
    bid_quantity: Float64
    ask: Float64
    ask_quantity: Float64


class DepthRows(NamedTuple):
    """Changes of an order book: `action` as above, `side` 1 bid, -1 ask, 0 neither."""

    ts_ns: Int64
    sequence: Int64
    action: Int8
    side: Int8
    price: Float64
    quantity: Float64
    order_id: Int64
    flags: Int8


class FundingRows(NamedTuple):
    """Funding of a perpetual: the rate of the interval that ends, and the mark price or NaN."""

    ts_ns: Int64
    rate: Float64
    mark: Float64


class ActionRows(NamedTuple):
    """Corporate actions by ex-date (midnight UTC of that date).

    `ratio` is new shares for an old one (1 where nothing was split), `dividend` cash for an old
    share in the instrument's currency, `close` the close before it as traded, or NaN where the
    source does not tell.
    """

    ts_ns: Int64
    ratio: Float64
    dividend: Float64
    close: Float64


class ValueRows(NamedTuple):
    """One number of a symbol at times, whatever it counts: open interest, a rate of interest."""

    ts_ns: Int64
    value: Float64


Rows = BarRows | TradeRows | QuoteRows | DepthRows | FundingRows | ActionRows | ValueRows


class TradeColumns(NamedTuple):
    """Trades in whole ticks and lots, in time order (and as they came within one time)."""

    ts_ns: Int64
    price_ticks: Int64
    quantity_lots: Int64
    side: Int8
    id: Int64
    tick_size: Decimal
    lot_size: Decimal


class QuoteColumns(NamedTuple):
    """Best bids and asks in whole ticks and lots; an empty side has `NO_PRICE` and 0 lots."""

    ts_ns: Int64
    bid_ticks: Int64
    bid_lots: Int64
    ask_ticks: Int64
    ask_lots: Int64
    tick_size: Decimal
    lot_size: Decimal


class DepthColumns(NamedTuple):
    """Changes of an order book in whole ticks and lots, in the order in which they happened."""

    ts_ns: Int64
    sequence: Int64
    action: Int8
    side: Int8
    price_ticks: Int64
    quantity_lots: Int64
    order_id: Int64
    flags: Int8
    tick_size: Decimal
    lot_size: Decimal


class FundingColumns(NamedTuple):
    """Funding rates in billionths, mark prices in ticks (`NO_PRICE` where unknown)."""

    ts_ns: Int64
    rate_e9: Int64
    mark_ticks: Int64
    tick_size: Decimal


class ActionColumns(NamedTuple):
    """Corporate actions by ex-date: `new_shares` for `old_shares`, in lowest terms, and cash.

    The dividend for an old share and the close before it are billionths of the instrument's
    currency; the close is `NO_PRICE` where unknown. `tick_size` is that of its prices.
    """

    ts_ns: Int64
    new_shares: Int64
    old_shares: Int64
    dividend_e9: Int64
    close_e9: Int64
    tick_size: Decimal


class ValueColumns(NamedTuple):
    """Numbers of a symbol in time order, in billionths; `tick_size` is its instrument's."""

    ts_ns: Int64
    value_e9: Int64
    tick_size: Decimal


class TickWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A window of ticks as stored: `columns` by `names`, whole ticks and lots.

    A price that is not there (an empty side, an unknown mark) is None. `total` rows lie in the
    span that was asked for. Funding has no quantities, so no `lot_size`.
    """

    dataset: str
    kind: str
    names: tuple[str, ...]
    columns: tuple[tuple[int | None, ...], ...]
    total: int
    tick_size: Decimal
    lot_size: Decimal | None = None
    synthetic: bool = False


class GetTicks(Query[TickWindow], frozen=True, kw_only=True, tag="data.get_ticks.v1"):
    """Which ticks lie in `[from_ts_ns, to_ts_ns)`? At most `limit` after the first `skip`.

    Raises `Invalid` for a dataset of bars, and for more than 5,000 at a time.
    """

    dataset: str
    from_ts_ns: int = 0
    to_ts_ns: int = 2**63 - 1
    skip: int = 0
    limit: int = 5000
