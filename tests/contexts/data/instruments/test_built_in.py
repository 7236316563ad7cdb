"""The built-in instruments, against the tables that LEAN publishes."""

from __future__ import annotations

import gzip
import json
import os
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.contexts.data import kit

from fks.contexts.data.domain.registry.registry import BUILT_IN
from fks.contexts.data.service.instruments import listed, resolved

IN_CENTS = {"ZC", "ZS", "ZW"}
"""LEAN quotes the grains in dollars; FKS, as they are traded, in cents."""
YEARS = 30 if os.environ.get("FKS_TORTURE") == "1" else 1
FUTURES = sorted(symbol for symbol, one in BUILT_IN.products.items() if one.kind == "future")

ONE_A_RULE = sorted({BUILT_IN.products[symbol].last_day: symbol for symbol in FUTURES}.values())


@pytest.fixture(scope="module")
def properties() -> dict[tuple[str, str], list[str]]:
    """Return LEAN's symbol properties by market and symbol."""
    path = kit.real("lean/symbol-properties/symbol-properties-database.csv.gz")
    rows = [line.split(",") for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
    return {(row[0], row[1]): row for row in rows if len(row) > 6 and row[2] == "future"}


@pytest.fixture(scope="module")
def hours() -> dict[str, Any]:
    """Return LEAN's market hours by exchange and symbol."""
    path = kit.real("lean/market-hours/market-hours-database.json.gz")
    entries: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))["entries"]
    return entries


def test_there_are_thirty_two_futures_and_no_invented_money() -> None:
    """Lost: a made-up margin would size real positions."""
    assert len(FUTURES) == 32
    for one in BUILT_IN.products.values():
        assert not one.commission and not one.margin
    assert {"GC", "NQ", "ES", "CL", "BTC", "MES", "MNQ", "MGC", "MCL", "MBT"} <= set(FUTURES)


@pytest.mark.real_data
@pytest.mark.parametrize("symbol", FUTURES)
def test_tick_multiplier_venue_and_currency_are_those_of_lean(
    symbol: str, properties: dict[tuple[str, str], list[str]]
) -> None:
    """Lost: a tick would be worth what it is not."""
    one = BUILT_IN.products[symbol]
    row = properties[one.venue.lower(), symbol]
    cents = 100 if symbol in IN_CENTS else 1
    assert row[4] == one.currency
    assert Decimal(row[5]) == one.multiplier * cents
    assert Decimal(row[6]) * cents == one.tick
    assert not {"tick", "multiplier", "calendar"} & set(one.unverified)


@pytest.mark.real_data
@pytest.mark.parametrize("symbol", FUTURES)
def test_sessions_are_those_of_lean(symbol: str, hours: dict[str, Any]) -> None:
    """Lost: bars between sessions would look missing, or missing ones not."""
    one = BUILT_IN.products[symbol]
    entry = hours[f"Future-{one.venue.lower()}-{symbol}"]
    zone = {"America/New_York": 0, "America/Chicago": 1}[entry["exchangeTimeZone"]]
    opens = int(entry["sunday"][0]["start"][:2]) + zone
    closes = int(entry["friday"][-1]["end"][:2]) + zone
    if symbol in IN_CENTS:  # the grains, which pause: their days are compared in test_calendars
        assert (opens, closes, one.calendar) == (20, 14, "CBOT_AG")
        return
    assert (opens, closes, len(entry["friday"]), one.calendar) == (18, 17, 2, "CMES")


@pytest.mark.parametrize(
    ("symbol", "tick", "value"),
    [
        ("GC", "0.10", "10"),
        ("ES", "0.25", "12.50"),
        ("NQ", "0.25", "5"),
        ("CL", "0.01", "10"),
        ("BTC", "5", "25"),
        ("MES", "0.25", "1.25"),
        ("MGC", "0.1", "1"),
        ("ZC", "0.25", "12.50"),
        ("ZS", "0.25", "12.50"),
        ("ZW", "0.25", "12.50"),
    ],
)
def test_a_tick_is_worth_what_traders_know(symbol: str, tick: str, value: str) -> None:
    """Lost: risk of a trade would be counted in the wrong money."""
    found = {one.instrument.id: one for one in listed(BUILT_IN).instruments}[symbol]
    assert (found.instrument.tick_size, found.tick_value) == (Decimal(tick), Decimal(value))


@pytest.mark.parametrize("symbol", ONE_A_RULE if YEARS == 1 else FUTURES)
def test_on_every_day_something_that_has_not_rolled_is_in_front(symbol: str) -> None:
    """Lost: a day on which nothing, or what expired, is in front; FKS_TORTURE=1: thirty years."""
    for month in range(12 * YEARS):
        on = date(2021 - month // 12, month % 12 + 1, 1 + 5 * month % 28)
        found = resolved(BUILT_IN, f"{symbol}=F", on)
        assert found.unknown == "" and found.front == found.code
        assert found.rolls > on.isoformat(), (on, found)
        assert found.rolls < found.expires
