"""Lists: children that wait for a leader, siblings that end or shrink each other, brackets."""

from __future__ import annotations

import pytest
from tests.contexts.execution.matching.kit import Flag, OrderKind, Tif, Venue

OCO, OUO, CHILD = Flag.OCO, Flag.OUO, Flag.CHILD
STOP = {"type": OrderKind.STOP}


def bracket(venue: Venue, lots: int = 10) -> None:
    """Place a leader that buys at 100, a profit target at 110 and a stop at 90."""
    venue.buy(1, 100, lots)
    venue.sell(2, 110, lots, flags=CHILD | OUO, link=1)
    venue.sell(3, 0, lots, flags=CHILD | OUO, link=1, stop=90, **STOP)


def test_a_child_waits_for_its_leader(venue: Venue) -> None:
    """Lost: a profit target that sells before anything was bought."""
    venue.buy(1, 100, 5)
    assert venue.sell(2, 110, 5, flags=CHILD, link=1) == ["2 accepted 5 at 110"]
    assert venue.book() == ([(100, 5, 1)], [])
    assert venue.sell(3, 100, 5, account=2)[1:] == ["3 takes 5 of 1 at 100", "2 has 5 LINKED by 1"]
    assert venue.book() == ([], [(110, 5, 1)])


def test_a_child_takes_part_with_what_the_leader_traded(venue: Venue) -> None:
    """Lost: more sold than bought."""
    venue.buy(1, 100, 10)
    venue.sell(2, 110, 8, flags=CHILD, link=1)
    venue.sell(3, 110, 1, account=2)
    assert venue.sell(4, 100, 3, account=2)[2:] == ["2 has 8 (3 active) LINKED by 1"]
    assert venue.book()[1] == [(110, 4, 2)]
    assert venue.sell(5, 100, 4, account=2)[2:] == ["2 has 8 (7 active) LINKED by 1"]
    assert venue.queue()[1] == [3, 2]
    assert venue.sell(6, 100, 3, account=2)[2:] == ["2 has 8 LINKED by 1"]


def test_a_child_without_active_lots_is_live_but_nowhere(venue: Venue) -> None:
    """Lost: a child dropped because its first part was sold."""
    venue.buy(1, 100, 10)
    venue.sell(2, 110, 10, flags=CHILD, link=1)
    venue.sell(3, 100, 4, account=2)
    assert venue.buy(4, 110, 6, account=2)[1:] == ["4 takes 4 of 2 at 110"]
    assert venue.book() == ([(110, 2, 1), (100, 6, 1)], [])
    assert venue.sell(5, 100, 2, account=3)[1:] == ["5 takes 2 of 4 at 110"]
    assert venue.sell(6, 100, 6, account=3)[2:] == ["2 has 6 LINKED by 1"]
    assert venue.book() == ([], [(110, 6, 1)])


def test_a_child_that_crosses_when_it_becomes_active_trades(venue: Venue) -> None:
    """Lost: a crossed book through the back door."""
    venue.buy(1, 100, 5)
    venue.sell(2, 95, 5, flags=CHILD, link=1)
    venue.buy(3, 96, 5, account=3)
    assert venue.sell(4, 100, 5, account=2)[2:] == ["2 has 5 LINKED by 1", "2 takes 5 of 3 at 96"]


def test_a_post_only_child_that_would_cross_ends(venue: Venue) -> None:
    """Lost: a maker that takes because it waited."""
    venue.buy(1, 100, 5)
    venue.sell(2, 95, 5, flags=CHILD | Flag.POST_ONLY, link=1)
    venue.buy(3, 96, 5, account=3)
    assert venue.sell(4, 100, 5, account=2)[2:] == [
        "2 has 5 LINKED by 1",
        "2 cancelled 5 WOULD_CROSS",
    ]


def test_the_end_of_a_leader_without_a_trade_ends_its_children(venue: Venue) -> None:
    """Lost: orphans that would open a position."""
    bracket(venue)
    assert venue.cancel(1) == [
        "1 cancelled 10 REQUESTED",
        "2 cancelled 10 LINKED by 1",
        "3 cancelled 10 LINKED by 1",
    ]
    assert venue.matcher.live() == 0


def test_the_end_of_a_part_filled_leader_leaves_what_it_traded(venue: Venue) -> None:
    """Lost: a position without its stop, or a stop larger than the position."""
    bracket(venue)
    venue.sell(4, 100, 3, account=2)
    assert venue.cancel(1) == [
        "1 cancelled 7 REQUESTED",
        "2 has 3 LINKED by 1",
        "3 has 3 LINKED by 1",
    ]
    assert venue.book() == ([], [(110, 3, 1)])
    assert venue.matcher.order(3)["open"] == 3


