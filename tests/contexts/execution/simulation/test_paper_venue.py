"""The paper venue speaks the contract: what a session sends and hears, by either clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fks.contexts.execution.adapters import model_files
from fks.contexts.execution.adapters.venues.paper import PaperVenue, make, make_simulated
from fks.contexts.execution.domain.simulation.calibration import calibrate
from fks.contexts.execution.domain.simulation.inputs import (
    AuctionSeen,
    BarSeen,
    DepthSeen,
    FundingSeen,
    QuoteSeen,
    TradeSeen,
)
from fks.contexts.execution.domain.simulation.models import (
    DataKind,
    FeeModel,
    FillModel,
    LatencyModel,
    MarginModel,
    SimulationModels,
)
from fks.contracts.execution import (
    VenueContext,
    VenueOrder,
    VenuePosition,
    VenueReport,
    VenueReportKind,
)
from fks.contracts.values import Bar, Instrument, OrderType, Side, TimeInForce
from fks.kernel.errors import Invalid, NotFound

ES = Instrument(id="ES", tick_size=Decimal("0.25"), multiplier=Decimal(50))
NQ = Instrument(id="NQ", tick_size=Decimal("0.25"), multiplier=Decimal(20))
QUOTES = SimulationModels(
    data=DataKind.QUOTES, fees=FeeModel(maker_ppb=0, taker_ppb=0, per_lot_nanos=2_000_000_000)
)
S = 10**9


def _venue(
    models: SimulationModels = QUOTES,
    factory: Callable[[VenueContext], PaperVenue] = make_simulated,
    **settings: Any,
) -> PaperVenue:
    return factory(
        VenueContext(
            account="A",
            settings={"models": msgspec.to_builtins(models), **settings},
            instruments=(ES,),
            wall_ns=time.time_ns,
            monotonic_ns=time.monotonic_ns,
        )
    )


async def _connected(venue: PaperVenue) -> list[VenueReport]:
    heard: list[VenueReport] = []
    await venue.connect(heard.append)
    return heard


def _order(name: str, side: Side = Side.BUY, quantity: int = 1, **more: Any) -> VenueOrder:
    values: dict[str, Any] = {
        "type": OrderType.MARKET,
        "time_in_force": TimeInForce.GTC,
        "quantity": Decimal(quantity),
        **more,
    }
    return VenueOrder(client_order_id=name, instrument=ES, side=side, **values)


def _quote(ts_ns: int, bid: str = "4799.75", ask: str = "4800.00", lots: int = 10) -> QuoteSeen:
    return QuoteSeen(
        symbol="ES",
        ts_ns=ts_ns,
        bid=Decimal(bid),
        bid_quantity=Decimal(lots),
        ask=Decimal(ask),
        ask_quantity=Decimal(lots),
    )


def _kinds(heard: list[VenueReport]) -> list[str]:
    return [report.kind.value for report in heard]


async def test_a_market_order_takes_the_next_quote_and_pays_its_fee() -> None:
    """Fills bear the quote's price and time, never those of the moment of sending."""
    venue = _venue()
    heard = await _connected(venue)
    venue.on_market(_quote(S))
    await venue.submit(_order("a", quantity=3))
    assert _kinds(heard) == ["connected", "acknowledged"]
    venue.on_market(_quote(2 * S, bid="4800.00", ask="4800.25"))
    fill = heard[-1]
    assert (fill.kind, fill.quantity, fill.price) == (
        VenueReportKind.FILLED,
        Decimal(3),
        Decimal("4800.25"),
    )
    assert (fill.ts_ns, fill.fee, fill.maker) == (2 * S, Decimal(6), False)
    assert await venue.positions() == (
        VenuePosition(symbol="ES", quantity=Decimal(3), average_price=Decimal("4800.25")),
    )
    assert (await venue.balances())[0].total == Decimal(99_994)
    assert [f.trade_id for f in await venue.fills_since(0, "ES")] == [fill.trade_id]
    status = await venue.find_order("a", "ES")
    assert status is not None
    assert (status.state, status.average_price) == ("filled", Decimal("4800.25"))
    await venue.close()
    assert _kinds(heard)[-1] == "disconnected"


