"""The life of an order at a venue that loses, repeats and mixes up what it says."""

from __future__ import annotations

import msgspec
import pytest

from fks.contexts.execution.domain.routing.effects import (
    Ask,
    Difference,
    Filled,
    Found,
    Question,
    Released,
    Resized,
    Revived,
    StateChanged,
)
from fks.contexts.execution.domain.routing.lifecycle import Lifecycle
from fks.contexts.execution.domain.routing.routed import Routed
from fks.contracts.execution import OrderState, VenueReportKind

from .lives import LOTS, PRICE, SECOND, START, fill, in_state, letters, report, sent

KIND, STATE = VenueReportKind, OrderState


def working(filled: int = 0, lots: int = LOTS, price: int = PRICE) -> Found:
    """Return what a venue says of a working order."""
    state = STATE.PARTIALLY_FILLED if filled else STATE.NEW
    return Found(state=state, lots=lots, filled_lots=filled, price_ticks=price)


def test_a_fill_before_the_acknowledgement_counts_and_the_late_word_changes_nothing() -> None:
    """Two streams of a venue overtake each other all the time."""
    life = sent()
    assert letters(life.hear(fill(4, "t1"), START + 1)) == "F"
    assert letters(life.hear(report(KIND.ACKNOWLEDGED), START + 2)) == ""
    assert (life.state, life.open_lots) == (STATE.PARTIALLY_FILLED, 6)


def test_fills_are_counted_once_by_their_id_and_another_content_is_told() -> None:
    """A fill counted twice is a position that does not exist."""
    life = in_state(STATE.NEW)
    for i in range(3):
        life.hear(fill(4, "t1"), START + i)
    effects = life.hear(fill(5, "t1"), START + 9)
    assert [type(e) for e in effects] == [Difference]
    assert life.record.filled_lots == 4


def test_a_fill_after_the_cancel_is_the_truth_and_marked_as_late() -> None:
    """The venue traded it: the position is there whatever we had released."""
    life = in_state(STATE.CANCELLED)
    effects = life.hear(fill(4, "t1"), START + 9)
    assert isinstance(effects[0], Filled)
    assert effects[0].late
    assert life.state is STATE.CANCELLED
    effects = life.hear(fill(6, "t2"), START + 10)
    assert effects[-1] == StateChanged(STATE.FILLED)


def test_more_fills_than_the_order_had_are_counted_and_told() -> None:
    """An over-fill that is dropped leaves a position that nobody watches."""
    life = in_state(STATE.PARTIALLY_FILLED)
    effects = life.hear(fill(9, "t2"), START + 9)
    assert isinstance(effects[0], Filled)
    assert effects[0].lots == 9
    assert isinstance(effects[1], Difference)
    assert effects[1].code == "OVERFILLED"
    assert (life.record.filled_lots, life.open_lots) == (13, 0)


@pytest.mark.parametrize("bad", [fill(4, ""), fill(0, "t1")])
def test_a_fill_that_cannot_be_counted_is_told_and_looked_for(bad) -> None:  # type: ignore[no-untyped-def]
    """Dropping it would hide a position, counting it could count it twice."""
    effects = in_state(STATE.NEW).hear(bad, START + 9)
    assert letters(effects) == "DQ"
    assert effects[1] == Ask(Question.FILLS)


def test_silence_becomes_doubt_asks_again_and_is_told_within_30_s() -> None:
    """A venue that says nothing must not leave an order forgotten."""
    life, asked, told = sent(), [], []
    for second in range(1, 61):
        for effect in life.tick(START + second * SECOND):
            if isinstance(effect, Ask):
                asked.append(second)
            if isinstance(effect, Difference):
                told.append((second, effect.code))
    assert life.state is STATE.UNKNOWN
    assert life.open_lots == LOTS
    assert told == [(30, "STILL_UNKNOWN")]
    assert asked[0] == 5
    assert len(asked) <= 12, "the pauses grow"


