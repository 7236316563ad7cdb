"""A session played by hand: the bars go to a live strategy, its signals to a real desk."""

from __future__ import annotations

from typing import Any

import msgspec
from tests.contexts.engine import kit

from fks.contexts.engine.domain.backtest import Plan
from fks.contexts.engine.domain.live import Answer, LiveSession
from fks.contexts.engine.domain.session import Stepper
from fks.contexts.execution.domain.decisions import apply_signal
from fks.contracts.columns import BarColumns
from fks.contracts.data import BarClosed
from fks.contracts.engine import SignalRaised
from fks.contracts.execution import BarMatched, Desk, Fill, Session, SessionStatus


def session_of(plan: Plan) -> Session:
    """Return the session that trades as a plan does."""
    return Session(
        id="S1",
        strategy=plan.kind.name,
        params=dict(plan.request.params),
        dataset="given",
        dataset_hash=plan.material.hash,
        config=plan.config,
        status=SessionStatus.RUNNING,
        created_at_ns=0,
    )


def bar_event(bars: BarColumns, index: int) -> BarClosed:
    """Return a bar as a replay sends it."""
    return BarClosed(
        stream="S1",
        index=index,
        instrument=kit.INSTRUMENT.id,
        timeframe="1m",
        provider="test",
        ts_ns=int(bars.ts_ns[index]),
        open=float(bars.open[index]),
        high=float(bars.high[index]),
        low=float(bars.low[index]),
        close=float(bars.close[index]),
        volume=float(bars.volume[index]),
    )


class Played:
    """A live strategy and the desk on the other side of the bus."""

    def __init__(self, plan: Plan) -> None:
        ride = kit.fresh_ride(plan)
        self.plan = plan
        self.desk: Desk = ride.desk
        self.live = make_live(plan)
        self.raised: list[SignalRaised] = []
        self.error = ""
        self._told = 0

    def match(self, index: int) -> tuple[BarMatched, list[Fill]]:
        """Let the desk match a bar; return what execution then says."""
        bars = self.plan.material.bars
        self.desk.on_bar(
            int(bars.ts_ns[index]),
            int(bars.open_ticks[index]),
            int(bars.high_ticks[index]),
            int(bars.low_ticks[index]),
            int(bars.close_ticks[index]),
        )
        fills = list(self.desk.fills_after(self._told))
        self._told += len(fills)
        matched = BarMatched(
            session_id="S1",
            ts_ns=int(bars.ts_ns[index]),
            index=index,
            position=self.desk.position,
        )
        return matched, fills

    def apply(self, answer: Answer) -> None:
        """Let the desk take decisions, as they come over the wire."""
        self.error = answer.decided.error
        assert answer.decided.signals == len(answer.signals)
        for raised in answer.signals:
            sent = msgspec.msgpack.decode(msgspec.msgpack.encode(raised), type=SignalRaised)
            self.raised.append(sent)
            apply_signal(sent.signal, self.desk)
        self.desk.end_bar()

    def play(self, begin: int, end: int) -> None:
        """Play bars `[begin, end)` with everything in its usual order."""
        for index in range(begin, end):
            self.live.on_bar(bar_event(self.plan.material.bars, index))
            matched, fills = self.match(index)
            for fill in fills:
                self.live.on_fill(fill)
            answer = self.live.on_matched(matched)
            assert answer is not None
            self.apply(answer)


def make_live(plan: Plan) -> LiveSession:
    """Return a live strategy before its first bar."""
    ride = kit.fresh_ride(plan)
    stepper = Stepper(ride.strategy, ride.pipeline, plan.tier)
    return LiveSession(session_of(plan), "1m", stepper, 1024)


def played(plan: Plan) -> dict[str, Any]:
    """Play all bars of a plan and return what the desk recorded."""
    game = Played(plan)
    game.play(0, len(plan.material.bars))
    assert game.error == ""
    ride = kit.fresh_ride(plan)
    ride.desk = game.desk
    return kit.record(ride)
