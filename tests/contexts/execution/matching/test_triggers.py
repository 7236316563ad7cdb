"""Stops, touched and trailing orders: when they fire, in which order, and as what."""

from __future__ import annotations

import pytest
from tests.contexts.execution.matching.kit import Flag, OrderKind, Phase, Tif, Venue

STOP = {"type": OrderKind.STOP}
STOP_LIMIT = {"type": OrderKind.STOP_LIMIT}
TOUCHED = {"type": OrderKind.MARKET_IF_TOUCHED}
LIMIT_TOUCHED = {"type": OrderKind.LIMIT_IF_TOUCHED}
TRAILING = {"type": OrderKind.TRAILING_STOP}
TRAILING_LIMIT = {"type": OrderKind.TRAILING_STOP_LIMIT}


def test_a_stop_waits_for_the_last_trade(venue: Venue) -> None:
    """Lost: a stop that fires on a quote, or before anything traded."""
    assert venue.buy(1, 0, 5, stop=105, **STOP) == ["1 accepted 5"]
    venue.sell(2, 110, 5, account=2)
    assert venue.book() == ([], [(110, 5, 1)])
    venue.print(104)
    assert venue.matcher.order(1) is not None
    venue.sell(3, 105, 1, account=2)
    assert venue.buy(4, 105, 1, account=3)[1:] == [
        "4 takes 1 of 3 at 105",
        "1 triggered 5",
        "1 takes 5 of 2 at 110",
    ]


def test_a_sell_stop_fires_from_above(venue: Venue) -> None:
    """Lost: a stop loss that looks the wrong way."""
    venue.print(100)
    venue.sell(1, 0, 5, stop=95, **STOP)
    venue.buy(2, 90, 5, account=2)
    venue.buy(3, 95, 1, account=3)
    assert venue.sell(4, 95, 1, account=4)[2:] == ["1 triggered 5", "1 takes 5 of 2 at 90"]


def test_a_triggered_market_order_does_not_rest(venue: Venue) -> None:
    """Lost: a stop loss left as an order at no price."""
    venue.print(100)
    assert venue.sell(1, 0, 5, stop=100, **STOP) == [
        "1 accepted 5",
        "1 triggered 5",
        "1 cancelled 5 NO_LIQUIDITY",
    ]


def test_a_stop_limit_rests_at_its_limit(venue: Venue) -> None:
    """Lost: a stop limit filled beyond its limit."""
    venue.print(100)
    venue.sell(1, 105, 5, account=2)
    assert venue.buy(2, 103, 5, stop=100, **STOP_LIMIT) == [
        "2 accepted 5 at 103",
        "2 triggered 5 at 103",
    ]
    assert venue.book() == ([(103, 5, 1)], [(105, 5, 1)])


def test_a_stop_limit_with_ioc_is_immediate_once_it_fires(venue: Venue) -> None:
    """Lost: a time in force forgotten while waiting."""
    venue.print(90)
    venue.buy(1, 103, 5, stop=100, tif=Tif.IOC, **STOP_LIMIT)
    assert venue.matcher.order(1) is not None
    venue.sell(2, 100, 1, account=5)
    assert venue.buy(3, 100, 1, account=6)[2:] == [
        "1 triggered 5 at 103",
        "1 cancelled 5 NO_LIQUIDITY",
    ]


def test_touched_orders_look_the_other_way(venue: Venue) -> None:
    """Lost: a buy at a low that waits for a high."""
    venue.print(100)
    venue.buy(1, 0, 2, stop=95, **TOUCHED)
    venue.sell(2, 107, 2, stop=105, **LIMIT_TOUCHED)
    venue.print(105)
    assert venue.matcher.order(1) is not None
    assert venue.book() == ([], [(107, 2, 1)])
    venue.sell(3, 96, 5, account=2)
    venue.buy(4, 95, 1, account=3)
    assert venue.sell(5, 95, 1, account=4)[1:] == [
        "5 takes 1 of 4 at 95",
        "1 triggered 2",
        "1 takes 2 of 3 at 96",
    ]


