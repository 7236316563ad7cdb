"""Orders that must not trade with themselves, and orders that may only reduce."""

from __future__ import annotations

import pytest
from tests.contexts.execution.matching.kit import Flag, OrderKind, SelfTrade, Tif, Venue, mode

REDUCE = Flag.REDUCE_ONLY


@pytest.fixture
def own(venue: Venue) -> Venue:
    """Accounts 1 and 2 belong together."""
    venue.group(1, 9)
    venue.group(2, 9)
    return venue


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (SelfTrade.CANCEL_NEWEST, ["3 cancelled 9 SELF_TRADE by 1"]),
        (SelfTrade.CANCEL_OLDEST, ["1 cancelled 5 SELF_TRADE by 3", "3 takes 5 of 2 at 100"]),
        (SelfTrade.CANCEL_BOTH, ["1 cancelled 5 SELF_TRADE by 3", "3 cancelled 9 SELF_TRADE by 1"]),
        (
            SelfTrade.DECREMENT,
            [
                "1 cancelled 5 SELF_TRADE by 3",
                "3 has 4 SELF_TRADE by 1",
                "3 takes 4 of 2 at 100",
            ],
        ),
    ],
)
def test_the_incoming_order_says_what_happens(
    own: Venue, how: SelfTrade, expected: list[str]
) -> None:
    """Lost: a wash trade, or the wrong order cancelled."""
    own.sell(1, 100, 5)
    own.sell(2, 100, 5, account=3)
    assert own.buy(3, 100, 9, account=2, flags=mode(how))[1:] == expected


def test_decrement_leaves_the_larger_resting_order(own: Venue) -> None:
    """Lost: the resting order of a group cancelled whole."""
    own.sell(1, 100, 9)
    assert own.buy(2, 100, 4, account=2, flags=mode(SelfTrade.DECREMENT))[1:] == [
        "1 has 5 SELF_TRADE by 2",
        "2 cancelled 4 SELF_TRADE by 1",
    ]
    assert own.book()[1] == [(100, 5, 1)]


def test_decrement_of_equals_ends_both(own: Venue) -> None:
    """Lost: an order without lots left in the book."""
    own.sell(1, 100, 4)
    assert own.buy(2, 100, 4, account=2, flags=mode(SelfTrade.DECREMENT))[1:] == [
        "1 cancelled 4 SELF_TRADE by 2",
        "2 cancelled 4 SELF_TRADE by 1",
    ]
    assert own.matcher.live() == 0


def test_decrement_takes_hidden_lots_too_and_shows_what_is_left(own: Venue) -> None:
    """Lost: an iceberg that refills under self-trade prevention for ever, or shows lots it lost."""
    own.sell(1, 100, 10, display=3)
    own.sell(2, 100, 5, account=3)
    assert own.buy(3, 100, 8, account=2, flags=mode(SelfTrade.DECREMENT))[1:] == [
        "1 has 2 SELF_TRADE by 3",
        "3 cancelled 8 SELF_TRADE by 1",
    ]
    assert own.book()[1] == [(100, 7, 2)]
    assert own.queue() == ([], [1, 2])


def test_an_iceberg_that_refills_is_prevented_again(own: Venue) -> None:
    """Lost: the refilled part of a group's own iceberg traded."""
    own.sell(1, 100, 6, account=3)
    own.sell(2, 100, 10, display=3)
    assert own.buy(3, 100, 12, account=2, flags=mode(SelfTrade.CANCEL_OLDEST))[1:] == [
        "3 takes 6 of 1 at 100",
        "2 cancelled 10 SELF_TRADE by 3",
    ]
    assert own.book() == ([(100, 6, 1)], [])


def test_strangers_and_those_without_a_group_trade(own: Venue) -> None:
    """Lost: trades prevented between people who have nothing to do with each other."""
    own.group(3, 8)
    own.sell(1, 100, 5, account=3)
    assert own.buy(2, 100, 5, account=1)[1:] == ["2 takes 5 of 1 at 100"]
    own.sell(3, 100, 5, account=4)
    assert own.buy(4, 100, 5, account=4)[1:] == ["4 takes 5 of 3 at 100"]


