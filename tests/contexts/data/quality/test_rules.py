"""Rules that need a calendar or a whole series: sessions, weekends, summer time, the tick."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.contexts.data import kit
from tests.properties import quality_reference as plain

from fks.app import load_host
from fks.contexts.data.adapters.calendars import expected_coverage, expected_stamps
from fks.contexts.data.domain.quality import context_of
from fks.contexts.data.domain.rules.built_in import BUILT_IN
from fks.contexts.data.domain.timeframes import timeframe_ns
from fks.contexts.data.service.quality import rules_of, with_rules
from fks.contracts.columns import Int64
from fks.contracts.data.quality import Marked
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid

HOUR_NS = plain.HOUR_NS
DAY_NS = 24 * HOUR_NS
RULES = {rule.code: rule for rule in BUILT_IN}


def judged(code: str, ts_ns: Int64, timeframe: str = "1m", calendar: str = "XNYS") -> Marked | None:
    """Return what a rule says of a clean walk with these stamps."""
    walk = plain.walk(1, len(ts_ns))
    rows = [row._replace(ts_ns=int(ns)) for row, ns in zip(walk, ts_ns, strict=True)]
    instrument = Instrument(id="X", tick_size=plain.bars_of(rows).tick_size, calendar=calendar)
    coverage = expected_coverage(ts_ns, timeframe_ns(timeframe), calendar)
    return RULES[code].check(plain.bars_of(rows), context_of(instrument, timeframe, coverage))


def sessions(first: str, last: str, step: str = "5m", calendar: str = "XNYS") -> Int64:
    """Return all bars that a calendar expects between two dates."""
    bounds = [int(np.datetime64(day, "ns").astype(np.int64)) for day in (first, last)]
    return expected_stamps(bounds[0], bounds[1] + DAY_NS - 1, timeframe_ns(step), calendar)


CLOCK_RULES = ("off_grid", "weekend_bar", "no_session", "outside_session", "session_end")


@pytest.mark.parametrize("calendar", ["XNYS", "CMES", "24/5", "XSAU", "XTKS"])
def test_what_a_calendar_expects_is_beyond_doubt(calendar: str) -> None:
    """Lost: half days, Sunday opens and summer time would be called faults."""
    ts_ns = sessions("2024-02-26", "2024-04-05", calendar=calendar)
    for code in (*CLOCK_RULES, "summer_time"):
        assert judged(code, ts_ns, "5m", calendar) is None, code
    daily = sessions("2024-01-01", "2024-12-31", "1d", calendar)
    for code in (*CLOCK_RULES, "summer_time"):
        assert judged(code, daily, "1d", calendar) is None, code


@pytest.mark.parametrize("hours", [-1, 1])
def test_three_weeks_an_hour_off_are_found_and_counted(hours: int) -> None:
    """Lost: every session rule would trade an hour beside the market after a clock change."""
    ts_ns = sessions("2024-02-26", "2024-04-05")
    days = ts_ns // DAY_NS
    changed = (days >= 19_793) & (days < 19_814)  # 11 to 31 March, fourteen sessions
    shifted = np.where(changed, ts_ns + hours * HOUR_NS, ts_ns)
    found = judged("summer_time", shifted, "5m")
    assert found is not None
    assert found.rows.tolist() == np.flatnonzero(changed).tolist()
    assert (found.count, len(found.spans)) == (14, 1)
    assert found.examples == (f"2024-03-11 to 2024-03-28: {hours:+d} h",)
    few = (days >= 19_793) & (days < 19_796)
    assert judged("summer_time", np.where(few, ts_ns + hours * HOUR_NS, ts_ns), "5m") is None


def test_missing_first_and_last_bars_of_sessions_are_counted_by_session() -> None:
    """Lost: gaps at the open, where most trading is, would drown among others."""
    ts_ns = sessions("2024-03-04", "2024-03-15")
    first = np.flatnonzero(np.diff(ts_ns, prepend=0) > HOUR_NS)
    gone = np.concatenate((first[2:5], first[6:8] - 1))
    found = judged("session_end", np.delete(ts_ns, gone), "5m")
    assert found is not None
    assert found.count == 5
    assert "3 sessions lack their first bar, 2 their last one" in found.message
    cut = judged("session_end", ts_ns[3:-3], "5m")
    assert cut is None, "where the data begin and end is no fault"


def test_bars_of_a_weekend_and_outside_sessions_are_told_apart() -> None:
    """Lost: made-up Saturdays would count as trading, or pre-market trading as a fault."""
    ts_ns = sessions("2024-03-04", "2024-03-15")
    saturday = int(np.datetime64("2024-03-09T15:00", "ns").astype(np.int64))
    early = int(np.datetime64("2024-03-12T12:00", "ns").astype(np.int64))
    mixed = np.sort(np.append(ts_ns, [saturday, saturday + HOUR_NS, early]))
    weekend, outside = judged("weekend_bar", mixed, "5m"), judged("outside_session", mixed, "5m")
    assert weekend is not None
    assert mixed[weekend.rows].tolist() == [saturday, saturday + HOUR_NS]
    assert outside is not None
    assert mixed[outside.rows].tolist() == [saturday, saturday + HOUR_NS, early]
    every_day = np.arange(19_800, 19_821) * DAY_NS
    days = judged("no_session", every_day, "1d")
    assert days is not None
    assert len(days.rows) == 7, "three weekends and Good Friday"


def test_a_change_of_the_tick_is_found_where_it_happens() -> None:
    """Lost: prices of two precisions would be mixed, and nobody know since when."""
    rows = plain.walk(7, 12_000, moves=40)
    coarse = [
        row._replace(**{k: getattr(row, k) // 10 * 10 for k in ("open", "high", "low", "close")})
        for row in rows[:6000]
    ]
    found = RULES["tick_drift"].check(plain.bars_of([*coarse, *rows[6000:]]), plain.context())
    assert found is not None
    assert found.rows.tolist() == [6000]
    assert "10 to 1 ticks" in found.examples[0]
    assert RULES["tick_drift"].check(plain.bars_of(rows), plain.context()) is None


def test_prices_that_cannot_be_are_an_error_wherever_bars_come_from() -> None:
    """Lost: a stream's zero would be a price."""
    rows = plain.walk(3, 100)
    rows[7] = rows[7]._replace(low=0)
    rows[9] = rows[9]._replace(open=-5, low=-5)
    found = RULES["price_not_positive"].check(plain.bars_of(rows), plain.context())
    assert found is not None
    assert found.rows.tolist() == [7, 9]


