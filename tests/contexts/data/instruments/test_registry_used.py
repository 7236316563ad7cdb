"""What the user's registry says, where it matters: shown, fetched, charged."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from tests.contexts.data import kit
from tests.contexts.data.providers.served import BinanceSpot, klines, served

from fks.cli import program
from fks.contexts.data.adapters.providers.alpha_vantage import AlphaVantage
from fks.contexts.data.adapters.providers.ccxt import Ccxt
from fks.contexts.data.adapters.providers.settings import AlphaVantageSettings, CcxtSettings
from fks.contexts.data.domain.registry.registry import BUILT_IN, registry_of
from fks.contexts.data.service.registered import Registered
from fks.contracts.data.providers import DataQuery
from fks.kernel.errors import FksError

DAY_NS = 86_400_000_000_000
EPOCH = date(1970, 1, 1)
START_MS = 1_700_000_000_000 // 60_000 * 60_000


def invoke(home: Path, *arguments: str) -> Result:
    """Run the program in this process."""
    return CliRunner().invoke(program, ["--home", str(home), *arguments])


def answer(home: Path, *arguments: str) -> Any:
    """Run the program and return its one JSON document."""
    result = invoke(home, *arguments, "--json")
    assert result.exception is None, result.output
    return json.loads(result.stdout)


def test_costs_and_margins_are_set_by_day_and_shown(tmp_path: Path) -> None:
    """Lost: the day margin, or which figure holds since when."""
    since = ("--since", "2025-01-01")
    keys = ("margin.initial=15000", "margin.maintenance=13600", "margin.intraday=500")
    answer(tmp_path, "instruments", "set", "ES", *keys, "margin.note=broker", *since)
    fees = ("commission.per_side=0.85", "commission.exchange_fee=1.38")
    answer(tmp_path, "instruments", "set", "ES", *fees, *since)
    answer(
        tmp_path, "instruments", "set", "ES", "commission.per_side=0.25", "--since", "2025-06-01"
    )
    shown = invoke(tmp_path, "instruments", "show", "ES").stdout
    for told in ("intraday 500", "maintenance 13600", "exchange fee 1.38", "since 2025-06-01"):
        assert told in " ".join(shown.split()), shown
    then = answer(tmp_path, "instruments", "resolve", "ESH5", "--on", "2025-02-01")
    assert (then["margin"]["intraday"], then["commission"]["per_side"]) == ("500", "0.85")
    for wrong in ("margin.intraday=-1", "margin.intraday=many", "margin.overnight=5"):
        error = invoke(tmp_path, "instruments", "set", "ES", wrong).exception
        assert isinstance(error, FksError), wrong
    assert invoke(tmp_path, "instruments", "check").exception is None


def test_a_fetch_knows_the_users_products(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost: sizes that the user knows better, and one name for what exchanges call otherwise."""
    values = ("kind=crypto", "tick=0.01", "lot=0.001", "currency=USDT", "calendar=24/7")
    mine = ("multiplier=1", "venue=MINE", "aliases.binance=BTCUSDT", "aliases.desk=bitcoin")
    answer(tmp_path, "instruments", "set", "XBT", *values, *mine)
    exchange = BinanceSpot("BTCUSDT", klines(10, START_MS), "0.01", "0.00001")
    with served(exchange) as server:
        monkeypatch.setenv("FKS__PROVIDER_BINANCE__BASE_URL", server.url)
        monkeypatch.setenv("FKS__FETCHING__ALLOW_LOOPBACK", "true")

        def run(*words: str) -> Any:
            return answer(tmp_path, "data", *words)

        for name, symbol in (("a", "XBT"), ("b", "bitcoin"), ("c", "BTCUSDT")):
            fetch = ("fetch", symbol, "--from", "binance", "--start", "2023-11-14")
            made = run(*fetch, "--name", name)["dataset"]
            told = made["instrument"]
            assert (told["id"], told["venue"], told["lot_size"]) == ("XBT", "MINE", "0.001")
            assert run("rebuild", name)["same"] is True
        answer(tmp_path, "instruments", "set", "XBT", "tick=0.001", "aliases.binance=OTHER")
        assert run("rebuild", "a")["same"] is True, "what was meant then stands in the manifest"
        again = ("fetch", "XBT", "--from", "binance", "--start", "2023-11-14", "--name", "a")
        other = invoke(tmp_path, "data", *again).exception
        assert "Invalid symbol" in str(other), "pages of the old alias are not gone on with"
        answer(
            tmp_path,
            "instruments",
            "unset",
            "XBT",
            *(k.partition("=")[0] for k in (*values, *mine)),
        )
        theirs = run("fetch", "BTCUSDT", "--from", "binance", "--start", "2023-11-14")["dataset"]
        assert theirs["instrument"]["venue"] != "MINE"


