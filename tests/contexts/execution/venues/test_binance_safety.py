"""What guards the money at Binance: keys that never show, hosts that are pinned, clocks, limits."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
import structlog
from tests.contexts.execution.venues.binance_rig import BinanceRig
from tests.contexts.execution.venues.rig import Heard, connected, far, order

from fks.contexts.execution.adapters.venues.binance.spot import Spot
from fks.contexts.execution.adapters.venues.binance.terms import Keys, settings_of
from fks.contexts.execution.adapters.venues.binance.usdm import Usdm
from fks.contracts.execution import VenueReportKind as K
from fks.contracts.values import Instrument, OrderType, TimeInForce
from fks.kernel.errors import Denied, FksError, Invalid, Unavailable
from fks.testing.exchange import Fault, Market

SPOT, USDM = Spot.places, Usdm.places


@pytest.fixture(params=list(Market), ids=lambda market: market.value)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[BinanceRig]:
    """Give an exchange of each market."""
    made = BinanceRig(request.param)
    async with made.exchange:
        yield made


async def test_keys_appear_in_no_log_report_error_or_repr(
    rig: BinanceRig, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lost: whoever reads a log or an error message could trade our account."""
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    async with connected(rig) as (venue, heard):
        for fault in Fault:
            if fault in (Fault.RATE_LIMITED, Fault.BANNED):
                continue
            rig.exchange.faults.script(fault)
            await venue.submit(order(rig, price=far(rig)))
            await venue.cancel(heard.reports[-1].client_order_id, rig.instrument.id)
            rig.exchange.faults.script(fault)
            try:
                await venue.open_orders()
            except FksError:
                told.append(traceback.format_exc())
            await rig.heal()
        rig.exchange.cut()
        rig.user.api_secret = "changed"
        try:
            await venue.balances()
        except Denied:
            told.append(traceback.format_exc())
        told += [repr(venue), repr(vars(venue)), repr(vars(venue._calls)), repr(heard.reports)]
        told.append(repr(structlog.get_config()))
    secret = rig.venue()._opened().calls._keys._secret.reveal()
    said = "\n".join([*told, caplog.text, *capsys.readouterr()])
    assert len(told) > 5
    assert secret not in said and rig.user.api_key not in said
    assert "signature=" not in said


@pytest.mark.parametrize(
    "settings",
    [
        {"base_url": "https://api.binance.com.evil.example"},
        {"base_url": "http://api.binance.com"},
        {"base_url": "https://user:pass@api.binance.com"},
        {"base_url": "https://api.binance.com:8443"},
        {"base_url": "https://api.binance.com?x=1"},
        {"base_url": "https://192.168.1.9"},
        {"base_url": "ftp://127.0.0.1"},
        {"base_url": "https://[::1"},
        {"stream_url": "wss://stream.example"},
        {"stream_url": "ws://ws-api.binance.com"},
        {"base_url": "http://127.0.0.1:1"},
        {"stream_url": "ws://localhost:1"},
        {"base_url": "https://fapi.binance.com"},
    ],
    ids=str,
)
def test_keys_go_to_no_other_host(settings: dict[str, str]) -> None:
    """Lost: a wrong line in the settings would send our key to a stranger."""
    with pytest.raises(Denied):
        SPOT.chosen(settings_of(settings))


def test_hosts_of_binance_and_its_test_nets_are_known() -> None:
    """Lost: the pinned hosts would keep us from the real ones."""
    rest, stream, rights = SPOT.chosen(settings_of({}))
    assert (rest, rights) == ("https://api.binance.com", "https://api.binance.com")
    assert stream == "wss://ws-api.binance.com/ws-api/v3"
    test = {
        "base_url": "https://testnet.binance.vision",
        "stream_url": "wss://ws-api.testnet.binance.vision/ws-api/v3",
    }
    assert SPOT.chosen(settings_of(test))[2] == ""  # a test net tells no rights
    assert USDM.chosen(settings_of({}))[0] == "https://fapi.binance.com"


async def test_a_key_that_may_withdraw_is_refused(rig: BinanceRig) -> None:
    """Lost: a stolen key would cost all, not only the trades it makes."""
    rig.user.withdraws = True
    venue, heard = rig.venue(), Heard()
    with pytest.raises(Denied, match="withdraw"):
        await venue.connect(heard)
    assert heard.count(K.CONNECTED) == 0
    assert rig.exchange.streams.subscriptions == 0


async def test_wrong_keys_are_denied(rig: BinanceRig) -> None:
    """Lost: a wrong key would be retried until the address is banned."""
    rig.user.api_secret = "other"
    before = len(rig.exchange.asked)
    with pytest.raises(Denied, match="-1022"):
        await rig.venue().connect(Heard())
    assert len(rig.exchange.asked) - before == 2  # the time, and one question


def test_keys_are_read_from_closed_files_only(tmp_path: Path) -> None:
    """Lost: everybody on the machine could read the key."""
    key, secret = tmp_path / "key", tmp_path / "secret"
    key.write_text("abc\n")
    secret.write_text("def\n")
    settings = settings_of({"api_key_file": str(key), "api_secret_file": str(secret)})
    with pytest.raises(Denied, match="others"):
        Keys.read(settings)
    key.chmod(0o600)
    secret.chmod(0o600)
    keys = Keys.read(settings)
    assert keys.header == "abc" and "abc" not in repr(keys) and "def" not in repr(keys)
    for wrong in ({}, {"api_key_env": "NOT_THERE_AT_ALL", "api_secret_env": "NOR_THIS"}):
        with pytest.raises(Denied):
            Keys.read(settings_of(wrong))
    with pytest.raises(Invalid):
        settings_of({"api_key": "in the open"})


