"""A session gives what the bare desk gives, also when it is dropped and loaded at any step."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.execution.domain.decisions import apply_signal
from fks.contexts.execution.domain.desks import DeskMaker
from fks.contexts.execution.domain.paper import PaperSession
from fks.contracts.data import BarClosed
from fks.contracts.engine import Action, BarDecided, Signal, SignalRaised
from fks.contracts.execution import (
    CostModel,
    Desk,
    DeskConfig,
    Order,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    OrderStatus,
    RejectReason,
    RiskLimits,
    Session,
    SessionStatus,
)
from fks.contracts.values import FillRule, Instrument, OrderType, PositionSide, Side

MAKER = DeskMaker()


def config(rule: FillRule) -> DeskConfig:
    """Return a desk whose limits are met often."""
    return DeskConfig(
        instrument=Instrument(id="X", tick_size=Decimal("0.25"), lot_size=Decimal("0.5")),
        cash=10_000.0,
        quantity=2.0,
        fill_rule=rule,
        costs=CostModel(fee_bps=3.3, slippage_ticks=1),
        limits=RiskLimits(
            max_order_quantity=5.0,
            max_position_quantity=4.0,
            max_order_notional=480.0,
            max_open_orders=4,
        ),
    )


def scripts(seed: int, bars: int) -> list[tuple[BarClosed, list[SignalRaised]]]:
    """Return bars with the decisions at each, drawn at random."""
    draw = random.Random(seed)
    script = []
    placed, level = 0, 400
    for index in range(bars):
        levels = [level := max(40, level + draw.randint(-8, 8)) for _ in range(4)]
        closed = BarClosed(
            stream="s",
            index=index,
            instrument="X",
            timeframe="1m",
            provider="test",
            ts_ns=1 + index,
            open=levels[0] / 4,
            high=max(levels) / 4,
            low=min(levels) / 4,
            close=levels[3] / 4,
            volume=1.0,
        )
        made: list[Signal] = []
        for number in range(draw.choice((0, 0, 1, 1, 2, 4))):
            action = draw.choice(list(Action))
            fields: dict[str, Any] = {}
            if action is Action.TARGET:
                fields["side"] = draw.choice(list(PositionSide))
                fields["quantity"] = draw.choice((None, None, 1.5, -2.0, 0.0, 9.0, 0.3))
            elif action is Action.ORDER:
                placed += 1
                kind = draw.choice(list(OrderType))
                price = (levels[3] + draw.randint(-9, 9)) / 4
                fields["order_number"] = placed
                fields["order_side"] = draw.choice(list(Side))
                fields["quantity"] = draw.choice((0.5, 1.0, 3.0, 4.5, 6.0, 0.2))
                fields["type"] = kind
                fields["limit_price"] = price if kind is OrderType.LIMIT else None
                fields["stop_price"] = price if kind is OrderType.STOP else None
            elif action is Action.CANCEL:
                fields["order_number"] = draw.randint(1, placed + 1)
            made.append(Signal(id=f"s:{index}:{number}", action=action, number=number, **fields))
        script.append((closed, [raised(closed, signal) for signal in made]))
    return script


def raised(closed: BarClosed, signal: Signal) -> SignalRaised:
    """Return a signal as it travels."""
    return SignalRaised(
        session_id="s",
        strategy="test",
        instrument="X",
        timeframe="1m",
        bar_ts_ns=closed.ts_ns,
        bar_index=closed.index,
        price=closed.close,
        signal=signal,
    )


def straight(script: list[tuple[BarClosed, list[SignalRaised]]], desk: Desk) -> list[float]:
    """Run the script on a bare desk, as a backtest would; return the equity after each bar."""
    curve = []
    for closed, signals in script:
        ticks = [round(p * 4) for p in (closed.open, closed.high, closed.low, closed.close)]
        desk.on_bar(closed.ts_ns, *ticks)
        for signal in signals:
            apply_signal(signal.signal, desk)
        desk.end_bar()
        curve.append(desk.equity)
    return curve


class Kept:
    """What a database would hold of a session."""

    def __init__(self, live: PaperSession) -> None:
        self.orders: dict[int, Order] = {}
        self.fills: list[Any] = []
        self.curve: list[float] = []
        self.told: list[Any] = []
        self.keep(live)

    def keep(self, live: PaperSession) -> None:
        """Write the outcome of a batch."""
        outcome = live.advance()
        for order_id in outcome.orders:
            assert (order_id in self.orders) == (order_id <= outcome.known_orders)
        self.orders.update(outcome.orders)
        self.fills += outcome.fills
        self.curve += [mark.equity for mark in outcome.marks]
        self.told += outcome.events
        self.session, self.state, self.ticks = live.session, live.desk.snapshot(), live.last_ticks

    def load(self) -> PaperSession:
        """Take the session up again on a fresh desk."""
        desk = MAKER.make(self.session.config)
        desk.restore(self.state)
        resting = tuple(o for o in self.orders.values() if o.status is OrderStatus.ACCEPTED)
        return PaperSession(self.session, desk, resting=resting, last_ticks=self.ticks)


def new_session(rule: FillRule) -> PaperSession:
    """Return a session that has just begun."""
    terms = config(rule)
    session = Session(
        id="s",
        strategy="test",
        params={},
        dataset="d",
        dataset_hash="h",
        config=terms,
        status=SessionStatus.RUNNING,
        created_at_ns=0,
        equity=terms.cash,
    )
    return PaperSession(session, MAKER.make(terms))


def run(script: Any, rule: FillRule, crashes: random.Random | None) -> Kept:
    """Run the script through a session; with `crashes`, drop and reload it now and then."""
    live = new_session(rule)
    kept = Kept(live)
    for closed, signals in script:
        end = BarDecided(
            session_id="s",
            bar_ts_ns=closed.ts_ns,
            bar_index=closed.index,
            signals=len(signals),
        )
        for event in (closed, end, *reversed(signals)):
            live.offer(event)
            if crashes is not None and crashes.random() < 0.2:
                live = kept.load()
                for again in (closed, *signals, end):
                    live.offer(again)
            if live.ready():
                kept.keep(live)
    return kept


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32), rule=st.sampled_from(FillRule), crash=st.booleans())
def test_a_session_gives_what_the_bare_desk_gives(seed: int, rule: FillRule, crash: bool) -> None:
    """Lost: paper trading would not be what was backtested, or a restart would change it."""
    script = scripts(seed, 60)
    desk = MAKER.make(config(rule))
    curve = straight(script, desk)
    kept = run(script, rule, random.Random(seed) if crash else None)
    plain = {"session_id": "", "signal_id": ""}
    orders = [msgspec.structs.replace(o, **plain) for o in kept.orders.values()]
    fills = [msgspec.structs.replace(f, session_id="") for f in kept.fills]
    assert orders == list(desk.orders())
    assert fills == list(desk.fills())
    assert kept.curve == curve
    assert kept.session.equity == desk.equity
    assert kept.session.position == (fills[-1].position if fills else 0.0)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32), rule=st.sampled_from(FillRule))
def test_the_events_alone_tell_the_whole_story(seed: int, rule: FillRule) -> None:
    """Lost: a screen that only listens would show orders that are long filled or cancelled."""
    kept = run(scripts(seed, 60), rule, None)
    seen: dict[int, Order] = {}
    for event in kept.told:
        if isinstance(event, OrderAccepted | OrderRejected):
            assert event.order.id == len(seen) + 1
            seen[event.order.id] = event.order
        elif isinstance(event, OrderCancelled):
            assert seen[event.order.id].status is OrderStatus.ACCEPTED
            seen[event.order.id] = event.order
        elif isinstance(event, OrderFilled):
            order = seen[event.fill.order_id]
            assert order.status is OrderStatus.ACCEPTED
            assert (order.side, order.quantity) == (event.fill.side, event.fill.quantity)
            seen[order.id] = msgspec.structs.replace(order, status=OrderStatus.FILLED)
    assert seen == kept.orders


def test_an_order_that_the_desk_cancels_by_itself_tells_why() -> None:
    """Lost: an order would vanish, and nobody could say why."""
    first = scripts(0, 1)[0][0]
    absurd = msgspec.structs.replace(first, index=1, ts_ns=2, open=1e12, high=1e12)
    aim = Signal(id="aim", action=Action.TARGET, number=0, quantity=2.0)
    kept = run([(first, [raised(first, aim)]), (absurd, [])], FillRule.NEXT_OPEN, None)
    (told,) = [e for e in kept.told if isinstance(e, OrderCancelled)]
    assert told.order == kept.orders[1]
    assert (told.order.status, told.order.reason) == (OrderStatus.CANCELLED, RejectReason.OVERFLOW)
    assert kept.session.status is SessionStatus.RUNNING
