"""The technical breaker: when it opens, for how long, and what may probe."""

from __future__ import annotations

from fks.contexts.execution.domain.routing.breaker import Breaker, BreakerTerms, Call

SECOND = 1_000_000_000
START = 1_000 * SECOND


def opened(at_ns: int = START, terms: BreakerTerms | None = None) -> Breaker:
    """Return a breaker that five failures have opened."""
    breaker = Breaker("v", terms)
    for _ in range(5):
        breaker.failed("timeout", at_ns)
    return breaker


def probed(breaker: Breaker, now_ns: int) -> None:
    """Let three probes go and come back well."""
    for _ in range(3):
        assert breaker.allows(Call.READ, now_ns)
    for _ in range(3):
        breaker.succeeded(SECOND // 100, now_ns)


def test_five_failures_within_the_window_open_it_and_four_do_not() -> None:
    """Without the count a single lost answer would stop trading."""
    breaker = Breaker("v")
    for i in range(4):
        breaker.failed("timeout", START + i)
    assert breaker.allows(Call.ORDER, START + 4)
    breaker.failed("timeout", START + 5)
    assert not breaker.allows(Call.ORDER, START + 6)
    view = breaker.view(START + 6)
    assert (view.state, view.opens, view.reason) == ("open", 1, "timeout")
    assert view.retry_ts_ns == START + 5 + 30 * SECOND


def test_failures_older_than_the_window_do_not_count() -> None:
    """Rare failures over a day must not add up."""
    breaker = Breaker("v")
    for i in range(20):
        breaker.failed("timeout", START + i * 3 * SECOND)
    assert breaker.view(START + 60 * SECOND).state == "closed"


def test_an_open_breaker_lets_cancels_pass() -> None:
    """A breaker that held back cancels would hold risk."""
    breaker = opened()
    assert breaker.allows(Call.CANCEL, START + 1)
    assert not breaker.allows(Call.READ, START + 1)


def test_half_open_probes_with_three_reads_and_never_an_order() -> None:
    """An order as a probe would risk money on a link that is in doubt."""
    breaker = opened()
    now = START + 30 * SECOND
    assert not breaker.allows(Call.ORDER, now)
    assert [breaker.allows(Call.READ, now) for _ in range(4)] == [True, True, True, False]
    for _ in range(2):
        breaker.succeeded(SECOND, now)
    assert not breaker.allows(Call.ORDER, now)
    breaker.succeeded(SECOND, now)
    assert breaker.allows(Call.ORDER, now)
    assert breaker.view(now).state == "closed"


def test_a_failed_or_slow_probe_opens_it_for_twice_as_long_up_to_five_minutes() -> None:
    """Without doubling a dead venue would be asked for ever at the same pace."""
    breaker = opened()
    now, pauses = START, []
    for i in range(6):
        now = breaker.view(now).retry_ts_ns
        assert breaker.allows(Call.READ, now)
        if i % 2:
            breaker.failed("cut", now)
        else:
            breaker.succeeded(3 * SECOND, now)
        pauses.append((breaker.view(now).retry_ts_ns - now) // SECOND)
    assert pauses == [60, 120, 240, 300, 300, 300]


def test_after_a_calm_time_it_begins_with_the_short_pause_again() -> None:
    """A bad morning must not lengthen the pauses of the afternoon."""
    breaker = opened()
    now = breaker.view(START).retry_ts_ns
    probed(breaker, now)
    for _ in range(5):
        breaker.failed("cut", now + SECOND)
    assert breaker.view(now + SECOND).retry_ts_ns == now + 61 * SECOND
    now += 61 * SECOND
    probed(breaker, now)
    now += 301 * SECOND
    for _ in range(5):
        breaker.failed("cut", now)
    assert breaker.view(now).retry_ts_ns == now + 30 * SECOND


def test_slow_answers_open_it_by_the_99th_percentile() -> None:
    """A venue that answers after seconds is as bad as one that does not."""
    breaker = Breaker("v")
    for i in range(200):
        breaker.succeeded(3 * SECOND if i == 50 else SECOND // 10, START + i)
    assert breaker.view(START + 200).state == "closed"
    for i in range(3):
        breaker.succeeded(3 * SECOND, START + 201 + i)
    assert breaker.view(START + 204).state == "open"
    assert "ms" in breaker.view(START + 204).reason


def test_few_slow_answers_prove_nothing() -> None:
    """With too few answers a percentile is one answer."""
    breaker = Breaker("v")
    for i in range(9):
        breaker.succeeded(5 * SECOND, START + i)
    assert breaker.view(START + 9).state == "closed"
    breaker.succeeded(5 * SECOND, START + 10)
    assert breaker.view(START + 10).state == "open"


def test_one_slow_answer_among_few_is_no_rule() -> None:
    """A single hiccup in a quiet hour must not close the venue."""
    breaker = Breaker("v")
    for i in range(30):
        breaker.succeeded(5 * SECOND if i == 20 else 1, START + i)
    assert breaker.view(START + 30).state == "closed"


def test_probes_that_nobody_reported_on_do_not_keep_it_half_open() -> None:
    """A probe lost with its task must not block the venue for ever."""
    breaker = opened()
    now = START + 30 * SECOND
    for _ in range(3):
        assert breaker.allows(Call.READ, now)
    assert not breaker.allows(Call.READ, now + SECOND)
    breaker.abandoned()
    assert breaker.allows(Call.READ, now + SECOND)
    assert not breaker.allows(Call.READ, now + 2 * SECOND)
    probed(breaker, now + 30 * SECOND)
    assert breaker.view(now + 30 * SECOND).state == "closed"


def test_the_start_values_of_the_old_services_can_be_set() -> None:
    """Owners keep their figures: five failures, 60 s, closed after two successes."""
    terms = BreakerTerms(failures=5, open_ns=60 * SECOND, probes=2)
    breaker = opened(terms=terms)
    now = START + 60 * SECOND
    assert not breaker.allows(Call.READ, now - 1)
    for _ in range(2):
        assert breaker.allows(Call.READ, now)
        breaker.succeeded(1, now)
    assert breaker.view(now).state == "closed"
