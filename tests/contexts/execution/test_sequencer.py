"""The sequencer on small, named cases; the random ones are in tests/properties."""

from __future__ import annotations

from fks.contexts.execution.domain.sequencer import Apply, Match, Offer, Sequencer
from fks.contracts.data import BarClosed
from fks.contracts.engine import Action, BarDecided, Signal, SignalRaised


def bar(index: int) -> BarClosed:
    """Return a bar whose price tells its index."""
    price = 100.0 + index
    return BarClosed(
        stream="s",
        index=index,
        instrument="X",
        timeframe="1m",
        provider="test",
        ts_ns=index * 60,
        open=price,
        high=price,
        low=price,
        close=price,
        volume=1.0,
    )


def raised(index: int, number: int) -> SignalRaised:
    """Return signal `number` of a bar."""
    return SignalRaised(
        session_id="s",
        strategy="test",
        instrument="X",
        timeframe="1m",
        bar_ts_ns=index * 60,
        bar_index=index,
        price=100.0,
        signal=Signal(id=f"s:{index * 60}:{number}", action=Action.TARGET, number=number),
    )


def decided(index: int, signals: int) -> BarDecided:
    """Return the end of a bar's decisions."""
    return BarDecided(session_id="s", bar_ts_ns=index * 60, bar_index=index, signals=signals)


def test_a_bar_waits_for_the_decisions_at_the_bar_before_it() -> None:
    """Lost: an order decided at bar 0 would miss bar 1 whenever bars travel faster."""
    sequencer = Sequencer()
    sequencer.offer_bar(bar(1))
    assert sequencer.take() is None
    sequencer.offer_bar(bar(0))
    assert sequencer.take() == Match(bar(0))
    assert sequencer.take() is None
    sequencer.offer_decided(decided(0, 0))
    assert sequencer.take() == Apply(0, ())
    assert sequencer.take() == Match(bar(1))


def test_decisions_wait_for_the_last_of_their_signals_and_come_in_number_order() -> None:
    """Lost: a cancel overtaking its order would leave the order resting."""
    sequencer = Sequencer()
    sequencer.offer_bar(bar(0))
    sequencer.take()
    sequencer.offer_signal(raised(0, 2))
    sequencer.offer_decided(decided(0, 3))
    sequencer.offer_signal(raised(0, 0))
    assert not sequencer.ready()
    sequencer.offer_signal(raised(0, 1))
    assert sequencer.take() == Apply(0, (raised(0, 0), raised(0, 1), raised(0, 2)))


def test_repeats_and_what_is_past_change_nothing() -> None:
    """Lost: a redelivered bar would be matched twice."""
    sequencer = Sequencer(last_index=4, decided=True)
    assert sequencer.offer_bar(bar(5)) is Offer.KEPT
    assert sequencer.offer_bar(bar(5)) is Offer.KNOWN
    assert sequencer.offer_bar(bar(4)) is Offer.KNOWN
    assert sequencer.offer_signal(raised(4, 0)) is Offer.KNOWN
    assert sequencer.offer_decided(decided(4, 1)) is Offer.KNOWN
    assert sequencer.offer_decided(decided(-1, 0)) is Offer.KNOWN
    assert sequencer.take() == Match(bar(5))
    assert sequencer.held == 0


def test_a_resumed_sequencer_takes_the_decisions_that_were_missing() -> None:
    """Lost: a session killed between matching and deciding would hang for ever."""
    sequencer = Sequencer(last_index=4, decided=False)
    assert sequencer.offer_decided(decided(4, 1)) is Offer.KEPT
    assert sequencer.offer_signal(raised(4, 0)) is Offer.KEPT
    assert sequencer.take() == Apply(4, (raised(4, 0),))


def test_what_runs_too_far_ahead_is_refused() -> None:
    """Lost: a stream without back-pressure would fill the memory."""
    sequencer = Sequencer(ahead=8, per_bar=4)
    assert sequencer.offer_bar(bar(7)) is Offer.KEPT
    assert sequencer.offer_bar(bar(8)) is Offer.BEYOND
    assert sequencer.offer_signal(raised(8, 0)) is Offer.BEYOND
    assert sequencer.offer_signal(raised(0, 4)) is Offer.BEYOND
    assert sequencer.offer_decided(decided(0, 5)) is Offer.BEYOND
    assert sequencer.held == 1


def test_without_matching_the_bar_in_hand_is_still_finished() -> None:
    """Lost: a pause would leave a bar half done, its decisions unapplied."""
    sequencer = Sequencer()
    sequencer.offer_bar(bar(0))
    sequencer.offer_bar(bar(1))
    sequencer.take()
    sequencer.offer_decided(decided(0, 0))
    assert sequencer.take(matching=False) == Apply(0, ())
    assert sequencer.take(matching=False) is None
    assert sequencer.take(matching=True) == Match(bar(1))
