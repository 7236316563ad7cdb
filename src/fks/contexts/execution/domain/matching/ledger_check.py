"""The pre-trade controls of the plain ledger, each with its figure and its limit, in order.

`figures` is the whole of it: a check takes the first that fails, a what-if shows them all.
An order *lowers* where, with all open orders of its side filled and what it replaces given back,
the position is nearer to zero and on the same side; such an order passes 10 to 14.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from .layout import UNLIMITED, AccountKey, Flag, Gate, InstrumentKey, OrderKind, Reason
from .ledger_terms import (
    HOLD_MOST,
    LOTS_MOST,
    ORDER_MOST,
    PARTS,
    TICKS_MOST,
    Account,
    Instrument,
    Row,
    Strategy,
    clamp,
    upwards,
)

if TYPE_CHECKING:
    from .ledger_accounts import Accounts

__all__ = ["Figure", "Order", "figures", "hold_price", "take", "use"]

MARKETS = (OrderKind.MARKET, OrderKind.MARKET_TO_LIMIT)
LIMITED = (OrderKind.STOP_LIMIT, OrderKind.LIMIT_IF_TOUCHED)
TRAILING = (OrderKind.TRAILING_STOP, OrderKind.TRAILING_STOP_LIMIT)
PRICED = (OrderKind.LIMIT, *LIMITED, OrderKind.TRAILING_STOP_LIMIT)
STOPPED = (OrderKind.STOP, OrderKind.MARKET_IF_TOUCHED, *LIMITED, *TRAILING)
KINDS = (*MARKETS, *PRICED, *STOPPED)


class Figure(NamedTuple):
    """A control: what the order brings it to, up to where, and whether that passes."""

    reason: int  # Reason
    used: int
    limit: int
    passes: bool


class Order(NamedTuple):
    """What is asked of `figures`; ticks, lots, ns."""

    now_ns: int
    account: int
    instrument: int
    strategy: int
    side: int
    kind: int
    flags: int
    price: int
    stop: int
    lots: int
    old_lots: int
    old_price: int


def cap(reason: Reason, used: int, limit: int, excused: bool = False) -> Figure:
    """Return a figure that passes up to its limit, when waived, and where it is excused."""
    return Figure(reason, clamp(used), limit, limit == UNLIMITED or used <= limit or excused)


def hold_price(one: Instrument, side: int, kind: int, price: int, stop: int) -> int:
    """Return the ticks to hold an order at; see `docs/explanation/risk-ledger.md`."""
    if kind == OrderKind.LIMIT or kind in LIMITED:
        return price
    low, high = one.value[InstrumentKey.MIN_TICKS], one.value[InstrumentKey.MAX_TICKS]
    anchor = one.anchor
    if kind in (OrderKind.STOP, OrderKind.MARKET_IF_TOUCHED):
        return stop if anchor is None else max(stop, anchor)
    if kind in TRAILING:
        start = one.reference if one.last is None else one.last
        if start is None:
            return high
        if side == 0:
            start += stop + (price if kind == OrderKind.TRAILING_STOP_LIMIT else 0)
        return within(start, low, high)
    collar = one.value[InstrumentKey.COLLAR_TICKS]
    if collar == UNLIMITED or anchor is None:
        return high if side == 0 else low
    return within(anchor + collar if side == 0 else anchor - collar, low, high)


def within(ticks: int, low: int, high: int) -> int:
    """Return the price kept within the instrument's range, the top first."""
    return high if ticks > high else low if ticks < low else ticks


# --- the rate: a bucket of one second's worth, in parts of a billion of an order ---------------


def level(held: int, since_ns: int, rate: int, now_ns: int) -> int:
    """Return what a bucket holds now: each ns adds exactly `rate` parts, up to a second's."""
    if now_ns <= since_ns:
        return held
    if now_ns - since_ns >= PARTS:
        return rate * PARTS
    return min(rate * PARTS, held + rate * (now_ns - since_ns))


def limited(strategy: Strategy | None) -> bool:
    """Tell whether a strategy has a rate of its own."""
    return strategy is not None and strategy.rate not in (0, UNLIMITED)


