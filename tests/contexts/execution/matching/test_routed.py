"""Orders that are matched elsewhere: held here until their venue has spoken."""

from __future__ import annotations

import pytest
from tests.contexts.execution.matching.kit import (
    AWAY,
    AccountKey,
    CommandKind,
    Flag,
    OrderKind,
    Phase,
    Tif,
    Venue,
)

AT = {"instrument": AWAY}


def fill(venue: Venue, key: int, lots: int, price: int, fee: int = 0, **fields: int) -> list[str]:
    """Let the venue report a fill."""
    given = {"id": key, "quantity": lots, "price": price, "stop": fee} | fields
    return venue.send(CommandKind.VENUE_FILL, **given)


def test_a_routed_order_is_held_and_meets_no_book(venue: Venue) -> None:
    """Lost: an order sent to a venue and matched here as well."""
    assert venue.buy(1, 105, 5, **AT) == ["1 routed 5 at 105"]
    assert venue.sell(2, 100, 5, account=2, **AT) == ["2 routed 5 at 100"]
    assert venue.matcher.open_ids(AWAY) == ([], [])
    assert venue.matcher.live() == 2


def test_a_venues_fill_moves_position_and_cash_at_its_own_fee(venue: Venue) -> None:
    """Lost: books that differ from the venue's."""
    cash = venue.matcher.cash(1)
    venue.buy(1, 105, 5, **AT)
    assert fill(venue, 1, 2, 104, fee=77) == ["1 filled 2 at 104, 3 left"]
    assert venue.matcher.position(1, AWAY) == 2
    assert venue.matcher.cash(1) == cash - 77
    assert fill(venue, 1, 3, 105, fee=-7) == ["1 filled 3 at 105, 0 left"]
    assert venue.matcher.cash(1) == cash - 70
    assert venue.matcher.live() == 0


def test_what_the_venue_fills_too_much_is_counted_too(venue: Venue) -> None:
    """Lost: a position that exists and is not in the books."""
    venue.buy(1, 105, 5, **AT)
    assert fill(venue, 1, 9, 105) == ["1 filled 9 at 105, 0 left"]
    assert venue.matcher.position(1, AWAY) == 9


def test_a_fill_that_comes_after_the_end_is_booked(venue: Venue) -> None:
    """Lost: a position that the venue has and the books do not."""
    who = {"account": 1, "instrument": AWAY, "side": 1}
    venue.sell(1, 100, 5, **AT)
    venue.send(CommandKind.VENUE_DONE, id=1)
    assert fill(venue, 1, 5, 100, fee=7) == ["1 rejected UNKNOWN_ORDER"]
    assert fill(venue, 1, 5, 100, fee=7, **who) == ["1 filled 5 at 100, 0 left"]
    assert venue.matcher.position(1, AWAY) == -5
    assert venue.matcher.live() == 0


@pytest.mark.parametrize(
    "wrong", [{"account": 0}, {"account": 7}, {"side": 2}, {"instrument": 0}, {"instrument": 3}]
)
def test_a_fill_without_an_order_needs_a_whole_address(venue: Venue, wrong: dict[str, int]) -> None:
    """Lost: lots booked on somebody, somewhere."""
    who = {"account": 1, "instrument": AWAY, "side": 1} | wrong
    assert fill(venue, 9, 5, 100, **who) == ["9 rejected UNKNOWN_ORDER"]


def test_a_live_order_says_itself_whose_fill_it_is(venue: Venue) -> None:
    """Lost: a fill booked on the account that a report names by mistake."""
    venue.buy(1, 100, 5, **AT)
    fill(venue, 1, 2, 100, account=2, side=1, instrument=3)
    assert (venue.matcher.position(1, AWAY), venue.matcher.position(2, AWAY)) == (2, 0)


def test_a_report_on_nothing_is_refused(venue: Venue) -> None:
    """Lost: fills booked on orders that do not exist, or on orders of the book."""
    venue.buy(1, 100, 5)
    assert fill(venue, 1, 5, 100) == ["1 rejected UNKNOWN_ORDER"]
    assert fill(venue, 9, 5, 100) == ["9 rejected UNKNOWN_ORDER"]
    assert venue.send(CommandKind.VENUE_DONE, id=1) == ["1 rejected UNKNOWN_ORDER"]
    venue.buy(2, 100, 5, **AT)
    assert fill(venue, 2, 0, 100) == ["2 rejected INVALID_ORDER"]
    assert fill(venue, 2, 1, 2**53 + 1) == ["2 rejected INVALID_ORDER"]
    assert fill(venue, 2, 1, -(2**53) - 1) == ["2 rejected INVALID_ORDER"]


