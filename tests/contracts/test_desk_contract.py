"""One suite for every desk: the compiled one and its plain twin keep the same promises."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fks.contexts.execution.domain.desks import DeskMaker
from fks.contracts.execution import (
    CostModel,
    Desk,
    DeskConfig,
    OrderStatus,
    RejectReason,
    RiskLimits,
)
from fks.contracts.values import FillRule, Instrument, Side
from fks.kernel.errors import Invalid

TICK = Decimal("0.25")


def config(**changes: Any) -> DeskConfig:
    """Return a desk of 10 units on quarter ticks, with limits to meet."""
    limits = {
        "max_order_quantity": 50.0,
        "max_position_quantity": 30.0,
        "max_order_notional": 10_000.0,
    }
    limits.update(changes.pop("limits", {}))
    settings: dict[str, Any] = {
        "instrument": Instrument(id="ES", tick_size=TICK),
        "cash": 100_000.0,
        "quantity": 10.0,
        "fill_rule": FillRule.NEXT_OPEN,
        "costs": CostModel(),
        "limits": RiskLimits(**limits),
    }
    return DeskConfig(**{**settings, **changes})


@pytest.fixture(params=[True, False], ids=["compiled", "plain"])
def compiled(request: pytest.FixtureRequest) -> bool:
    """Which of the two desks."""
    return bool(request.param)


class Street:
    """A desk and a short way to feed it bars in price units."""

    def __init__(self, compiled: bool, **changes: Any) -> None:
        self.desk: Desk = DeskMaker().make(config(**changes), compiled=compiled)
        self._minute = 0

    def bar(self, opened: float, high: float, low: float, close: float) -> None:
        """Match one bar."""
        ticks = [round(price / 0.25) for price in (opened, high, low, close)]
        self.desk.on_bar(self._minute * 60_000_000_000, *ticks)
        self._minute += 1

    def flat_bar(self, price: float) -> None:
        """Match a bar that does not move, and end it."""
        self.bar(price, price, price, price)
        self.desk.end_bar()


def test_a_market_order_fills_at_the_next_open_never_on_its_own_bar(compiled: bool) -> None:
    """Lost: look-ahead by one bar, the first sin of the prototype."""
    street = Street(compiled)
    street.bar(100, 101, 99, 100.5)
    street.desk.long()
    assert street.desk.fills() == ()
    street.desk.end_bar()
    street.bar(102, 103, 101, 102)
    (fill,) = street.desk.fills()
    assert (fill.price, fill.quantity, fill.side) == (102.0, 10.0, Side.BUY)


def test_same_close_fills_at_the_close_of_the_deciding_bar(compiled: bool) -> None:
    """Lost: the second fill rule."""
    street = Street(compiled, fill_rule=FillRule.SAME_CLOSE)
    street.bar(100, 101, 99, 100.5)
    street.desk.long()
    assert [fill.price for fill in street.desk.fills()] == [100.5]
    assert street.desk.position == 0.0, "the view stands still while the strategy decides"


@pytest.mark.parametrize(
    ("opened", "expected"), [(100, 99.0), (98.5, 98.5), (101, 99.0)], ids=["touch", "gap", "far"]
)
def test_a_limit_buy_fills_at_its_price_or_at_a_better_open(
    compiled: bool, opened: float, expected: float
) -> None:
    """Lost: limit fills at prices that nobody offered."""
    street = Street(compiled)
    street.flat_bar(100)
    street.desk.buy(5, limit=99)
    street.bar(opened, 102, 98, 101)
    assert [fill.price for fill in street.desk.fills()] == [expected]


def test_a_limit_that_the_bar_does_not_reach_rests(compiled: bool) -> None:
    """Lost: fills before the market could have been there."""
    street = Street(compiled)
    street.flat_bar(100)
    street.desk.buy(5, limit=99)
    street.bar(100, 102, 99.25, 101)
    assert street.desk.fills() == ()
    assert street.desk.open_count == 1


def test_a_stop_fills_at_its_price_or_at_a_worse_open_plus_slippage(compiled: bool) -> None:
    """Lost: stops that fill better than the market."""
    costs = CostModel(slippage_ticks=1, spread_ticks=1)
    street = Street(compiled, costs=costs)
    street.flat_bar(100)
    street.desk.sell(5, stop=99)
    street.desk.sell(5, stop=97)
    street.bar(100, 100, 98.5, 98.5)
    street.bar(96, 96, 95, 95)
    assert [fill.price for fill in street.desk.fills()] == [98.5, 95.5]


def test_inside_a_bar_the_nearer_extreme_comes_first(compiled: bool) -> None:
    """Lost: a bracket's outcome would depend on the order of submission."""
    for opened, first in ((101.75, Side.SELL), (98.25, Side.BUY), (100, Side.BUY)):
        street = Street(compiled)
        street.flat_bar(100)
        street.desk.sell(5, limit=102)
        street.desk.buy(5, limit=98)
        street.bar(opened, 102, 98, 100)
        assert next(fill.side for fill in street.desk.fills()) is first


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda desk: desk.buy(51), RejectReason.MAX_ORDER_SIZE),
        (lambda desk: desk.buy(31), RejectReason.MAX_POSITION),
        (lambda desk: desk.buy(10.5), RejectReason.INVALID_QUANTITY),
        (lambda desk: desk.buy(0), RejectReason.INVALID_QUANTITY),
        (lambda desk: desk.buy(-3), RejectReason.INVALID_QUANTITY),
        (lambda desk: desk.buy(float("nan")), RejectReason.INVALID_QUANTITY),
        (lambda desk: desk.buy(1, limit=99.9), RejectReason.INVALID_PRICE),
        (lambda desk: desk.buy(1, limit=-1), RejectReason.INVALID_PRICE),
        (lambda desk: desk.buy(1, limit=99, stop=101), RejectReason.INVALID_PRICE),
        (lambda desk: desk.buy(1, limit=20_000), RejectReason.MAX_NOTIONAL),
        (lambda desk: desk.buy(2**53), RejectReason.MAX_ORDER_SIZE),
    ],
)
def test_an_order_beyond_a_limit_is_refused_with_its_reason(
    compiled: bool, call: Any, reason: RejectReason
) -> None:
    """Lost: an order that a limit forbids would leave."""
    street = Street(compiled)
    street.flat_bar(100)
    call(street.desk)
    (order,) = street.desk.orders()
    assert (order.status, order.reason) == (OrderStatus.REJECTED, reason)
    assert street.desk.open_count == 0


