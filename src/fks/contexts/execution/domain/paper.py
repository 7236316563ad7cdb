"""A paper session in memory: a desk, the sequencer before it, and how the session ends.

Pure: it is told what arrived and computes what follows; the service writes and publishes it.
All state that matters survives in three things: the desk's snapshot, the cursor, and the session
itself, so that giving up the object and loading it again is always safe.
"""

from __future__ import annotations

import math

import msgspec

from fks.contexts.execution.domain.decisions import apply_signal
from fks.contexts.execution.domain.records import Mark, Outcome, Recorder
from fks.contexts.execution.domain.sequencer import Apply, Match, Offer, Sequencer, Step
from fks.contracts.data import BarClosed, ReplayFinished
from fks.contracts.engine import BarDecided, SignalRaised
from fks.contracts.execution import (
    AccountMarked,
    BarMatched,
    Desk,
    Order,
    Session,
    SessionChanged,
    SessionStatus,
)
from fks.kernel.errors import FksError, Invalid

__all__ = ["LIVING", "PaperSession"]

LIVING = (SessionStatus.RUNNING, SessionStatus.PAUSED)
"""The states out of which a session can still do something."""

_MAX_TICKS = 2**53
"""Beyond this a float no longer tells neighbouring ticks apart."""


class PaperSession:
    """One session that is not over.

    `last_ticks` is the close of the last matched bar in ticks. `revision` counts the writes of
    this session; the store uses it to notice another writer.
    """

    def __init__(
        self,
        session: Session,
        desk: Desk,
        *,
        resting: tuple[Order, ...] = (),
        last_ticks: int = 0,
        revision: int = 0,
        ahead: int = 1024,
    ) -> None:
        self.session = session
        self.desk = desk
        self.revision = revision
        self.last_ticks = last_ticks
        self._ahead = ahead
        self._sequencer = Sequencer(
            last_index=session.last_index, decided=session.decided, ahead=ahead
        )
        self._recorder = Recorder(desk, session, resting)
        tick_size = session.config.instrument.tick_size
        self._numerator, self._denominator = tick_size.as_integer_ratio()
        self._bars: int | None = None
        self._fault = ""

    @property
    def held(self) -> int:
        """Return how many messages wait for others."""
        return self._sequencer.held

    def offer(self, event: BarClosed | SignalRaised | BarDecided | ReplayFinished) -> Offer:
        """Take what a stream or a strategy said, in any order and any number of times."""
        if isinstance(event, ReplayFinished):
            return self._offer_end(event)
        if isinstance(event, BarDecided) and event.error:
            self._fault = self._fault or f"strategy: {event.error}"
            return Offer.KEPT
        if isinstance(event, BarClosed):
            offered = self._sequencer.offer_bar(event)
        elif isinstance(event, SignalRaised):
            offered = self._sequencer.offer_signal(event)
        else:
            offered = self._sequencer.offer_decided(event)
        if offered is Offer.BEYOND:
            self._fault = self._fault or (
                f"{type(event).__name__} came out of bounds: the session stands at bar "
                f"{self._sequencer.last_index} and holds {self._ahead} bars ahead at most"
            )
        return offered

    def ready(self) -> bool:
        """Tell whether `advance` has something to do."""
        if self.session.status not in LIVING:
            return False
        return bool(self._fault) or self._sequencer.ready(matching=self._matching) or self._ended

    def advance(self) -> Outcome:
        """Take every step that is ready and return what it did.

        A failure of the strategy, the stream or the desk ends the session as `failed`; then
        what rested is cancelled.
        """
        while not self._fault:
            step = self._sequencer.take(matching=self._matching)
            if step is None:
                break
            try:
                self._take(step)
            except FksError as error:
                self._fault = error.message
            except OverflowError:
                self._fault = "the account is worth more than a desk can count"
        if self._fault:
            return self.end(SessionStatus.FAILED, self._fault)
        if self._ended:
            return self.end(SessionStatus.FINISHED)
        self._refresh(self.session.status)
        return self._recorder.take()

    def turn(self, status: SessionStatus) -> Outcome:
        """Pause or resume."""
        assert status in LIVING
        self._refresh(status)
        self._recorder.turn(SessionChanged(session=self.session))
        return self._recorder.take()

    def end(self, status: SessionStatus, error: str = "") -> Outcome:
        """End for good; unless the stream came to its end, what rests is cancelled."""
        if status is not SessionStatus.FINISHED:
            self.desk.cancel_all()
            self._recorder.look(self.session.last_ts_ns)
        self._refresh(status, error)
        self._recorder.turn(SessionChanged(session=self.session))
        return self._recorder.take()

    @property
    def _matching(self) -> bool:
        """Tell whether new bars may be begun: a paused session finishes its bar and holds."""
        return self.session.status is SessionStatus.RUNNING

    @property
    def _ended(self) -> bool:
        """Tell whether the stream's last bar is done."""
        return (
            self._matching
            and self._bars is not None
            and self._sequencer.decided
            and self._sequencer.last_index + 1 >= self._bars
        )

    def _offer_end(self, event: ReplayFinished) -> Offer:
        """Note how many bars the stream has, or that it failed."""
        if event.error:
            self._fault = self._fault or f"replay: {event.error}"
        elif self._bars is not None:
            return Offer.KNOWN
        else:
            self._bars = event.bars
        return Offer.KEPT

    def _take(self, step: Step) -> None:
        """Do one step on the desk and note what it did."""
        if isinstance(step, Match):
            self._match(step.bar)
        else:
            self._apply(step)

    def _match(self, bar: BarClosed) -> None:
        """Let the desk match a bar; then the strategy may decide."""
        session = self.session
        if session.last_index >= 0 and bar.ts_ns <= session.last_ts_ns:
            raise Invalid(f"bar {bar.index} does not open after the bar before it")
        prices = [self._ticks(bar, name) for name in ("open", "high", "low", "close")]
        self.desk.on_bar(bar.ts_ns, *prices)
        self.last_ticks = prices[3]
        self.session = msgspec.structs.replace(
            session, last_ts_ns=bar.ts_ns, last_index=bar.index, decided=False
        )
        self._recorder.look(bar.ts_ns)
        self._recorder.tell(
            BarMatched(
                session_id=session.id,
                ts_ns=bar.ts_ns,
                index=bar.index,
                position=self.desk.position,
            )
        )

    def _apply(self, step: Apply) -> None:
        """Make the strategy's calls, end the bar, mark the account."""
        desk, ts_ns = self.desk, self.session.last_ts_ns
        for raised in step.signals:
            apply_signal(raised.signal, desk)
            self._recorder.look(ts_ns, raised.signal.id)
        desk.end_bar()
        self._recorder.look(ts_ns)
        self.session = msgspec.structs.replace(self.session, decided=True)
        equity, position = desk.equity, self._recorder.position
        self._recorder.mark(
            Mark(index=step.index, ts_ns=ts_ns, equity=equity, position=position),
            AccountMarked(
                session_id=self.session.id,
                ts_ns=ts_ns,
                index=step.index,
                equity=equity,
                cash=desk.cash,
                position=position,
            ),
        )

    def _refresh(self, status: SessionStatus, error: str = "") -> None:
        """Bring the session's figures up to date."""
        desk = self.desk
        self.session = msgspec.structs.replace(
            self.session,
            status=status,
            error=error,
            equity=desk.equity,
            position=self._recorder.position,
            orders=desk.order_count,
            fills=desk.fill_count,
        )

    def _ticks(self, bar: BarClosed, name: str) -> int:
        """Return a price of a bar in ticks, rounded as `prices_to_ticks` rounds columns."""
        price: float = getattr(bar, name)
        ticks = price * self._denominator / self._numerator
        if not math.isfinite(ticks) or abs(ticks) > _MAX_TICKS:
            raise Invalid(f"bar {bar.index} has the {name} {price}, which no desk can hold")
        return round(ticks)
