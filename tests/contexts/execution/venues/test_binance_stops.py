"""Conditional orders of Binance futures: a stop at the venue is ours from its send to its fill."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from tests.contexts.execution.venues.binance_rig import BTC, INSTRUMENT, BinanceRig
from tests.contexts.execution.venues.rig import DOUBT, Heard, Trouble, connected, found, new_id

from fks.contracts.execution import VenueOrder
from fks.contracts.execution import VenueReportKind as K
from fks.contracts.values import OrderType, Side, TimeInForce
from fks.testing.exchange import Fault, Market

LOW, HIGH, SIZE = Decimal("29900.00"), Decimal("30100.00"), Decimal("0.002")
TYPES = {
    OrderType.STOP: (Side.SELL, LOW),
    OrderType.STOP_LIMIT: (Side.SELL, LOW),
    OrderType.MARKET_IF_TOUCHED: (Side.SELL, HIGH),
    OrderType.LIMIT_IF_TOUCHED: (Side.SELL, HIGH),
}


@pytest.fixture
async def rig() -> AsyncIterator[BinanceRig]:
    """Give a futures exchange that quotes 30,000."""
    made = BinanceRig(Market.USDM)
    async with made.exchange:
        made.exchange.set_price("BTCUSDT", Decimal(30_000), Decimal(1))
        yield made


def stop(type_: OrderType = OrderType.STOP, **given: Any) -> VenueOrder:
    """Return a conditional order; a limit is placed where it rests once it has triggered."""
    side, trigger = TYPES[type_]
    limited = type_ in (OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED)
    fields: dict[str, Any] = {
        "client_order_id": new_id(),
        "instrument": INSTRUMENT,
        "side": side,
        "type": type_,
        "time_in_force": TimeInForce.GTC,
        "quantity": SIZE,
        "stop_price": trigger,
        "price": Decimal("30500.00") if limited else None,
    }
    return VenueOrder(**(fields | given))


def move(rig: BinanceRig, price: Decimal) -> None:
    """Let the market trade at a price, with bids there for what that triggers."""
    rig.exchange.set_market(BTC.symbol, [(price, Decimal(1))], [(price + 1, Decimal(1))])
    rig.exchange.play_trade(BTC.symbol, "SELL", price, Decimal("0.01"))


@pytest.mark.parametrize("type_", list(TYPES), ids=lambda one: one.value)
async def test_a_stop_waits_triggers_and_is_filled_under_its_own_id(
    rig: BinanceRig, type_: OrderType
) -> None:
    """Lost: what a stop became would be a stranger's order, and the position nobody's."""
    async with connected(rig) as (venue, heard):
        sent = stop(type_)
        name = sent.client_order_id
        await venue.submit(sent)
        await heard.hears(name, K.ACKNOWLEDGED)
        assert [one.client_order_id for one in await venue.open_orders()] == [name]
        assert await found(venue, name, rig) == ("new", 0)
        move(rig, TYPES[type_][1])
        if sent.price is not None:
            await heard.until(lambda: heard.kinds(name).count(K.ACKNOWLEDGED) == 2)
            working = await venue.open_orders()
            assert [(one.client_order_id, one.price) for one in working] == [(name, sent.price)]
            rig.exchange.play_trade(BTC.symbol, "BUY", sent.price, Decimal(2))
        await heard.until(lambda: heard.filled(name) == SIZE)
        assert await found(venue, name, rig) == ("filled", SIZE)
        assert {one.client_order_id for one in heard.reports if one.symbol} == {name}
        history = await venue.fills_since(0, INSTRUMENT.id)
        assert {one.client_order_id for one in history} == {name}
        assert await venue.open_orders() == ()


async def test_a_stop_is_cancelled_before_and_after_it_triggers(rig: BinanceRig) -> None:
    """Lost: a protection that is no longer wanted could not be taken back."""
    async with connected(rig) as (venue, heard):
        waiting, resting = stop(), stop(OrderType.STOP_LIMIT)
        for sent in (waiting, resting):
            await venue.submit(sent)
        await venue.cancel(waiting.client_order_id, INSTRUMENT.id)
        await heard.hears(waiting.client_order_id, K.CANCELLED)
        move(rig, LOW)
        name = resting.client_order_id
        await heard.until(lambda: heard.kinds(name).count(K.ACKNOWLEDGED) == 2)
        await venue.cancel(name, INSTRUMENT.id)
        await heard.hears(name, K.CANCELLED)
        assert await venue.open_orders() == ()
        assert heard.kinds(waiting.client_order_id).count(K.CANCELLED) == 1
        assert await found(venue, name, rig) == ("cancelled", 0)


@pytest.mark.parametrize("trouble", DOUBT, ids=lambda one: one.value)
async def test_a_stop_in_doubt_is_found_by_its_id_and_never_sent_twice(
    rig: BinanceRig, trouble: Trouble
) -> None:
    """Lost: a second stop could open a position, or none protect the one there is."""
    async with connected(rig) as (venue, heard):
        rig.exchange.faults.script(Fault(trouble.value), method="POST", path="/algoOrder")
        sent = stop()
        name = sent.client_order_id
        await venue.submit(sent)
        await heard.hears(name, K.UNKNOWN)
        await rig.heal()
        assert await found(venue, name, rig) == rig.truth(name)
        assert (rig.truth(name) is None) == (trouble is Trouble.LOST_REQUEST)
        assert rig.arrivals(name) == 1


@pytest.mark.parametrize(
    ("trouble", "code"), [(Fault.REFUSED, "-2010"), (Fault.RATE_LIMITED, "-1003")]
)
async def test_a_refused_stop_is_rejected(rig: BinanceRig, trouble: Fault, code: str) -> None:
    """Lost: an account would believe in a stop that the venue never took."""
    async with connected(rig) as (venue, heard):
        rig.exchange.faults.script(trouble, method="POST", path="/algoOrder")
        sent = stop()
        await venue.submit(sent)
        assert (await heard.hears(sent.client_order_id, K.REJECTED)).code == code
        assert rig.truth(sent.client_order_id) is None


async def test_a_clock_that_is_off_is_set_right_for_the_next_stop(rig: BinanceRig) -> None:
    """Lost: with a clock that is off no stop would ever be taken again."""
    async with connected(rig) as (venue, heard):
        rig.skew(30 * 10**9)
        first = stop()
        await venue.submit(first)
        assert (await heard.hears(first.client_order_id, K.REJECTED)).code == "-1021"
        async with asyncio.timeout(10):
            while K.ACKNOWLEDGED not in {one.kind for one in heard.reports}:
                await asyncio.sleep(0.05)
                await venue.submit(stop())


@pytest.mark.parametrize("fault", [Fault.DUPLICATE_FILL, Fault.FILL_BEFORE_ACK])
async def test_a_trigger_told_twice_or_after_its_fill_counts_once(
    rig: BinanceRig, fault: Fault
) -> None:
    """Lost: the fill of a stop would be a stranger's, or count twice."""
    async with connected(rig) as (venue, heard):
        sent = stop()
        name = sent.client_order_id
        await venue.submit(sent)
        await heard.hears(name, K.ACKNOWLEDGED)
        for _ in range(4):
            rig.exchange.faults.script(fault)
        move(rig, LOW)
        await heard.until(lambda: heard.filled(name) == SIZE)
        assert {one.client_order_id for one in heard.reports if one.symbol} == {name}
        assert await found(venue, name, rig) == ("filled", SIZE)
        assert heard.filled(name) == SIZE


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_stop_that_triggered_unheard_is_found_again(
    rig: BinanceRig, restarts: bool
) -> None:
    """Lost: a stop that filled while we were away would leave a position we do not know."""
    async with connected(rig) as (venue, heard):
        sent, limit = stop(), stop(OrderType.STOP_LIMIT)
        for one in (sent, limit):
            await venue.submit(one)
            await heard.hears(one.client_order_id, K.ACKNOWLEDGED)
        if restarts:
            await venue.close()
        else:
            rig.exchange.cut()
        move(rig, LOW)
        if restarts:
            venue = rig.venue()
            await venue.connect(Heard())
        working = await venue.open_orders()
        fills = await venue.fills_since(0, INSTRUMENT.id)
        assert [one.client_order_id for one in fills] == [sent.client_order_id]
        again = await venue.open_orders()
        assert [one.client_order_id for one in again] == [limit.client_order_id]
        assert working == again
        assert await found(venue, sent.client_order_id, rig) == ("filled", SIZE)
        await venue.close()


