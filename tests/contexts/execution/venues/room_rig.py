"""A rig over a counterparty that trades in a room of ours: FIX's and NinjaTrader's."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

from tests.contexts.execution.venues.rig import Trouble

from fks.contracts.values import Instrument, Side

GOLD = Instrument(id="GC", tick_size=Decimal("0.1"), lot_size=Decimal(1), multiplier=Decimal(100))


class RoomRig:
    """A counterparty for one test; what goes wrong is set on it."""

    instrument = GOLD
    bid, ask, size = Decimal("1999.9"), Decimal("2000.1"), Decimal(4)
    troubles = frozenset(Trouble) - {
        Trouble.SERVER_ERROR,  # one connection has no such answer
        Trouble.RATE_LIMITED,  # nor a word for it: too many orders are refused like others
    }

    def __init__(self, counterparty: Any) -> None:
        self.counterparty = counterparty

    async def liquidity(self, quantity: Decimal) -> None:
        """Make the market."""
        for side, price in ((Side.BUY, self.bid), (Side.SELL, self.ask)):
            self.counterparty.room.stranger("GC", side, quantity, price)

    async def hit(self, price: Decimal, quantity: Decimal) -> None:
        """Let somebody else sell, once what was sent has arrived."""
        await asyncio.sleep(0.02)
        self.counterparty.room.stranger("GC", Side.SELL, quantity, price)

    async def inject(self, trouble: Trouble) -> None:
        """Let the next order meet this."""
        there = self.counterparty
        match trouble:
            case Trouble.LOST_REQUEST:
                there.lose = 1
            case Trouble.LOST_ACK:
                there.crash = 1
            case Trouble.NO_ANSWER:
                there.hide = 1
            case Trouble.LATE_ACK:
                there.late_s = 0.2
            case Trouble.MALFORMED:
                there.garble = 1
            case Trouble.REFUSED:
                there.refuse = 1
            case Trouble.DUPLICATE_FILL:
                there.double = True
            case Trouble.FILL_BEFORE_ACK:
                there.reverse = True
            case Trouble.SILENCE:
                there.silent = True
            case Trouble.CUT:  # there is one connection: what is under way may still arrive
                asyncio.get_running_loop().call_later(0.05, there.cut)
            case _:
                raise AssertionError(trouble)

    def skew(self, offset_ns: int) -> None:
        """Set the counterparty's clock."""
        self.counterparty.skew_ns = offset_ns

    async def heal(self) -> None:
        """End all trouble."""
        self.counterparty.heal()

    async def unplug(self) -> None:
        """Go away."""
        await self.counterparty.stop()

    def truth(self, client_order_id: str) -> tuple[str, Decimal] | None:
        """Return what the counterparty holds."""
        order = self.counterparty.room.orders.get(client_order_id)
        return None if order is None else (order.state, order.filled)