def test_fok_does_not_count_what_prevention_would_end(own: Venue) -> None:
    """Lost: a FOK accepted and then stopped half-way by its own group."""
    own.sell(1, 100, 5, account=3)
    own.sell(2, 100, 5)
    own.sell(3, 100, 5, account=3)
    for how in (SelfTrade.CANCEL_NEWEST, SelfTrade.CANCEL_BOTH, SelfTrade.DECREMENT):
        flags = mode(how)
        assert own.buy(4, 100, 6, account=2, tif=Tif.FOK, flags=flags) == [
            "4 rejected NOT_FILLABLE"
        ]
    found = own.buy(4, 100, 10, account=2, tif=Tif.FOK, flags=mode(SelfTrade.CANCEL_OLDEST))
    assert found[1:] == [
        "4 takes 5 of 1 at 100",
        "2 cancelled 5 SELF_TRADE by 4",
        "4 takes 5 of 3 at 100",
    ]


def test_reduce_only_is_refused_where_it_would_not_reduce(venue: Venue) -> None:
    """Lost: a position opened by an order that may only close."""
    assert venue.sell(1, 100, 5, flags=REDUCE) == ["1 rejected REDUCE_ONLY"]
    venue.sell(2, 100, 3)
    venue.buy(3, 100, 3, account=2)
    assert venue.sell(4, 100, 5, flags=REDUCE) == ["4 rejected REDUCE_ONLY"]


def test_reduce_only_is_cut_to_the_position(venue: Venue) -> None:
    """Lost: a close that turns the position round."""
    venue.sell(1, 100, 3)
    venue.buy(2, 100, 3, account=2)
    assert venue.buy(3, 99, 5, flags=REDUCE) == ["3 accepted 3 at 99"]
    assert venue.replace(3, 99, 9) == ["3 replaced 3 at 99"]


def test_a_resting_reduce_only_order_never_trades_more_than_the_position(venue: Venue) -> None:
    """Lost: two closing orders that together open the other side."""
    venue.sell(1, 100, 4)
    venue.buy(2, 100, 4, account=2)
    venue.buy(3, 99, 4, flags=REDUCE)
    venue.buy(4, 98, 3, flags=REDUCE)
    assert venue.sell(5, 98, 9, account=2)[1:] == [
        "5 takes 4 of 3 at 99",
        "4 cancelled 3 REDUCE_ONLY",
    ]
    assert venue.position(1) == 0
    assert venue.book() == ([], [(98, 5, 1)])


def test_what_is_left_of_a_reduce_only_order_ends_with_the_position(venue: Venue) -> None:
    """Lost: a rest that would be filled into a new position."""
    venue.sell(1, 100, 4)
    venue.buy(2, 100, 4, account=2)
    venue.buy(3, 99, 4, flags=REDUCE)
    venue.sell(4, 101, 9, account=3)
    venue.buy(5, 101, 3)
    assert venue.position(1) == -1
    assert venue.sell(6, 99, 2, account=2)[1:] == [
        "6 takes 1 of 3 at 99",
        "3 cancelled 3 REDUCE_ONLY",
    ]


def test_an_incoming_reduce_only_order_stops_at_the_position(venue: Venue) -> None:
    """Lost: a stop loss that fires twice the position."""
    venue.print(100)
    venue.sell(1, 100, 4)
    venue.buy(2, 100, 4, account=2)
    venue.buy(3, 0, 4, flags=REDUCE, type=OrderKind.STOP, stop=105)
    venue.sell(4, 101, 2, account=3)
    venue.buy(5, 101, 2)
    venue.sell(6, 106, 9, account=3)
    venue.sell(7, 105, 1, account=5)
    assert venue.buy(8, 105, 1, account=6)[2:] == [
        "3 triggered 4",
        "3 takes 2 of 6 at 106",
        "3 cancelled 2 REDUCE_ONLY",
    ]


def test_a_reduce_only_rest_does_not_wait_for_its_turn_to_end(venue: Venue) -> None:
    """Lost: lots shown that can never trade."""
    venue.sell(1, 100, 4)
    venue.buy(2, 100, 4, account=2)
    venue.buy(3, 99, 4, flags=REDUCE)
    venue.sell(4, 101, 9, account=3)
    venue.buy(5, 101, 3)
    assert venue.sell(6, 99, 1, account=2)[1:] == [
        "6 takes 1 of 3 at 99",
        "3 cancelled 3 REDUCE_ONLY",
    ]
