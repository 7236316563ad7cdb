"""What every control would say to an order: the ticket's question before anything is placed."""

from __future__ import annotations

from decimal import Decimal

from fks.contexts.execution.domain.matching.layout import Reason
from fks.contexts.execution.domain.trading.figures import engine_controls, policy_controls
from fks.contexts.execution.domain.trading.inputs import Placed
from fks.contexts.execution.domain.trading.reasons import explained
from fks.contexts.execution.domain.trading.scales import money
from fks.contexts.execution.domain.trading.state import OrderRecord
from fks.contexts.execution.service.trading.state import Live
from fks.contracts.execution import OrderCheck
from fks.contracts.values import Side

__all__ = ["checked"]

_PPB = 1_000_000_000


def checked(live: Live, order: OrderRecord) -> OrderCheck:
    """Return all controls with their figures, the policies' before the engine's."""
    floor, placing = live.floor, live.writer.machine.placing
    account = floor.accounts[order.request.account]
    record = floor.by_number[order.instrument]
    now_ns = max(floor.now_ns, live.clock.now_ns())
    facts = placing.facts(order, Placed(request=order.request))
    controls = policy_controls(floor.policies.what_if(facts, now_ns))
    fields = placing.fields(order)
    figures = floor.engine.what_if(
        now_ns,
        fields["account"],
        fields["instrument"],
        fields["strategy"],
        fields["side"],
        fields["type"],
        fields["flags"],
        fields["price"],
        fields["stop"],
        fields["quantity"],
    )
    controls += engine_controls(figures, floor.scale(order))
    bad = next((control.code for control in controls if not control.passes), "")
    signed = order.lots if order.request.side is Side.BUY else -order.lots
    price = order.price_ticks or order.stop_ticks or record.last_ticks
    scale = floor.scale(order)
    worth = abs(price) * order.lots * scale.unit_nanos
    held = account.holdings.get(order.instrument)
    position = signed + (held.lots if held is not None else 0)
    return OrderCheck(
        accepted=not bad,
        code=bad,
        reason=explained(Reason[bad]) if bad in Reason.__members__ else bad,
        notional=money(worth),
        fee=money(worth * record.taker_fee_ppb // _PPB + order.lots * record.lot_fee_nanos),
        margin=money(worth * record.initial_margin_ppb // _PPB),
        position_after=Decimal(scale.quantity(1) * position),
        controls=tuple(controls),
    )