async def test_a_resting_order_is_amended_cancelled_and_unknown_ones_are_refused() -> None:
    """Every request has its answer, and the venue's own list agrees."""
    venue = _venue()
    heard = await _connected(venue)
    venue.on_market(_quote(S))
    limit = {"type": OrderType.LIMIT, "price": Decimal("4799.00")}
    await venue.submit(_order("a", quantity=2, **limit))
    await venue.amend("a", "ES", Decimal(5), Decimal("4799.25"))
    (status,) = await venue.open_orders()
    assert (status.quantity, status.price) == (Decimal(5), Decimal("4799.25"))
    await venue.amend("a", "ES", Decimal(5), Decimal("4799.10"))
    await venue.cancel("a", "ES")
    await venue.cancel("a", "ES")
    await venue.cancel("never", "ES")
    assert _kinds(heard)[2:] == [
        "replaced",
        "replace_rejected",
        "cancelled",
        "cancel_rejected",
        "cancel_rejected",
    ]
    assert heard[3].code == "off_grid"
    assert await venue.open_orders() == ()
    assert await venue.find_order("never", "ES") is None


async def test_what_cannot_be_traded_is_refused_with_a_code() -> None:
    """A second use of an id, another symbol, half a lot: nothing of it reaches the simulator."""
    venue = _venue()
    heard = await _connected(venue)
    await venue.submit(_order("a"))
    await venue.submit(_order("a"))
    await venue.submit(_order("b", quantity=0))
    await venue.submit(
        msgspec.structs.replace(_order("c"), instrument=Instrument(id="NQ", tick_size=Decimal(1)))
    )
    await venue.submit(msgspec.structs.replace(_order("d"), quantity=Decimal("0.5")))
    rejected = [r.code for r in heard if r.kind is VenueReportKind.REJECTED]
    assert rejected == ["duplicate_client_order_id", "invalid", "unknown_symbol", "off_grid"]


async def test_bars_fill_by_the_datas_clock_however_fast_they_come() -> None:
    """An order decided on a bar meets the next one's open, by both factories alike."""
    models = SimulationModels(fill=FillModel(participation_ppm=0))
    for factory in (make, make_simulated):
        venue = _venue(models, factory)
        heard = await _connected(venue)
        for minute in range(3):
            bar = Bar(minute * 60 * S, 100.0 + minute, 101.0 + minute, 99.0, 100.5, 1000.0)
            venue.on_market(BarSeen(symbol="ES", bar=bar, end_ns=(minute + 1) * 60 * S))
            if minute == 0:
                await venue.submit(_order("a"))
        fill = heard[-1]
        assert (fill.ts_ns, fill.price) == (60 * S, Decimal(101))
        await venue.close()


async def test_a_day_order_ends_with_the_day_of_the_data_before_anything_of_the_next_fills() -> (
    None
):
    """Sent before any data, alive through the day, over when the next one begins."""
    venue = _venue()
    heard = await _connected(venue)
    resting = {"type": OrderType.LIMIT, "time_in_force": TimeInForce.DAY}
    await venue.submit(_order("a", price=Decimal("4799.00"), **resting))
    venue.on_market(_quote(86_400 * S - 1))
    assert len(await venue.open_orders()) == 1
    venue.on_market(_quote(86_400 * S + 5, bid="4790.00", ask="4790.25"))
    assert _kinds(heard)[1:] == ["acknowledged", "expired"]
    assert heard[-1].ts_ns == 86_400 * S


async def test_a_primed_order_is_put_back_even_where_a_new_one_would_be_refused() -> None:
    """A reduce-only order came before the position was known to us again: it is not lost."""
    venue = _venue()
    await _connected(venue)
    stop = _order(
        "a", Side.SELL, type=OrderType.STOP, stop_price=Decimal("4790.00"), reduce_only=True
    )
    venue.prime([(stop, Decimal(0))])
    assert [status.client_order_id for status in await venue.open_orders()] == ["a"]
    late = _order("b", time_in_force=TimeInForce.GTD, expire_ts_ns=S)
    venue.on_market(_quote(2 * S))
    heard: list[VenueReport] = await _connected(venue)
    await venue.submit(late)
    assert heard[-1].code == "invalid"


