"""Random days of a trading desk: replays equal, money and positions conserved, limits never passed.

The venue of these days lies, forgets, repeats itself and answers late; the desk's machine must
end each day at the venue's truth, or say what it cannot explain.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fks.contexts.execution.domain.matching.engines import engine
from fks.contexts.execution.domain.trading import inputs
from fks.contexts.execution.domain.trading.effects import (
    Asked,
    CancelSent,
    ChangeSent,
    Decided,
    Effect,
    FillMade,
    OrderSent,
)
from fks.contexts.execution.domain.trading.machine import TRADING_INPUT, TradingMachine
from fks.contexts.execution.domain.trading.state import FINAL
from fks.contracts.execution import (
    OrderState,
    VenueFill,
    VenueOrderStatus,
    VenueReport,
    VenueReportKind,
)
from fks.contracts.values import OrderType, Side

from ..contexts.execution.trading.floor import LOOSE, Floor, reference

SEEDS = 200 * int(os.environ.get("FKS_TORTURE_SCALE", "1"))
STEPS = 120
SECOND_MS = 1000
LATER_NS = 500_000  # a question is asked after what was heard, before what comes next


class Venue:
    """A venue's own truth, with reports that get lost, doubled, late and out of order."""

    def __init__(self, chance: random.Random, trouble: float) -> None:
        self._chance = chance
        self._trouble = trouble
        self.orders: dict[str, dict[str, Any]] = {}
        self.fills: list[VenueFill] = []
        self.late: list[VenueReport] = []

    def take(self, floor: Floor, effects: list[Effect]) -> list[VenueReport]:
        """Act on what the desk sends; return the reports that get through now."""
        said: list[VenueReport] = []
        for effect in effects:
            if isinstance(effect, OrderSent):
                said += self._submit(floor, effect.order_id)
            elif isinstance(effect, CancelSent):
                said += self._cancel(floor, effect.order_id)
            elif isinstance(effect, ChangeSent):
                said += self._amend(floor, effect)
        return self._through(said)

    def trade(self, floor: Floor) -> list[VenueReport]:
        """Fill a part of some working order."""
        working = [name for name, o in self.orders.items() if o["state"] == "new"]
        if not working:
            return []
        name = self._chance.choice(working)
        order = self.orders[name]
        lots = self._chance.randint(1, order["lots"] - order["filled"])
        order["filled"] += lots
        price = Decimal(self._chance.randint(19_900, 20_100)) / 10
        fill = VenueFill(
            trade_id=f"t{len(self.fills)}",
            client_order_id=name,
            venue_order_id=order["venue_id"],
            symbol="GC",
            side=order["side"],
            quantity=Decimal(lots),
            price=price,
            fee=Decimal(lots) * 2,
            fee_currency="USD",
            ts_ns=floor.now_ns,
        )
        self.fills.append(fill)
        if order["filled"] == order["lots"]:
            order["state"] = "filled"
        return self._through([filled(fill)])

    def answer(self, floor: Floor, wish: Asked) -> Iterator[inputs.Input]:
        """Answer a question truthfully, as questions are answered."""
        order = floor.machine.floor.orders[wish.order_id]
        if wish.question.value == "find":
            yield inputs.Answered(
                order_id=wish.order_id,
                status=self.status(order.wire_id),
                asked_ts_ns=floor.now_ns + LATER_NS,
                sure=True,
            )
        elif wish.question.value == "fills":
            for fill in self.fills:
                if fill.client_order_id == order.wire_id:
                    yield inputs.Reported(account="paper", report=filled(fill), reconciled=True)
            yield inputs.FillsChecked(order_id=wish.order_id)

    def status(self, name: str) -> VenueOrderStatus | None:
        """Return how an order stands in truth."""
        order = self.orders.get(name)
        if order is None:
            return None
        partly = order["state"] == "new" and order["filled"]
        return VenueOrderStatus(
            client_order_id=name,
            venue_order_id=order["venue_id"],
            symbol="GC",
            side=order["side"],
            state="partially_filled" if partly else order["state"],
            quantity=Decimal(order["lots"]),
            filled=Decimal(order["filled"]),
            ts_ns=0,
            price=order["price"],
        )

    def position(self) -> int:
        """Return the signed lots that were traded."""
        return sum(int(f.quantity if f.side is Side.BUY else -f.quantity) for f in self.fills)

    def _submit(self, floor: Floor, order_id: int) -> list[VenueReport]:
        order = floor.machine.floor.orders[order_id]
        name = order.wire_id
        assert name not in self.orders, "an order was sent twice"
        told = {"client_order_id": name, "symbol": "GC", "ts_ns": floor.now_ns}
        if self._chance.random() < self._trouble / 3:
            return [VenueReport(kind=VenueReportKind.UNKNOWN, **told)]  # it never arrived
        if self._chance.random() < 0.05:
            self.orders[name] = {**self._fresh(order), "state": "rejected"}
            return [VenueReport(kind=VenueReportKind.REJECTED, code="no", text="no", **told)]
        self.orders[name] = self._fresh(order)
        told["venue_order_id"] = self.orders[name]["venue_id"]
        return [VenueReport(kind=VenueReportKind.ACKNOWLEDGED, **told)]

    def _fresh(self, order: Any) -> dict[str, Any]:
        return {
            "lots": order.lots,
            "filled": 0,
            "state": "new",
            "side": order.request.side,
            "venue_id": f"v{len(self.orders)}",
            "price": order.request.price,
        }

    def _cancel(self, floor: Floor, order_id: int) -> list[VenueReport]:
        name = floor.machine.floor.orders[order_id].wire_id
        told = {"client_order_id": name, "symbol": "GC", "ts_ns": floor.now_ns}
        order = self.orders.get(name)
        if order is None or order["state"] != "new":
            return [VenueReport(kind=VenueReportKind.CANCEL_REJECTED, **told)]
        order["state"] = "cancelled"
        return [VenueReport(kind=VenueReportKind.CANCELLED, **told)]

    def _amend(self, floor: Floor, change: ChangeSent) -> list[VenueReport]:
        name = floor.machine.floor.orders[change.order_id].wire_id
        told = {"client_order_id": name, "symbol": "GC", "ts_ns": floor.now_ns}
        order = self.orders.get(name)
        if order is None or order["state"] != "new" or change.lots <= order["filled"]:
            return [VenueReport(kind=VenueReportKind.REPLACE_REJECTED, **told)]
        order["lots"] = change.lots
        price = None if change.price_ticks is None else Decimal(change.price_ticks) / 10
        order["price"] = price
        quantity = Decimal(change.lots)
        return [
            VenueReport(
                kind=VenueReportKind.REPLACED, quantity=quantity, price=price or Decimal(0), **told
            )
        ]

    def _through(self, said: list[VenueReport]) -> list[VenueReport]:
        """Lose, double and delay reports."""
        now: list[VenueReport] = []
        for report in said:
            draw = self._chance.random()
            if draw < self._trouble / 3:
                continue
            if draw < self._trouble * 2 / 3:
                self.late.append(report)
                continue
            now += [report] * (2 if draw < self._trouble else 1)
        if self.late and self._chance.random() < 0.3:
            now.append(self.late.pop(self._chance.randrange(len(self.late))))
        return now