def test_a_trigger_that_holds_already_fires_at_entry(venue: Venue) -> None:
    """Lost: a stop placed too late that never fires."""
    venue.print(100)
    venue.sell(1, 101, 9, account=2)
    assert venue.buy(2, 0, 1, stop=99, **STOP)[1:] == ["2 triggered 1", "2 takes 1 of 1 at 101"]
    assert venue.buy(3, 0, 1, stop=102, **TOUCHED)[1:] == ["3 triggered 1", "3 takes 1 of 1 at 101"]


def test_those_that_fire_together_take_turns(venue: Venue) -> None:
    """Lost: an order of triggering that depends on chance."""
    venue.print(100)
    venue.buy(1, 150, 1, stop=104, **STOP_LIMIT)
    venue.buy(2, 150, 1, stop=102, **STOP_LIMIT)
    venue.buy(3, 150, 1, stop=102, **STOP_LIMIT)
    venue.sell(4, 200, 1, stop=104, **LIMIT_TOUCHED)
    venue.sell(5, 200, 1, stop=103, **LIMIT_TOUCHED)
    venue.sell(7, 105, 1, account=2)
    found = venue.buy(8, 105, 1, account=3)
    fired = [int(line.split()[0]) for line in found if "triggered" in line]
    assert fired == [2, 3, 1, 5, 4]


def test_what_a_fired_order_trades_fires_the_next_behind_the_queue(venue: Venue) -> None:
    """Lost: a cascade that jumps over those who fired before."""
    venue.print(100)
    for key, price in ((1, 102), (2, 104), (3, 106)):
        venue.sell(key, price, 1, account=2)
    venue.buy(11, 0, 1, stop=101, **STOP)
    venue.buy(12, 0, 1, stop=101, **STOP)
    venue.buy(13, 0, 1, stop=102, **STOP)
    venue.sell(20, 101, 1, account=2)
    assert venue.buy(21, 101, 1, account=3)[1:] == [
        "21 takes 1 of 20 at 101",
        "11 triggered 1",
        "11 takes 1 of 1 at 102",
        "12 triggered 1",
        "12 takes 1 of 2 at 104",
        "13 triggered 1",
        "13 takes 1 of 3 at 106",
    ]


def test_a_trailing_stop_follows_in_its_favour_only(venue: Venue) -> None:
    """Lost: a trailing stop that gives back what it had locked in."""
    venue.sell(1, 0, 5, stop=3, **TRAILING)
    assert venue.matcher.order(1)["has_trigger"] == 0
    for last, trigger in ((100, 97), (104, 101), (102, 101)):
        venue.print(last)
        assert venue.matcher.order(1)["trigger"] == trigger
    venue.buy(2, 99, 5, account=2)
    venue.buy(3, 101, 1, account=3)
    assert venue.sell(4, 101, 1, account=4)[2:] == ["1 triggered 5", "1 takes 5 of 2 at 99"]


def test_a_trailing_buy_is_the_mirror(venue: Venue) -> None:
    """Lost: the short side of a trailing stop."""
    venue.print(100)
    venue.buy(1, 0, 5, stop=3, **TRAILING)
    for last, trigger in ((97, 100), (99, 100)):
        venue.print(last)
        assert venue.matcher.order(1)["trigger"] == trigger


@pytest.mark.parametrize(("side", "limit"), [(0, 105), (1, 95)])
def test_the_limit_of_a_trailing_stop_limit_is_set_when_it_fires(
    venue: Venue, side: int, limit: int
) -> None:
    """Lost: a limit that did not trail."""
    venue.print(100)
    venue.add(1, side, 2, 5, stop=3, **TRAILING_LIMIT)
    trigger = 103 if side == 0 else 97
    venue.sell(2, trigger, 1, account=5)
    assert venue.buy(3, trigger, 1, account=6)[-1] == f"1 triggered 5 at {limit}"


