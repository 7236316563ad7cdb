"""Price, time, and what becomes of an order that meets the book."""

from __future__ import annotations

import pytest
from tests.contexts.execution.matching.kit import (
    AccountKey,
    CommandKind,
    Flag,
    OrderKind,
    Tif,
    Venue,
)

POST = Flag.POST_ONLY


def test_a_limit_order_rests_and_is_shown(venue: Venue) -> None:
    """Lost: an accepted order that nobody can see."""
    assert venue.buy(1, 100, 10) == ["1 accepted 10 at 100"]
    assert venue.book() == ([(100, 10, 1)], [])


def test_the_better_price_trades_first_then_the_earlier_order(venue: Venue) -> None:
    """Lost: price-time priority."""
    for key, price in ((1, 101), (2, 100), (3, 100), (4, 102)):
        venue.sell(key, price, 5)
    assert venue.queue() == ([], [2, 3, 1, 4])
    assert venue.buy(9, 101, 12, account=2) == [
        "9 accepted 12 at 101",
        "9 takes 5 of 2 at 100",
        "9 takes 5 of 3 at 100",
        "9 takes 2 of 1 at 101",
    ]
    assert venue.book() == ([], [(101, 3, 1), (102, 5, 1)])


@pytest.mark.parametrize("side", [0, 1])
def test_a_trade_is_at_the_resting_price(venue: Venue, side: int) -> None:
    """Lost: the taker pays its own limit instead of the price on the book."""
    venue.add(1, 1 - side, 100, 5)
    through = 110 if side == 0 else 90
    assert venue.add(2, side, through, 5, account=2)[1:] == ["2 takes 5 of 1 at 100"]


def test_what_is_left_of_a_crossing_limit_rests_at_its_own_price(venue: Venue) -> None:
    """Lost: the rest would vanish, or stand at the price of the trade."""
    venue.sell(1, 100, 3)
    venue.buy(2, 105, 10, account=2)
    assert venue.book() == ([(105, 7, 1)], [])


def test_no_order_trades_beyond_its_limit(venue: Venue) -> None:
    """Lost: a limit that is none."""
    venue.sell(1, 101, 5)
    assert venue.buy(2, 100, 5, account=2) == ["2 accepted 5 at 100"]
    assert venue.book() == ([(100, 5, 1)], [(101, 5, 1)])


def test_the_best_price_moves_when_its_last_order_goes(venue: Venue) -> None:
    """Lost: a stale best price, and trades with nobody."""
    venue.buy(1, 100, 5)
    venue.buy(2, 99, 5)
    venue.cancel(1)
    assert venue.matcher.best(0, 0) == 99
    assert venue.sell(3, 99, 5, account=2)[1:] == ["3 takes 5 of 2 at 99"]
    assert venue.matcher.best(0, 0) is None
    assert venue.matcher.best(0, 1) is None


def test_an_emptied_level_may_be_used_again(venue: Venue) -> None:
    """Lost: a price once emptied would stay empty or out of order."""
    for turn in range(3):
        venue.sell(10 + turn, 100, 5)
        venue.buy(20 + turn, 100, 5, account=2)
    assert venue.book() == ([], [])
    venue.sell(40, 100, 1)
    assert venue.book() == ([], [(100, 1, 1)])


def test_ioc_gives_up_what_it_cannot_take_at_once(venue: Venue) -> None:
    """Lost: an immediate order that rests."""
    venue.sell(1, 100, 3)
    assert venue.buy(2, 100, 5, account=2, tif=Tif.IOC)[1:] == [
        "2 takes 3 of 1 at 100",
        "2 cancelled 2 NO_LIQUIDITY",
    ]
    assert venue.book() == ([], [])


def test_fok_is_filled_whole_or_not_at_all(venue: Venue) -> None:
    """Lost: a partial fill of an order that forbids it."""
    venue.sell(1, 100, 3)
    venue.sell(2, 101, 3)
    venue.sell(3, 102, 3)
    assert venue.buy(4, 101, 7, account=2, tif=Tif.FOK) == ["4 rejected NOT_FILLABLE"]
    assert venue.book()[1] == [(100, 3, 1), (101, 3, 1), (102, 3, 1)]
    assert venue.buy(4, 101, 6, account=2, tif=Tif.FOK)[1:] == [
        "4 takes 3 of 1 at 100",
        "4 takes 3 of 2 at 101",
    ]


