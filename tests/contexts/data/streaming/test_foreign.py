"""Recordings that cryptofeed wrote are replayed, with their snapshots, to the exchange's books."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.contexts.data import kit
from tests.contexts.data.wires import bitfinex_speaker as bitfinex
from tests.contexts.data.wires import test_gateio as gateio
from tests.contexts.data.wires import test_kraken_futures as futures
from tests.contexts.data.wires.recorded_files import asked, recorded
from tests.contexts.data.wires.speaking import Levels, market

from fks.cli import program
from fks.kernel.errors import Invalid


def stream(home: Path, *arguments: str) -> Result:
    """Run the command in this process."""
    given = ["--home", str(home), "data", "stream", *arguments, "--json"]
    return CliRunner().invoke(program, given)


def told(result: Result) -> list[dict[str, Any]]:
    """Return what was printed, a document a line."""
    assert result.exception is None, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def best(levels: Levels) -> tuple[str, ...]:
    """Return the best prices and sizes as they are printed."""
    bid, ask = max(levels.bids), min(levels.asks)
    rows = (bid, levels.bids[bid], ask, levels.asks[ask])
    return tuple(f"{row.normalize():f}" for row in rows)


def shown(top: dict[str, Any]) -> tuple[str, ...]:
    """Return the same of a line."""
    texts = [str(top[name]) for name in ("bid", "bid_quantity", "ask", "ask_quantity")]
    return tuple(one.rstrip("0").rstrip(".") if "." in one else one for one in texts)


def test_a_book_is_replayed_with_its_page_from_the_file_beside_it(tmp_path: Path) -> None:
    """Lost: a book whose snapshot was asked for would wait for it to the end."""
    levels, number, messages = Levels(), 5000, list[bytes | None]()
    where = "https://api.gateio.ws/api/v4/spot/order_book?currency_pair={}&limit=100&with_id=true"
    pages = [(where.format("A_B"), gateio.page(levels, 3))]
    for k, batch in enumerate(gateio.batches(8, market(8, 200))):
        first, number = number + 1, number + len(batch)
        messages.append(gateio.change(batch, first, number))
        for level in batch:
            levels.put(level)
        if k == 0:
            pages.append((where.format(gateio.SYMBOL), gateio.page(levels, number)))
    asked(tmp_path / "GATEIO.http.0.0.gz", pages)
    path = recorded(tmp_path / "GATEIO.ws.1.0.gz", "wss://api.gateio.ws/ws/v4/", messages)
    *lines, end = told(stream(tmp_path, "gateio", gateio.SYMBOL, "--replay", str(path)))
    assert shown([one for one in lines if one["kind"] == "top"][-1]) == best(levels)
    assert end["states"] == {gateio.SYMBOL: "live"}
    assert (end["counters"]["snapshots"], end["counters"]["gaps"]) == (1, 0)
    alone = tmp_path / "other.gz"
    shutil.copyfile(path, alone)
    end = told(stream(tmp_path, "gateio", gateio.SYMBOL, "--replay", str(alone)))[-1]
    assert end["states"] == {gateio.SYMBOL: "waiting"}


def test_a_connection_made_anew_begins_its_books_anew(tmp_path: Path) -> None:
    """Lost: numbers that begin again would be ignored as old, and the book stay as it was."""
    levels, changes = Levels(), market(5, 120)
    for level in changes[:50]:
        levels.put(level)
    messages: list[bytes | None] = [
        futures.snapshot(levels, 9000),
        futures.change(changes[50], 9001),
    ]
    messages += [None, futures.snapshot(levels, 10)]
    for seq, level in enumerate(changes[50:], start=11):
        messages.append(futures.change(level, seq))
        levels.put(level)
    path = recorded(tmp_path / "x.gz", "wss://futures.kraken.com/ws/v1", messages)
    *lines, end = told(stream(tmp_path, "kraken_futures", futures.SYMBOL, "--replay", str(path)))
    assert shown([one for one in lines if one["kind"] == "top"][-1]) == best(levels)
    assert end["states"] == {futures.SYMBOL: "live"}
    assert (end["counters"]["snapshots"], end["counters"]["gaps"]) == (2, 0)


def test_checksums_are_looked_at_while_replaying(tmp_path: Path) -> None:
    """Lost: a replay would show books that the exchange did not have."""
    link, levels = bitfinex.Connection(65536), Levels()
    for level in market(6, 80):
        levels.put(level)
    messages: list[bytes | None] = [*link.begin(), bitfinex.subscribed(7, "book", "tBTCUSD")]
    messages.append(link.data(7, bitfinex.whole(levels)))
    messages.append(link.data(7, '"cs"', str(bitfinex.checksum(levels))))
    path = recorded(tmp_path / "x.gz", "wss://api.bitfinex.com/ws/2", messages)
    end = told(stream(tmp_path, "bitfinex", "BTCUSD", "--replay", str(path)))[-1]
    assert (end["states"], end["counters"]["checksum_failures"]) == ({"BTCUSD": "live"}, 0)
    messages.append(link.data(7, '"cs"', "1"))
    path = recorded(tmp_path / "y.gz", "wss://api.bitfinex.com/ws/2", messages)
    end = told(stream(tmp_path, "bitfinex", "BTCUSD", "--replay", str(path)))[-1]
    assert (end["states"], end["counters"]["checksum_failures"]) == ({"BTCUSD": "resyncing"}, 1)


def test_another_exchanges_recording_is_refused(tmp_path: Path) -> None:
    """Lost: one exchange's messages would be counted as unknown ones of another."""
    path = recorded(tmp_path / "x.gz", "wss://api.gateio.ws/ws/v4/", [b"{}"])
    result = stream(tmp_path, "binance", "BTCUSDT", "--replay", str(path))
    assert isinstance(result.exception, Invalid)
    assert result.exception.message == "x.gz is a recording of gateio, not of binance"
    path = recorded(tmp_path / "y.gz", "wss://example.org/stream", [b"{}"])
    result = stream(tmp_path, "binance", "BTCUSDT", "--replay", str(path))
    assert isinstance(result.exception, Invalid)
    assert "whose messages are not known here" in result.exception.message


REAL = [
    ("binance", "NKNUSDT", "BINANCE.ws.1.0.gz"),
    ("bitstamp", "ethusd", "BITSTAMP.ws.1.0.gz"),
    ("bybit", "BTCUSD", "BYBIT.ws.26.0.gz"),
    ("coinbase", "SKL-USD", "COINBASE.ws.28.0.gz"),
    ("deribit", "BTC-24SEP21-8000-P", "DERIBIT.ws.1.0.gz"),
    ("gemini", "FILUSD", "GEMINI.ws.1.0.gz"),
    ("okx", "UNI-USD-SWAP", "OKX.ws.1.0.gz"),
]


@pytest.mark.real_data
@pytest.mark.parametrize(("exchange", "symbol", "name"), REAL, ids=lambda one: one)
def test_real_recordings_end_with_a_live_book(
    tmp_path: Path, exchange: str, symbol: str, name: str
) -> None:
    """Lost: recordings of these exchanges could be imported, and not be looked at as they were."""
    path = kit.real(f"exchange_captures/{name}")
    *lines, end = told(stream(tmp_path, exchange, symbol, "--replay", str(path)))
    assert end["states"][symbol] in ("live", "stale")
    counters = end["counters"]
    assert (counters["malformed"], counters["unknown"], counters["resyncs"]) == (0, 0, 0)
    assert counters["snapshots"] >= 1
    assert any(one["kind"] == "top" for one in lines)