def test_a_trailing_trigger_stays_within_the_prices_there_are(venue: Venue) -> None:
    """Lost: an overflow, or a trigger that can never be reached."""
    venue.print(100)
    assert venue.sell(1, 2**53, 5, stop=2**53, **TRAILING_LIMIT) == [f"1 accepted 5 at {2**53}"]
    assert venue.matcher.order(1)["trigger"] == 1
    venue.buy(2, 2**53, 5, stop=2**53, **TRAILING_LIMIT)
    assert venue.matcher.order(2)["trigger"] == 1_000_000
    venue.buy(3, 1, 1, account=5)
    assert venue.sell(4, 1, 1, account=6)[2:] == ["1 triggered 5 at 1"]


def test_a_replaced_stop_looks_again(venue: Venue) -> None:
    """Lost: a stop moved to where it holds and left asleep."""
    venue.print(100)
    venue.buy(1, 0, 5, stop=110, **STOP)
    assert venue.replace(1, 0, 4, stop=105) == ["1 replaced 4"]
    assert venue.replace(1, 0, 4, stop=100) == [
        "1 replaced 4",
        "1 triggered 4",
        "1 cancelled 4 NO_LIQUIDITY",
    ]


def test_a_new_offset_takes_its_trigger_anew(venue: Venue) -> None:
    """Lost: a wider trail that keeps the narrow trigger."""
    venue.print(100)
    venue.sell(1, 0, 5, stop=3, **TRAILING)
    venue.print(98)
    venue.replace(1, 0, 5, stop=3)
    assert venue.matcher.order(1)["trigger"] == 97
    venue.replace(1, 0, 5, stop=8)
    assert venue.matcher.order(1)["trigger"] == 90


def test_a_waiting_stop_can_be_cancelled_and_is_not_in_the_book(venue: Venue) -> None:
    """Lost: liquidity shown that nobody offers."""
    venue.print(100)
    venue.buy(1, 104, 5, stop=103, **STOP_LIMIT)
    assert venue.book() == ([], [])
    assert venue.cancel(1) == ["1 cancelled 5 REQUESTED"]
    venue.print(103)
    assert venue.book() == ([], [])


def test_nothing_fires_outside_continuous_trading(venue: Venue) -> None:
    """Lost: stops running through an auction or a halt."""
    venue.print(100)
    venue.phase(Phase.OPENING_AUCTION)
    assert venue.buy(1, 90, 5, stop=100, **STOP_LIMIT) == ["1 accepted 5 at 90"]
    assert venue.phase(Phase.HALTED) == ["phase HALTED"]
    assert venue.phase(Phase.CONTINUOUS) == ["phase CONTINUOUS", "1 triggered 5 at 90"]


def test_a_fired_order_takes_part_with_its_flags(venue: Venue) -> None:
    """Lost: reduce-only forgotten while waiting."""
    venue.print(100)
    venue.sell(1, 100, 3)
    venue.buy(2, 100, 3, account=2)
    venue.sell(3, 0, 9, account=2, stop=95, flags=Flag.REDUCE_ONLY, **STOP)
    venue.buy(4, 90, 9, account=3)
    venue.buy(5, 95, 1, account=5)
    assert venue.sell(6, 95, 1, account=6)[2:] == ["3 triggered 3", "3 takes 3 of 4 at 90"]


def test_buys_fire_before_sells_and_stops_before_touched(venue: Venue) -> None:
    """Lost: turns that depend on which table was looked at first."""
    venue.print(100)
    venue.sell(2, 95, 1, stop=97, type=OrderKind.STOP_LIMIT)
    venue.sell(3, 95, 1, stop=98, type=OrderKind.STOP_LIMIT)
    venue.buy(4, 80, 1, stop=97, **LIMIT_TOUCHED)
    venue.buy(5, 80, 1, stop=98, **LIMIT_TOUCHED)
    venue.buy(6, 97, 1, account=5)
    found = venue.sell(7, 97, 1, account=6)
    assert [int(line.split()[0]) for line in found if "triggered" in line] == [5, 4, 3, 2]
