"""Cancelling and replacing: what is gone is gone, and a change keeps its place only if it may."""

from __future__ import annotations

import pytest
from tests.contexts.execution.matching.kit import (
    CommandKind,
    Flag,
    InstrumentKey,
    OrderKind,
    Tif,
    Venue,
)


def test_a_cancelled_order_neither_trades_nor_shows(venue: Venue) -> None:
    """Lost: a fill after the cancel was acknowledged."""
    venue.sell(1, 100, 5)
    venue.sell(2, 100, 5)
    assert venue.cancel(1) == ["1 cancelled 5 REQUESTED"]
    assert venue.book() == ([], [(100, 5, 1)])
    assert venue.buy(3, 100, 9, account=2)[1:] == ["3 takes 5 of 2 at 100"]


def test_a_cancel_of_what_is_over_is_refused(venue: Venue) -> None:
    """Lost: a stale cancel would be acknowledged as if it had stopped something."""
    venue.sell(1, 100, 5)
    venue.buy(2, 100, 5, account=2)
    assert venue.cancel(1) == ["1 rejected UNKNOWN_ORDER"]
    assert venue.cancel(77) == ["77 rejected UNKNOWN_ORDER"]
    venue.sell(3, 100, 5)
    venue.cancel(3)
    assert venue.cancel(3) == ["3 rejected UNKNOWN_ORDER"]


def test_only_the_owner_cancels_and_replaces(venue: Venue) -> None:
    """Lost: a stranger's cancel."""
    venue.sell(1, 100, 5)
    assert venue.cancel(1, account=2) == ["1 rejected UNKNOWN_ORDER"]
    assert venue.replace(1, 101, 5, account=2) == ["1 rejected UNKNOWN_ORDER"]
    assert venue.replace(1, 101, 5, account=1) == ["1 replaced 5 at 101"]


def test_a_partly_filled_order_gives_up_only_what_is_open(venue: Venue) -> None:
    """Lost: lots cancelled that were traded."""
    venue.sell(1, 100, 5)
    venue.buy(2, 100, 2, account=2)
    assert venue.cancel(1) == ["1 cancelled 3 REQUESTED"]


@pytest.mark.parametrize(
    ("fields", "ids"),
    [
        ({"side": 2, "instrument": 65535}, [1, 2, 3]),
        ({"side": 0, "instrument": 65535}, [1, 3]),
        ({"side": 2, "account": 2, "instrument": 65535}, [2, 3]),
        ({"side": 1, "account": 1}, []),
        ({"side": 2, "instrument": 2}, []),
    ],
)
def test_cancel_all_takes_what_the_filter_names(
    venue: Venue, fields: dict[str, int], ids: list[int]
) -> None:
    """Lost: a kill switch that leaves orders, or takes those of others."""
    venue.buy(1, 100, 1)
    venue.sell(2, 105, 1, account=2)
    venue.buy(3, 90, 1, account=2, type=OrderKind.STOP, stop=120)
    expected = [f"{key} cancelled 1 REQUESTED" for key in ids]
    assert venue.send(CommandKind.CANCEL_ALL, **fields) == [
        *expected,
        f"done CANCEL_ALL {len(ids)}",
    ]


def test_cancel_all_refuses_a_side_that_is_none(venue: Venue) -> None:
    """Lost: a mistyped filter would cancel nothing in silence."""
    assert venue.send(CommandKind.CANCEL_ALL, side=3) == ["0 rejected INVALID_ORDER"]


def test_less_at_the_same_price_keeps_the_place(venue: Venue) -> None:
    """Lost: priority for a change that takes nothing from anybody."""
    venue.sell(1, 100, 5)
    venue.sell(2, 100, 5)
    assert venue.replace(1, 100, 3) == ["1 replaced 3 at 100"]
    assert venue.queue() == ([], [1, 2])
    assert venue.book()[1] == [(100, 8, 2)]


@pytest.mark.parametrize(
    ("price", "lots", "display"), [(100, 6, 0), (100, 5, 2), (101, 5, 0), (101, 2, 0)]
)
def test_anything_else_loses_the_place(venue: Venue, price: int, lots: int, display: int) -> None:
    """Lost: an order that grows in front of those who waited."""
    venue.sell(1, 100, 5)
    venue.sell(2, 100, 5)
    venue.sell(3, 101, 5)
    assert venue.replace(1, price, lots, display=display) == [f"1 replaced {lots} at {price}"]
    assert venue.queue() == ([], [2, 1, 3] if price == 100 else [2, 3, 1])


