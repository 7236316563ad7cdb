"""Phases, auctions and the uncrossing price."""

from __future__ import annotations

import pytest
from tests.contexts.execution.matching.kit import Flag, OrderKind, Phase, Tif, Venue

MARKET = {"type": OrderKind.MARKET}
OPENING, CONTINUOUS, CLOSING = Phase.OPENING_AUCTION, Phase.CONTINUOUS, Phase.CLOSING_AUCTION


def test_orders_rest_in_an_auction_and_may_cross(venue: Venue) -> None:
    """Lost: continuous trading during a call."""
    venue.phase(OPENING)
    venue.buy(1, 105, 5)
    assert venue.sell(2, 100, 5, account=2) == ["2 accepted 5 at 100"]
    assert venue.book() == ([(105, 5, 1)], [(100, 5, 1)])


@pytest.mark.parametrize(
    ("buys", "sells", "reference", "price", "lots"),
    [
        ([(105, 5)], [(100, 5)], None, 100, 5),
        ([(105, 5)], [(100, 5)], 103, 105, 5),
        ([(105, 5)], [(100, 5)], 102, 100, 5),
        ([(105, 9)], [(100, 5)], None, 105, 5),
        ([(105, 5)], [(100, 9)], None, 100, 5),
        ([(105, 5), (103, 5)], [(100, 4), (102, 4)], None, 103, 8),
        ([(105, 4), (103, 4)], [(100, 5), (102, 5)], 999, 102, 8),
        ([(105, 10), (101, 10)], [(100, 10), (104, 10)], None, 100, 10),
        ([(105, 10), (101, 10)], [(100, 10), (104, 10)], 103, 104, 10),
        ([(105, 2), (104, 3), (103, 5)], [(101, 4), (102, 3), (104, 6)], None, 103, 7),
    ],
)
def test_the_uncrossing_price(
    venue: Venue,
    buys: list[tuple[int, int]],
    sells: list[tuple[int, int]],
    reference: int | None,
    price: int,
    lots: int,
) -> None:
    """Lost: an opening price that trades less than it could, or one nobody can explain."""
    if reference:
        venue.reference(reference)
    venue.phase(OPENING)
    for key, (limit, size) in enumerate(buys):
        venue.buy(10 + key, limit, size)
    for key, (limit, size) in enumerate(sells):
        venue.sell(20 + key, limit, size, account=2)
    found = venue.phase(CONTINUOUS)
    assert found[-1] == f"phase CONTINUOUS {lots} at {price}"
    assert all(line.endswith(f"at {price}") for line in found)
    buys_left, sells_left = venue.book()
    assert not buys_left or not sells_left or buys_left[0][0] < sells_left[0][0]


def test_an_auction_trades_by_price_then_time_market_first(venue: Venue) -> None:
    """Lost: priority in the call."""
    venue.phase(OPENING)
    venue.buy(1, 105, 2)
    venue.buy(2, 106, 2)
    venue.buy(3, 0, 2, **MARKET)
    venue.sell(4, 105, 1, account=2)
    venue.sell(5, 0, 4, account=2, **MARKET)
    assert venue.phase(CONTINUOUS) == [
        "3 takes 2 of 5 at 105",
        "2 takes 2 of 5 at 105",
        "1 takes 1 of 4 at 105",
        "phase CONTINUOUS 5 at 105",
    ]
    assert venue.book() == ([(105, 1, 1)], [])


def test_market_orders_alone_trade_at_the_reference(venue: Venue) -> None:
    """Lost: a price out of nothing."""
    venue.phase(OPENING)
    venue.buy(1, 0, 5, **MARKET)
    venue.sell(2, 0, 3, account=2, **MARKET)
    assert venue.phase(CONTINUOUS) == [
        "1 cancelled 5 NO_LIQUIDITY",
        "2 cancelled 3 NO_LIQUIDITY",
        "phase CONTINUOUS",
    ]
    venue.reference(101)
    venue.phase(OPENING)
    venue.buy(1, 0, 5, **MARKET)
    venue.sell(2, 0, 3, account=2, **MARKET)
    assert venue.phase(CONTINUOUS) == [
        "1 takes 3 of 2 at 101",
        "1 cancelled 2 NO_LIQUIDITY",
        "phase CONTINUOUS 3 at 101",
    ]


