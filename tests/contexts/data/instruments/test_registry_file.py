"""The user's own instruments: a file that is checked line by line and never half-written."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.contexts.data import kit

from fks.cli import program
from fks.contexts.data.domain.registry.lines import with_value, without_value
from fks.contexts.data.domain.registry.registry import BUILT_IN, registry_of
from fks.contexts.data.service.instruments import resolved
from fks.contexts.data.store.instruments import FILE, RegistryFile
from fks.contracts.data.instruments import (
    GetInstrumentDetails,
    GetResolvedSymbol,
    ListInstruments,
)
from fks.kernel.errors import Invalid
from fks.kernel.testing import running_app


def invoke(home: Path, *arguments: str) -> Result:
    """Run the program in this process."""
    return CliRunner().invoke(program, ["--home", str(home), *arguments])


def answer(home: Path, *arguments: str) -> Any:
    """Run the program and return its one JSON document."""
    result = invoke(home, *arguments, "--json")
    assert result.exception is None, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ('# mine\n\n[ES]\nmonths = "HMUZ"\ntick = "x"\n', 5, "ES.tick"),
        ('[ES]\ntick = "0"\n', 2, "ES.tick"),
        ('[ES]\ntick = "1e-12"\n', 2, "ES.tick"),
        ('[ES]\nmonths = "ZH"\n', 2, "ES.months"),
        ('[ES]\nlast_day = "whenever"\n', 2, "ES.last_day"),
        ('[ES]\nroll = "expiry"\n', 2, "ES.roll"),
        ('[ES]\nkind = "bond"\n', 2, "ES.kind"),
        ('[ES]\ntik = "0.25"\n', 2, "ES.tik"),
        ("[ES.margin.2025-01-01]\n[ES.margin.2025-02-01]\ninitial = -5\n", 3, "ES.margin"),
        ('[ES.margin.2025-01-01]\nnote = ""\ninitial = "many"\n', 3, "ES.margin"),
        ("[ES.margin.2025-02-30]\ninitial = 5\n", 1, "ES.margin.2025-02-30"),
        ("[ES.margin]\ninitial = 5\n", 2, "ES.margin.initial"),
        ("[ES]\n[ES.expiries]\nNQH25 = 2025-03-21\n", 3, "ES.expiries.NQH25"),
        ('[NQ]\naliases.mine = ["A"]\n[ES]\naliases.mine = ["A"]\n', 2, "A means ES already"),
        ('[ES]\naliases.mine = ["NQ"]\n', 2, "ES.aliases"),
        ("[XYZ]\nmultiplier = 5\n", 1, "XYZ"),
        ("ES = 5\n", 1, "ES"),
        ("[es]\ntick = 5\n", 1, "es"),
        ("[ES]\ntick = \n", 2, ""),
        ("x = " + "[" * 5000 + "\n", 0, "nested"),
    ],
)
def test_a_fault_of_the_file_is_told_with_its_line(text: str, line: int, key: str) -> None:
    """Lost: one would search a long file for a wrong letter."""
    with pytest.raises(Invalid) as caught:
        registry_of(text)
    assert caught.value.code == "data.bad_registry"
    assert f"line {line}" in caught.value.message or not line
    assert key in caught.value.message
    assert "\n" not in caught.value.message and len(caught.value.message) < 400


def test_schedules_hold_from_their_day_on() -> None:
    """Lost: a trade of last year would be charged and margined as today's."""
    own = registry_of(
        "[ES.margin.2025-01-01]\ninitial = 15000\n[ES.margin.2025-06-01]\ninitial = 16500.5\n"
        '[ES.commission.2024-01-01]\nper_side = "0.85"\nexchange_fee = 1.38\nnote = "broker"\n'
    )
    early, middle, late = (
        resolved(own, "ESU5", day)
        for day in (date(2024, 12, 31), date(2025, 5, 31), date(2025, 6, 1))
    )
    assert early.margin is None and early.commission is not None
    assert early.commission.exchange_fee == Decimal("1.38")
    assert middle.margin is not None and middle.margin.initial == 15000
    assert late.margin is not None
    assert (late.margin.initial, late.margin.since) == (Decimal("16500.5"), "2025-06-01")


def test_set_and_unset_change_only_their_line(tmp_path: Path) -> None:
    """Lost: comments and order of a hand-written file would be gone after one command."""
    path = tmp_path / FILE
    mine = '# my broker\n[ES]  # home\nroll = "expiry:8" # late\n\n[NQ]\nroll = "expiry:3"\n'
    path.write_text(mine)
    keys = ("margin.initial=15000", "margin.note=letter of May", "roll=expiry:2")
    made = answer(tmp_path, "instruments", "set", "ES", *keys, "--since", "2025-05-01")
    assert made["margin"] == [
        {
            "since": "2025-05-01",
            "initial": "15000",
            "maintenance": None,
            "intraday": None,
            "note": "letter of May",
        }
    ]
    text = path.read_text()
    assert text.startswith('# my broker\n[ES]  # home\nroll = "expiry:2"\n\n[NQ]\n')
    for key in ("margin.initial", "margin.note"):
        answer(tmp_path, "instruments", "unset", "ES", key, "--since", "2025-05-01")
    answer(tmp_path, "instruments", "set", "ES", "roll=expiry:8")
    assert path.read_text().rstrip() == mine.replace(" # late", "").rstrip()
    assert answer(tmp_path, "instruments", "check")["own"] == ["ES", "NQ"]


