"""The window of weights against a slow reference: no minute holds more than is allowed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fks.contexts.data.domain.fetching.limiting import WeightWindow

# Times are eighths of a second, so that sums of them are exact.
steps = st.lists(
    st.tuples(
        st.integers(0, 8 * 70).map(lambda k: k / 8),
        st.integers(1, 12),
        st.none() | st.integers(0, 60),
    ),
    max_size=60,
)


def used_slowly(taken: list[tuple[float, int]], now_s: float) -> int:
    """Return the weight of the last 60 seconds, by looking at everything."""
    return sum(weight for at_s, weight in taken if now_s - 60 < at_s <= now_s)


@given(limit=st.integers(1, 30), steps=steps)
def test_any_sixty_seconds_hold_at_most_the_limit(
    limit: int, steps: list[tuple[float, int, int | None]]
) -> None:
    """Lost: a ban. Waits are as long as they must be, and no longer."""
    window = WeightWindow(limit)
    taken: list[tuple[float, int]] = []
    now_s = 1000.0
    for idle_s, wanted, told in steps:
        now_s += idle_s
        weight = min(wanted, limit)
        while (pause_s := window.wait_s(now_s, weight)) > 0:
            assert used_slowly(taken, now_s) + weight > limit, "nothing waits without need"
            assert used_slowly(taken, now_s + pause_s - 1 / 16) + weight > limit, "nor too long"
            now_s += pause_s
        window.take(now_s, weight)
        taken.append((now_s, weight))
        assert window.used(now_s) == used_slowly(taken, now_s) <= limit
        if told is not None:
            window.believe(now_s, told)
            more = min(told, 10 * limit) - used_slowly(taken, now_s)
            if more > 0:
                taken.append((now_s, more))
            assert window.used(now_s) == used_slowly(taken, now_s)


@given(limit=st.integers(1, 30), weight=st.integers(1, 1000), before=st.integers(1, 30))
def test_a_request_heavier_than_the_limit_goes_alone(limit: int, weight: int, before: int) -> None:
    """Lost: a page that waits for ever, since no minute is large enough for it."""
    window = WeightWindow(limit)
    window.take(0.0, min(before, limit))
    wait_s = window.wait_s(0.0, limit + weight)
    assert wait_s == 60.0
    assert window.wait_s(60.0, limit + weight) == 0.0
    window.take(60.0, limit + weight)
    assert window.wait_s(60.0, 1) == 60.0
