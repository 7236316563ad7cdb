"""One contract, many spellings; and what is in front on a day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.contexts.data import kit

from fks.contexts.data.domain.instruments import known_instrument
from fks.contexts.data.domain.registry.registry import BUILT_IN, registry_of
from fks.contexts.data.service.instruments import details_of, resolved
from fks.kernel.errors import Invalid, NotFound

MID_JANUARY = date(2025, 1, 15)


@pytest.mark.parametrize(
    ("symbol", "source"),
    [
        ("ESH5", "exchange"),
        ("ESH25", "exchange"),
        ("ES 03-25", "ninjatrader"),
        ("ES MAR25", "ninjatrader"),
        ("ES202503", "fks"),
        ("ESH2025", "tradingview"),
        ("CME_MINI:ESH2025", "tradingview"),
        ("ESH25.CME", "yahoo"),
        ("ES21H25", "lean"),
        ("es 03-25", "ninjatrader"),
    ],
)
def test_every_spelling_of_a_contract_is_that_contract(symbol: str, source: str) -> None:
    """Lost: the same contract would be two instruments, and positions in it two."""
    found = resolved(BUILT_IN, symbol, MID_JANUARY)
    assert (found.code, found.meaning, found.source) == ("ESH25", "contract", source)
    assert (found.delivery, found.expires, found.rolls) == ("2025-03", "2025-03-21", "2025-03-14")
    assert all(
        resolved(BUILT_IN, one, MID_JANUARY).code == "ESH25" for one in found.spellings.values()
    )


@pytest.mark.parametrize("symbol", ["ES=F", "ES1!", "CME_MINI:ES1!", "CME:ES1!"])
def test_the_front_contract_changes_on_the_day_of_the_roll(symbol: str) -> None:
    """Lost: orders would go into the contract that everybody left."""
    before, after = date(2025, 3, 13), date(2025, 3, 14)
    assert resolved(BUILT_IN, symbol, before).code == "ESH25"
    found = resolved(BUILT_IN, symbol, after)
    assert (found.code, found.front, found.meaning) == ("ESM25", "ESM25", "front")
    assert resolved(BUILT_IN, "ES2!", after).code == "ESU25"
    assert resolved(BUILT_IN, "ES=F", date(2024, 12, 31)).code == "ESH25"


@pytest.mark.real_data
def test_the_front_of_es_is_leans_on_every_day_around_every_roll() -> None:
    """Lost: a history would be that of another contract; 55 rolls from 2009 to 2023."""
    own = registry_of('[ES]\nroll = "expiry:0"\n')
    lines = kit.real("lean/future/cme/map_files/es.csv").read_text().splitlines()[1:]
    rows = [line.split(",") for line in lines if line.endswith(",0")]
    assert len(rows) == 55
    for day, identifier, *_ in rows:
        number = int(identifier.split()[1], 36) // 10**14 % 10**5
        expiry = date(1899, 12, 30) + timedelta(number)
        code = resolved(own, "ES=F", date.fromisoformat(day))
        assert code.expires == expiry.isoformat()
        assert resolved(own, "ES=F", date.fromisoformat(day) + timedelta(1)).code != code.code


def test_a_year_of_one_digit_is_the_nearest() -> None:
    """Lost: a contract of last December would be one of nine years ahead."""
    assert resolved(BUILT_IN, "ESZ5", date(2026, 1, 5)).code == "ESZ25"
    assert resolved(BUILT_IN, "ESZ0", date(2026, 1, 5)).code == "ESZ30"
    assert resolved(BUILT_IN, "ESZ2", date(2026, 1, 5)).code == "ESZ22"


def test_what_the_registry_cannot_tell_is_said_and_can_be_set() -> None:
    """Lost: a guessed expiry would look like a known one."""
    text = '[XX]\ntick = 1\nmonths = "GJ"\nroll = "expiry:5"\n'
    found = resolved(registry_of(text), "XX=F", MID_JANUARY)
    assert (found.code, found.expires, found.front) == ("", "", "")
    assert "XXG25" in found.unknown
    own = registry_of(text + "expiries = { XXG25 = 2025-02-26, XXJ25 = 2025-04-28 }\n")
    found = resolved(own, "XX=F", MID_JANUARY)
    assert (found.code, found.expires, found.unknown) == ("XXG25", "2025-02-26", "")
    assert resolved(own, "XX=F", date(2025, 2, 20)).code == "XXJ25"
    told = registry_of("[GC]\nexpiries.GCG25 = 2025-02-25\n")
    assert resolved(told, "GCG25", MID_JANUARY).expires == "2025-02-25"


@pytest.mark.parametrize(
    ("symbol", "reason"),
    [("ESF25", "HMUZ"), ("ES 01-25", "HMUZ")],
)
def test_a_month_without_a_contract_is_refused(symbol: str, reason: str) -> None:
    """Lost: data would be kept under a contract that never was."""
    with pytest.raises(Invalid, match=" ".join(reason)):
        resolved(BUILT_IN, symbol, MID_JANUARY)


@pytest.mark.parametrize(
    "symbol", ["", "XX=F", "BTCUSDT", "SPXH5", "CBOT:ES1!", "ESH25.NYM", "ES 13-25", "E" * 500]
)
def test_what_is_no_instrument_is_said_to_be_none(symbol: str) -> None:
    """Lost: a spot pair would be taken for a future with a multiplier."""
    with pytest.raises(NotFound, match="fks instruments"):
        resolved(BUILT_IN, symbol, MID_JANUARY)
    assert known_instrument(symbol) is None


def test_a_symbol_that_means_two_things_is_refused_with_both() -> None:
    """Lost: one of two instruments would be chosen in silence."""
    own = registry_of('[ESH5]\nkind = "share"\ntick = "0.01"\n')
    for ask in (
        lambda: resolved(own, "ESH5", MID_JANUARY),
        lambda: known_instrument("ESH5", own),
    ):
        with pytest.raises(Invalid, match="contract ESH25 of ES or the product ESH5") as caught:
            ask()
        assert caught.value.code == "data.ambiguous_symbol"
    assert resolved(own, "ES 03-25", MID_JANUARY).code == "ESH25"


def test_aliases_of_the_user_work_wherever_symbols_do() -> None:
    """Lost: an alias would resolve and yet not import."""
    own = registry_of('[ES]\naliases.broker = ["S&P-MINI", "SPOOS"]\n')
    assert details_of(own, "SPOOS").instrument.id == "ES"
    known = known_instrument("S&P-MINI", own)
    assert known is not None and known == known_instrument("ES")
