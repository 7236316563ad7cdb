"""The feed of sockets: nothing wanted is lost or repeated unless the reader is told so."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fks.contexts.api.domain.feed import Feed, Subscription

EVERYTHING = Subscription(topics=("a.", "b."))


def fill(feed: Feed, count: int) -> None:
    """Append `count` numbered events."""
    for _ in range(count):
        feed.append("a.x.v1", "", 0, b"{}")


@given(
    size=st.integers(1, 40),
    steps=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 12)), max_size=30),
)
def test_a_reader_sees_every_event_once_or_is_told_how_many_it_missed(
    size: int, steps: list[tuple[int, int]]
) -> None:
    """Lost: a screen that silently lacks fills, or shows one twice."""
    feed, place, seen, dropped = Feed(size), 1, [], 0
    for count, limit in steps:
        fill(feed, count)
        page = feed.read(place, EVERYTHING, limit)
        assert len(page.entries) <= limit
        seen += [entry.seq for entry in page.entries]
        dropped += page.dropped
        place = page.next_seq
    assert seen == sorted(set(seen))
    assert len(seen) + dropped == place - 1


def test_a_topic_is_matched_whole_or_by_prefix_with_a_dot() -> None:
    """Lost: `execution.order` would also deliver `execution.order_filled.v1`."""
    feed = Feed(10)
    entry = feed.append("execution.order_filled.v1", "s1", 0, b"{}")
    assert Subscription(topics=("execution.",)).wants(entry)
    assert Subscription(topics=("execution.order_filled.v1",)).wants(entry)
    assert not Subscription(topics=("execution.order",)).wants(entry)
    assert not Subscription(topics=("engine.",)).wants(entry)


def test_a_session_filter_lets_its_own_and_sessionless_events_through() -> None:
    """Lost: one session's chart would show another session's fills, or miss a health change."""
    feed = Feed(10)
    mine = feed.append("a.x.v1", "s1", 0, b"{}")
    other = feed.append("a.x.v1", "s2", 0, b"{}")
    general = feed.append("a.x.v1", "", 0, b"{}")
    wanted = Subscription(topics=("a.",), session="s1")
    assert [wanted.wants(entry) for entry in (mine, other, general)] == [True, False, True]


def test_unwanted_events_are_passed_over_not_counted_as_dropped() -> None:
    """Lost: a quiet subscription would be told to refetch for nothing."""
    feed = Feed(100)
    fill(feed, 50)
    page = feed.read(1, Subscription(topics=("z.",)), 10)
    assert (page.entries, page.next_seq, page.dropped) == ((), 51, 0)