def test_a_plugins_rule_judges_imports_and_costs_points(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Lost: a rule of one's own would be a word in the documentation."""
    monkeypatch.syspath_prepend(kit.ROOT / "plugins" / "fks-example" / "src")
    plugin = importlib.import_module("fks_example.plugin")
    rules = rules_of(load_host(plugins=(plugin,), entry_points=False).hook)
    assert [rule.code for rule in rules] == [*RULES, "example_round_close"]
    rows = kit.lines(200)
    for k in range(0, 200, 2):
        rows[k] = f"{kit.START_NS + k * kit.MINUTE_NS},100,101,99,100,1"
    imported = kit.read(kit.write(tmp_path / "AAA.csv", rows))
    again = with_rules(imported, rules)
    finding = again.report.findings[-1]
    assert (finding.code, finding.count, finding.severity) == (
        "example_round_close",
        100,
        "warning",
    )
    lost = {part.name: part.points_lost for part in again.report.parts}
    assert lost["example_round_close"] == 10.0
    assert again.info.score == again.report.score == imported.report.score - 10.0
    assert with_rules(imported, rules[:-1]).report == imported.report


def test_two_rules_of_one_name_are_refused() -> None:
    """Lost: one finding would hide another."""

    class Twice:
        def fks_quality_rules(self) -> list[list[Any]]:
            return [[RULES["gap"]._replace(title="other")]]

    with pytest.raises(Invalid, match="two quality rules are named 'gap'"):
        rules_of(Twice())
