"""A NinjaTrader that is none: it connects to the bridge's port and trades with our own engine.

It reads and writes the lines by their description, not with the bridge's code. It keeps every id
it saw, refuses signals that are too old, and comes back when its connection breaks.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from fks.contracts.values import Instrument, OrderType, Side, TimeInForce
from fks.testing.room import Happened, Refused, Resting, Room, Wanted

__all__ = ["FakeNinjaTrader"]

_LINES = {
    "accepted": "ack",
    "cancelled": "cancelled",
    "expired": "expired",
    "replaced": "changed",
    "filled": "fill",
}


class FakeNinjaTrader:
    """A terminal for one account.

    Faults: `lose` orders that are dropped with the connection, `crash` orders that are taken in
    before it breaks, `garble` and `hide` lines about orders that come out broken, or not at all,
    `refuse` orders, tell fills `double`, in `reverse`, `late_s` seconds late, or be `silent`.
    """

    def __init__(
        self,
        instruments: Iterable[Instrument],
        *,
        account: str = "Sim101",
        token: str = "",
        wall_ns: Callable[[], int] = time.time_ns,
        taker_fee_ppb: int = 0,
        cash: Decimal = Decimal(150_000),
    ) -> None:
        self.room = Room(instruments, wall_ns, self._happened, taker_fee_ppb)
        self.account, self.token, self.cash = account, token, cash
        self.port = 0
        self.received: list[dict[str, Any]] = []
        self.refusal = ""  # why the bridge did not let us in
        self.skew_ns = 0  # how far our clock is ahead
        self._wall_ns = wall_ns
        self._oldest_s = 30.0
        self._beat_s = 30.0
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self._held: list[dict[str, Any]] | None = None
        self.heal()

    def heal(self) -> None:
        """End all faults."""
        self.lose = self.crash = self.garble = self.hide = self.refuse = 0
        self.double = self.reverse = self.silent = False
        self.late_s = 0.0

    def start(self, port: int) -> None:
        """Connect to the port, and again whenever that breaks."""
        self.port = port
        self._task = asyncio.get_running_loop().create_task(self._stay())

    async def stop(self) -> None:
        """Go away."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self.cut()

    def cut(self) -> None:
        """Break the connection without a word."""
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None

    async def _stay(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
                self._put({"type": "hello", "account": self.account, "token": self.token})
                await self._read(reader)
            self.cut()
            await asyncio.sleep(0.05)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Read lines; between them, say that we are there."""
        while True:
            try:
                async with asyncio.timeout(self._beat_s):
                    line = await reader.readline()
            except TimeoutError:
                self._put({"type": "heartbeat", "timestamp": self._now()})
                continue
            if not line:
                return
            self._take(json.loads(line, parse_float=Decimal, parse_int=int))
            if self._writer is None:
                return

    def _take(self, line: dict[str, Any]) -> None:
        self.received.append(line)
        kind = line["type"]
        if kind == "welcome":
            self._beat_s, self._oldest_s = float(line["heartbeat_s"]), float(line["oldest_s"])
        elif kind == "refused":
            self.refusal = line["reason"]
        elif kind == "heartbeat":
            self._put({"type": "heartbeat", "timestamp": self._now()})
        elif kind == "query":
            self._answer(line)
        elif kind == "signal" and line["action"] in ("buy", "sell"):
            self._order(line)
        elif kind == "signal":
            self._change(line)

    # --- signals ---

    def _order(self, line: dict[str, Any]) -> None:
        if self.lose:
            self.lose -= 1
            self.cut()
            return
        crash, writer = self.crash, self._writer
        if crash:
            self.crash -= 1
            self._writer = None
        self._held = [] if self.reverse else None
        try:
            if self.refuse:
                self.refuse -= 1
                raise Refused("not_today", "not today")
            if self._now() - line["timestamp"] > int(self._oldest_s * 10**9):
                raise Refused("stale", "the signal is too old")
            self.room.place(_wanted(line))
        except Refused as refused:
            self._tell("reject", line["id"], code=refused.code, reason=refused.text)
        held, self._held = self._held or [], None
        for told in reversed(held):
            self._put(told, about_order=True)
        if crash:
            self._writer = writer
            self.cut()

    def _change(self, line: dict[str, Any]) -> None:
        name, cancel = line["id"], line["action"] == "cancel"
        if cancel:
            done = self.room.cancel(name)
        else:
            price = None if line["price"] is None else Decimal(line["price"])
            done = self.room.amend(name, Decimal(line["quantity"]), price)
        if not done:
            known = name in self.room.orders
            code = "too_late" if known else "unknown_order"
            kind = "cancel_rejected" if cancel else "change_rejected"
            self._tell(kind, name, code=code, reason=code.replace("_", " "))

    # --- lines ---

    def _happened(self, what: Happened) -> None:
        order = what.order
        line: dict[str, Any] = {
            "type": _LINES[what.what],
            "id": order.wanted.name,
            "order_id": f"N{order.number}",
            "timestamp": self._now(),
        }
        if what.fill is not None:
            line |= self._execution(order, len(order.fills) - 1)
        elif what.what == "replaced":
            line |= {"quantity": order.quantity, "price": order.price}
        if self._held is not None:
            self._held.append(line)
            return
        self._put(line, about_order=True)
        if self.double and what.fill is not None:
            self._put(line, about_order=True)

    def _execution(self, order: Resting, place: int) -> dict[str, Any]:
        fill = order.fills[place]
        return {
            "id": order.wanted.name,
            "order_id": f"N{order.number}",
            "execution_id": f"{order.number}-{fill.trade_id}",
            "symbol": order.wanted.symbol,
            "side": order.wanted.side.value,
            "quantity": fill.quantity,
            "price": fill.price,
            "timestamp": fill.ts_ns,
            "commission": fill.fee,
            "maker": fill.maker,
        }

    def _tell(self, kind: str, name: str, **fields: Any) -> None:
        line = {"type": kind, "id": name, "timestamp": self._now(), **fields}
        self._put(line, about_order=True)

    def _answer(self, query: dict[str, Any]) -> None:
        wanted, room = query["query"], self.room
        answer: dict[str, Any] = {"type": "answer", "request": query["request"]}
        answer["timestamp"] = self._now()
        if wanted in ("order", "orders"):
            orders = room.orders.values()
            one = wanted == "order"
            kept = [o for o in orders if (o.wanted.name == query["id"] if one else o.working)]
            answer["orders"] = [self._status(order) for order in kept]
        elif wanted == "fills":
            answer["fills"] = [
                self._execution(order, place)
                for order in room.orders.values()
                for place, fill in enumerate(order.fills)
                if order.wanted.symbol == query["symbol"] and fill.ts_ns >= query["since"]
            ]
        elif wanted == "positions":
            answer["positions"] = [
                {"symbol": symbol, "quantity": room.position(symbol), "average_price": 0}
                for symbol in room.instruments
            ]
        else:
            answer["accounts"] = [{"currency": "USD", "cash": self.cash, "free": self.cash}]
        self._put(answer)

    def _status(self, order: Resting) -> dict[str, Any]:
        return {
            "id": order.wanted.name,
            "order_id": f"N{order.number}",
            "symbol": order.wanted.symbol,
            "side": order.wanted.side.value,
            "state": order.state,
            "quantity": order.quantity,
            "filled": order.filled,
            "timestamp": order.ts_ns,
            "price": order.price,
            "average_price": order.average,
        }

    def _put(self, line: dict[str, Any], *, about_order: bool = False) -> None:
        if about_order and self.hide:
            self.hide -= 1
            return
        text = json.dumps(line, default=str)
        if about_order and self.garble:
            self.garble -= 1
            text = text[: len(text) // 2]
        data = text.encode() + b"\n"
        if about_order and self.late_s:
            asyncio.get_running_loop().call_later(self.late_s, self._write, data)
        else:
            self._write(data)

    def _write(self, data: bytes) -> None:
        if self._writer is not None and not self._writer.is_closing() and not self.silent:
            self._writer.write(data)

    def _now(self) -> int:
        return self._wall_ns() + self.skew_ns


def _wanted(line: dict[str, Any]) -> Wanted:
    return Wanted(
        name=line["id"],
        symbol=line["symbol"],
        side=Side(line["action"]),
        quantity=Decimal(line["quantity"]),
        type=OrderType(line["order_type"]),
        tif=TimeInForce(line["tif"]),
        price=None if line["price"] is None else Decimal(line["price"]),
        stop=None if line["stop_price"] is None else Decimal(line["stop_price"]),
        expire_ns=line["expires"],
    )