def take(ledger: Accounts, account: int, strategy: int, now_ns: int) -> bool:
    """Take an order out of the account's bucket and the strategy's, if both have one."""
    holder = ledger._accounts[account]
    own = ledger._strategies.get(strategy) if strategy else None
    rate = holder.value[AccountKey.ORDERS_PER_SECOND]
    buckets: list[Account | Strategy] = []
    if rate != UNLIMITED:
        holder.level = level(holder.level, holder.level_ns, rate, now_ns)
        buckets.append(holder)
    if own is not None and limited(own):
        own.level = level(own.level, own.level_ns, own.rate, now_ns)
        buckets.append(own)
    for bucket in buckets:
        bucket.level_ns = max(bucket.level_ns, now_ns)
    if any(bucket.level < PARTS for bucket in buckets):
        return False
    for bucket in buckets:
        bucket.level -= PARTS
    return True


def rate_figure(rate: int, held: int, taken: bool | None) -> Figure:
    """Return how many orders of its second are gone from a bucket, this one with them."""
    if rate == UNLIMITED:
        return Figure(Reason.MSG_RATE, 0, rate, True)
    gone = upwards(rate * PARTS - held, PARTS)
    return cap(Reason.MSG_RATE, gone + (taken is not True), rate)


# --- the list ------------------------------------------------------------------------------------


def figures(ledger: Accounts, order: Order, taken: bool | None) -> Iterator[Figure]:
    """Yield every control; `taken` as `take` said, None to look at the buckets only."""
    if not ledger.known_instrument(order.instrument):
        yield Figure(Reason.UNKNOWN_INSTRUMENT, order.instrument, 0, False)
        return
    if not ledger.known_account(order.account):
        yield Figure(Reason.UNKNOWN_ACCOUNT, order.account, 0, False)
        return
    price = order.price if order.kind in PRICED else 0
    stop = order.stop if order.kind in STOPPED else 0
    sound = 1 <= order.lots <= ORDER_MOST and 0 <= order.old_lots <= LOTS_MOST
    known = order.side in (0, 1) and order.kind in KINDS
    if not sound or not known or max(abs(price), abs(stop)) > TICKS_MOST:
        yield Figure(Reason.INVALID_ORDER, 0, 0, False)
        return
    one, holder = ledger._terms(order.instrument), ledger._accounts[order.account]
    row = ledger._row(order.account, order.instrument)
    rest = row.open_buy if order.side == 0 else row.open_sell
    rest = max(0, rest - order.old_lots) + order.lots
    lowers = (-row.position if order.side == 0 else row.position) >= rest
    yield from state_figures(ledger, order, row, lowers)
    if missing(one, holder, row):
        return
    yield cap(Reason.MAX_QTY, order.lots, one.value[InstrumentKey.MAX_LOTS])
    yield cap(Reason.MAX_QTY, order.lots, row.max_order_lots)
    then = after(one, row, order)
    if then is None:
        yield Figure(Reason.OVERFLOW, 0, 0, False)
        return
    hold = hold_price(one, order.side, order.kind, order.price, order.stop)
    worth = one.worth(order.lots, hold) or 0
    if order.side:
        worth = max(worth, order.lots * one.mark_nanos)
    yield cap(Reason.MAX_NOTIONAL, worth, holder.value[AccountKey.MAX_ORDER_NANOS])
    yield from price_figures(one, order, lowers)
    yield from stock_figures(ledger, order, (row, then), lowers)
    yield from flow_figures(ledger, order, (row, then), taken)


def missing(one: Instrument, holder: Account, row: Row) -> int:
    """Return how many limits that this order needs were never set."""
    count = holder.missing() + one.missing() + (not row.max_order_lots)
    if holder.value[AccountKey.CHECK_MARGIN] == 1:
        count += not one.value[InstrumentKey.INITIAL_MARGIN_PPB]
    return count + (not row.max_position_lots)


def state_figures(ledger: Accounts, order: Order, row: Row, lowers: bool) -> Iterator[Figure]:
    """Yield 01, 03 and 43."""
    one, holder = ledger._terms(order.instrument), ledger._accounts[order.account]
    strategies = [ledger._strategies.get(number) for number in (0, order.strategy)]
    gates = [strategy.gate for strategy in strategies if strategy is not None]
    gate = max(
        0, *gates, holder.value[AccountKey.GATE], one.value[InstrumentKey.GATE]
    )  # the strictest
    passes = gate == Gate.ACTIVE or (gate == Gate.REDUCING and lowers)
    yield Figure(Reason.TRADING_STATE, gate, 0, passes)
    restricted = one.value[InstrumentKey.RESTRICTED]
    yield Figure(Reason.RESTRICTED, restricted, 0, not restricted)
    count = missing(one, holder, row)
    yield Figure(Reason.LIMIT_MISSING, count, 0, not count)


