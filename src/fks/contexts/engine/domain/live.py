"""One paper session as the strategy's side sees it: bars, fills and positions in, signals out.

Bars come ahead of their turn and topics overtake one another; a decision is due when the desk
has matched a bar and both the bar and the fills up to it are here. Every answer is kept until
the next one, so that a repeated question gets the same answer and the strategy is asked once.
"""

from __future__ import annotations

from fks.contexts.engine.domain.bars import one_bar
from fks.contexts.engine.domain.decisions import CountingDesk, Decisions
from fks.contexts.engine.domain.failures import StrategyFailed
from fks.contexts.engine.domain.session import Stepper, run
from fks.contracts.columns import BarColumns
from fks.contracts.data import BarClosed
from fks.contracts.engine import BarDecided, SignalRaised
from fks.contracts.execution import BarMatched, Desk, Fill, Session

__all__ = ["Answer", "LiveSession"]


class Answer:
    """What was decided at a bar: its signals, and the end of them."""

    def __init__(self, signals: tuple[SignalRaised, ...], decided: BarDecided) -> None:
        self.signals = signals
        self.decided = decided


class LiveSession:
    """The strategy of one session, fed by events."""

    def __init__(self, session: Session, timeframe: str, stepper: Stepper, ahead: int) -> None:
        """Begin before the first bar; at most `ahead` bars wait for their turn."""
        self.session = session
        self._timeframe = timeframe
        self._stepper = stepper
        self._ahead = ahead
        self._decisions = Decisions(session.id)
        self._bars: dict[int, BarClosed] = {}
        self._fills: dict[int, Fill] = {}
        self._matched: dict[int, BarMatched] = {}
        self._last = -1
        self._answer: Answer | None = None
        self._error = ""

    @property
    def last_index(self) -> int:
        """Return the index of the last bar that was decided, -1 before the first."""
        return self._last

    def take_up(self, bars: BarColumns, desk: Desk) -> Answer:
        """Run over past bars with a fresh desk, and return the decisions at the last of them.

        The strategy then stands as if it had lived through them; where the desk was told the
        last decisions already, it knows them by their bar.
        """
        last = len(bars) - 1
        hands = CountingDesk(desk)
        try:
            for _ in run(bars[:last], self._stepper, desk, hands):
                pass
            self._decisions = Decisions(self.session.id, orders=hands.orders)
            desk.on_bar(
                int(bars.ts_ns[last]),
                int(bars.open_ticks[last]),
                int(bars.high_ticks[last]),
                int(bars.low_ticks[last]),
                int(bars.close_ticks[last]),
            )
            for fill in desk.fills_after(self._stepper.told):
                self._fills[fill.id] = fill
        except StrategyFailed as error:
            self._error = error.message
        matched = BarMatched(
            session_id=self.session.id,
            ts_ns=int(bars.ts_ns[last]),
            index=last,
            position=desk.position,
        )
        return self._decide(matched, bars[last:], float(bars.close[last]))

    def on_bar(self, event: BarClosed) -> Answer | None:
        """Take a bar; return the decisions if it was the one that was waited for."""
        if self._last < event.index <= self._last + self._ahead:
            self._bars.setdefault(event.index, event)
        return self._next()

    def on_fill(self, fill: Fill) -> None:
        """Take a fill; the strategy hears of it before its next decision."""
        if fill.id > self._stepper.told:
            self._fills[fill.id] = fill

    def on_matched(self, event: BarMatched) -> Answer | None:
        """Take the desk's word that a bar was matched; return the decisions if it is here.

        A repeat of the last one gets the last answer again; older ones get none.
        """
        if event.index == self._last and self._answer is not None:
            return self._answer
        if event.index > self._last:
            self._matched[event.index] = event
        return self._next()

    def _next(self) -> Answer | None:
        """Decide at the next bar if everything for it is here."""
        index = self._last + 1
        bar, matched = self._bars.get(index), self._matched.get(index)
        if bar is None or matched is None:
            return None
        del self._bars[index], self._matched[index]
        columns = one_bar(bar, self.session.config.instrument.tick_size)
        return self._decide(matched, columns, bar.close)

    def _decide(self, matched: BarMatched, bar: BarColumns, price: float) -> Answer:
        """Tell the strategy its fills, let it decide, and keep the answer."""
        self._last = matched.index
        self._decisions.begin(matched.ts_ns, matched.position)
        if not self._error:
            try:
                for number in sorted(self._fills):
                    self._stepper.on_fill(self._fills[number], self._decisions)
                self._fills.clear()
                self._stepper.step(bar, matched.index, self._decisions)
            except StrategyFailed as error:
                self._error = error.message
        signals = () if self._error else self._signals(matched, price)
        self._answer = Answer(
            signals,
            BarDecided(
                session_id=self.session.id,
                bar_ts_ns=matched.ts_ns,
                bar_index=matched.index,
                signals=len(signals),
                error=self._error,
            ),
        )
        return self._answer

    def _signals(self, matched: BarMatched, price: float) -> tuple[SignalRaised, ...]:
        """Return what the strategy decided, as it is published."""
        session = self.session
        return tuple(
            SignalRaised(
                session_id=session.id,
                strategy=session.strategy,
                instrument=session.config.instrument.id,
                timeframe=self._timeframe,
                bar_ts_ns=matched.ts_ns,
                bar_index=matched.index,
                price=price,
                signal=signal,
                dataset_hash=session.dataset_hash,
            )
            for signal in self._decisions.signals
        )