def test_a_product_can_be_added_and_imported_under_any_of_its_names(tmp_path: Path) -> None:
    """Lost: what the registry knows would be unknown to an import."""
    home = tmp_path / "home"
    values = ("tick=0.01", "multiplier=25", "months=HMUZ", "last_day=third-friday")
    answer(home, "instruments", "set", "FDXX", *values, "aliases.broker=DAX-ISH")
    file = kit.write(tmp_path / "a.csv", kit.lines(5))
    for symbol, named in (("FDXX 03-25", "FDXXH25"), ("DAX-ISH", "FDXX")):
        made = answer(home, "data", "import", str(file), "--instrument", symbol)
        instrument = made["dataset"]["instrument"]
        assert (instrument["id"], instrument["multiplier"]) == (named, "25")
    assert answer(home, "instruments", "resolve", "FDXX=F", "--on", "2025-03-21")["code"] == ""
    answer(home, "instruments", "set", "FDXX", "roll=expiry:0")
    found = answer(home, "instruments", "resolve", "FDXX=F", "--on", "2025-03-21")
    assert (found["code"], found["expires"]) == ("FDXXM25", "2025-06-20")


@pytest.mark.parametrize(
    "arguments",
    [
        ("set", "ES", "tick=abc"),
        ("set", "ES", "tick"),
        ("set", "ES", "x]\ny=5"),
        ("set", 'E"S', "tick=1"),
        ("set", "ES", "description=a\nb"),
        ("set", "ES", "calendar=NOWHERE"),
        ("set", "ES", "margin.initial=5", "--since", "soon"),
        ("set", "NEW", "multiplier=5"),
        ("set", "ES", "expiries.ESH25=tomorrow"),
        ("unset", "ES", "multiplier"),
        ("resolve", "NOPE"),
        ("resolve", "ES", "--on", "1066-10-14"),
        ("show", "NOPE"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """Lost: a slip of the finger would make the registry unreadable."""
    (tmp_path / FILE).write_text('[ES]\nroll = "expiry:8"\n')
    result = invoke(tmp_path, "instruments", *arguments)
    assert result.exception is not None
    assert (tmp_path / FILE).read_text() == '[ES]\nroll = "expiry:8"\n'


def test_a_form_that_is_not_edited_here_is_left_alone(tmp_path: Path) -> None:
    """Lost: a second line of the same key would hide in a table written inline."""
    text = "NQ = { roll = 'expiry:3' }\n"
    (tmp_path / FILE).write_text(text)
    assert invoke(tmp_path, "instruments", "set", "NQ", "roll=expiry:1").exception is not None
    assert (tmp_path / FILE).read_text() == text


def test_lines_are_set_and_removed_in_place() -> None:
    """Lost: a key would land in the table that follows."""
    text = with_value("[A]\nx = 1\n\n[B]\n", "A", "y", "2")
    assert text == "[A]\nx = 1\ny = 2\n\n[B]\n"
    assert without_value(text, "A", "z") is None
    assert without_value(text, "C", "x") is None


def test_the_version_names_what_the_registry_says(tmp_path: Path) -> None:
    """Lost: nobody could tell whether two answers came of the same registry."""
    file = RegistryFile(tmp_path)
    assert file.load().version == BUILT_IN.version
    (tmp_path / FILE).write_text("# a remark\n")
    assert file.load().version == BUILT_IN.version
    (tmp_path / FILE).write_text('[ES]\nroll = "expiry:8"\n')
    assert file.load().version != BUILT_IN.version
    (tmp_path / FILE).write_bytes(b"[ES]\n\xff\n")
    with pytest.raises(Invalid, match="line 2: this is not UTF-8"):
        file.load()
    (tmp_path / FILE).write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(Invalid, match="bytes"):
        file.load()


async def test_other_contexts_ask_over_the_bus(tmp_path: Path) -> None:
    """Lost: execution could not learn a margin without reading another's file."""
    (tmp_path / FILE).write_text("[ES.margin.2025-01-01]\ninitial = 15000\n")
    async with running_app(home=tmp_path, contexts=["data"]) as app:
        bus = app.runtime.bus
        details = await bus.ask(GetInstrumentDetails(symbol="ES 03-25"), timeout_s=10)
        found = await bus.ask(GetResolvedSymbol(symbol="ES=F", on="2025-01-15"), timeout_s=10)
        listed = await bus.ask(ListInstruments(), timeout_s=10)
        today = await bus.ask(GetResolvedSymbol(symbol="ES=F"), timeout_s=10)
    assert (details.instrument.id, details.tick_value) == ("ES", Decimal("12.5"))
    assert (found.code, found.margin) == ("ESH25", details.margin[0])
    assert len(listed.instruments) == 34 and listed.version == found.version
    assert today.code == today.front
