"""Which column of a table of ticks is which, in the words of many vendors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fks.kernel.errors import Invalid

__all__ = ["TickColumns", "columns_of_ticks", "plain_name"]

_BARS = {"open", "high", "low", "close", "<open>", "<close>"}
_BOOKS = {"action", "is_snapshot", "update_type", "order_type"}
_TIMES = (
    *("transact_time", "transaction_time", "ts_event", "ts_ns", "timestamp", "datetime"),
    *("time", "ts", "date_time", "gmt time", "local time", "time (eet)", "time (utc)", "date"),
    *("timestamp_utc", "event_time", "created_at", "sip_timestamp", "calc_time"),
    *("funding_time", "fundingtime", "unix", "epoch", "participant_timestamp", "trade_time"),
)
_PRICES: dict[str, tuple[str, ...]] = {
    "price": ("price", "trade_price", "last_price", "last", "px", "rate"),
    "quantity": ("quantity", "qty", "size", "amount", "volume", "vol", "sz", "trade_size"),
    "side": ("side", "aggressor_side", "taker_side", "direction", "m_side"),
    "maker": ("is_buyer_maker", "isbuyermaker", "buyer_maker", "isbuyer_maker"),
    "id": ("id", "agg_trade_id", "trade_id", "tradeid", "tid", "trdmatchid"),
}
_QUOTES: dict[str, tuple[str, ...]] = {
    "bid": ("bid", "bid_price", "bidprice", "best_bid_price", "best_bid", "bid_px_00", "bid_px"),
    "ask": ("ask", "ask_price", "askprice", "best_ask_price", "best_ask", "ask_px_00", "offer"),
    "bid_quantity": (
        *("bid_quantity", "bid_size", "bid_amount", "bidvolume", "bid_volume", "best_bid_qty"),
        *("bidsize", "bid_qty", "bid_sz_00"),
    ),
    "ask_quantity": (
        *("ask_quantity", "ask_size", "ask_amount", "askvolume", "ask_volume", "best_ask_qty"),
        *("asksize", "ask_qty", "ask_sz_00"),
    ),
}
_FUNDING: dict[str, tuple[str, ...]] = {
    "rate": ("last_funding_rate", "funding_rate", "fundingrate"),
    "mark": ("mark_price", "markprice"),
}
_VALUES: dict[str, tuple[str, ...]] = {
    "value": (
        "value",
        "open_interest",
        "openinterest",
        "open interest",
        "oi",
        "interest_rate",
        "pcredit8",
    ),
}
_SYMBOLS = ("symbol", "ticker", "instrument", "pair", "currency pair")
_KINDS = {
    "trades": (_PRICES, ("price",), ("quantity", "side", "maker", "id")),
    "quotes": (_QUOTES, ("bid", "ask"), ()),
    "funding": (_FUNDING, ("rate",), ()),
    "values": (_VALUES, ("value",), ()),
}


class TickColumns(NamedTuple):
    """What a table holds, and at which place each of its columns stands."""

    kind: str
    places: dict[str, int]


def columns_of_ticks(
    cells: Sequence[str], given: Mapping[str, str], name: str, wanted: str | None = None
) -> TickColumns | None:
    """Return the columns of a header; None where it is none of ticks.

    `given` maps canonical columns (ts, price, quantity, side, id, bid, ask, ...) to the file's own
    names. A table with prices of trades and quotes is of the `wanted` kind, else of trades. Raises
    `Invalid` for a mapping to a column that is not there.
    """
    places = {plain_name(cell): k for k, cell in reversed(list(enumerate(cells)))}
    mapped: dict[str, int] = {}
    for column, own in given.items():
        if plain_name(own) not in places:
            raise Invalid(
                f"{name} has no column {own[:40]!r}; it has {', '.join(cells)[:200]}",
                code="data.bad_column_map",
            )
        mapped[column] = places[plain_name(own)]
    if (_BARS | _BOOKS) & (places.keys() - {"close"}) or {"open", "high"} & mapped.keys():
        return None
    ts = mapped.get("ts", next((places[one] for one in _TIMES if one in places), None))
    if ts is None:
        return None
    found: dict[str, TickColumns] = {}
    for kind, (aliases, needed, one_of) in _KINDS.items():
        here = {
            column: mapped[column] if column in mapped else places[match]
            for column, names in aliases.items()
            if (match := next((one for one in names if one in places), "")) or column in mapped
        }
        if all(one in here for one in needed) and (not one_of or any(o in here for o in one_of)):
            found[kind] = TickColumns(kind, {"ts": ts, **here})
    chosen = found.get(wanted or "") or next(iter(found.values()), None)
    symbol = next((places[one] for one in _SYMBOLS if one in places), None)
    if chosen is not None and symbol is not None:
        chosen.places["symbol"] = symbol
    return chosen


def plain_name(text: str) -> str:
    """Return a name as it is compared."""
    return text.strip().strip("<>").strip().lower()
