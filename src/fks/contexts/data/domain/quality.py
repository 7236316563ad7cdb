"""The quality report of a table: every count, its findings in words, and a score with its parts.

What reading and validation refused comes first; what rules doubt of the bars that are left comes
after it. Stored bars can be judged again, by more rules than there were at their import.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from fks.contexts.data.domain.judging import Judged, finding_of, judge, score_of
from fks.contexts.data.domain.rules.built_in import BUILT_IN
from fks.contexts.data.domain.rules.kinds import iso
from fks.contexts.data.domain.sessions import Coverage
from fks.contexts.data.domain.table import RawTable
from fks.contexts.data.domain.timeframes import timeframe_ns
from fks.contexts.data.domain.validation import REASONS, Cleaned
from fks.contracts.columns import BarColumns, Int64, prices_to_ticks
from fks.contracts.data import Finding, QualityReport
from fks.contracts.data.quality import QualityContext, QualityRule
from fks.contracts.values import Instrument

__all__ = ["Judgement", "KeptBars", "context_of", "iso", "judged_again", "report_of"]

_TICKS = {f"{name}_ticks": name for name in ("open", "high", "low", "close")}


class Judgement(NamedTuple):
    """A report, and what each rule marked."""

    report: QualityReport
    found: Sequence[Judged]


class KeptBars(BarColumns):
    """Kept rows as columns; their ticks are only computed for a rule that asks for them."""

    def __init__(self, kept: RawTable, instrument: Instrument) -> None:
        names = ("ts_ns", "volume", "open", "high", "low", "close")
        self.__dict__.update({name: getattr(kept, name) for name in names})
        self.tick_size = instrument.tick_size

    def __getattr__(self, name: str) -> Int64:
        if name not in _TICKS:
            raise AttributeError(name)
        ticks = prices_to_ticks(getattr(self, _TICKS[name]), self.tick_size)
        self.__dict__[name] = ticks
        return ticks


def context_of(
    instrument: Instrument,
    timeframe: str,
    coverage: Coverage,
    *,
    out_of_order: int = 0,
    rounded: int = 0,
    below_zero: bool = False,
) -> QualityContext:
    """Return what rules know beside the bars."""
    return QualityContext(
        instrument=instrument,
        timeframe=timeframe,
        step_ns=timeframe_ns(timeframe),
        expected=coverage.expected,
        missing=coverage.missing,
        gaps=coverage.gaps,
        first_missing_ns=coverage.first_ns,
        unchecked=coverage.unchecked,
        opens_ns=coverage.opens_ns,
        closes_ns=coverage.closes_ns,
        out_of_order=out_of_order,
        rounded=rounded,
        below_zero=below_zero,
    )


def report_of(
    name: str,
    table: RawTable,
    cleaned: Cleaned,
    context: QualityContext,
    rules: Iterable[QualityRule] = BUILT_IN,
) -> QualityReport:
    """Return the report; `rows_read = rows_kept + rows_quarantined` always holds."""
    read = QualityReport(
        dataset=name,
        rows_read=table.rows_read,
        rows_kept=len(cleaned.kept.row),
        rows_quarantined=len(cleaned.quarantined.row) + len(table.refused),
        duplicates=cleaned.count(REASONS[6], REASONS[7]),
        out_of_order=cleaned.out_of_order,
        gaps=context.gaps,
        missing_bars=context.missing,
        ohlc_faults=cleaned.count(REASONS[4]),
        outliers=0,
        zero_volume=0,
        score=100.0,
        calendar=context.instrument.calendar,
        findings=tuple(_quarantine_findings(table, cleaned)),
    )
    return _judged(read, KeptBars(cleaned.kept, context.instrument), context, rules).report


def judged_again(
    stored: QualityReport, bars: BarColumns, context: QualityContext, rules: Iterable[QualityRule]
) -> Judgement:
    """Return a stored report with what rules say of its bars now.

    What reading found stays as it was told; `bars` are all bars that were kept.
    """
    moved = next((one.count for one in stored.findings if one.rule == "rounded prices"), 0)
    context = context._replace(out_of_order=stored.out_of_order, rounded=moved)
    refused = tuple(one for one in stored.findings if _is_refusal(one))
    read = msgspec.structs.replace(
        stored, findings=refused, gaps=context.gaps, missing_bars=context.missing
    )
    return _judged(read, bars, context, rules)


def _judged(
    read: QualityReport, bars: BarColumns, context: QualityContext, rules: Iterable[QualityRule]
) -> Judgement:
    """Return a report of what reading found, and what rules find."""
    found = judge(bars, context, rules)
    counts = {one.rule.code: one.count for one in found}
    score, parts = score_of(read.rows_read, read.rows_kept, context, found)
    report = msgspec.structs.replace(
        read,
        outliers=counts.get("outlier", 0),
        zero_volume=counts.get("zero_volume", 0),
        score=score,
        parts=parts,
        findings=(*read.findings, *(finding_of(one, bars, context.step_ns) for one in found)),
    )
    return Judgement(report, found)


def _is_refusal(finding: Finding) -> bool:
    """Tell whether a finding is about rows in quarantine; also one of an older report."""
    return finding.rule == "row shape" or finding.rule in REASONS


def _quarantine_findings(table: RawTable, cleaned: Cleaned) -> Sequence[Finding]:
    """Return a finding a reason for which rows are in quarantine."""
    found = []
    if table.refused:
        examples = tuple(f"row {one.row}: {one.reason}" for one in table.refused[:5])
        found.append(
            Finding(
                rule="row shape",
                severity="error",
                count=len(table.refused),
                message="rows with another number of cells are in quarantine",
                examples=examples,
            )
        )
    for code, reason in enumerate(REASONS):
        rows = cleaned.quarantined.row[cleaned.reason == code]
        if len(rows):
            found.append(
                Finding(
                    rule=reason,
                    severity="error",
                    count=len(rows),
                    message=f"rows in quarantine: {reason}",
                    examples=tuple(f"row {row}" for row in rows[:5]),
                )
            )
    return found
