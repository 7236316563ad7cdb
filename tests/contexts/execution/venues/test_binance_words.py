"""What is said to Binance and what its answers mean: exact numbers, certain and uncertain noes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from decimal import Decimal

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contexts.execution.venues.binance_rig import BTC, BinanceRig
from tests.contexts.execution.venues.rig import Heard, connected, far, new_id, order

from fks.contexts.execution.adapters.venues.binance import trades
from fks.contexts.execution.adapters.venues.binance.calls import Calls, Doubt, Refused
from fks.contexts.execution.adapters.venues.binance.terms import Keys, settings_of
from fks.contexts.execution.adapters.venues.binance.words import Unfit, on_grid, stripped
from fks.contracts.execution import VenueOrder
from fks.contracts.execution import VenueReportKind as K
from fks.contracts.values import Instrument, OrderType, Side, TimeInForce
from fks.kernel.errors import FksError
from fks.kernel.settings import Secret
from fks.testing.exchange import Fault, Market


@pytest.fixture(params=list(Market), ids=lambda market: market.value)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[BinanceRig]:
    """Give an exchange of each market."""
    made = BinanceRig(request.param)
    async with made.exchange:
        yield made


@given(
    steps=st.integers(1, 10**15),
    exponent=st.integers(-8, 3),
    digit=st.sampled_from([1, 5, 25]),
    zeros=st.integers(0, 6),
)
def test_numbers_are_written_exactly(steps: int, exponent: int, digit: int, zeros: int) -> None:
    """Lost: a price with an exponent or a rounded digit would be refused, or be another price."""
    step = Decimal(digit).scaleb(exponent)
    value = (steps * step).quantize(Decimal(1).scaleb(min(exponent, 0) - zeros))
    text = stripped(value)
    assert Decimal(text) == value == steps * step
    assert set(text) <= set("0123456789.") and not text.endswith(".")
    assert "." not in text or not text.endswith("0")
    grid = Instrument(id="X", tick_size=step, lot_size=step)
    on_grid(grid, value, value)
    for off in (value + step / 2, Decimal(0), -value):
        with pytest.raises(Unfit):
            on_grid(grid, off)
        with pytest.raises(Unfit):
            on_grid(grid, value, off)


@pytest.mark.parametrize(
    ("status", "content", "outcome"),
    [
        (200, b"{", Doubt),
        (204, b"", Doubt),
        (301, b"", Doubt),
        (400, b'{"code":-2010,"msg":"no"}', Refused),
        (400, b'{"code":-1006,"msg":"?"}', Doubt),
        (400, b'{"code":-1007,"msg":"?"}', Doubt),
        (400, b'{"code":-1000,"msg":"?"}', Doubt),
        (400, b"<html>", Refused),
        (401, b'{"code":-2015,"msg":"key"}', Refused),
        (403, b"<html>", Refused),
        (408, b'{"code":-1007,"msg":"?"}', Doubt),
        (408, b"", Doubt),
        (418, b'{"code":-1003,"msg":"banned"}', Refused),
        (429, b"", Refused),
        (500, b'{"code":-2010,"msg":"no"}', Doubt),
        (502, b"<html>", Doubt),
        (503, b'{"code":-1008,"msg":"busy"}', Refused),
        (503, b'{"code":0,"msg":"Unknown error"}', Doubt),
        (504, b"", Doubt),
    ],
)
def test_only_a_certain_no_is_a_refusal(
    status: int, content: bytes, outcome: type[Exception]
) -> None:
    """Lost: an order that may live would be called rejected, and be placed a second time."""
    keys, settings = Keys(Secret("k"), Secret("s")), settings_of({})
    calls = Calls(keys, settings, time.time_ns, time.monotonic_ns, 100)
    with pytest.raises(outcome):
        calls._read(status, httpx.Headers(), content)


def test_the_signature_is_that_of_the_documentation() -> None:
    """Lost: every request would be refused by the real venue, and none by our own server."""
    keys = Keys(
        Secret("vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"),
        Secret("NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"),
    )
    payload = (
        "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1"
        "&recvWindow=5000&timestamp=1499827319559"
    )
    assert keys.sign(payload) == "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"


async def test_a_history_of_many_pages_is_read_whole(
    rig: BinanceRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost: after the thousandth fill reconciling would miss some."""
    monkeypatch.setattr(trades, "_PAGE", 3)
    async with connected(rig) as (venue, heard):
        sent = order(rig, price=far(rig))
        await venue.submit(sent)
        await heard.hears(sent.client_order_id, K.ACKNOWLEDGED)
        for _ in range(10):
            await rig.hit(far(rig), sent.quantity / 10)
        history = await venue.fills_since(0, rig.instrument.id)
        assert len(history) == 10
        assert [int(one.trade_id) for one in history] == sorted(int(o.trade_id) for o in history)
        recent = await venue.fills_since(time.time_ns() - 60 * 10**9, rig.instrument.id)
        assert recent == history
        fresh = rig.venue()  # after a restart: it knows nobody's names
        await fresh.connect(Heard())
        told = await fresh.fills_since(0, rig.instrument.id)
        assert {one.client_order_id for one in told} == {sent.client_order_id}
        await fresh.close()


async def test_an_old_fill_is_found_in_an_earlier_window() -> None:
    """Lost: a fill of days ago would be missed, because Binance looks at one day at a time."""
    days = [0]
    rig = BinanceRig(Market.SPOT, wall_ns=lambda: time.time_ns() + days[0] * 86400 * 10**9)
    async with rig.exchange:
        await rig.liquidity(rig.size)
        began = time.time_ns()
        async with connected(rig) as (venue, heard):
            sent = order(rig)
            await venue.submit(sent)
            await heard.hears(sent.client_order_id, K.FILLED)
        days[0] = 5
        async with connected(rig) as (venue, _):
            found = await venue.fills_since(began, rig.instrument.id)
            assert [one.client_order_id for one in found] == [sent.client_order_id]
            assert await venue.fills_since(began + 86400 * 10**9, rig.instrument.id) == ()