async def test_a_clock_that_is_off_is_measured_and_used(rig: BinanceRig) -> None:
    """Lost: every order would be refused as soon as our clock drifts by seconds."""
    rig.exchange.faults.skew_ms = 90_000
    async with connected(rig) as (venue, heard):
        assert abs(await venue.clock_offset_ns() - 90 * 10**9) < 10**9
        sent = order(rig, price=far(rig))
        await venue.submit(sent)
        await heard.hears(sent.client_order_id, K.ACKNOWLEDGED)
        rig.exchange.faults.skew_ms = -90_000  # a jump: this one is refused, the next is not
        sent = order(rig, price=far(rig))
        await venue.submit(sent)
        assert (await heard.hears(sent.client_order_id, K.REJECTED)).code == "-1021"
        assert venue._resync is not None
        await venue._resync
        sent = order(rig, price=far(rig))
        await venue.submit(sent)
        await heard.hears(sent.client_order_id, K.ACKNOWLEDGED)
        assert rig.arrivals(sent.client_order_id) == 1


@pytest.mark.parametrize("fault", [Fault.RATE_LIMITED, Fault.BANNED], ids=lambda one: one.value)
async def test_a_request_for_silence_is_kept(rig: BinanceRig, fault: Fault) -> None:
    """Lost: going on after 429 gets the address banned, and nothing can be cancelled."""
    async with connected(rig) as (venue, heard):
        rig.exchange.faults.script(fault, method="POST", path="/order")
        first = order(rig, price=far(rig))
        await venue.submit(first)
        assert (await heard.hears(first.client_order_id, K.REJECTED)).code == "-1003"
        asked = len(rig.exchange.asked)
        second = order(rig, price=far(rig))
        await venue.submit(second)
        assert (await heard.hears(second.client_order_id, K.UNSENT)).code == "NOT_SENT"
        await venue.cancel(second.client_order_id, rig.instrument.id)
        refused = await heard.hears(second.client_order_id, K.CANCEL_REJECTED)
        assert refused.code == "NOT_SENT"
        with pytest.raises(Unavailable, match="silence"):
            await venue.open_orders()
        assert len(rig.exchange.asked) == asked
        await asyncio.sleep(1.05)
        third = order(rig, price=far(rig))
        await venue.submit(third)
        await heard.hears(third.client_order_id, K.ACKNOWLEDGED)


async def test_questions_leave_the_last_weight_to_orders(rig: BinanceRig) -> None:
    """Lost: reconciling could use up what a cancel needs."""
    async with connected(rig) as (venue, heard):
        limit = rig.exchange.gate.weight_limit
        await asyncio.sleep(max(0.0, 0.5 - (59.5 - time.time() % 60)))  # not across a minute
        rig.exchange.gate.used = int(limit * 0.95)
        await venue.balances()
        with pytest.raises(Unavailable, match="weight"):
            await venue.balances()
        sent = order(rig, price=far(rig))
        await venue.submit(sent)
        await heard.hears(sent.client_order_id, K.ACKNOWLEDGED)


async def test_a_grid_that_is_not_the_venues_is_refused_at_the_start(rig: BinanceRig) -> None:
    """Lost: every price would be refused, one order at a time, while a session runs."""
    for wrong in (
        Instrument(id="BTCUSDT", tick_size=Decimal("0.001"), lot_size=Decimal("0.00001")),
        Instrument(id="BTCUSDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.000003")),
        Instrument(id="NOSUCH", tick_size=Decimal("0.01")),
    ):
        venue = rig.venue()
        venue.learn(wrong)
        with pytest.raises(Invalid):
            await venue.connect(Heard())


async def test_orders_that_cannot_be_said_are_refused_before_they_are_sent(
    rig: BinanceRig,
) -> None:
    """Lost: an order would be sent as something else than was meant."""
    async with connected(rig) as (venue, heard):
        asked = len(rig.exchange.asked)
        plain = order(rig, price=far(rig))
        for changed in (
            {"type": OrderType.TRAILING_STOP},
            {"time_in_force": TimeInForce.AT_CLOSE},
            {"price": None},
            {"post_only": True, "time_in_force": TimeInForce.IOC},
            {"price": Decimal("-1")},
            {"quantity": Decimal(0)},
        ):
            wrong = order(rig, price=far(rig))
            fields = {name: getattr(plain, name) for name in plain.__struct_fields__}
            fields |= changed | {"client_order_id": wrong.client_order_id}
            await venue.submit(type(plain)(**fields))
            assert (await heard.hears(wrong.client_order_id, K.REJECTED)).code
        assert len(rig.exchange.asked) == asked


async def test_a_venue_without_keys_is_made_and_cannot_connect(rig: BinanceRig) -> None:
    """Lost: one account with a key that is missing would keep all others from starting."""
    for settings, error in (
        ({}, Denied),
        ({**rig.keys, "base_url": "https://evil.example"}, Denied),
        ({"recv_window_ms": "long"}, Invalid),
    ):
        venue = rig.make(settings)
        assert venue.capabilities.history
        for _ in range(2):
            with pytest.raises(error):
                await venue.connect(Heard())
        with pytest.raises(Unavailable):
            await venue.open_orders()
        await venue.close()


async def test_connecting_is_tried_again_until_it_works(rig: BinanceRig) -> None:
    """Lost: a venue that was away at the start would stay away for us."""
    venue, heard = rig.venue(), Heard()
    await rig.unplug()
    for _ in range(2):
        with pytest.raises(Unavailable):
            await venue.connect(heard)
    await rig.exchange.start()
    await venue.connect(heard)
    sent = order(rig, price=far(rig))
    await venue.submit(sent)
    await heard.hears(sent.client_order_id, K.ACKNOWLEDGED)
    await venue.close()