def test_a_cancel_is_a_request_and_releases_nothing(venue: Venue) -> None:
    """Lost: exposure forgotten while the venue may still fill."""
    venue.buy(1, 100, 5, **AT)
    assert venue.cancel(1) == ["done CANCEL 5"]
    assert venue.matcher.order(1)["open"] == 5
    assert fill(venue, 1, 5, 100) == ["1 filled 5 at 100, 0 left"]


def test_the_venue_ends_its_orders(venue: Venue) -> None:
    """Lost: a hold that is never given back."""
    venue.buy(1, 100, 5, **AT)
    fill(venue, 1, 2, 100)
    assert venue.send(CommandKind.VENUE_DONE, id=1) == ["1 cancelled 3 REQUESTED"]
    assert venue.matcher.live() == 0


def test_cancel_all_names_each_routed_order(venue: Venue) -> None:
    """Lost: a kill switch that forgets the orders away from home."""
    venue.buy(1, 100, 5)
    venue.buy(2, 100, 5, **AT)
    assert venue.send(CommandKind.CANCEL_ALL, side=2, instrument=65535) == [
        "1 cancelled 5 REQUESTED",
        "done CANCEL 5",
        "done CANCEL_ALL 2",
    ]
    assert venue.matcher.live() == 1


def test_neither_time_nor_phase_ends_a_routed_order(venue: Venue) -> None:
    """Lost: an order forgotten here that lives at its venue."""
    venue.buy(1, 100, 5, tif=Tif.GTD, expire_ns=1000, **AT)
    venue.buy(2, 100, 5, tif=Tif.DAY, **AT)
    assert venue.at(2000) == ["done TIME 0"]
    assert venue.phase(Phase.CLOSED, AWAY) == ["phase CLOSED"]
    assert venue.buy(3, 100, 5, **AT) == ["3 rejected WRONG_PHASE"]
    assert venue.matcher.live() == 2


def test_a_replaced_routed_order_is_held_at_the_worse_of_both(venue: Venue) -> None:
    """Lost: exposure of the old order, which the venue may still fill."""
    venue.buy(1, 100, 5, **AT)
    assert venue.replace(1, 90, 3) == ["1 replaced 5 at 90"]
    order = venue.matcher.order(1)
    assert (order["open"], order["held_price"], order["price"]) == (5, 100, 90)
    assert venue.replace(1, 110, 8) == ["1 replaced 8 at 110"]
    assert venue.matcher.order(1)["held_price"] == 110


@pytest.mark.parametrize("flag", [Flag.OCO, Flag.OUO, Flag.CHILD])
def test_lists_are_for_the_book(venue: Venue, flag: Flag) -> None:
    """Lost: a promise about siblings that a venue does not keep."""
    assert venue.buy(1, 100, 5, flags=flag, link=7, **AT) == ["1 rejected INVALID_ORDER"]


@pytest.mark.parametrize("kind", list(OrderKind))
def test_every_type_can_be_routed(venue: Venue, kind: OrderKind) -> None:
    """Lost: types that a venue has and this side refuses."""
    assert venue.sell(1, 100, 5, type=kind, stop=90, flags=0, **AT)[0].startswith("1 routed 5")


def test_reduce_only_is_cut_before_it_is_routed(venue: Venue) -> None:
    """Lost: a closing order that opens elsewhere."""
    assert venue.sell(1, 100, 5, flags=Flag.REDUCE_ONLY, **AT) == ["1 rejected REDUCE_ONLY"]
    venue.buy(2, 100, 3, **AT)
    fill(venue, 2, 3, 100)
    assert venue.sell(3, 100, 5, flags=Flag.REDUCE_ONLY, **AT) == ["3 routed 3 at 100"]


def test_routed_exposure_counts_against_the_limits(venue: Venue) -> None:
    """Lost: limits that see only what is matched here."""
    venue.send(
        CommandKind.CONFIGURE_ACCOUNT,
        account=1,
        instrument=AWAY,
        flags=AccountKey.MAX_POSITION_LOTS,
        price=8,
    )
    venue.buy(1, 100, 5, **AT)
    assert venue.buy(2, 100, 4, **AT) == ["2 rejected POSITION_LIMIT"]
    venue.send(CommandKind.VENUE_DONE, id=1)
    assert venue.buy(2, 100, 4, **AT) == ["2 routed 4 at 100"]