def test_fok_counts_hidden_lots_but_not_those_a_trade_may_end(venue: Venue) -> None:
    """Lost: FOK promised lots of an OCO order that the first trade cancels."""
    venue.sell(1, 100, 9, display=2)
    assert venue.buy(2, 100, 9, account=2, tif=Tif.FOK)[0] == "2 accepted 9 at 100"
    venue.sell(3, 100, 5, flags=Flag.OCO, link=7)
    venue.sell(4, 100, 5, flags=Flag.OCO, link=7)
    assert venue.buy(5, 100, 5, account=2, tif=Tif.FOK) == ["5 rejected NOT_FILLABLE"]


def test_post_only_never_takes(venue: Venue) -> None:
    """Lost: a maker that pays the taker's fee."""
    venue.sell(1, 100, 3)
    assert venue.buy(2, 100, 5, account=2, flags=POST) == ["2 rejected WOULD_CROSS"]
    assert venue.buy(2, 99, 5, account=2, flags=POST) == ["2 accepted 5 at 99"]


def test_a_market_order_takes_what_there_is_and_never_rests(venue: Venue) -> None:
    """Lost: a market order that waits at no price."""
    market = {"account": 2, "type": OrderKind.MARKET}
    assert venue.buy(1, 0, 5, **market) == ["1 accepted 5", "1 cancelled 5 NO_LIQUIDITY"]
    venue.sell(2, 100, 2)
    venue.sell(3, 500, 2)
    assert venue.buy(4, 0, 5, **market)[1:] == [
        "4 takes 2 of 2 at 100",
        "4 takes 2 of 3 at 500",
        "4 cancelled 1 NO_LIQUIDITY",
    ]


def test_a_market_order_stops_at_the_collar(venue: Venue) -> None:
    """Lost: a market order that empties a thin book at any price."""
    venue.send(CommandKind.CONFIGURE_INSTRUMENT, flags=6 + 1, price=10)
    venue.reference(100)
    venue.sell(1, 110, 2)
    venue.sell(2, 111, 2)
    assert venue.buy(3, 0, 4, account=2, type=OrderKind.MARKET)[1:] == [
        "3 takes 2 of 1 at 110",
        "3 cancelled 2 NO_LIQUIDITY",
    ]


def test_market_to_limit_takes_one_price_and_rests_there(venue: Venue) -> None:
    """Lost: the rest would sweep on, or vanish."""
    kind = {"account": 2, "type": OrderKind.MARKET_TO_LIMIT}
    assert venue.buy(1, 0, 5, **kind) == ["1 rejected NO_LIQUIDITY"]
    venue.sell(2, 100, 2)
    venue.sell(3, 101, 2)
    assert venue.buy(4, 0, 5, **kind) == ["4 accepted 5 at 100", "4 takes 2 of 2 at 100"]
    assert venue.book() == ([(100, 3, 1)], [(101, 2, 1)])


def test_market_to_limit_with_ioc_does_not_rest(venue: Venue) -> None:
    """Lost: a time in force that is forgotten with the type."""
    venue.sell(1, 100, 2)
    found = venue.buy(2, 0, 5, account=2, type=OrderKind.MARKET_TO_LIMIT, tif=Tif.IOC)
    assert found[1:] == ["2 takes 2 of 1 at 100", "2 cancelled 3 NO_LIQUIDITY"]


def test_an_iceberg_shows_a_part_and_its_next_part_joins_the_end(venue: Venue) -> None:
    """Lost: hidden lots would be seen, or jump the queue."""
    venue.sell(1, 100, 10, display=4)
    venue.sell(2, 100, 5)
    assert venue.book()[1] == [(100, 9, 2)]
    assert venue.buy(3, 100, 6, account=2)[1:] == [
        "3 takes 4 of 1 at 100",
        "3 takes 2 of 2 at 100",
    ]
    assert venue.queue() == ([], [2, 1])
    assert venue.book()[1] == [(100, 7, 2)]
    assert venue.buy(4, 100, 20, account=2)[1:] == [
        "4 takes 3 of 2 at 100",
        "4 takes 4 of 1 at 100",
        "4 takes 2 of 1 at 100",
    ]