def test_a_child_that_sold_all_it_had_ends_with_its_leader(venue: Venue) -> None:
    """Lost: an order of nothing that lives for ever."""
    venue.buy(1, 100, 10)
    venue.sell(2, 110, 10, flags=CHILD, link=1)
    venue.sell(3, 100, 4, account=2)
    venue.buy(4, 110, 4, account=2)
    assert venue.cancel(1) == ["1 cancelled 6 REQUESTED", "2 cancelled 6 LINKED by 1"]
    assert venue.matcher.live() == 0


def test_a_leaders_id_may_lead_again_without_its_old_children(venue: Venue) -> None:
    """Lost: a new order that inherits the children of a dead one."""
    venue.buy(1, 100, 5)
    venue.sell(2, 110, 9, flags=CHILD, link=1)
    venue.sell(3, 100, 5, account=2)
    assert venue.matcher.order(2)["link"] == 0
    venue.buy(1, 100, 5)
    assert venue.cancel(1) == ["1 cancelled 5 REQUESTED"]
    assert venue.matcher.order(2)["open"] == 5


def test_a_late_child_finds_what_its_leader_traded_before(venue: Venue) -> None:
    """Lost: a child that waits for lots which came already."""
    venue.buy(1, 100, 10)
    venue.sell(2, 100, 4, account=2)
    assert venue.sell(3, 110, 6, flags=CHILD, link=1) == ["3 accepted 6 at 110"]
    assert venue.book() == ([(100, 6, 1)], [(110, 4, 1)])


@pytest.mark.parametrize(
    "fields",
    [
        {"link": 77},
        {"link": 2},
        {"link": 1, "account": 2},
        {"link": 1, "instrument": 2},
        {"link": 3},
    ],
)
def test_a_child_needs_a_leader_of_its_own(venue: Venue, fields: dict[str, int]) -> None:
    """Lost: a stranger hanging its orders on mine, or chains of chains."""
    venue.buy(1, 100, 5)
    venue.sell(2, 110, 5, flags=CHILD, link=1)
    venue.send_instrument(2)
    expected = ["3 rejected LINKED"]
    assert venue.sell(3, 111, 5, **{"flags": CHILD} | fields) == expected


def test_a_trade_of_one_oco_cancels_the_others_at_once(venue: Venue) -> None:
    """Lost: both orders of a pair filled by one sweep."""
    venue.sell(1, 100, 5, flags=OCO, link=7)
    venue.sell(2, 101, 5, flags=OCO, link=7)
    venue.sell(3, 102, 5)
    assert venue.buy(4, 102, 9, account=2)[1:] == [
        "4 takes 5 of 1 at 100",
        "2 cancelled 5 LINKED by 1",
        "4 takes 4 of 3 at 102",
    ]


def test_a_part_fill_of_an_oco_is_enough(venue: Venue) -> None:
    """Lost: siblings left because the fill was partial."""
    venue.sell(1, 100, 5, flags=OCO, link=7)
    venue.buy(2, 90, 5, flags=OCO, link=7)
    venue.buy(3, 100, 1, account=2)
    assert venue.queue() == ([], [1])


def test_a_taker_of_a_list_cancels_its_siblings_too(venue: Venue) -> None:
    """Lost: siblings of an order that traded as it came."""
    venue.sell(1, 100, 3, account=2)
    venue.sell(2, 120, 5, flags=OCO, link=7)
    assert venue.buy(3, 100, 5, flags=OCO, link=7)[1:] == [
        "3 takes 3 of 1 at 100",
        "2 cancelled 5 LINKED by 3",
    ]


@pytest.mark.parametrize("flag", [OCO, OUO])
def test_the_cancel_of_one_cancels_its_siblings(venue: Venue, flag: Flag) -> None:
    """Lost: half a pair that nobody watches."""
    for key in (1, 2, 3):
        venue.sell(key, 100 + key, 5, flags=flag, link=7)
    venue.sell(4, 100, 5, flags=OCO + OUO - flag, link=7)
    assert venue.cancel(2) == [
        "2 cancelled 5 REQUESTED",
        "1 cancelled 5 LINKED by 2",
        "3 cancelled 5 LINKED by 2",
    ]
    assert venue.queue() == ([], [4])