async def test_latency_passes_in_real_time_with_our_clock() -> None:
    """Acknowledgements come by themselves when they are due; the fill waits for data."""
    latency = LatencyModel(entry_ns=20_000_000, response_ns=10_000_000)
    venue = _venue(msgspec.structs.replace(QUOTES, latency=latency), make)
    heard: asyncio.Queue[VenueReport] = asyncio.Queue()
    await venue.connect(heard.put_nowait)
    assert (await heard.get()).kind is VenueReportKind.CONNECTED
    venue.on_market(_quote(time.time_ns()))
    await venue.submit(_order("a"))
    assert heard.empty()
    async with asyncio.timeout(5):
        assert (await heard.get()).kind is VenueReportKind.ACKNOWLEDGED
        venue.on_market(_quote(time.time_ns()))
        assert heard.empty()
        assert (await heard.get()).kind is VenueReportKind.FILLED
    await venue.close()


async def test_after_a_restart_it_is_primed_with_what_was_open() -> None:
    """The rest of a partly filled order works on; the position is there; ids stay used."""
    venue = _venue()
    heard = await _connected(venue)
    limit = _order(
        "a", quantity=5, type=OrderType.LIMIT, price=Decimal("4799.50"), reduce_only=False
    )
    held = VenuePosition(symbol="ES", quantity=Decimal(2), average_price=Decimal("4799.50"))
    venue.prime([(limit, Decimal(2))], [held])
    (status,) = await venue.open_orders()
    assert (status.state, status.filled) == ("partially_filled", Decimal(2))
    venue.on_market(_quote(S, bid="4799.25", ask="4799.50", lots=2))
    venue.on_market(_quote(2 * S, bid="4799.00", ask="4799.25", lots=7))
    fills = [r for r in heard if r.kind is VenueReportKind.FILLED]
    assert [r.quantity for r in fills] == [Decimal(2), Decimal(1)]
    assert (await venue.positions())[0].quantity == Decimal(5)
    await venue.submit(limit)
    assert heard[-1].code == "duplicate_client_order_id"


async def test_depth_trades_and_funding_reach_the_simulator() -> None:
    """A queue of ten is passed by a trade of twelve; a long pays funding of its notional."""
    models = SimulationModels(data=DataKind.DEPTH, funding=True)
    venue = _venue(models)
    heard = await _connected(venue)
    bid, ask = Decimal("99.75"), Decimal("100")
    venue.on_market(
        DepthSeen(
            symbol="ES",
            ts_ns=S,
            bids=((bid, Decimal(10)),),
            asks=((ask, Decimal(4)),),
            snapshot=True,
        )
    )
    await venue.submit(_order("a", quantity=5, type=OrderType.LIMIT, price=bid))
    venue.on_market(
        TradeSeen(symbol="ES", ts_ns=2 * S, price=bid, quantity=Decimal(12), aggressor=Side.SELL)
    )
    assert (heard[-1].quantity, heard[-1].maker) == (Decimal(2), True)
    venue.on_market(FundingSeen(symbol="ES", ts_ns=3 * S, rate=Decimal("0.0001"), mark=ask))
    assert (await venue.balances())[0].total == Decimal(100_000) - Decimal("1.0")


def test_settings_may_name_a_fitted_model_file_and_wrong_ones_are_refused(tmp_path: Path) -> None:
    """What `fks execution calibrate` writes is what the venue runs with."""
    fitted = calibrate([], QUOTES)
    path = model_files.write(tmp_path, model_files.file_of("desk", fitted, "f.csv", "0" * 64, 1))
    venue = _venue(SimulationModels(), models_file=str(path))
    assert venue.models == msgspec.structs.replace(QUOTES, name="desk", source="f.csv " + "0" * 12)
    path.write_bytes(path.read_bytes().replace(b"2000000000", b"1000000000"))
    with pytest.raises(Invalid, match="was changed"):
        _venue(models_file=str(path))
    with pytest.raises(NotFound):
        _venue(models_file=str(tmp_path / "none"))
    with pytest.raises(Invalid, match="paper venue's settings"):
        _venue(colour="red")


