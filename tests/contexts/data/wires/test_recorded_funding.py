"""Funding in recordings: what was paid becomes rows, what may still change does not."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from tests.contexts.data.formats.tick_kit import agree, ticks
from tests.contexts.data.wires import test_bitmex as bitmex
from tests.contexts.data.wires import test_kraken_futures as futures
from tests.contexts.data.wires import test_recorded_binance as binance
from tests.contexts.data.wires.recorded_files import BEGIN_S, recorded

from fks.contexts.data.domain.wires.binance import BinanceWire
from fks.contracts.data.streams import FundingUpdate, Notice
from fks.kernel.errors import Invalid, Unavailable

DUE_S = BEGIN_S + 40


def mark(price: str, rate: str, due_s: int) -> bytes:
    """Return a mark price of Binance's."""
    times = {"E": binance.MS, "T": due_s * 1000}
    head = {"e": "markPriceUpdate", "s": binance.SYMBOL, "p": price, "i": "1", "P": "1"}
    return binance.said("markPrice@1s", **head, r=rate, **times)


def test_the_last_rate_before_a_payment_is_what_was_paid(tmp_path: Path) -> None:
    """Lost: each guess of the next rate would be counted as money that was paid."""
    told: list[bytes | None] = [mark(f"{100 + k}.5", f"0.0000{k + 10}", DUE_S) for k in range(39)]
    told += [mark("200.5", "-0.00020000", DUE_S + 28_800) for _ in range(5)]
    path = recorded(tmp_path / "x.gz", binance.FUTURES, told)
    found = ticks(path)
    agree(found, [(DUE_S * 10**9, 0.000048, 138.5)])
    assert "times are of payment" in found.notes
    agree(ticks(path, columns={"ts": "exchange"}), [(DUE_S * 10**9, 0.000048, 138.5)])
    early = recorded(tmp_path / "y.gz", binance.FUTURES, told[:30])
    with pytest.raises(Invalid, match=r"is paid at 2021-10-12T00:29:12\+00:00, after the record"):
        ticks(early, kind="funding")


def test_a_rate_that_was_told_long_before_is_no_payment(tmp_path: Path) -> None:
    """Lost: after a hole in a recording another rate would be taken for the one that was paid."""
    later = DUE_S + 400
    told: list[bytes | None] = [mark("1", "0.0001", later), mark("1", "0.0002", later + 28_800)]
    path = recorded(tmp_path / "x.gz", binance.FUTURES, told)
    with pytest.raises(Invalid, match="no payment is in it"):
        ticks(path)
    told += [mark("1", "0.0003", DUE_S + 1), mark("2", "0.0004", DUE_S + 60)]
    found = ticks(recorded(tmp_path / "y.gz", binance.FUTURES, told))
    agree(found, [((DUE_S + 1) * 10**9, 0.0003, 1)])
    assert [one.reason for one in found.refused] == [
        "the last rate was told 438 s before it was paid"
    ]


def test_krakens_rate_of_the_hour_beside_its_quotes(tmp_path: Path) -> None:
    """Lost: the rate in coins would be taken for the relative one, or the quotes be lost."""
    ticker: dict[str, Any] = {"feed": "ticker", "product_id": futures.SYMBOL, "time": futures.MS}
    ticker |= {"bid": 10.5, "ask": 11.0, "bid_size": 1, "ask_size": 2, "markPrice": 10.75}
    ticker |= {"funding_rate": -1.5e-9, "relative_funding_rate": -4.5e-05}
    messages: list[bytes | None] = [
        futures.said(**ticker, next_funding_rate_time=(DUE_S + hour) * 1000) for hour in (0, 3600)
    ]
    path = recorded(tmp_path / "x.gz", "wss://futures.kraken.com/ws/v1", messages)
    assert len(ticks(path).rows.ts_ns) == 2
    agree(ticks(path, kind="funding"), [(DUE_S * 10**9, -4.5e-05, 10.75)])


def test_payments_that_bitmex_tells_are_taken_once(tmp_path: Path) -> None:
    """Lost: a payment that each new connection tells again would be paid twice."""
    row: dict[str, Any] = {"timestamp": "2021-10-12T04:00:00.000Z", "symbol": bitmex.SYMBOL}
    row |= {"fundingInterval": "2000-01-01T08:00:00.000Z", "fundingRate": 0.0001}
    row |= {"fundingRateDaily": 0.0003}
    later = row | {"timestamp": "2021-10-12T12:00:00.000Z", "fundingRate": -0.00025}
    told = bitmex.said("funding", "partial", [row])
    messages = [told, None, told, bitmex.said("funding", "insert", [later])]
    path = recorded(tmp_path / "x.gz", "wss://www.bitmex.com/realtime", messages)
    first = 1_634_011_200 * 10**9
    rows = [(first, 0.0001, math.nan), (first + 8 * 3600 * 10**9, -0.00025, math.nan)]
    agree(ticks(path), rows)


def test_what_is_no_rate_is_no_funding() -> None:
    """Lost: contracts that expire would pay; a text would be taken for a number."""
    wire = BinanceWire("coinm")
    (none,) = wire.read(mark("1.5", "", 0), 1)
    assert isinstance(none, Notice)
    (told,) = wire.read(mark("1.5", "0.0001", DUE_S), 1)
    assert isinstance(told, FundingUpdate)
    for rate in ("x", "NaN", "1" * 40, "1e999", "--1"):
        with pytest.raises(Unavailable, match="not a number"):
            wire.read(mark("1.5", rate, DUE_S), 1)