def test_the_expiry_of_one_cancels_its_siblings(venue: Venue) -> None:
    """Lost: siblings that outlive the pair."""
    venue.sell(1, 101, 5, flags=OCO, link=7, tif=Tif.GTD, expire_ns=900)
    venue.sell(2, 102, 5, flags=OCO, link=7)
    assert venue.at(900) == ["1 expired 5 EXPIRED", "2 cancelled 5 LINKED by 1", "done TIME 0"]


def test_ouo_takes_off_as_much_as_traded(venue: Venue) -> None:
    """Lost: a pair that together trades more than one of it."""
    venue.sell(1, 100, 5, flags=OUO, link=7)
    venue.sell(2, 101, 8, flags=OUO, link=7)
    venue.sell(3, 102, 4, flags=OUO, link=7)
    assert venue.buy(4, 100, 4, account=2)[1:] == [
        "4 takes 4 of 1 at 100",
        "2 has 4 LINKED by 1",
        "3 cancelled 4 LINKED by 1",
    ]
    assert venue.book()[1] == [(100, 1, 1), (101, 4, 1)]
    assert venue.queue()[1] == [1, 2]


def test_an_ouo_iceberg_shows_no_more_than_it_has(venue: Venue) -> None:
    """Lost: lots shown that a sibling took off."""
    venue.sell(1, 100, 9, flags=OUO, link=7)
    venue.sell(2, 101, 10, flags=OUO, link=7, display=3)
    venue.buy(3, 100, 8, account=2)
    assert venue.book()[1] == [(100, 1, 1), (101, 2, 1)]


def test_a_full_fill_is_no_cancel(venue: Venue) -> None:
    """Lost: a larger sibling cancelled because the smaller one was done."""
    venue.sell(1, 100, 3, flags=OUO, link=7)
    venue.sell(2, 101, 8, flags=OUO, link=7)
    assert venue.buy(3, 100, 3, account=2)[1:] == ["3 takes 3 of 1 at 100", "2 has 5 LINKED by 1"]


def test_a_list_belongs_to_one_account_and_one_instrument(venue: Venue) -> None:
    """Lost: a stranger's order that cancels mine by naming my list."""
    venue.sell(1, 101, 5, flags=OCO, link=7)
    assert venue.sell(2, 102, 5, flags=OCO, link=7, account=2) == ["2 rejected LINKED"]
    venue.send_instrument(2)
    assert venue.sell(2, 102, 5, flags=OUO, link=7, instrument=2) == ["2 rejected LINKED"]


def test_siblings_that_trade_with_each_other_only_touch_the_rest(venue: Venue) -> None:
    """Lost: an order that takes lots off the one it trades with, twice."""
    venue.sell(1, 100, 5, flags=OUO, link=7)
    venue.sell(2, 110, 9, flags=OUO, link=7)
    assert venue.buy(3, 100, 8, flags=OUO, link=7)[1:] == [
        "3 takes 5 of 1 at 100",
        "2 has 4 LINKED by 1",
        "2 cancelled 4 LINKED by 3",
    ]


def test_a_bracket_from_entry_to_target(venue: Venue) -> None:
    """Lost: a stop left behind after the target was reached."""
    bracket(venue)
    assert venue.sell(4, 100, 4, account=2)[2:] == [
        "2 has 10 (4 active) LINKED by 1",
        "3 has 10 (4 active) LINKED by 1",
    ]
    assert venue.buy(5, 110, 4, account=2)[1:] == [
        "5 takes 4 of 2 at 110",
        "3 has 6 LINKED by 2",
    ]
    assert venue.sell(6, 100, 6, account=3)[2:] == ["2 has 6 LINKED by 1", "3 has 6 LINKED by 1"]
    assert venue.buy(7, 110, 6, account=2)[1:] == [
        "7 takes 6 of 2 at 110",
        "3 cancelled 6 LINKED by 2",
    ]
    assert (venue.position(1), venue.matcher.live()) == (0, 0)


def test_a_bracket_from_entry_to_stop(venue: Venue) -> None:
    """Lost: a target left behind after the stop was hit."""
    bracket(venue)
    venue.sell(4, 100, 10, account=2)
    venue.buy(5, 85, 20, account=2)
    venue.buy(6, 90, 1, account=5)
    assert venue.sell(7, 90, 1, account=6)[1:] == [
        "7 takes 1 of 6 at 90",
        "3 triggered 10",
        "3 takes 10 of 5 at 85",
        "2 cancelled 10 LINKED by 3",
    ]
    assert venue.position(1) == 0


