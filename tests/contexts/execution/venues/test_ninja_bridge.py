"""The NinjaTrader port: who is let in, what is on the wire, what is too old."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from tests.contexts.execution.venues.rig import Heard, K, new_id
from tests.contexts.execution.venues.room_rig import GOLD
from tests.contexts.execution.venues.test_ninja_contract import TOKEN, context, free_port

from fks.contexts.execution.adapters.venues.ninja.venue import NinjaVenue, make
from fks.contracts.execution import VenueOrder
from fks.contracts.values import OrderType, Side, TimeInForce
from fks.kernel.errors import Invalid, Unavailable
from fks.testing.ninja import FakeNinjaTrader

D = Decimal


@contextlib.asynccontextmanager
async def bridge(
    **settings: object,
) -> AsyncIterator[tuple[NinjaVenue, FakeNinjaTrader, Heard]]:
    """Run a venue and a terminal that found it."""
    port = free_port()
    venue, terminal, heard = make(context(port, **settings)), FakeNinjaTrader([GOLD]), Heard()
    terminal.token = TOKEN
    terminal.start(port)
    await venue.connect(heard)
    try:
        yield venue, terminal, heard
    finally:
        await venue.close()
        await terminal.stop()


def buy(price: str = "1999.5", **fields: object) -> VenueOrder:
    """Return an order to buy two contracts."""
    given: dict[str, object] = {
        "client_order_id": new_id(),
        "instrument": GOLD,
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "time_in_force": TimeInForce.DAY,
        "quantity": D(2),
        "price": D(price) if price else None,
    }
    return VenueOrder(**(given | fields))  # type: ignore[arg-type]


async def test_a_signal_has_the_fields_of_the_wire_and_exact_numbers() -> None:
    """The other side is a program in C#: what it reads is fixed by the reference page."""
    async with bridge() as (venue, terminal, heard):
        order = buy("1999.5")
        await venue.submit(order)
        await heard.hears(order.client_order_id, K.ACKNOWLEDGED)
        signal = next(line for line in terminal.received if line["type"] == "signal")
        assert {"action", "symbol", "quantity", "stop_loss", "take_profit", "timestamp"} <= {
            *signal
        }
        assert (signal["action"], signal["symbol"]) == ("buy", "GC")
        assert (signal["quantity"], signal["price"]) == (2, D("1999.5"))
        assert signal["stop_loss"] is None
        assert heard.of(order.client_order_id)[0].venue_order_id


async def test_a_signal_of_more_than_30_s_ago_is_refused() -> None:
    """A signal that arrives late trades at a price nobody saw."""
    async with bridge() as (venue, terminal, heard):
        terminal.skew_ns = 30 * 10**9
        order = buy()
        await venue.submit(order)
        report = await heard.hears(order.client_order_id, K.REJECTED)
        assert report.code == "stale"
        assert abs(await venue.clock_offset_ns() - 30 * 10**9) < 10**8
        terminal.skew_ns = 29 * 10**9
        order = buy()
        await venue.submit(order)
        await heard.hears(order.client_order_id, K.ACKNOWLEDGED)


@pytest.mark.parametrize(
    ("account", "token", "why"),
    [
        ("Sim101", "0123456789abcdeX", "the token is wrong"),
        ("Sim101", "", "the token is wrong"),
        ("Sim999", TOKEN, "this is the port of account Sim101"),
    ],
)
async def test_only_the_terminal_of_the_account_with_the_token_is_let_in(
    account: str, token: str, why: str
) -> None:
    """Whoever can connect to this port could tell fills that never were."""
    port = free_port()
    venue = make(context(port))
    terminal = FakeNinjaTrader([GOLD], account=account, token=token)
    terminal.start(port)
    with pytest.raises(Unavailable, match="no NinjaTrader came"):
        await venue.connect(Heard())
    assert terminal.refusal == why
    terminal.account, terminal.token = "Sim101", TOKEN
    heard = Heard()
    await venue.connect(heard)
    assert heard.count(K.CONNECTED) == 1
    await venue.close()
    await terminal.stop()


@pytest.mark.parametrize("line", [b"GET / HTTP/1.1\r\n", b"[]\n", b'{"type":"heartbeat"}\n'])
async def test_what_is_no_hello_is_refused(line: bytes) -> None:
    """A browser or a scanner must not take the terminal's place."""
    async with bridge() as (venue, _, heard):
        reader, writer = await asyncio.open_connection("127.0.0.1", venue.port)
        writer.write(line)
        answer = json.loads(await reader.readline())
        assert answer["type"] == "refused"
        assert await reader.read() == b""
        writer.close()
        assert heard.count(K.DISCONNECTED) == 0


async def test_a_new_terminal_takes_over_from_one_that_is_stuck() -> None:
    """After a network fault the old connection may look alive for minutes."""
    async with bridge() as (venue, terminal, heard):
        order = buy()
        await venue.submit(order)
        await heard.hears(order.client_order_id, K.ACKNOWLEDGED)
        reader, writer = await asyncio.open_connection("127.0.0.1", venue.port)
        hello = {"type": "hello", "account": "Sim101", "token": TOKEN}
        writer.write(json.dumps(hello).encode() + b"\n")
        assert json.loads(await reader.readline())["type"] == "welcome"
        await heard.until(lambda: heard.count(K.DISCONNECTED) == 1)
        await heard.until(lambda: heard.count(K.CONNECTED) >= 2)
        writer.close()
        await heard.until(lambda: heard.count(K.CONNECTED) >= 3)  # the first one is back
        for _ in range(100):
            await asyncio.sleep(0.01)
            if [line["type"] for line in terminal.received].count("welcome") == 2:
                return
        raise AssertionError("the first terminal was not let in again")


async def test_lines_that_are_broken_or_too_long_do_not_stop_the_bridge() -> None:
    """A bug in the terminal's strategy must not take the account off."""
    async with bridge() as (venue, terminal, heard):
        for rubbish in (b"{\n", b'{"type":"unheard of"}\n', b'{"type":"fill","id":5}\n'):
            terminal._write(rubbish)
        order = buy()
        await venue.submit(order)
        await heard.hears(order.client_order_id, K.ACKNOWLEDGED)
        terminal._write(b"x" * 200_000 + b"\n")
        await heard.until(lambda: heard.count(K.CONNECTED) == 2)


async def test_other_names_of_symbols_and_stops_go_out_and_come_back() -> None:
    """NinjaTrader calls a contract by its month."""
    async with bridge(symbols={"GC": "GC 02-27"}) as (venue, terminal, heard):
        stop = buy("", type=OrderType.STOP, stop_price=D("2010.0"))
        await venue.submit(stop)
        report = await heard.hears(stop.client_order_id, K.REJECTED)
        assert report.text == "unknown symbol GC 02-27"
        assert report.symbol == "GC"
        signal = next(line for line in terminal.received if line["type"] == "signal")
        assert (signal["order_type"], signal["stop_price"]) == ("stop", 2010)


def test_a_short_token_is_not_taken(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """A token that can be guessed is none."""
    given = context(0)
    monkeypatch.setenv("FKS_TEST_NINJA", "short")
    with pytest.raises(Invalid, match="fewer than 16"):
        make(given)
    monkeypatch.delenv("FKS_TEST_NINJA")
    with pytest.raises(Invalid, match="FKS_TEST_NINJA is empty"):
        make(given)