def test_providers_that_tell_no_sizes_get_the_users() -> None:
    """Lost: guessed ticks where the user knows them."""
    registry = registry_of(
        '[OIL]\nkind = "future"\ntick = "0.01"\nmultiplier = 1000\naliases.alphavantage = ["WTI"]\n'
    )
    wire = Registered("alphavantage", AlphaVantage(AlphaVantageSettings()), lambda: registry)
    query = DataQuery(kind="bars", symbol="OIL", timeframe="1d")
    assert wire.instrument_page("OIL") is None
    meant = wire.meant("OIL")
    assert meant is not None
    assert (meant.instrument.id, int(meant.instrument.multiplier)) == ("OIL", 1000)
    assert ("symbol", "WTI") in wire.first_page(query).params
    other = msgspec.structs.replace(query, symbol="IBM")
    assert wire.meant("IBM") is None
    assert ("symbol", "IBM") in wire.first_page(other).params


def test_what_else_a_provider_says_is_heard() -> None:
    """Lost: that pages of ccxt are read in their order only, so that half of them would count."""
    pytest.importorskip("ccxt")
    made = Ccxt(CcxtSettings(), "bitstamp")
    member = Registered("ccxt:bitstamp", made, lambda: BUILT_IN)
    assert member.in_order is made.in_order is True


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home with two hundred days of ESH25 from 1 January 2024."""
    rows = [
        f"{(19_723 + k) * DAY_NS},{4000 + 10 * (k % 7)},{4100 + k % 7},3900,{4000 + 12 * (k % 9)},9"
        for k in range(200)
    ]
    path = str(kit.write(tmp_path / "es.csv", rows))
    answer(tmp_path / "h", "data", "import", path, "--instrument", "ESH25", "--name", "es")
    return tmp_path / "h"


def test_a_backtest_charges_what_the_registry_says(home: Path) -> None:
    """Lost: a strategy that only earns before commissions."""
    run = ("backtest", "run", "sma_cross", "-p", "fast=2", "-p", "slow=5", "--dataset", "es")
    refused = invoke(home, *run, "--registry-fees").exception
    assert isinstance(refused, FksError) and "commission.per_side=... --since" in refused.message
    fees = ("commission.per_side=0.85", "commission.exchange_fee=1.40")
    answer(home, "instruments", "set", "ES", *fees, "--since", "2023-01-01")
    given = answer(home, *run, "--fee-per-unit", "2.25")
    told = answer(home, *run, "--registry-fees")
    assert told["final_equity"] == given["final_equity"] != answer(home, *run)["final_equity"]
    assert told["metrics"]["total_fees"] == given["metrics"]["total_fees"] > 0
    both = invoke(home, *run, "--registry-fees", "--fee-per-unit", "1").exception
    assert isinstance(both, FksError) and "not from both" in both.message
    answer(home, "instruments", "set", "ES", "commission.per_side=1", "--since", "2024-03-01")
    changed = invoke(home, *run, "--registry-fees").exception
    assert isinstance(changed, FksError) and "changes on 2024-03-01" in changed.message
    assert answer(home, *run, "--registry-fees", "--to", "2024-03-01")["metrics"]["total_fees"] > 0