def after(one: Instrument, row: Row, order: Order) -> Row | None:
    """Return the row as it would be with the order, None where that is too large."""
    hold = hold_price(one, order.side, order.kind, order.price, order.stop)
    fresh = one.worth(order.lots, hold)
    if fresh is None or fresh > HOLD_MOST:
        return None
    then = Row(*(getattr(row, name) for name in Row.__slots__))
    then.release(one, order.side, order.old_lots, order.old_price)
    if order.side == 0:
        then.put(0, then.open_buy + order.lots, then.held_buy + fresh)
    else:
        then.put(1, then.open_sell + order.lots, then.held_sell + fresh)
    return then if then.takes(one, order.side) else None


def price_figures(one: Instrument, order: Order, lowers: bool) -> Iterator[Figure]:
    """Yield 09 and 10: is the price in reach of a mark, and is the mark fresh?"""
    collar, stale = one.value[InstrumentKey.COLLAR_TICKS], one.value[InstrumentKey.STALE_NS]
    anchor, beyond = one.anchor, 0
    if order.kind == OrderKind.LIMIT and anchor is not None:
        beyond = order.price - anchor
    elif order.kind in LIMITED:
        beyond = order.price - order.stop
    if order.side:
        beyond = -beyond
    if order.kind == OrderKind.TRAILING_STOP_LIMIT:
        beyond = order.price
    yield cap(Reason.PRICE_COLLAR, beyond, collar)
    waits = order.kind == OrderKind.LIMIT and anchor is not None and beyond < 0
    age = UNLIMITED if one.reference is None else order.now_ns - one.reference_ns
    fresh = stale == UNLIMITED or (one.reference is not None and age <= stale)
    if collar != UNLIMITED and anchor is None:
        fresh = False
    calm = waits or lowers or bool(order.flags & (Flag.POST_ONLY | Flag.REDUCE_ONLY))
    yield Figure(Reason.STALE_REFERENCE, clamp(max(0, age)), stale, fresh or calm)


def stock_figures(
    ledger: Accounts, order: Order, rows: tuple[Row, Row], lowers: bool
) -> Iterator[Figure]:
    """Yield 11 to 15: what the account would have."""
    (row, then), one = rows, ledger._terms(order.instrument)
    holder = ledger._accounts[order.account]
    limit, total = holder.value, sums(ledger, holder)
    need, larger = then.need(one) - row.need(one), then.gross(one) > row.gross(one)
    waived = limit[AccountKey.CHECK_MARGIN] == UNLIMITED
    yield Figure(
        Reason.BUYING_POWER,
        clamp(upwards(total.need + need, PARTS)),
        UNLIMITED if waived else clamp(total.equity),
        waived or lowers or need <= 0 or total.need + need <= total.equity * PARTS,
    )
    excused = lowers or not larger
    gross = total.gross - row.gross(one) + then.gross(one)
    yield cap(Reason.EXPOSURE, gross, limit[AccountKey.MAX_GROSS_NANOS], excused)
    more = held(then, one) - held(row, one)
    net = total.sells - total.exposure if order.side else total.buys + total.exposure
    net_excused = lowers or more <= 0
    yield cap(Reason.EXPOSURE, net + more, limit[AccountKey.MAX_NET_NANOS], net_excused)
    reach = then.open_sell - row.position if order.side else then.open_buy + row.position
    raised = then.open_buy + then.open_sell > row.open_buy + row.open_sell
    yield cap(Reason.POSITION_LIMIT, reach, row.max_position_lots, lowers or not raised)
    yield concentration(then.gross(one), total.equity, limit, excused)
    new = int(order.old_lots == 0)
    for count, key in (
        (total.open_orders, AccountKey.MAX_OPEN_ORDERS),
        (row.open_orders, AccountKey.MAX_OPEN_ORDERS_INSTRUMENT),
    ):
        yield cap(Reason.OPEN_ORDERS, count + new, limit[key], not new)


def concentration(gross: int, equity: int, limit: list[int], excused: bool) -> Figure:
    """Return 14: the share of equity in one instrument, in parts of a billion."""
    most = limit[AccountKey.MAX_CONCENTRATION_PPB]
    share = upwards(gross * PARTS, equity) if equity > 0 else UNLIMITED if gross else 0
    passes = most == UNLIMITED or excused or gross * PARTS <= equity * most
    return Figure(Reason.CONCENTRATION, clamp(share), most, passes)


