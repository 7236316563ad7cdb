"""Rules about times, and days, against plain loops over bars and sessions."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties import quality_reference as plain
from tests.properties.quality_reference import HOUR_NS, MINUTE_NS, START_NS

from fks.contexts.data.domain.days import days_of
from fks.contexts.data.domain.judging import judge
from fks.contexts.data.domain.rules.built_in import BUILT_IN
from fks.contexts.data.domain.sessions import Coverage
from fks.contracts.data.quality import QualityContext

DAY_NS = 24 * HOUR_NS
STEP_NS = 15 * MINUTE_NS
RULES = {rule.code: rule for rule in BUILT_IN}
seeds = st.integers(0, 2**32 - 1)


def sessions(days: int) -> list[tuple[int, int]]:
    """Return sessions from 14:30 to 21:00 of weekdays, every seventh of them only to 18:00."""
    found = []
    for k in range(days):
        if k % 7 < 5:
            midnight = START_NS + k * DAY_NS
            hours = 18 if k % 11 == 10 else 21
            found.append((midnight + 29 * HOUR_NS // 2, midnight + hours * HOUR_NS))
    return found


def market(seed: int, days: int) -> tuple[list[int], list[tuple[int, int]]]:
    """Return stamps: sessions with holes and shifts of an hour, and some at any other time."""
    rng = np.random.default_rng(seed)
    spans = sessions(days)
    stamps: set[int] = set()
    off, left = 0, 0
    holes = float(rng.choice([0.0, 0.02, 0.3]))
    for opens, closes in spans:
        if left == 0:
            off, left = int(rng.choice([0, 0, -1, 1])), int(rng.integers(1, 8))
        left -= 1
        shift = off * HOUR_NS if holes == 0.0 else 0
        slots = range(opens + shift, closes + shift, STEP_NS)
        stamps |= {ns for ns in slots if rng.random() >= holes}
    if rng.random() < 0.5:
        at = rng.integers(0, days * DAY_NS // MINUTE_NS, 20)
        stamps |= {START_NS + int(k) * MINUTE_NS for k in at}
    return sorted(stamps) or [START_NS], spans


def judged(stamps: list[int], spans: list[tuple[int, int]]) -> dict[str, list[int]]:
    """Return the rows that each rule marks."""
    rows = [r._replace(ts_ns=ns) for r, ns in zip(plain.walk(1, len(stamps)), stamps, strict=True)]
    found = judge(plain.bars_of(rows), context(spans), BUILT_IN)
    return {one.rule.code: [int(row) for row in one.marked.rows] for one in found}


def context(spans: list[tuple[int, int]]) -> QualityContext:
    """Return a context with these sessions."""
    opens, closes = (np.array([span[k] for span in spans], dtype=np.int64) for k in (0, 1))
    coverage = Coverage(0, 0, 0, opens_ns=opens, closes_ns=closes)
    return plain.context("15m", "XNYS", coverage)


def in_session(ns: int, spans: list[tuple[int, int]]) -> bool:
    """Tell whether a bar overlaps a session."""
    return any(ns + STEP_NS > opens and ns < closes for opens, closes in spans)


@settings(max_examples=120, deadline=None)
@given(seeds, st.integers(1, 30))
def test_sessions_and_weekends_are_told_as_by_loops(seed: int, days: int) -> None:
    """Lost: the cut by sorted columns would put a bar of one session into another."""
    stamps, spans = market(seed, days)
    found = judged(stamps, spans)
    outside = [k for k, ns in enumerate(stamps) if not in_session(ns, spans)]
    assert found.get("outside_session", []) == outside
    weekend = []
    for k, ns in enumerate(stamps):
        into = (ns - START_NS) % (7 * DAY_NS)  # of a week from Monday
        if 5 * DAY_NS + 5 * HOUR_NS <= into < 6 * DAY_NS + 18 * HOUR_NS and not in_session(
            ns, spans
        ):
            weekend.append(k)
    assert found.get("weekend_bar", []) == weekend
    ours = [
        [k for k, ns in enumerate(stamps) if ns + STEP_NS > opens and ns < closes]
        for opens, closes in spans
    ]
    there = [(span, rows) for span, rows in zip(spans, ours, strict=True) if rows]
    ends = set()
    for k, ((opens, closes), rows) in enumerate(there):
        if k > 0 and stamps[rows[0]] >= opens + STEP_NS:
            ends.add(rows[0])
        if k < len(there) - 1 and stamps[rows[-1]] + STEP_NS < closes:
            ends.add(rows[-1])
    assert found.get("session_end", []) == sorted(ends)


@settings(max_examples=120, deadline=None)
@given(seeds, st.integers(1, 60))
def test_hours_off_are_told_as_by_loops(seed: int, days: int) -> None:
    """Lost: a clock change would be missed, or a short day be called one."""
    stamps, spans = market(seed, days)
    off: list[int] = []
    ours: list[list[int]] = []
    for opens, closes in spans:
        rows = [
            k for k, ns in enumerate(stamps) if opens - 2 * HOUR_NS <= ns < closes + 2 * HOUR_NS
        ]
        ours.append(rows)
        off.append(0)
        for hours in (-1, 1):
            shift = hours * HOUR_NS
            if rows and (
                abs(stamps[rows[0]] - opens - shift) < STEP_NS
                and abs(stamps[rows[-1]] + STEP_NS - closes - shift) < STEP_NS
            ):
                off[-1] = hours
    marked: list[int] = []
    k = 0
    while k < len(off):
        end = k
        while end < len(off) and off[end] == off[k]:
            end += 1
        if off[k] and end - k >= 4:
            marked += range(ours[k][0], ours[end - 1][-1] + 1)
        k = end
    assert judged(stamps, spans).get("summer_time", []) == marked


@settings(max_examples=120, deadline=None)
@given(seeds, st.integers(1, 20), st.booleans())
def test_days_are_those_of_dictionaries(seed: int, days: int, daily: bool) -> None:
    """Lost: a hole would be told of another day."""
    rng = np.random.default_rng(seed)
    step = DAY_NS if daily else STEP_NS
    shift = 5 * HOUR_NS if daily else 0  # days stamped at midnight in New York
    slots = [START_NS + k * step for k in range(days * DAY_NS // step) if k % 9 < 7]
    stamps = sorted({ns + shift for ns in slots if rng.random() < 0.8} | {START_NS + shift})
    rows = [
        r._replace(ts_ns=ns) for r, ns in zip(plain.walk(seed, len(stamps)), stamps, strict=True)
    ]
    rows = [row._replace(volume=row.volume * (rng.random() < 0.9)) for row in rows]
    bars = plain.bars_of(rows)
    found = judge(bars, plain.context("1d" if daily else "15m"), BUILT_IN)
    refused = [START_NS + int(k) for k in rng.integers(-DAY_NS, days * DAY_NS, 6)]

    def day(ns: int) -> int:
        return (ns + (DAY_NS // 2 if daily else 0)) // DAY_NS

    first, last = day(stamps[0]), day(stamps[-1])
    there, wanted = Counter(map(day, stamps)), Counter(ns // DAY_NS for ns in slots)
    known = {day(ns) for ns in stamps} if daily else set(stamps)
    lacking = Counter(ns // DAY_NS for ns in slots if (ns // DAY_NS if daily else ns) not in known)
    away = Counter(day(ns) for ns in refused)
    doubted: defaultdict[int, set[int]] = defaultdict(set)
    counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for one in found:
        for row in one.marked.rows.tolist():
            counts[day(stamps[row])][one.rule.code] += 1
            if one.rule.severity != "info":
                doubted[day(stamps[row])].add(row)
    volumes: defaultdict[int, float] = defaultdict(float)
    for row in rows:
        volumes[day(row.ts_ns)] += row.volume
    expected = []
    for k in range(first, last + 1):
        if there[k] or wanted[k] or away[k]:
            named = dict(counts[k]) | ({"quarantine": away[k]} if away[k] else {})
            faults = len(doubted[k]) + away[k]
            expected.append((wanted[k], there[k], lacking[k], faults, volumes[k], named))
    told = days_of(
        bars.ts_ns, bars.volume, np.array(slots), step, found, np.array(refused, dtype=np.int64)
    )
    assert [
        (d.expected, d.present, d.missing, d.faults, d.volume, d.findings) for d in told
    ] == expected
