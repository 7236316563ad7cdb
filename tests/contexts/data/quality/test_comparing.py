"""Datasets of two providers compared: over the bus, by command, under seal, and real ones."""

from __future__ import annotations

import json
import math
import statistics
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.contexts.data import kit

from fks.cli import program
from fks.contexts.data.service.comparing import compare
from fks.contexts.data.service.vault import seal_range
from fks.contexts.data.store import DatasetStore
from fks.contracts.data.reports import CompareDatasets
from fks.kernel.errors import Denied, Invalid
from fks.kernel.testing import running_app


@pytest.fixture
def store(tmp_path: Path) -> DatasetStore:
    """Return a store of three datasets: one, the same a minute later, the same by hours."""
    made = DatasetStore(tmp_path / "home")
    rows = [row.split(",") for row in kit.lines(300)]
    for k, row in enumerate(rows):
        row[4] = f"{float(row[4]) + (k * 37 % 11) / 20:.2f}"
    late = [[str(int(row[0]) + kit.MINUTE_NS), *row[1:]] for row in rows]
    hours = [[str(kit.START_NS + k * 60 * kit.MINUTE_NS), *r[1:]] for k, r in enumerate(rows)]
    for name, cells in (("one", rows), ("late", late), ("hours", hours)):
        path = kit.write(tmp_path / f"{name}.csv", (",".join(row) for row in cells))
        made.save(kit.read(path, name=name, instrument="XXX"))
    return made


def answer(store: DatasetStore, *arguments: str) -> Any:
    """Run the program and return its document."""
    arguments = ("--home", str(store.home), "data", *arguments, "--json")
    result = CliRunner().invoke(program, arguments)
    assert result.exception is None, result.output
    return json.loads(result.stdout)


async def test_command_and_bus_say_the_same(store: DatasetStore) -> None:
    """Lost: screen and terminal would judge two providers differently."""
    told = answer(store, "compare", "one", "late")
    assert (told["lag_bars"], told["common"]) == (1, 299)
    assert "stamps each bar 1 bars (1 minutes) later" in told["verdict"][-1]
    async with running_app(home=store.home, contexts=["data"]) as app:
        found = await app.runtime.bus.ask(CompareDatasets(a="one", b="late"), timeout_s=10.0)
        assert list(found.verdict) == told["verdict"]
    shown = CliRunner().invoke(
        program, ["--home", str(store.home), "data", "compare", "one", "one"]
    )
    assert "all 300 common bars have the same prices" in shown.output


def test_a_report_holds_the_comparison_and_keeps_its_score(store: DatasetStore) -> None:
    """Lost: the disagreement would be known, and stand in no report."""
    plain = answer(store, "quality", "one")["quality"]
    told = answer(store, "quality", "one", "--against", "late")["quality"]
    finding = told["findings"][-1]
    assert (finding["code"], finding["severity"]) == ("cross_provider", "error")
    assert (told["compared_with"], told["score"]) == ("late", plain["score"])


def test_what_cannot_be_compared_is_refused(store: DatasetStore) -> None:
    """Lost: hours against minutes would read as disagreement; seals would leak prices."""
    with pytest.raises(Invalid, match="fks data resample"):
        compare(store, CompareDatasets(a="one", b="hours"))
    for bad in ({"examples": 101}, {"tolerance_ticks": -1}):
        with pytest.raises(Invalid, match="ask for 0 to 100 examples"):
            compare(store, CompareDatasets(a="one", b="late", **bad))
    seal_range(store.home, "late", kit.START_NS, 2**62, by="test")
    with pytest.raises(Denied):
        compare(store, CompareDatasets(a="one", b="late"))


@pytest.mark.real_data
def test_two_real_providers_of_one_currency_pair(tmp_path: Path) -> None:
    """Lost: the comparison would only have been seen to work on bars we made ourselves."""
    store = DatasetStore(tmp_path / "home")
    middles: dict[str, dict[int, list[Fraction]]] = {}
    for market, hours in (("oanda", 0), ("fxcm", 5)):  # LEAN's zones of these files
        path = kit.real(f"lean/forex/{market}/minute/eurusd/20140502_quote.zip")
        store.save(kit.read(path, name=market))
        middles[market] = {
            int(row[0]) + hours * 3_600_000: [
                (Fraction(row[k]) + Fraction(row[k + 5])) / 2 for k in (1, 2, 3, 4)
            ]
            for row in kit.raw_rows(path)
        }
    found = compare(store, CompareDatasets(a="oanda", b="fxcm"))
    oanda, fxcm = middles["oanda"], middles["fxcm"]
    span = range(max(min(oanda), min(fxcm)), min(max(oanda), max(fxcm)) + 1)
    both = sorted(oanda.keys() & fxcm.keys())
    assert (found.common, found.only_a, found.only_b) == (
        len(both),
        sum(ms in span and ms not in fxcm for ms in oanda),
        sum(ms in span and ms not in oanda for ms in fxcm),
    )
    for k, column in enumerate(found.columns[:4]):
        # A tick is a millionth; the middle of two prices of five places may lie between two.
        apart = [abs(oanda[ms][k] - fxcm[ms][k]) * 10**6 for ms in both]
        assert column.differing == sum(ticks > 0 for ticks in apart)
        assert column.largest == max(apart)
    moves = [
        [math.log(float(market[b][3] / market[a][3])) for a, b in pairwise(both)]
        for market in (oanda, fxcm)
    ]
    assert found.correlation == pytest.approx(statistics.correlation(*moves), abs=0.01)
    assert (found.lag_bars, found.correlation > 0.9) == (0, True)