def test_a_replace_that_crosses_trades(venue: Venue) -> None:
    """Lost: a crossed book after a modify."""
    venue.buy(1, 100, 5, account=2)
    venue.sell(2, 105, 8)
    assert venue.replace(2, 99, 8) == ["2 replaced 8 at 99", "2 takes 5 of 1 at 100"]
    assert venue.book() == ([], [(99, 3, 1)])


def test_a_replace_that_is_filled_whole_is_over(venue: Venue) -> None:
    """Lost: a ghost of an order with no lots."""
    venue.buy(1, 100, 5, account=2)
    venue.sell(2, 105, 8)
    venue.replace(2, 100, 5)
    assert venue.book() == ([], [])
    assert venue.matcher.live() == 0
    assert venue.cancel(2) == ["2 rejected UNKNOWN_ORDER"]


def test_a_refused_replace_leaves_the_order_as_it_was(venue: Venue) -> None:
    """Lost: an order half changed."""
    venue.sell(1, 100, 5, display=2)
    venue.sell(2, 100, 5)
    before = venue.matcher.order(1)
    for price, lots, display in ((0, 5, 0), (100, 0, 0), (100, 5, 6), (2_000_000, 5, 0)):
        assert venue.replace(1, price, lots, display=display) == ["1 rejected INVALID_ORDER"]
    assert venue.replace(9, 100, 5) == ["9 rejected UNKNOWN_ORDER"]
    assert venue.matcher.order(1) == before
    assert venue.queue() == ([], [1, 2])


def test_a_replace_beyond_a_limit_is_refused_and_gives_nothing_back(venue: Venue) -> None:
    """Lost: the old hold released by a change that never happened."""
    venue.sell(1, 100, 5)
    limit = {"instrument": 0, "flags": InstrumentKey.MAX_LOTS, "price": 6}
    venue.send(CommandKind.CONFIGURE_INSTRUMENT, **limit)
    before = venue.matcher.order(1)
    assert venue.replace(1, 100, 7) == ["1 rejected MAX_QTY"]
    assert venue.matcher.order(1) == before
    assert venue.replace(1, 100, 6) == ["1 replaced 6 at 100"]


def test_a_post_only_order_stays_when_its_replace_would_cross(venue: Venue) -> None:
    """Lost: a maker that is made to take."""
    venue.buy(1, 100, 5, account=2)
    venue.sell(2, 105, 8, flags=Flag.POST_ONLY)
    assert venue.replace(2, 100, 8) == ["2 rejected WOULD_CROSS"]
    assert venue.book()[1] == [(105, 8, 1)]
    assert venue.replace(2, 101, 8) == ["2 replaced 8 at 101"]


def test_a_smaller_iceberg_shows_no_more_than_it_has(venue: Venue) -> None:
    """Lost: shown lots that do not exist."""
    venue.sell(1, 100, 10, display=4)
    assert venue.replace(1, 100, 3, display=0) == ["1 replaced 3 at 100"]
    venue.sell(2, 101, 10, display=4)
    venue.replace(2, 101, 4, display=4)
    assert venue.book()[1] == [(100, 3, 1), (101, 4, 1)]
    venue.buy(3, 101, 5, account=2)
    assert venue.replace(2, 101, 1, display=1) == ["2 replaced 1 at 101"]
    assert venue.book()[1] == [(101, 1, 1)]


def test_a_replaced_gtd_order_keeps_its_time(venue: Venue) -> None:
    """Lost: an order that lives for ever after a change of price."""
    venue.buy(1, 100, 5, tif=Tif.GTD, expire_ns=1000)
    venue.replace(1, 101, 7)
    assert venue.at(1000) == ["1 expired 7 EXPIRED", "done TIME 0"]


def test_fields_that_a_type_does_not_use_do_no_harm(venue: Venue) -> None:
    """Lost: two engines that remember different leftovers."""
    venue.buy(1, 100, 5, stop=77, expire_ns=5, link=9)
    order = venue.matcher.order(1)
    assert (order["stop"], order["expire_ns"], order["link"]) == (0, 0, 0)
    assert venue.replace(1, 100, 5, stop=88) == ["1 replaced 5 at 100"]
    assert venue.matcher.order(1)["stop"] == 0