def test_both_sides_of_an_auction_trade_pay_the_takers_fee(venue: Venue) -> None:
    """Lost: a rebate for whoever was sorted to the selling side."""
    venue.phase(OPENING)
    venue.buy(1, 100, 5)
    venue.sell(2, 100, 5, account=2)
    trade = venue.phase_events(CONTINUOUS)[0]
    assert (trade["fee_nanos"], trade["other_fee_nanos"], trade["flags"]) == (1000, 1000, 7)


@pytest.mark.parametrize(
    ("phase", "fields", "taken"),
    [
        (OPENING, {"tif": Tif.IOC}, False),
        (OPENING, {"tif": Tif.FOK}, False),
        (OPENING, {"flags": Flag.POST_ONLY}, False),
        (CLOSING, {"type": OrderKind.MARKET_TO_LIMIT}, False),
        (OPENING, {"tif": Tif.AT_OPEN}, True),
        (CONTINUOUS, {"tif": Tif.AT_OPEN}, False),
        (CLOSING, {"tif": Tif.AT_OPEN}, False),
        (OPENING, {"tif": Tif.AT_CLOSE}, True),
        (CONTINUOUS, {"tif": Tif.AT_CLOSE}, True),
        (CLOSING, {"tif": Tif.AT_CLOSE}, True),
        (Phase.CLOSED, {}, False),
        (Phase.HALTED, {}, False),
        (Phase.HALTED, {"tif": Tif.AT_CLOSE}, False),
    ],
)
def test_what_a_phase_takes(
    venue: Venue, phase: Phase, fields: dict[str, int], taken: bool
) -> None:
    """Lost: an order accepted into a phase that cannot honour it."""
    venue.phase(phase)
    expected = ["1 accepted 5 at 100"] if taken else ["1 rejected WRONG_PHASE"]
    assert venue.buy(1, 100, 5, **fields) == expected


@pytest.mark.parametrize("phase", [Phase.CLOSED, Phase.HALTED])
def test_a_cancel_passes_whatever_the_phase_and_a_replace_does_not(
    venue: Venue, phase: Phase
) -> None:
    """Lost: an owner who cannot get out."""
    venue.buy(1, 100, 5)
    venue.phase(phase)
    assert venue.replace(1, 99, 5) == ["1 rejected WRONG_PHASE"]
    assert venue.cancel(1) == ["1 cancelled 5 REQUESTED"]


def test_what_the_opening_leaves_of_at_open_orders_ends(venue: Venue) -> None:
    """Lost: an order for the opening that trades at noon."""
    venue.phase(OPENING)
    venue.buy(1, 100, 5, tif=Tif.AT_OPEN)
    venue.buy(2, 0, 5, tif=Tif.AT_OPEN, **MARKET)
    venue.buy(3, 99, 5)
    venue.sell(4, 100, 6, account=2)
    assert venue.phase(CONTINUOUS) == [
        "2 takes 5 of 4 at 100",
        "1 takes 1 of 4 at 100",
        "1 cancelled 4 SESSION_END",
        "phase CONTINUOUS 6 at 100",
    ]
    assert venue.queue() == ([3], [])


def test_at_close_orders_wait_outside_the_book_for_the_closing_auction(venue: Venue) -> None:
    """Lost: an order for the close that trades before."""
    venue.sell(1, 101, 5, account=2, tif=Tif.AT_CLOSE)
    venue.buy(2, 0, 2, tif=Tif.AT_CLOSE, **MARKET)
    venue.buy(3, 102, 5)
    assert venue.book() == ([(102, 5, 1)], [])
    assert venue.phase(CLOSING) == ["phase CLOSING_AUCTION"]
    assert venue.book() == ([(102, 5, 1)], [(101, 5, 1)])
    assert venue.phase(Phase.CLOSED) == [
        "2 takes 2 of 1 at 102",
        "3 takes 3 of 1 at 102",
        "phase CLOSED 5 at 102",
    ]


def test_closing_ends_day_orders_and_what_waits_for_the_close(venue: Venue) -> None:
    """Lost: yesterday's orders in today's book."""
    venue.buy(1, 100, 5, tif=Tif.DAY)
    venue.buy(2, 99, 5)
    venue.sell(3, 105, 5, tif=Tif.AT_CLOSE)
    venue.buy(4, 120, 5, tif=Tif.DAY, type=OrderKind.STOP_LIMIT, stop=110)
    assert venue.phase(Phase.CLOSED) == [
        "1 cancelled 5 SESSION_END",
        "3 cancelled 5 SESSION_END",
        "4 cancelled 5 SESSION_END",
        "phase CLOSED",
    ]
    venue.phase(CONTINUOUS)
    assert venue.queue() == ([2], [])


