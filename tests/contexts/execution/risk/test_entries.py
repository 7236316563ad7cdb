"""When new risk may be taken: each rule at its boundary, and that reducing is never in its way."""

from __future__ import annotations

import pytest

from fks.contexts.execution.domain.matching.layout import Reason
from fks.contexts.execution.domain.risk.facts import CancelAll, Flatten, Pause
from fks.contexts.execution.domain.risk.policies import Policies
from fks.contracts.execution import PropRules

from .given import MINUTE, SECOND, START, code, desk, fill, order, place

HALF_HOUR = 30 * MINUTE
LOSS = {"position": 0, "closed_nanos": -1}


def streak() -> Policies:
    """Return a desk with the rules on losses in a row."""
    return desk(loss_pause_after="2", loss_pause="30m", loss_stop_after="3")


def test_two_losses_in_a_row_pause_for_half_an_hour() -> None:
    """Lost: the next trade would be taken to win the last ones back."""
    policies = streak()
    assert policies.on_fill(fill(**LOSS), START) == ()
    assert code(policies, order()) is Reason.NONE
    (act,) = policies.on_fill(fill(**LOSS), START)
    assert isinstance(act, Pause) and act.until_ns == START + HALF_HOUR
    assert code(policies, order(), START + HALF_HOUR - 1) is Reason.LOSING_STREAK
    assert code(policies, order(reduces=True)) is Reason.NONE
    assert code(policies, order(), START + HALF_HOUR) is Reason.NONE


def test_a_third_loss_ends_the_day_and_only_the_day() -> None:
    """Lost: a bad day would go on, or end all days."""
    policies = streak()
    for _ in range(3):
        acts = policies.on_fill(fill(**LOSS), START)
    assert [act.until_ns for act in acts if isinstance(act, Pause)] == [0]
    assert code(policies, order(), START + 1_000 * MINUTE) is Reason.LOSING_STREAK
    policies.on_day("a", START + 1_000 * MINUTE)
    assert code(policies, order(), START + 1_000 * MINUTE) is Reason.NONE


@pytest.mark.parametrize(("between", "paused"), [(1, False), (0, True)])
def test_a_win_ends_a_streak_and_a_scratch_does_not(between: int, paused: bool) -> None:
    """Lost: any two losses of a day would count as a row, or a scratch would forgive one."""
    policies = streak()
    policies.on_fill(fill(**LOSS), START)
    policies.on_fill(fill(position=0, closed_nanos=between), START)
    policies.on_fill(fill(**LOSS), START)
    assert (code(policies, order()) is Reason.LOSING_STREAK) is paused


def test_the_seventh_trade_of_a_day_is_refused() -> None:
    """Lost: overtrading, which the limit of six is there to end."""
    policies = desk(max_trades_day="6")
    for _ in range(6):
        assert code(policies, order()) is Reason.NONE
        policies.on_fill(fill(position=1), START)
        assert code(policies, order()) is Reason.NONE  # adding to a trade is none
        policies.on_fill(fill(position=0, side=1), START)
    assert code(policies, order()) is Reason.TRADES_A_DAY
    policies.on_day("a", START)
    assert code(policies, order()) is Reason.NONE


def test_entries_that_wait_count_as_trades_and_reversals_as_new_ones() -> None:
    """Lost: ten limit orders at once would open ten trades below a limit of two."""
    policies = desk(max_trades_day="2")
    assert place(policies, order("1")) is Reason.NONE
    assert place(policies, order("2")) is Reason.NONE  # of the same symbol: the same trade
    assert place(policies, order("3", symbol="NQ")) is Reason.NONE
    assert place(policies, order("4", symbol="CL")) is Reason.TRADES_A_DAY
    policies.on_done("a", "3", START)
    assert place(policies, order("4", symbol="CL")) is Reason.NONE
    other = desk(max_trades_day="1")
    other.on_fill(fill(position=1), START)
    assert code(other, order("5", side=1, lots=2)) is Reason.TRADES_A_DAY


def test_a_symbol_rests_after_a_trade_and_only_that_symbol() -> None:
    """Lost: a stopped-out trade would be taken again in the next second."""
    policies = desk(entry_cooldown="10m")
    policies.on_fill(fill(position=1), START)
    policies.on_fill(fill(position=0, side=1, closed_nanos=1), START)
    rest = START + 10 * MINUTE
    assert code(policies, order(), rest - 1) is Reason.TRADES_A_DAY
    assert code(policies, order(reduces=True), rest - 1) is Reason.NONE
    assert code(policies, order(symbol="NQ"), rest - 1) is Reason.NONE
    assert code(policies, order(), rest) is Reason.NONE
    policies.on_day("a", rest - 1)
    assert code(policies, order(), rest - 1) is Reason.TRADES_A_DAY


@pytest.mark.parametrize(("vix", "passes"), [(25_000, True), (25_001, False)])
def test_no_new_risk_above_the_vix(vix: int, passes: bool) -> None:
    """Lost: the VIX gate would be declared and not enforced, as it was before."""
    policies = desk(max_vix="25", vix_age="1h")
    policies.on_market(START, vix_milli=vix)
    assert code(policies, order()) is (Reason.NONE if passes else Reason.VIX_GATE)
    assert code(policies, order(reduces=True)) is Reason.NONE