def test_only_a_sure_venue_after_the_settle_time_and_its_history_end_an_unknown_order() -> None:
    """What was sent may still be on its way: an early "never had it" proves nothing."""
    life = in_state(STATE.UNKNOWN)
    early, late = START + 9 * SECOND, START + 10 * SECOND
    assert life.absent(early, early, sure=True) == []
    assert life.fills_checked(early) == []
    assert life.absent(late, late, sure=False) == []
    assert life.fills_checked(late) == []
    assert life.open_lots == LOTS
    assert life.absent(late, late, sure=True) == [Ask(Question.FILLS)]
    effects = life.fills_checked(late + 1)
    assert effects[0] == Released(LOTS)
    assert (life.state, life.record.code) == (STATE.REJECTED, "NEVER_ARRIVED")


def test_an_order_filled_while_its_absence_was_examined_lives() -> None:
    """The history is the last witness; what it shows outweighs the answer before."""
    life = in_state(STATE.UNKNOWN)
    late = START + 20 * SECOND
    life.absent(late, late, sure=True)
    life.hear(fill(2, "t1"), late + 1)
    life.fills_checked(late + 2)
    assert (life.state, life.open_lots) == (STATE.PARTIALLY_FILLED, 8)


def test_a_late_acknowledgement_of_an_order_concluded_dead_revives_it() -> None:
    """Better a gate that closes than an order at work which nobody counts."""
    life = in_state(STATE.UNKNOWN)
    late = START + 20 * SECOND
    life.absent(late, late, sure=True)
    life.fills_checked(late)
    effects = life.hear(report(KIND.ACKNOWLEDGED), late + SECOND)
    assert effects[0] == Revived(LOTS)
    assert letters(effects) == "VD"
    assert (life.state, life.open_lots) == (STATE.NEW, LOTS)


def test_a_refused_cancel_asks_and_the_missing_fill_ends_it() -> None:
    """A cancel is refused because the order was filled; the fill may have been lost."""
    life = in_state(STATE.PENDING_CANCEL)
    assert life.hear(report(KIND.CANCEL_REJECTED), START + 3)[0] == Ask(Question.FIND)
    filled = Found(state=STATE.FILLED, lots=LOTS, filled_lots=LOTS, price_ticks=PRICE)
    assert life.found(filled, START + 4, START + 5) == [Ask(Question.FILLS)]
    assert life.open_lots == LOTS
    life.hear(fill(LOTS, "t1"), START + 6)
    assert life.state is STATE.FILLED


def test_an_end_is_held_back_until_the_fills_before_it_are_counted() -> None:
    """Releasing before the fill is booked would leave a moment without any exposure."""
    life = in_state(STATE.NEW)
    ended = Found(state=STATE.CANCELLED, lots=LOTS, filled_lots=4, price_ticks=PRICE)
    life.found(ended, START + 4, START + 5)
    assert life.open_lots == LOTS
    effects = life.hear(fill(4, "t1"), START + 6)
    assert letters(effects) == "FR"
    assert (life.state, effects[1]) == (STATE.CANCELLED, Released(6))


def test_fills_that_a_history_does_not_have_are_told() -> None:
    """A venue that contradicts itself is a matter for a person."""
    life = in_state(STATE.NEW)
    ended = Found(state=STATE.CANCELLED, lots=LOTS, filled_lots=4, price_ticks=PRICE)
    life.found(ended, START + 4, START + 5)
    assert life.fills_checked(START + 6, complete=False) == []
    effects = life.fills_checked(START + 6)
    assert [e.code for e in effects if isinstance(e, Difference)] == ["FILLS_MISSING"]
    assert life.open_lots == LOTS


def test_an_amendment_counts_the_larger_order_until_it_is_answered() -> None:
    """Both sizes may be the one that trades."""
    life = in_state(STATE.NEW)
    life.change_asked(15, 99, START + 2)
    assert life.open_lots == 15
    assert life.hear(report(KIND.REPLACED), START + 3)[0] == Resized(15, 99)
    life.change_asked(5, 99, START + 4)
    assert life.open_lots == 15
    effects = life.hear(report(KIND.REPLACE_REJECTED), START + 5)
    assert effects[0] == Resized(15, 99)
    assert life.open_lots == 15


def test_of_two_amendments_the_larger_stays_exposure_when_one_is_refused() -> None:
    """The refusal may be of the second, and the word of the first may be lost (seed 18774)."""
    life = in_state(STATE.NEW)
    life.change_asked(15, 99, START + 2)
    life.change_asked(11, 99, START + 3)
    life.hear(report(KIND.REPLACE_REJECTED), START + 4)
    assert (life.state, life.open_lots) == (STATE.PENDING_REPLACE, 15)