def test_a_halt_does_not_uncross_and_what_follows_does(venue: Venue) -> None:
    """Lost: trades while halted, or a crossed book after."""
    venue.phase(OPENING)
    venue.buy(1, 105, 5)
    venue.sell(2, 100, 5, account=2)
    assert venue.phase(Phase.HALTED) == ["phase HALTED"]
    assert venue.phase(CONTINUOUS) == ["1 takes 5 of 2 at 100", "phase CONTINUOUS 5 at 100"]


def test_the_opening_that_becomes_the_close_drops_at_open_orders(venue: Venue) -> None:
    """Lost: an order for an opening that never came."""
    venue.phase(OPENING)
    venue.buy(1, 100, 5, tif=Tif.AT_OPEN)
    assert venue.phase(CLOSING) == ["1 cancelled 5 SESSION_END", "phase CLOSING_AUCTION"]


def test_the_uncrossing_fires_triggers_once_trading_is_continuous(venue: Venue) -> None:
    """Lost: stops that sleep through a gap at the opening."""
    venue.print(100)
    venue.sell(1, 0, 2, stop=95, type=OrderKind.STOP)
    venue.buy(2, 85, 9, account=4)
    venue.phase(OPENING)
    venue.buy(3, 90, 5, account=2)
    venue.sell(4, 90, 5, account=3)
    assert venue.phase(CONTINUOUS) == [
        "3 takes 5 of 4 at 90",
        "phase CONTINUOUS 5 at 90",
        "1 triggered 2",
        "1 takes 2 of 2 at 85",
    ]


def test_reduce_only_and_lists_hold_in_an_auction(venue: Venue) -> None:
    """Lost: rules that stop at the door of the call."""
    venue.sell(1, 100, 2)
    venue.buy(2, 100, 2, account=2)
    venue.phase(OPENING)
    venue.buy(3, 110, 2, flags=Flag.REDUCE_ONLY)
    venue.buy(4, 109, 2, flags=Flag.REDUCE_ONLY)
    venue.buy(5, 108, 4, account=3, flags=Flag.OCO, link=7)
    venue.buy(6, 107, 4, account=3, flags=Flag.OCO, link=7)
    venue.sell(7, 100, 20, account=4)
    assert venue.phase(CONTINUOUS) == [
        "3 takes 2 of 7 at 100",
        "4 cancelled 2 REDUCE_ONLY",
        "5 takes 4 of 7 at 100",
        "6 cancelled 4 LINKED by 5",
        "phase CONTINUOUS 6 at 100",
    ]


def test_an_uncrossing_goes_on_until_nothing_crosses(venue: Venue) -> None:
    """Lost: a crossed book because an order ended while the auction was computed."""
    venue.phase(OPENING)
    venue.sell(1, 100, 1)
    venue.buy(2, 100, 1, account=2)
    venue.phase(CONTINUOUS)
    assert venue.position(1) == -1
    venue.phase(OPENING)
    venue.sell(3, 95, 1, account=2, flags=Flag.REDUCE_ONLY)
    venue.sell(4, 95, 1, account=2, flags=Flag.REDUCE_ONLY)
    venue.buy(5, 105, 2, account=3)
    venue.sell(6, 104, 2, account=4)
    assert venue.phase(CONTINUOUS) == [
        "5 takes 1 of 3 at 95",
        "4 cancelled 1 REDUCE_ONLY",
        "5 takes 1 of 6 at 104",
        "phase CONTINUOUS 2 at 95",
    ]
    assert venue.book() == ([], [(104, 1, 1)])


def test_an_unknown_phase_is_refused(venue: Venue) -> None:
    """Lost: an instrument in a phase nobody knows."""
    assert venue.send(6, type=5) == ["0 rejected INVALID_ORDER"]
    assert venue.send(6, type=2, instrument=3) == ["0 rejected UNKNOWN_INSTRUMENT"]


def test_what_the_close_leaves_ends_when_trading_goes_on(venue: Venue) -> None:
    """Lost: an order for the close that trades the next morning."""
    venue.sell(1, 101, 5, tif=Tif.AT_CLOSE)
    venue.phase(CLOSING)
    assert venue.phase(CONTINUOUS) == ["1 cancelled 5 SESSION_END", "phase CONTINUOUS"]
