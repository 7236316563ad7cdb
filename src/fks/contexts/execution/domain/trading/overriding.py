"""Overrides as persons see them: for which order, who asked, who approved, how long."""

from __future__ import annotations

from decimal import Decimal

from fks.contexts.execution.domain.risk.overrides import TTL_NS
from fks.contexts.execution.domain.trading.floor import Floor
from fks.contracts.execution import Override
from fks.contracts.values import Side

__all__ = ["open_overrides"]


def open_overrides(floor: Floor, now_ns: int) -> tuple[Override, ...]:
    """Return the overrides that are neither used nor expired, by number."""
    found = []
    for number, one in floor.policies.open_overrides(now_ns):
        account, strategy, symbol, side, lots = one.shape.split("\x1f")
        record = floor.instruments[(floor.accounts[account].venue, symbol)]
        found.append(
            Override(
                number=number,
                approved=bool(one.approved_by),
                account=account,
                strategy_id=strategy,
                symbol=symbol,
                side=Side.SELL if int(side) else Side.BUY,
                quantity=Decimal(floor.scales[record.number].quantity(int(lots))),
                asked_by=one.asked_by,
                approved_by=one.approved_by,
                reason=one.reason,
                asked_ts_ns=one.asked_ns,
                expires_ts_ns=one.asked_ns + TTL_NS,
            )
        )
    return tuple(found)