def test_amended_to_what_is_filled_already_ends_it() -> None:
    """An order without open lots must not stay open for ever."""
    life = in_state(STATE.PARTIALLY_FILLED)
    life.change_asked(4, 99, START + 3)
    life.hear(report(KIND.REPLACED), START + 4)
    assert (life.state, life.open_lots) == (STATE.FILLED, 0)


def test_a_lost_amendment_is_noticed_after_the_settle_time_and_may_still_come() -> None:
    """Waiting for ever for a lost answer would block every later amendment."""
    life = in_state(STATE.PENDING_REPLACE)
    soon, late = START + 3 * SECOND, START + 13 * SECOND
    life.found(working(), soon, soon)
    assert life.state is STATE.PENDING_REPLACE
    assert life.found(working(), late, late)[0] == Resized(LOTS, PRICE)
    assert life.state is STATE.NEW
    assert life.hear(report(KIND.REPLACED, 12, price_ticks=99), late + 1)[0] == Resized(12, 99)


def test_an_answer_older_than_a_report_changes_nothing_but_proves_the_order() -> None:
    """Answers and reports cross on the wire; the older must not undo the newer."""
    life = in_state(STATE.PENDING_REPLACE)
    life.hear(report(KIND.REPLACED), START + 6)
    assert life.found(working(), START + 5, START + 7) == []
    assert life.record.lots == 12


def test_a_cancel_that_got_lost_is_asked_once_more_and_no_order_ever_is() -> None:
    """A cancel may be repeated; an order never."""
    life = in_state(STATE.PENDING_CANCEL)
    late = START + 6 * SECOND
    assert life.tick(late) == [Ask(Question.FIND)]
    assert life.found(working(), late, late) == [Ask(Question.CANCEL)]
    with pytest.raises(AssertionError):
        life.sent(late + 1)


def test_unsent_after_a_cancel_was_asked_proves_nothing_of_the_order() -> None:
    """The word may be about the cancel; taking it for the order would drop exposure."""
    life = sent()
    life.cancel_asked(START + 1)
    life.hear(report(KIND.UNSENT), START + 2)
    assert (life.state, life.open_lots) == (STATE.UNKNOWN, LOTS)


def test_an_order_held_back_by_ourselves_ends_though_its_cancel_was_asked() -> None:
    """The kill switch asks for cancels of orders that it has just kept from leaving."""
    life = sent()
    life.cancel_asked(START + 1)
    effects = life.hear(report(KIND.UNSENT, code="NOT_SENT"), START + 2)
    assert effects[0] == Released(LOTS)
    assert life.state is STATE.REJECTED


def test_a_fill_concluded_by_reconciling_and_its_own_late_report_count_once() -> None:
    """Without this a lost report that turns up after all would double the position."""
    life = in_state(STATE.NEW)
    life.hear(fill(6, "rec:fks-1-1:6", ts_ns=START + 5), START + 6)
    life.hear(fill(4, "t1", ts_ns=START + 3), START + 7)
    life.hear(fill(2, "t2", ts_ns=START + 4), START + 8)
    assert life.record.filled_lots == 6
    life.hear(fill(1, "t3", ts_ns=START + 9), START + 9)
    assert life.record.filled_lots == 7


def test_a_person_may_end_what_cannot_be_proved_and_late_word_revives_it() -> None:
    """Somebody must be able to decide, and to be corrected by the venue."""
    life = in_state(STATE.UNKNOWN)
    assert life.declare_over("the venue's desk says so", START + 9)[0] == Released(LOTS)
    effects = life.hear(fill(3, "t1"), START + 10)
    assert letters(effects) == "FVD"
    assert life.open_lots == 7


def test_an_order_written_out_and_read_back_goes_on_the_same() -> None:
    """A restart in any state must not change what the next report means."""
    for state in OrderState:
        life = in_state(state)
        stored = msgspec.msgpack.encode(life.record)
        again = Lifecycle(msgspec.msgpack.decode(stored, type=Routed))
        assert again.state is state
        for kind in VenueReportKind:
            word = report(kind, 3 if kind is KIND.FILLED else 0, "t7")
            assert again.hear(word, START + 50) == life.hear(word, START + 50)
        assert again.record == life.record