async def test_strangers_orders_beside_a_stop_stay_strangers(rig: BinanceRig) -> None:
    """Lost: whatever somebody sells by hand would be taken for our stop."""
    async with connected(rig) as (venue, heard), connected(rig) as (other, _):
        sent = stop()
        await venue.submit(sent)
        await heard.hears(sent.client_order_id, K.ACKNOWLEDGED)
        strange = VenueOrder(
            client_order_id=new_id(),
            instrument=INSTRUMENT,
            side=Side.SELL,
            type=OrderType.MARKET,
            time_in_force=TimeInForce.GTC,
            quantity=SIZE,
        )
        await other.submit(strange)
        await heard.hears(strange.client_order_id, K.FILLED)
        assert await found(venue, sent.client_order_id, rig) == ("new", 0)


@pytest.mark.parametrize(
    "given",
    [
        {"type": OrderType.TRAILING_STOP, "trail": Decimal(10)},
        {"stop_price": None},
        {"stop_price": Decimal("29900.001")},
        {"time_in_force": TimeInForce.GTD},
        {"time_in_force": TimeInForce.IOC},
        {"post_only": True},
    ],
    ids=str,
)
async def test_what_cannot_be_said_is_not_sent(rig: BinanceRig, given: dict[str, Any]) -> None:
    """Lost: a stop would be placed that differs from the one asked for."""
    async with connected(rig) as (venue, heard):
        sent = stop(**given)
        await venue.submit(sent)
        await heard.hears(sent.client_order_id, K.REJECTED)
        assert rig.arrivals(sent.client_order_id) == 0


async def test_a_stop_is_not_changed(rig: BinanceRig) -> None:
    """Lost: a change would be believed that Binance does not make."""
    async with connected(rig) as (venue, heard):
        sent = stop()
        await venue.submit(sent)
        await venue.amend(sent.client_order_id, INSTRUMENT.id, SIZE * 2, None)
        report = await heard.hears(sent.client_order_id, K.REPLACE_REJECTED)
        assert report.code == "UNSUPPORTED"
