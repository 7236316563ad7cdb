"""Two accounts compared: their orders and fills out of the projections, signal by signal."""

from __future__ import annotations

from fks.contexts.execution.domain.trading.attribution import Traded, attributed, total_of
from fks.contexts.execution.domain.trading.floor import Floor
from fks.contexts.execution.domain.trading.scales import money, nanos_of
from fks.contexts.execution.domain.trading.state import AccountRecord
from fks.contexts.execution.store import TradingStore
from fks.contracts.execution import AttributedSignal, Attribution, OrderState
from fks.contracts.values import Side
from fks.kernel.persistence import Transaction

__all__ = ["compared"]

_PAGE = 1000
Key = tuple[str, str]


async def compared(
    tx: Transaction, store: TradingStore, floor: Floor, one: AccountRecord, other: AccountRecord
) -> Attribution:
    """Return where the difference between two accounts comes from."""
    ours = await _traded(tx, store, floor, one)
    theirs = await _traded(tx, store, floor, other)
    symbols = {symbol for _, symbol in (*ours, *theirs)}
    last, unit = {}, {}
    for symbol in symbols:
        # One price for both, so that what is open on both sides cancels out.
        record = (
            floor.instruments.get((one.venue, symbol)) or floor.instruments[(other.venue, symbol)]
        )
        last[symbol] = record.last_ticks
        unit[symbol] = floor.scales[record.number].unit_nanos
    shares = attributed(ours, theirs, last, unit)
    totals = total_of(shares)
    return Attribution(
        account=one.id,
        against=other.id,
        difference=money(sum(totals.values())),
        parts={name: money(nanos) for name, nanos in totals.items()},
        signals=tuple(
            AttributedSignal(
                signal=share.signal,
                symbol=share.instrument,
                cause=share.cause,
                difference=money(share.nanos),
            )
            for share in shares
        ),
    )


async def _traded(
    tx: Transaction, store: TradingStore, floor: Floor, account: AccountRecord
) -> dict[Key, Traded]:
    """Return what an account did, by signal and symbol; what no signal caused is its own."""
    found: dict[Key, Traded] = {}
    of_order: dict[int, tuple[Key, int]] = {}
    before = 2**63 - 1
    while True:
        page = await store.orders(tx, account.id, "", before, _PAGE, working=False)
        for order in page:
            key = (order.reference or f"order {order.client_order_id}", order.symbol)
            traded = found.setdefault(key, Traded())
            traded.orders += 1
            traded.refused += order.state is OrderState.REJECTED
            scale = floor.scales[floor.instruments[(account.venue, order.symbol)].number]
            of_order[order.id] = (key, scale.nearest_ticks(order.seen_price or scale.price(0)))
        if len(page) < _PAGE:
            break
        before = page[-1].id
    before = 2**63 - 1
    while True:
        fills = await store.fills(tx, account.id, "", 0, before, _PAGE)
        for fill in fills:
            scale = floor.scales[floor.instruments[(account.venue, fill.symbol)].number]
            key, seen = of_order[fill.order_id]
            lots = scale.lots(fill.quantity) * (1 if fill.side is Side.BUY else -1)
            traded = found[key]
            traded.lots += lots
            traded.cost_ticks += lots * scale.nearest_ticks(fill.price)
            traded.seen_ticks += lots * seen
            traded.fee_nanos += nanos_of(fill.fee)
        if len(fills) < _PAGE:
            return found
        before = fills[-1].id