def test_a_crossing_iceberg_trades_whole_and_shows_what_is_left(venue: Venue) -> None:
    """Lost: an aggressive iceberg would trade its shown part only."""
    venue.sell(1, 100, 6)
    assert venue.buy(2, 100, 10, account=2, display=3)[1:] == ["2 takes 6 of 1 at 100"]
    assert venue.book() == ([(100, 3, 1)], [])


def test_gtd_ends_at_its_time_and_not_before(venue: Venue) -> None:
    """Lost: an order that outlives its owner's wish."""
    venue.buy(1, 100, 5, tif=Tif.GTD, expire_ns=10_000)
    venue.buy(2, 101, 5, tif=Tif.GTD, expire_ns=9_000)
    venue.buy(3, 102, 5, tif=Tif.GTD, expire_ns=9_000)
    assert venue.at(8_999) == ["done TIME 0"]
    assert venue.at(10_000) == [
        "2 expired 5 EXPIRED",
        "3 expired 5 EXPIRED",
        "1 expired 5 EXPIRED",
        "done TIME 0",
    ]
    assert venue.matcher.live() == 0


def test_what_expired_is_gone_before_the_command_that_brought_the_time(venue: Venue) -> None:
    """Lost: a trade with an order whose time was over."""
    venue.sell(1, 100, 5, tif=Tif.GTD, expire_ns=500)
    venue.now_ns = 499
    assert venue.buy(2, 100, 5, account=2) == ["1 expired 5 EXPIRED", "2 accepted 5 at 100"]


def test_time_never_goes_back(venue: Venue) -> None:
    """Lost: a late clock would let orders live again."""
    venue.at(1000)
    venue.now_ns = 0
    assert venue.buy(1, 100, 5, tif=Tif.GTD, expire_ns=900) == ["1 rejected INVALID_ORDER"]


def test_an_id_is_refused_while_live_and_free_again_after(venue: Venue) -> None:
    """Lost: two orders of one id, or an id that a dead order keeps."""
    venue.buy(1, 100, 5)
    assert venue.buy(1, 99, 5) == ["1 rejected DUPLICATE_ID"]
    venue.cancel(1)
    assert venue.sell(1, 105, 2, account=2) == ["1 accepted 2 at 105"]
    assert venue.cancel(1, account=1) == ["1 rejected UNKNOWN_ORDER"]
    assert venue.cancel(1, account=2) == ["1 cancelled 2 REQUESTED"]


def test_the_largest_id_is_as_good_as_any(venue: Venue) -> None:
    """Lost: ids of 63 bits cut short."""
    top = 2**63 - 1
    assert venue.buy(top, 100, 5) == [f"{top} accepted 5 at 100"]
    assert venue.sell(2, 100, 5, account=2)[1:] == [f"2 takes 5 of {top} at 100"]
    assert venue.buy(2**63, 100, 5) == [f"{2**63} rejected INVALID_ORDER"]


def test_both_sides_of_a_trade_are_booked(venue: Venue) -> None:
    """Lost: money or lots out of nothing."""
    before = venue.matcher.cash(1), venue.matcher.cash(2)
    venue.sell(1, 100, 5)
    event = venue.apply_one(CommandKind.ADD, id=2, side=0, price=100, quantity=5, account=2, type=1)
    assert (event["fee_nanos"], event["other_fee_nanos"]) == (1000, -500)
    assert (venue.position(1), venue.position(2)) == (-5, 5)
    assert venue.matcher.cash(2) == before[1] - 1000
    assert venue.matcher.cash(1) == before[0] + 500


def test_a_full_table_refuses_and_says_so(venue: Venue) -> None:
    """Lost: the order beyond the last place would overwrite another."""
    for key in range(1, 513):
        assert venue.buy(key, 100, 1)[0].startswith(f"{key} accepted")
    assert venue.buy(1000, 100, 1) == ["1000 rejected CAPACITY"]
    venue.cancel(256)
    assert venue.buy(1000, 100, 1) == ["1000 accepted 1 at 100"]


def test_a_limit_of_the_ledger_refuses_the_order(venue: Venue) -> None:
    """Lost: the engine would match what risk forbids."""
    venue.send(CommandKind.CONFIGURE_ACCOUNT, account=1, flags=AccountKey.MAX_ORDER_LOTS, price=5)
    assert venue.buy(1, 100, 6) == ["1 rejected MAX_QTY"]
    assert venue.buy(1, 100, 5) == ["1 accepted 5 at 100"]
