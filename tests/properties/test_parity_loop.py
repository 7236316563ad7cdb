"""Backtest and live are one: readable loop, compiled drive and played session agree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contexts.engine import kit
from tests.contexts.engine.drunk import Drunk
from tests.contexts.engine.live import Played, bar_event, make_live, played

from fks.contexts.engine.domain import session
from fks.contexts.engine.domain.backtest import Plan
from fks.contexts.engine.domain.live import Answer, LiveSession
from fks.contexts.engine.domain.parameters import tiers_of
from fks.contracts.columns import BarColumns
from fks.contracts.data import BarClosed
from fks.contracts.execution import BarMatched, Fill

KINDS = {**{kind.name: kind for kind in kit.backtester().catalog.all()}, "drunk": Drunk}
PARAMS = {**kit.PARAMS, "drunk": st.builds(dict, whim=st.integers(0, 2**32))}
EXAMPLES = settings(max_examples=40, deadline=None)


def _looped(plan: Plan) -> dict[str, Any]:
    """Run the readable loop and return what the desk recorded."""
    ride = kit.fresh_ride(plan)
    stepper = session.Stepper(ride.strategy, ride.pipeline, plan.tier)
    told = list(session.run(plan.material.bars, stepper, ride.desk))
    assert told == list(ride.desk.fills()), "the loop yields every fill once, in order"
    return kit.record(ride)


@pytest.mark.parametrize("name", sorted(KINDS))
@EXAMPLES
@given(data=st.data(), bars=kit.bars(), fields=kit.REQUESTS)
def test_backtest_loop_and_live_session_agree(
    name: str, data: st.DataObject, bars: BarColumns, fields: dict[str, Any]
) -> None:
    """The promise of the platform: what was tested is what trades."""
    params = data.draw(PARAMS[name])
    chunk_bars = data.draw(st.sampled_from([1, 5, 4096]))
    for tier in tiers_of(KINDS[name]):
        plan = kit.make_plan(KINDS[name], bars, params, tier=tier, **fields)
        expected = kit.driven(plan, chunk_bars)
        assert _looped(plan) == expected, tier
        assert played(plan) == expected, tier


@pytest.mark.parametrize("name", ["drunk", "breakout_stop", "breakout"])
@EXAMPLES
@given(data=st.data(), bars=kit.bars(max_pieces=5), fields=kit.REQUESTS)
def test_a_strategy_taken_up_after_a_crash_goes_on_as_if_nothing_happened(
    name: str, data: st.DataObject, bars: BarColumns, fields: dict[str, Any]
) -> None:
    """A restart must neither lose the strategy's state nor number its orders anew."""
    params = data.draw(PARAMS[name])
    plan = kit.make_plan(KINDS[name], bars, params, tier=tiers_of(KINDS[name])[-1], **fields)
    crash = data.draw(st.integers(0, len(bars) - 1))
    game = Played(plan)
    game.play(0, crash)
    matched, fills = game.match(crash)
    told = data.draw(st.booleans(), label="the decision was heard before the crash")
    if told:
        for fill in fills:
            game.live.on_fill(fill)
        game.live.on_bar(bar_event(bars, crash))
        answer = game.live.on_matched(matched)
        assert answer is not None
        game.apply(answer)
    game.live = make_live(plan)
    again = game.live.take_up(bars[: crash + 1], kit.fresh_ride(plan).desk)
    if told:
        assert [s.signal for s in again.signals] == [s.signal for s in answer.signals]
    else:
        game.apply(again)
    game.play(crash + 1, len(bars))
    assert game.error == ""
    ride = kit.fresh_ride(plan)
    ride.desk = game.desk
    assert kit.record(ride) == kit.driven(plan)


@EXAMPLES
@given(data=st.data(), bars=kit.bars(max_pieces=4), whim=st.integers(0, 2**32))
def test_the_order_and_repetition_of_messages_changes_nothing(
    data: st.DataObject, bars: BarColumns, whim: int
) -> None:
    """A network delivers bars early, words twice and fills late; decisions stay the same."""
    plan = kit.make_plan(Drunk, bars, {"whim": whim})
    straight = Played(plan)
    straight.play(0, len(bars))
    game = Played(plan)
    ahead = data.draw(st.integers(0, 10))
    sent = 0
    for index in range(len(bars)):
        due = range(sent, min(index + ahead, len(bars)))
        sent = max(sent, min(index + ahead, len(bars)))
        matched, fills = game.match(index)
        words: list[BarClosed | Fill] = [bar_event(bars, i) for i in (*due, index)]
        words = data.draw(st.permutations([*words, *words[:1]]))
        answer = _tell(game.live, [*fills, *fills, *words, matched, *words[:1], matched])
        game.apply(answer)
    assert [s.signal for s in game.raised] == [s.signal for s in straight.raised]
    assert game.desk.fills() == straight.desk.fills()


def _tell(live: LiveSession, words: list[BarClosed | Fill | BarMatched]) -> Answer:
    """Say everything, and return the one answer, which a repeat only repeats."""
    answers = []
    for word in words:
        if isinstance(word, Fill):
            live.on_fill(word)
        else:
            answer = live.on_bar(word) if isinstance(word, BarClosed) else live.on_matched(word)
            if answer is not None:
                answers.append(answer)
    assert answers
    assert all(answer is answers[0] for answer in answers)
    return answers[0]