def flow_figures(
    ledger: Accounts, order: Order, rows: tuple[Row, Row], taken: bool | None
) -> Iterator[Figure]:
    """Yield 16 and 19: how much in how little time."""
    (row, then), one = rows, ledger._terms(order.instrument)
    holder = ledger._accounts[order.account]
    own = ledger._strategies.get(order.strategy) if order.strategy else None
    total, limit = sums(ledger, holder), holder.value
    rate = limit[AccountKey.ORDERS_PER_SECOND]
    yield rate_figure(rate, level(holder.level, holder.level_ns, rate, order.now_ns), taken)
    if own is not None and limited(own):
        has = level(own.level, own.level_ns, own.rate, order.now_ns)
        yield rate_figure(own.rate, has, taken)
    more = held(then, one) - held(row, one)
    nanos = holder.day_nanos + total.buys + total.sells + more
    yield cap(Reason.DAY_ACCUMULATED, nanos, limit[AccountKey.MAX_DAY_NANOS], more <= 0)
    lots = then.open_buy + then.open_sell - row.open_buy - row.open_sell
    total_lots = holder.day_lots + total.open_lots + lots
    yield cap(Reason.DAY_ACCUMULATED, total_lots, limit[AccountKey.MAX_DAY_LOTS], lots <= 0)


class Sums(NamedTuple):
    """Sums over the rows of an account."""

    equity: int
    need: int
    gross: int
    exposure: int
    buys: int
    sells: int
    open_lots: int
    open_orders: int


def held(row: Row, one: Instrument) -> int:
    """Return what all open orders of a row come to, nanos."""
    return row.held_buy + row.sells(one)


def sums(ledger: Accounts, holder: Account) -> Sums:
    """Add an account's rows up, from nothing."""
    rows = [(ledger._terms(number), row) for number, row in holder.rows.items()]
    return Sums(
        holder.cash + sum(row.profit(one) for one, row in rows),
        sum(row.need(one) for one, row in rows),
        sum(row.gross(one) for one, row in rows),
        sum(row.exposure(one) for one, row in rows),
        sum(row.held_buy for _, row in rows),
        sum(row.sells(one) for one, row in rows),
        sum(row.open_buy + row.open_sell for _, row in rows),
        sum(row.open_orders for _, row in rows),
    )


def use(ledger: Accounts, account: int, instrument: int) -> list[Figure]:
    """Return what is used of each limit that is used up by what an account has and asked for."""
    if not ledger.known_instrument(instrument) or not ledger.known_account(account):
        return []
    one, row = ledger._terms(instrument), ledger._row(account, instrument)
    holder = ledger._accounts[account]
    limit, total = holder.value, sums(ledger, holder)
    waived = limit[AccountKey.CHECK_MARGIN] == UNLIMITED
    power = UNLIMITED if waived else clamp(total.equity)
    net = max(total.buys + total.exposure, total.sells - total.exposure)
    reach = max(row.position + row.open_buy, row.open_sell - row.position)
    rate, day = limit[AccountKey.ORDERS_PER_SECOND], total.buys + total.sells + holder.day_nanos
    return [
        cap(Reason.BUYING_POWER, upwards(total.need, PARTS), power),
        cap(Reason.EXPOSURE, total.gross, limit[AccountKey.MAX_GROSS_NANOS]),
        cap(Reason.EXPOSURE, net, limit[AccountKey.MAX_NET_NANOS]),
        cap(Reason.POSITION_LIMIT, reach, row.max_position_lots),
        concentration(row.gross(one), total.equity, limit, False),
        cap(Reason.OPEN_ORDERS, total.open_orders, limit[AccountKey.MAX_OPEN_ORDERS]),
        cap(Reason.OPEN_ORDERS, row.open_orders, limit[AccountKey.MAX_OPEN_ORDERS_INSTRUMENT]),
        rate_figure(rate, holder.level, True),
        cap(Reason.DAY_ACCUMULATED, day, limit[AccountKey.MAX_DAY_NANOS]),
        cap(
            Reason.DAY_ACCUMULATED,
            holder.day_lots + total.open_lots,
            limit[AccountKey.MAX_DAY_LOTS],
        ),
    ]