async def test_what_a_market_cannot_change_is_refused_and_stays(rig: BinanceRig) -> None:
    """Lost: a change would turn into a cancel, or into a second order."""
    async with connected(rig) as (venue, heard):
        sent = order(rig, price=far(rig))
        await venue.submit(sent)
        await heard.hears(sent.client_order_id, K.ACKNOWLEDGED)
        other = far(rig) - BTC.tick
        name, symbol = sent.client_order_id, rig.instrument.id
        await venue.amend(name, symbol, rig.size * 2, other)
        if rig.market is Market.SPOT:
            report = await heard.hears(name, K.REPLACE_REJECTED)
            assert report.code == "ONLY_SMALLER"
        else:
            report = await heard.hears(name, K.REPLACED)
            assert (report.quantity, report.price) == (rig.size * 2, other)
            await rig.hit(other, rig.size)
            await heard.hears(name, K.FILLED)
            await venue.amend(name, symbol, rig.size, None)
            assert (await heard.hears(name, K.REPLACE_REJECTED)).code == "ALREADY_FILLED"
        status = await venue.find_order(name, symbol)
        assert status is not None and status.state in ("new", "partially_filled")
        await venue.amend(name, symbol, rig.size + BTC.lot / 2, None)
        refused = [one for one in heard.of(name) if one.kind is K.REPLACE_REJECTED]
        assert refused[-1].code == "OFF_GRID"


async def test_a_lost_answer_to_a_change_is_unknown_and_the_stream_tells(rig: BinanceRig) -> None:
    """Lost: we would hold an order for larger or smaller than it is."""
    async with connected(rig) as (venue, heard):
        sent = order(rig, price=far(rig))
        await venue.submit(sent)
        await heard.hears(sent.client_order_id, K.ACKNOWLEDGED)
        rig.exchange.faults.script(Fault.LOST_ACK, method="PUT")
        await venue.amend(sent.client_order_id, rig.instrument.id, rig.size / 2, None)
        await heard.hears(sent.client_order_id, K.UNKNOWN)
        report = await heard.hears(sent.client_order_id, K.REPLACED)
        assert report.quantity == rig.size / 2
        assert K.REPLACE_REJECTED not in heard.kinds(sent.client_order_id)


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (OrderType.STOP, "STOP_LOSS"),
        (OrderType.STOP_LIMIT, "STOP_LOSS_LIMIT"),
        (OrderType.MARKET_IF_TOUCHED, "TAKE_PROFIT"),
        (OrderType.LIMIT_IF_TOUCHED, "TAKE_PROFIT_LIMIT"),
    ],
)
async def test_spot_waits_for_stops_itself(kind: OrderType, word: str) -> None:
    """Lost: a stop would be sent as an order that trades at once."""
    rig = BinanceRig(Market.SPOT)
    limit = kind in (OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED)
    above = kind in (OrderType.STOP, OrderType.STOP_LIMIT)
    trigger = Decimal(30100) if above else Decimal(29900)
    async with rig.exchange, connected(rig) as (venue, heard):
        rig.exchange.set_price("BTCUSDT", Decimal(30_000), Decimal(1))
        sent = VenueOrder(
            client_order_id=new_id(),
            instrument=rig.instrument,
            side=Side.BUY,
            type=kind,
            time_in_force=TimeInForce.GTC,
            quantity=rig.size,
            price=Decimal(30_200) if limit else None,
            stop_price=trigger,
        )
        await venue.submit(sent)
        await heard.hears(sent.client_order_id, K.ACKNOWLEDGED)
        assert rig.exchange.asked[-1][2]["type"] == word
        assert heard.filled(sent.client_order_id) == 0
        rig.exchange.set_market(
            "BTCUSDT", [(trigger, Decimal(1))], [(trigger + BTC.tick, Decimal(1))]
        )
        rig.exchange.play_trade("BTCUSDT", "SELL", trigger, rig.size)
        await heard.hears(sent.client_order_id, K.FILLED)


async def test_futures_reduce_a_position_and_no_more() -> None:
    """Lost: an order that should close could open the other side."""
    rig = BinanceRig(Market.USDM)
    async with rig.exchange, connected(rig) as (venue, heard):
        await rig.liquidity(rig.size * 5)
        opening = order(rig)
        await venue.submit(opening)
        await heard.hears(opening.client_order_id, K.FILLED)
        closing = order(rig, side=Side.SELL, quantity=rig.size * 2, reduce_only=True)
        await venue.submit(closing)
        await heard.until(lambda: heard.filled(closing.client_order_id) == rig.size)
        assert await venue.positions() == ()
        again = order(rig, side=Side.SELL, reduce_only=True)
        await venue.submit(again)
        assert (await heard.hears(again.client_order_id, K.REJECTED)).code == "-2022"


async def test_an_answer_without_what_it_must_have_is_an_error_not_a_guess(
    rig: BinanceRig,
) -> None:
    """Lost: a changed or broken interface would read as "no orders, no positions"."""
    async with connected(rig) as (venue, _):
        for method in (venue.open_orders, venue.balances, venue.clock_offset_ns):
            rig.exchange.faults.script(Fault.MALFORMED, method="GET")
            with pytest.raises(FksError):
                await method()