def test_resting_orders_count_toward_the_position_limit(compiled: bool) -> None:
    """Lost: many small orders would pass where one large would not."""
    street = Street(compiled)
    street.flat_bar(100)
    for price in (99, 98, 97, 96):
        street.desk.buy(10, limit=price)
    assert [order.reason for order in street.desk.orders()][-1] is RejectReason.MAX_POSITION
    street.desk.sell(10, limit=105)
    assert street.desk.orders()[-1].status is OrderStatus.ACCEPTED


def test_shorts_are_refused_where_they_are_not_allowed(compiled: bool) -> None:
    """Lost: a long-only account would go short."""
    street = Street(compiled, limits={"allow_short": False})
    street.flat_bar(100)
    street.desk.short()
    assert street.desk.orders()[0].reason is RejectReason.SHORT_NOT_ALLOWED
    street.flat_bar(100)
    street.desk.short()
    assert street.desk.order_count == 1, "the same refusal is not repeated bar after bar"


def test_two_orders_never_close_one_position_twice(compiled: bool) -> None:
    """Lost: stop and target of one position both fill and leave a short one."""
    street = Street(compiled, limits={"allow_short": False})
    street.flat_bar(100)
    street.desk.buy(10)
    street.flat_bar(100)
    street.desk.sell(10, stop=98)
    street.desk.sell(10, limit=102)
    assert street.desk.orders()[-1].reason is RejectReason.SHORT_NOT_ALLOWED


def test_an_order_before_the_first_bar_has_no_market(compiled: bool) -> None:
    """Lost: orders would be priced at nothing."""
    street = Street(compiled)
    street.desk.long()
    assert street.desk.orders()[0].reason is RejectReason.NO_MARKET


def test_a_new_aim_replaces_the_order_of_the_old_one_only(compiled: bool) -> None:
    """Lost: a strategy that changes its mind would trade twice, or lose its own orders."""
    street = Street(compiled)
    street.flat_bar(100)
    own = street.desk.buy(5, limit=90)
    street.desk.long()
    street.desk.flat()
    assert [o.status for o in street.desk.orders()] == [
        OrderStatus.ACCEPTED,
        OrderStatus.CANCELLED,
    ]
    street.desk.cancel(own)
    assert street.desk.open_count == 0
    assert street.desk.signals == 3


def test_a_repeated_aim_is_one_signal_and_one_order(compiled: bool) -> None:
    """Lost: `desk.long()` at every bar would count, and trade, every bar."""
    street = Street(compiled)
    for _ in range(5):
        street.bar(100, 100, 100, 100)
        street.desk.long()
        street.desk.end_bar()
    assert (street.desk.signals, street.desk.order_count, street.desk.fill_count) == (1, 1, 1)


def test_fees_are_rate_plus_units_and_at_least_the_minimum(compiled: bool) -> None:
    """Lost: costs, and with them the result."""
    for costs, fee in (
        (CostModel(fee_bps=10), 1.0),
        (CostModel(fee_per_unit=0.5), 5.0),
        (CostModel(fee_bps=10, fee_minimum=2.5), 2.5),
        (CostModel(fee_bps=10, fee_per_unit=0.5, fee_minimum=2.5), 6.0),
    ):
        street = Street(compiled, costs=costs)
        street.flat_bar(100)
        street.desk.long()
        street.flat_bar(100)
        assert street.desk.fills()[0].fee == fee
        assert street.desk.cash == 100_000 - 1000 - fee


def test_an_amount_beyond_int64_is_refused_and_changes_nothing(compiled: bool) -> None:
    """Lost: money that wraps."""
    waived = dict.fromkeys(("max_order_quantity", "max_position_quantity"))
    street = Street(compiled, limits={**waived, "max_order_notional": None})
    street.flat_bar(100)
    street.desk.buy(1e8)
    assert street.desk.orders()[-1].reason is RejectReason.OVERFLOW
    street.desk.buy(9e15)
    assert street.desk.orders()[-1].reason is RejectReason.OVERFLOW
    assert street.desk.cash == 100_000


def test_an_instrument_that_is_not_exact_in_nanos_names_a_lot_size_that_works(
    compiled: bool,
) -> None:
    """Lost: money that is only nearly right."""
    tiny = Instrument(id="X", tick_size=Decimal("1e-8"), lot_size=Decimal("1e-4"))
    with pytest.raises(Invalid, match=r"a lot size of 0\.1 works"):
        DeskMaker().make(config(instrument=tiny, quantity=1.0), compiled=compiled)
    good = Instrument(id="X", tick_size=Decimal("1e-8"), lot_size=Decimal("0.1"))
    DeskMaker().make(config(instrument=good, quantity=1.0), compiled=compiled)
