"""Judge bars by all rules there are: those of FKS and those of plugins.

Days are computed when they are asked for, not stored: that takes less than opening the bars does,
and versions from before a rule was written are judged by it too.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Any, NamedTuple, TypeVar

import msgspec
import numpy as np

from fks.contexts.data.adapters.calendars import (
    expected_coverage,
    expected_slots,
    session_days,
)
from fks.contexts.data.domain.coverage_parts import parts_of_days, parts_of_times
from fks.contexts.data.domain.days import Days, days_of
from fks.contexts.data.domain.imports import Imported
from fks.contexts.data.domain.quality import KeptBars, context_of, judged_again
from fks.contexts.data.domain.rules.built_in import BUILT_IN
from fks.contexts.data.domain.ticks.imports import ImportedTicks
from fks.contexts.data.domain.timeframes import timeframe_ns
from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.later import with_later
from fks.contexts.data.store.quarantine import refused_times
from fks.contexts.data.store.stored import StoredDataset
from fks.contracts.data import DatasetInfo, QualityReport
from fks.contracts.data.quality import QualityRule
from fks.contracts.data.reports import (
    Coverage,
    DayQuality,
    GetCoverage,
    GetQualityDays,
    QualityDays,
)
from fks.kernel.errors import Invalid

__all__ = ["Inspected", "Inspector", "rules_of", "with_rules"]

_REMEMBERED = 8
_MOST_DAYS, _MOST_PARTS = 4000, 1000
_REMEMBERED_COVERAGES = 512


def rules_of(hook: Any) -> tuple[QualityRule, ...]:
    """Return the rules of all plugins, those of FKS first.

    Raises `Invalid` where two of them have one code.
    """
    there = [rule for rules in hook.fks_quality_rules() for rule in rules]
    own = {id(rule) for rule in BUILT_IN}
    found = (*BUILT_IN, *(rule for rule in there if id(rule) not in own))
    codes = [rule.code for rule in found]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise Invalid(
            f"two quality rules are named {twice[0][:40]!r}: give one another code",
            code="data.bad_rule",
        )
    return found


Judgeable = TypeVar("Judgeable", bound=Imported | ImportedTicks)


def with_rules(imported: Judgeable, rules: Sequence[QualityRule]) -> Judgeable:
    """Return an import judged by these rules, where they are more than those of FKS.

    Rules judge bars; ticks stay as they were judged when they were read.
    """
    if isinstance(imported, ImportedTicks):
        return imported
    if tuple(rules) == BUILT_IN or imported.context is None:
        return imported
    bars = KeptBars(imported.cleaned.kept, imported.info.instrument)
    report = judged_again(imported.report, bars, imported.context, rules).report
    info = msgspec.structs.replace(imported.info, score=report.score)
    return imported._replace(info=info, report=report)


class Inspected(NamedTuple):
    """A stored dataset judged by all rules there are now, with its days."""

    info: DatasetInfo
    report: QualityReport
    days: tuple[DayQuality, ...]
    note: str = ""
    held: Days | None = None

    @property
    def by_sessions(self) -> bool:
        """Tell whether days are those of sessions."""
        return self.held is not None


class Inspector:
    """Judge stored datasets; the last few are remembered, since a version never changes."""

    def __init__(self, store: DatasetStore, rules: Sequence[QualityRule]) -> None:
        self._store = store
        self._rules = rules
        self._known: OrderedDict[str, Inspected] = OrderedDict()
        self._coverages: OrderedDict[tuple[str, bool, int], Coverage] = OrderedDict()
        self._lock = Lock()

    def inspect(self, dataset: str) -> Inspected:
        """Return a dataset's report and days. Raises `NotFound`, or `Unavailable` when damaged.

        Where bars are sealed only times are judged: the report is that of the import.
        """
        opened = self._store.open(dataset)
        hidden = self._store.vault.hides(opened.info)
        key = f"{opened.info.hash} {hidden}"
        with self._lock:
            if key not in self._known:
                self._known[key] = self._inspected(opened, hidden)
                while len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
            self._known.move_to_end(key)
            found = self._known[key]
        # The same content may have another name, and more was found since.
        report = with_later(self._store.home, opened.info.hash, found.report)
        return found._replace(info=opened.info, report=report)

    def days(self, query: GetQualityDays) -> QualityDays:
        """Return days of a span. Raises `Invalid` for a limit out of bounds."""
        if not 1 <= query.limit <= _MOST_DAYS:
            raise Invalid(f"ask for 1 to {_MOST_DAYS:,} days at a time", code="data.bad_limit")
        found = self.inspect(query.dataset)
        first, end = _span(found.held, query.from_ts_ns, query.to_ts_ns)
        within = [day for day in found.days if first <= day.day <= end]
        page = tuple(within[: query.limit])
        more = within[query.limit :]
        return QualityDays(
            dataset=found.info.name,
            hash=found.info.hash,
            calendar=found.report.calendar,
            days=page,
            total=len(within),
            next_from_ts_ns=_begin_ns(found.held, more[0].day) if more else 0,
            note=found.note,
            by_sessions=found.by_sessions,
        )

    def coverage(self, query: GetCoverage) -> Coverage:
        """Return where a dataset has data. Raises `Invalid` for a number of parts out of bounds.

        It is remembered for as many datasets as a catalogue shows.
        """
        if not 1 <= query.parts <= _MOST_PARTS:
            raise Invalid(f"ask for 1 to {_MOST_PARTS:,} parts", code="data.bad_limit")
        info = self._store.open(query.dataset).info
        key = (info.hash, self._store.vault.hides(info), query.parts)
        with self._lock:
            found = self._coverages.get(key)
        if found is None:
            found = self._covered(info, query)
            with self._lock:
                self._coverages[key] = found
                while len(self._coverages) > _REMEMBERED_COVERAGES:
                    self._coverages.popitem(last=False)
        return msgspec.structs.replace(found, dataset=info.name)

    def _covered(self, info: DatasetInfo, query: GetCoverage) -> Coverage:
        """Sum the days of a dataset."""
        if info.kind == "bars":
            inspected = self.inspect(query.dataset)
            found = parts_of_days(inspected.days, query.parts)
            note = inspected.note
        else:
            times = self._store.open(query.dataset).times()
            found = parts_of_times(times, query.parts)
            note = f"no calendar tells how many {info.kind} there should be"
        expected, present, missing, faults = (tuple(one) for one in found.counts.T.tolist())
        return Coverage(
            dataset=info.name,
            hash=info.hash,
            from_ts_ns=found.from_ts_ns,
            days_each=found.days_each,
            expected=expected,
            present=present,
            missing=missing,
            faults=faults,
            note=note,
        )

    def _inspected(self, opened: StoredDataset, hidden: bool) -> Inspected:
        """Judge a dataset."""
        info = opened.info
        if info.kind != "bars":
            raise Invalid(
                f"{info.name} holds {info.kind}: rules and days are about bars; its report is "
                f"fks data show {info.name}",
                code="data.not_bars",
            )
        ts_ns = opened.times()
        step, calendar = timeframe_ns(info.timeframe), info.instrument.calendar
        slots, note = expected_slots(ts_ns, step, calendar)
        refused = refused_times(info)
        held = session_days(ts_ns, step, calendar)
        if hidden:
            note = "bars are sealed: only their times were judged, the report is of the import"
            days = days_of(ts_ns, None, slots, step, refused_ns=refused, days=held)
            return Inspected(info, opened.quality(), days, note, held)
        bars = opened.columns()
        context = context_of(
            info.instrument,
            info.timeframe,
            expected_coverage(ts_ns, step, calendar),
            below_zero=True,  # what import took can be
        )
        report, found = judged_again(opened.quality(), bars, context, self._rules)
        days = days_of(ts_ns, bars.volume, slots, step, found, refused, held)
        return Inspected(info, report, days, note, held)


def _day(ts_ns: int) -> str:
    """Return the UTC date of a time as text, beyond the years 1678 to 2262 the last of them."""
    bounded = min(max(ts_ns, -(2**63) + 1), 2**63 - 1)
    return str(np.datetime64(bounded, "ns").astype("datetime64[D]"))


def _span(held: Days | None, from_ts_ns: int, to_ts_ns: int) -> tuple[str, str]:
    """Return the first and the last day of a span of time."""
    if held is None:
        return _day(from_ts_ns), _day(to_ts_ns - 1)
    edges, dates = held
    places = np.searchsorted(edges, [from_ts_ns, max(from_ts_ns, to_ts_ns - 1)], side="right") - 1
    if places[1] < 0 or places[0] >= len(dates) or to_ts_ns <= from_ts_ns:
        return "1", "0"  # no day
    first, last = np.clip(places, 0, len(dates) - 1)
    return str(dates[first].astype("datetime64[D]")), str(dates[last].astype("datetime64[D]"))


def _begin_ns(held: Days | None, day: str) -> int:
    """Return the first nanosecond of a day."""
    if held is None:
        return int(np.datetime64(day, "ns").astype(np.int64))
    number = int(np.datetime64(day, "D").astype(np.int64))
    return int(held.edges_ns[number - int(held.dates[0])])