def _bar(minute: int, price: float, **flags: bool) -> BarSeen:
    bar = Bar(minute * 60 * S, price, price + 2, price - 2, price + 1, 1000.0)
    return BarSeen(symbol="ES", bar=bar, end_ns=(minute + 1) * 60 * S, **flags)


async def test_orders_for_an_auction_fill_at_the_prints_of_bars_and_feeds() -> None:
    """A session's first and last bar hold its auctions; other data tells them as what they are."""
    venue = _venue(SimulationModels())
    heard = await _connected(venue)
    await venue.submit(_order("open", time_in_force=TimeInForce.AT_OPEN))
    await venue.submit(_order("close", Side.SELL, time_in_force=TimeInForce.AT_CLOSE))
    venue.on_market(_bar(1, 4800.0))
    assert "filled" not in _kinds(heard)
    venue.on_market(_bar(2, 4810.0, opens=True))
    venue.on_market(_bar(3, 4820.0, closes=True))
    fills = [(r.client_order_id, r.price) for r in heard if r.kind is VenueReportKind.FILLED]
    assert fills == [("open", Decimal(4810)), ("close", Decimal(4821))]
    told = _venue(QUOTES)
    heard = await _connected(told)
    told.on_market(_quote(S))
    await told.submit(_order("open", quantity=9, time_in_force=TimeInForce.AT_OPEN))
    told.on_market(_quote(2 * S))
    told.on_market(
        AuctionSeen(
            symbol="ES",
            ts_ns=3 * S,
            price=Decimal("4801.25"),
            quantity=Decimal(6),
            closing=False,
        )
    )
    assert _kinds(heard)[-2:] == ["filled", "cancelled"]
    assert (heard[-2].quantity, heard[-2].price) == (Decimal(6), Decimal("4801.25"))


async def test_an_amendment_tells_the_whole_quantity_and_a_decrement_too() -> None:
    """Told the open part, the desk would take an order for smaller than what it has filled."""
    venue = _venue(QUOTES, self_trade="decrement")
    heard = await _connected(venue)
    venue.on_market(_quote(S, lots=4))
    limit = {"type": OrderType.LIMIT, "price": Decimal("4800.00")}
    await venue.submit(_order("a", quantity=10, **limit))
    venue.on_market(_quote(2 * S, lots=4))
    assert heard[-1].kind is VenueReportKind.FILLED
    await venue.amend("a", "ES", Decimal(8), None)
    assert (heard[-1].kind, heard[-1].quantity) == (VenueReportKind.REPLACED, Decimal(8))
    await venue.submit(_order("b", Side.SELL, 1, **limit))
    venue.on_market(_quote(3 * S, ask="4800.25", lots=4))
    said = [(r.client_order_id, r.kind.value, r.code) for r in heard[-2:]]
    assert said == [("a", "replaced", "self_trade"), ("b", "cancelled", "self_trade")]
    assert heard[-2].quantity == Decimal(7)
    status = await venue.find_order("a", "ES")
    assert status is not None
    assert (status.quantity, status.filled) == (Decimal(7), Decimal(4))


async def test_two_instruments_of_an_account_share_its_cash() -> None:
    """With the cash once for each, margin would allow twice what the account can carry."""
    models = SimulationModels(margin=MarginModel(initial_ppb=10**9))
    venue = _venue(models, cash="250000")
    venue.learn(NQ)
    heard = await _connected(venue)
    for number, instrument in enumerate((ES, NQ)):
        bar = Bar(60 * S, 4000.0, 4000.0, 4000.0, 4000.0, 100.0)
        venue.on_market(BarSeen(symbol=instrument.id, bar=bar, end_ns=120 * S))
        order = msgspec.structs.replace(_order(f"{number}"), instrument=instrument)
        await venue.submit(order)
        bar = msgspec.structs.replace(bar, ts_ns=120 * S)
        venue.on_market(BarSeen(symbol=instrument.id, bar=bar, end_ns=180 * S))
    refused = [r.client_order_id for r in heard if r.kind is VenueReportKind.REJECTED]
    assert refused == ["1"]
    assert heard[-1].code == "margin"