def test_a_vix_that_is_missing_or_stale_denies() -> None:
    """Lost: the gate would be open whenever its data fails."""
    policies = desk(max_vix="25", vix_age="1h")
    assert code(policies, order()) is Reason.VIX_GATE
    policies.on_market(START, vix_milli=15_000)
    assert code(policies, order(), START + 60 * MINUTE) is Reason.NONE
    assert code(policies, order(), START + 60 * MINUTE + 1) is Reason.VIX_GATE


@pytest.mark.parametrize(
    ("distance", "passes"),
    [(-HALF_HOUR - 1, True), (-HALF_HOUR, False), (0, False), (HALF_HOUR, False),
     (HALF_HOUR + 1, True)],
)  # fmt: skip
def test_no_entries_around_high_impact_news(distance: int, passes: bool) -> None:
    """Lost: a position would be opened into the figures."""
    policies = desk(news_window="30m")
    policies.on_market(START, news_ns=[START + 2 * HALF_HOUR, START + 10 * HALF_HOUR])
    now = START + 2 * HALF_HOUR + distance
    assert code(policies, order(), now) is (Reason.NONE if passes else Reason.NEWS_GATE)
    assert code(policies, order(reduces=True), now) is Reason.NONE


def test_a_firm_that_forbids_news_and_nights_is_obeyed_where_the_account_waived_them() -> None:
    """Lost: waiving a limit of ours would break a rule of the firm."""
    policies = desk(PropRules())
    policies.on_market(START, news_ns=[START], closes_ns={"NQ": START + MINUTE})
    assert code(policies, order()) is Reason.PROP_RULE
    policies.on_market(START, news_ns=[])
    assert code(policies, order()) is Reason.NONE
    assert code(policies, order(symbol="NQ")) is Reason.NEAR_CLOSE
    free = desk(PropRules(news=True, overnight=True))
    free.on_market(START, news_ns=[START], closes_ns={"ES": START + MINUTE})
    assert code(free, order()) is Reason.NONE


def test_entries_end_a_quarter_of_an_hour_before_the_close_and_positions_with_them() -> None:
    """Lost: a day trader would hold overnight."""
    policies = desk(flat_before_close="15m")
    close = START + 60 * MINUTE
    edge = close - 15 * MINUTE
    policies.on_market(START, closes_ns={"ES": close})
    policies.on_fill(fill(), START)
    assert code(policies, order(), edge - 1) is Reason.NONE and policies.on_time(edge - 1) == ()
    assert code(policies, order(), edge) is Reason.NEAR_CLOSE
    assert code(policies, order(reduces=True), edge) is Reason.NONE
    acts = policies.on_time(edge)
    assert CancelAll(account="a", symbol="ES") in acts
    assert [act.symbol for act in acts if isinstance(act, Flatten)] == ["ES"]
    assert policies.on_time(edge + MINUTE - 1) == ()
    assert policies.on_time(edge + MINUTE)  # still not flat: told again
    policies.on_fill(fill(position=0, side=1), edge + MINUTE)
    assert policies.on_time(edge + 2 * MINUTE) == ()


def test_a_closed_session_takes_no_entries_until_the_next_close_is_known() -> None:
    """Lost: yesterday's close would let today's entries through without an end."""
    policies = desk(flat_before_close="15m")
    policies.on_market(START, closes_ns={"ES": START})
    assert code(policies, order(), START + 600 * MINUTE) is Reason.NEAR_CLOSE
    policies.on_market(START, closes_ns={"ES": START + 900 * MINUTE})
    assert code(policies, order(), START + 600 * MINUTE) is Reason.NONE
    policies.on_market(START, closes_ns={"ES": 0})
    assert code(policies, order(), START + 990 * MINUTE) is Reason.NONE


def test_an_entry_that_waits_is_cancelled_before_the_close() -> None:
    """Lost: a resting order would be filled in the last minute."""
    policies = desk(flat_before_close="15m")
    policies.on_market(START, closes_ns={"ES": START + MINUTE})
    policies.on_decision(order(), Reason.NONE, START)
    assert policies.on_time(START) == (CancelAll(account="a", symbol="ES"),)


@pytest.mark.parametrize(
    ("side", "stop", "passes"),
    [(0, None, False), (0, 999, True), (0, 1_000, False), (1, 1_001, True), (1, 1_000, False),
     (1, 999, False)],
)  # fmt: skip
def test_every_entry_brings_a_stop_on_its_losing_side(
    side: int, stop: int | None, passes: bool
) -> None:
    """Lost: no stop was ever placed, as in the old code."""
    policies = desk(stop_required="on")
    found = code(policies, order(side=side, stop_ticks=stop))
    assert found is (Reason.NONE if passes else Reason.STOP_REQUIRED)
    assert code(policies, order(side=side, reduces=True)) is Reason.NONE


def test_the_pause_says_how_long_it_lasts() -> None:
    """Lost: a person would try again and again."""
    policies = streak()
    policies.on_fill(fill(**LOSS), START)
    policies.on_fill(fill(**LOSS), START)
    text = policies.before_order(order(), START + 90 * SECOND).text
    assert text == "2 losing trades in a row: entries resume in 1710 s"
    assert policies.pauses("a") == (START + HALF_HOUR, False, 2, 0)