def test_a_stop_that_fired_goes_on_with_its_leader(venue: Venue) -> None:
    """Lost: lots bought after the stop was hit, with nothing to stop them."""
    venue.buy(1, 100, 10)
    venue.buy(2, 0, 10, flags=CHILD, link=1, stop=100, **STOP)
    venue.sell(3, 120, 20, account=2)
    assert venue.sell(4, 100, 4, account=3)[2:] == [
        "2 has 10 (4 active) LINKED by 1",
        "2 triggered 10",
        "2 takes 4 of 3 at 120",
    ]
    assert venue.sell(5, 100, 6, account=3)[2:] == [
        "2 has 6 LINKED by 1",
        "2 takes 6 of 3 at 120",
    ]


def test_a_reduce_only_child_may_wait_without_a_position(venue: Venue) -> None:
    """Lost: brackets that cannot be reduce-only."""
    venue.buy(1, 100, 5)
    flags = CHILD | Flag.REDUCE_ONLY
    assert venue.sell(2, 110, 5, flags=flags, link=1) == ["2 accepted 5 at 110"]
    venue.sell(3, 100, 5, account=2)
    assert venue.buy(4, 110, 5, account=2)[1:] == ["4 takes 5 of 2 at 110"]


def test_a_child_may_be_replaced_while_it_waits(venue: Venue) -> None:
    """Lost: a target that cannot be moved before the entry is filled."""
    venue.buy(1, 100, 5)
    venue.sell(2, 110, 5, flags=CHILD, link=1)
    assert venue.replace(2, 112, 8) == ["2 replaced 8 at 112"]
    assert venue.book()[1] == []
    assert venue.sell(3, 100, 3, account=2)[2:] == ["2 has 8 (3 active) LINKED by 1"]
    assert venue.replace(2, 111, 2) == ["2 replaced 2 at 111"]
    assert venue.book()[1] == [(111, 2, 1)]
    assert venue.sell(4, 100, 2, account=2)[1:] == ["4 takes 2 of 1 at 100"]


def test_leaders_pass_on_in_the_order_they_traded(venue: Venue) -> None:
    """Lost: an order of activation that depends on chance."""
    venue.buy(1, 100, 2)
    venue.buy(2, 101, 2)
    venue.sell(3, 110, 2, flags=CHILD, link=1)
    venue.sell(4, 110, 2, flags=CHILD, link=2)
    assert venue.sell(5, 100, 4, account=2)[1:] == [
        "5 takes 2 of 2 at 101",
        "5 takes 2 of 1 at 100",
        "4 has 2 LINKED by 2",
        "3 has 2 LINKED by 1",
    ]
    assert venue.queue()[1] == [4, 3]


def test_cancel_all_ends_each_order_of_a_list_once(venue: Venue) -> None:
    """Lost: an order with two ends, or a leader's end passed on to orders that are gone."""
    bracket(venue)
    assert venue.send(4, side=2, instrument=65535) == [
        "1 cancelled 10 REQUESTED",
        "2 cancelled 10 REQUESTED",
        "3 cancelled 10 LINKED by 2",
        "done CANCEL_ALL 3",
    ]


def test_a_stop_without_active_lots_does_not_fire(venue: Venue) -> None:
    """Lost: a stop that sells what its target sold already."""
    bracket(venue)
    venue.sell(4, 100, 4, account=2)
    venue.buy(5, 110, 4, account=2)
    venue.replace(1, 80, 6)
    venue.print(90)
    order = venue.matcher.order(3)
    assert (order["open"], order["waiting"], order["type"]) == (6, 6, OrderKind.STOP)
    assert venue.sell(6, 80, 2, account=2)[2:5] == [
        "2 has 6 (2 active) LINKED by 1",
        "3 has 6 (2 active) LINKED by 1",
        "3 triggered 6",
    ]


def test_a_resting_child_without_active_lots_leaves_the_book(venue: Venue) -> None:
    """Lost: an order of no lots at the head of the queue."""
    venue.buy(1, 100, 10)
    venue.sell(2, 110, 10, flags=CHILD | OUO, link=1)
    venue.sell(3, 111, 10, flags=CHILD | OUO, link=1, display=3)
    venue.sell(4, 100, 4, account=2)
    assert venue.buy(5, 110, 3, account=2)[1:] == ["5 takes 3 of 2 at 110", "3 has 7 LINKED by 2"]
    assert venue.book()[1] == [(110, 1, 1), (111, 1, 1)]
    assert venue.buy(6, 110, 1, account=2)[1:] == ["6 takes 1 of 2 at 110", "3 has 6 LINKED by 2"]
    assert venue.book()[1] == []
    assert venue.buy(7, 111, 1, account=2) == ["7 accepted 1 at 111"]