def filled(fill: VenueFill) -> VenueReport:
    """Return a fill as a report."""
    return VenueReport(
        kind=VenueReportKind.FILLED,
        ts_ns=fill.ts_ns,
        client_order_id=fill.client_order_id,
        venue_order_id=fill.venue_order_id,
        symbol=fill.symbol,
        side=fill.side,
        trade_id=fill.trade_id,
        quantity=fill.quantity,
        price=fill.price,
        fee=fill.fee,
        fee_currency=fill.fee_currency,
    )


class Day:
    """A desk and a venue, driven by chance."""

    def __init__(self, seed: int, trouble: float, make: Any) -> None:
        self.chance = random.Random(seed)
        self.floor = Floor(make, {**LOOSE, "daily_loss_halt": "none", "daily_loss_reduce": "none",
                                  "ladder_reduce": "none", "ladder_cancel": "none",
                                  "ladder_flatten": "none", "max_drawdown": "none",
                                  "weekly_loss": "none"})  # fmt: skip
        self.venue = Venue(self.chance, trouble)
        self.effects: list[Effect] = []
        self.cut: tuple[int, bytes] | None = None

    def put(self, wish: inputs.Input, after_ms: int = 1) -> None:
        """Give the desk an input, and the venue what follows, until nothing does."""
        waiting = [wish]
        while waiting:
            effects = self.floor.put(waiting.pop(0), after_ms=after_ms)
            after_ms = 1
            self.effects += effects
            said = self.venue.take(self.floor, effects)
            waiting += [inputs.Reported(account="paper", report=report) for report in said]
            for effect in effects:
                if isinstance(effect, Asked):
                    waiting += list(self.venue.answer(self.floor, effect))

    def step(self) -> None:
        """Do one thing of a desk's day."""
        floor, draw = self.floor.machine.floor, self.chance.random()
        working = [o.id for o in floor.working.values()]
        if draw < 0.35:
            bracket = self.chance.random() < 0.3
            buys = self.chance.random() < 0.5
            fields: dict[str, Any] = {"price": str(2000 - 5 if buys else 2000 + 5)}
            if bracket:
                fields["stop_loss"] = "1950" if buys else "2050"
                fields["take_profit"] = "2030" if buys else "1970"
            self._place(Side.BUY if buys else Side.SELL, self.chance.randint(1, 5), fields)
        elif draw < 0.60:
            for report in self.venue.trade(self.floor):
                self.put(inputs.Reported(account="paper", report=report))
        elif draw < 0.70 and working:
            self.put(inputs.CancelAsked(order_id=self.chance.choice(working)))
        elif draw < 0.76 and working:
            quantity = Decimal(self.chance.randint(1, 5))
            number = self.chance.choice(working)
            self.put(inputs.ChangeAsked(order_id=number, quantity=quantity))
        elif draw < 0.80:
            self.put(inputs.CancelManyAsked(account="paper"))
        elif draw < 0.90:
            price = Decimal(self.chance.randint(19_800, 20_200)) / 10
            self.put(inputs.MarketSeen(venue="paper", symbol="GC", price=price))
        else:
            self.put(inputs.Ticked(), after_ms=SECOND_MS)

    def _place(self, side: Side, quantity: int, fields: dict[str, Any]) -> None:
        from fks.contracts.execution import OrderRequest

        request = OrderRequest(
            account="paper",
            client_order_id=f"c{self.floor.seq}",
            symbol="GC",
            side=side,
            quantity=Decimal(quantity),
            type=OrderType.LIMIT,
            **{name: Decimal(value) for name, value in fields.items()},
        )
        self.put(inputs.Placed(request=request))

    def heal(self) -> None:
        """Let the trouble end: what was lost is asked for until nothing is in doubt."""
        self.venue._trouble = 0.0
        for report in self.venue.late:
            self.put(inputs.Reported(account="paper", report=report))
        for _ in range(3):
            for order in list(self.floor.machine.floor.orders.values()):
                if order.wire_id and order.sent:
                    for fill in self.venue.fills:
                        if fill.client_order_id == order.wire_id:
                            self.put(inputs.Reported(account="paper", report=filled(fill)))
                    self.put(
                        inputs.Answered(
                            order_id=order.id,
                            status=self.venue.status(order.wire_id),
                            asked_ts_ns=self.floor.now_ns + LATER_NS,
                            sure=True,
                        )
                    )
                    self.put(inputs.FillsChecked(order_id=order.id))
            for _ in range(40):
                self.put(inputs.Ticked(), after_ms=SECOND_MS)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_day_with_a_lying_venue_ends_at_its_truth(seed: int) -> None:
    """Lost: the desk would believe in another position than it has."""
    day = Day(seed, trouble=0.4 if seed % 4 else 0.0, make=engine)
    for _ in range(STEPS):
        day.step()
        floor = day.floor.machine.floor
        account = floor.accounts["paper"]
        held = account.holdings[0].lots if 0 in account.holdings else 0
        assert floor.engine.position(1, 0) == held, f"seed {seed}"
        assert floor.engine.cash(1) == account.cash_nanos, f"seed {seed}"
    day.heal()
    floor = day.floor.machine.floor
    assert floor.accounts["paper"].holdings.get(0) is None or (
        floor.accounts["paper"].holdings[0].lots == day.venue.position()
    ), f"seed {seed}"
    for order in floor.orders.values():
        truth = day.venue.orders.get(order.wire_id)
        if truth is not None:
            assert order.filled_lots == truth["filled"], f"seed {seed}: {order.id}"
            over = truth["state"] != "new"
            assert (order.state in FINAL) == over, f"seed {seed}: {order.id} {order.state}"
        elif order.sent:
            assert order.state is OrderState.REJECTED, f"seed {seed}: {order.id}"
    trades = [e.fill.trade_id for e in day.effects if isinstance(e, FillMade)]
    assert len(trades) == len(set(trades)), "a fill was counted twice"
    passed = {
        e.decision.order_id for e in day.effects if isinstance(e, Decided) and e.decision.passed
    }
    assert {e.order_id for e in day.effects if isinstance(e, OrderSent)} <= passed


@pytest.mark.parametrize("seed", range(0, SEEDS, 40))
def test_a_replay_is_bit_identical_on_either_engine(seed: int, tmp_path: Path) -> None:
    """Lost: after a crash the desk would be another one."""
    day = Day(seed, trouble=0.4, make=engine)
    middle = b""
    for number in range(STEPS):
        day.step()
        if number == STEPS // 2:
            cut, middle = len(day.floor.given), day.floor.machine.snapshot()
    wanted = day.floor.machine.state_hash()
    for make in (engine, reference):
        again = TradingMachine(make)
        for seq, ts_ns, wish in day.floor.given:
            again.apply(seq, ts_ns, TRADING_INPUT, 1, inputs.encode(wish))
        assert again.state_hash() == wanted, f"seed {seed}"
    taken_up = TradingMachine(engine)
    taken_up.restore(middle)
    for seq, ts_ns, wish in day.floor.given[cut:]:
        taken_up.apply(seq, ts_ns, TRADING_INPUT, 1, inputs.encode(wish))
    assert taken_up.state_hash() == wanted, f"seed {seed}: from a snapshot"
