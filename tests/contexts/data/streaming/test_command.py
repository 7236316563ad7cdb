"""`fks data stream`: live and replayed, for people and for programs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fks.cli import program
from fks.kernel.errors import FksError, Invalid

from .exchange import SYMBOL, Exchange, market

NOW_NS = 1_700_000_000_000_000_000


def stream(home: Path, *arguments: str, env: dict[str, str] | None = None) -> Result:
    """Run the command in this process."""
    given = ["--home", str(home), "data", "stream", "binance", *arguments]
    return CliRunner().invoke(program, given, env=env)


def documents(result: Result) -> list[dict[str, Any]]:
    """Return what was printed, a document a line."""
    assert result.exception is None, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def exchange() -> Exchange:
    """Return a market of two hundred events."""
    return Exchange(*market(200, 21))


@pytest.fixture
def session(tmp_path: Path, exchange: Exchange) -> Path:
    """Return a recording of it."""
    lines = [exchange.snapshot(), *exchange.messages]
    path = tmp_path / "session.txt"
    path.write_bytes(b"".join(b"%d %s\n" % (NOW_NS + at, one) for at, one in enumerate(lines)))
    return path


def test_a_replay_tells_all_updates_and_then_the_end(
    tmp_path: Path, session: Path, exchange: Exchange
) -> None:
    """Lost: a program that reads the lines would get other prices than the exchange's."""
    channels = ("--channels", "book,trades,quotes")
    found = documents(stream(tmp_path, "ethusdt", "--replay", str(session), "--json", *channels))
    while not exchange.done:
        exchange.next()
    tops = [one for one in found if one["kind"] == "top"]
    last = tops[-1]
    shown = (last["bid"], last["bid_quantity"], last["ask"], last["ask_quantity"])
    assert shown == tuple(str(value) for value in exchange.top())
    trades = [one for one in found if one["kind"] == "trade"]
    expected = [json.loads(one)["data"] for one in exchange.messages if b'"trade"' in one]
    assert [(one["id"], one["price"], one["side"]) for one in trades] == [
        (str(one["t"]), one["p"], 1) for one in expected
    ]
    assert found[-1]["kind"] == "end"
    assert found[-1]["states"] == {SYMBOL: "live"}
    assert found[-1]["counters"]["messages"] == len(exchange.messages)


def test_people_get_a_table(tmp_path: Path, session: Path, exchange: Exchange) -> None:
    """Lost: nobody would see the spread, the state, or what was lost."""
    result = stream(tmp_path, SYMBOL, "--replay", str(session))
    assert result.exception is None, result.output
    while not exchange.done:
        exchange.next()
    bid, _, ask, _ = exchange.top()
    for text in (SYMBOL, "live", str(bid), str(ask), str(ask - bid), "0 gaps"):
        assert text in result.stdout


async def test_a_live_session_is_recorded_and_says_the_same_again(
    tmp_path: Path, exchange: Exchange
) -> None:
    """Lost: the command would work with recordings only."""
    path = tmp_path / "new.gz"
    async with exchange.running():
        result = await asyncio.to_thread(
            stream,
            tmp_path,
            SYMBOL,
            *("--seconds", "3", "--record", str(path), "--json"),
            *("--url", f"ws://{exchange.address}/stream"),
            *("--pages-url", f"http://{exchange.address}"),
            env={"FKS__FETCHING__ALLOW_LOOPBACK": "true"},
        )
    live = documents(result)
    replayed = await asyncio.to_thread(stream, tmp_path, SYMBOL, "--replay", str(path), "--json")
    again = documents(replayed)
    for kind in ("top", "trade"):
        last = [[one for one in found if one["kind"] == kind][-1] for found in (live, again)]
        assert last[0] == last[1]
    assert live[-1]["states"] == again[-1]["states"] == {SYMBOL: "live"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("ETH USDT", "--record", "{new}"), "data.no_symbol"),
        (("ETHUSDT", "--channels", "news", "--record", "{new}"), "data.no_channel"),
        (("ETHUSDT", "--url", "ws://127.0.0.1:1", "--record", "{new}"), "data.bad_destination"),
        (("ETHUSDT", "--replay", "{new}"), "data.no_file"),
        (("ETHUSDT", "--replay", "{old}", "--record", "{new}"), "data.bad_stream"),
        (("ETHUSDT", "--record", "{old}"), "data.file_exists"),
    ],
)
def test_what_cannot_be_streamed_is_refused_and_writes_nothing(
    tmp_path: Path, session: Path, arguments: tuple[str, ...], code: str
) -> None:
    """Lost: a mistake would connect somewhere, or leave or overwrite a file."""
    new, before = tmp_path / "new", session.read_bytes()
    given = [one.format(new=new, old=session) for one in arguments]
    result = stream(tmp_path / "home", *given)
    assert isinstance(result.exception, FksError), result.output
    assert result.exception.code == code
    assert not new.exists()
    assert session.read_bytes() == before


def test_an_unknown_exchange_is_told_which_there_are(tmp_path: Path) -> None:
    """Lost: nobody would know what to write."""
    result = CliRunner().invoke(program, ["--home", str(tmp_path), "data", "stream", "x", "A"])
    assert isinstance(result.exception, Invalid)
    assert "binance_usdm" in result.exception.message
