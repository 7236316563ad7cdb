"""The quality report of a table: every count, its findings in words, and a score.

The score is 100 times the share of rows that were usable, times the share of expected bars that
are there, less up to ten points for bars that are usable but doubtful (outliers, no volume,
arriving late: ten points when they make up a tenth of all bars).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from fks.contexts.data.domain.sessions import Coverage
from fks.contexts.data.domain.table import RawTable
from fks.contexts.data.domain.validation import REASONS, Cleaned, outlier_rows
from fks.contracts.columns import Int64
from fks.contracts.data import Finding, QualityReport

__all__ = ["report_of"]


def report_of(
    name: str, table: RawTable, cleaned: Cleaned, coverage: Coverage, calendar: str
) -> QualityReport:
    """Return the report; `rows_read = rows_kept + rows_quarantined` always holds."""
    kept = len(cleaned.kept.row)
    quarantined = len(cleaned.quarantined.row) + len(table.refused)
    outliers = outlier_rows(cleaned.kept.close)
    zero_volume = int((cleaned.kept.volume == 0).sum())
    doubtful = len(outliers) + cleaned.out_of_order + (zero_volume if zero_volume < kept else 0)
    score = 100.0 * kept / max(table.rows_read, 1)
    score *= 1 - coverage.missing / max(coverage.expected, 1)
    score -= min(10.0, 100.0 * doubtful / max(kept, 1))
    return QualityReport(
        dataset=name,
        rows_read=table.rows_read,
        rows_kept=kept,
        rows_quarantined=quarantined,
        duplicates=cleaned.count(REASONS[6], REASONS[7]),
        out_of_order=cleaned.out_of_order,
        gaps=coverage.gaps,
        missing_bars=coverage.missing,
        ohlc_faults=cleaned.count(REASONS[4]),
        outliers=len(outliers),
        zero_volume=zero_volume,
        score=round(max(score, 0.0), 2),
        calendar=calendar,
        findings=(
            *_quarantine_findings(table, cleaned),
            *_doubts(cleaned, outliers, zero_volume),
            *_gap_findings(coverage),
        ),
    )


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


def _doubts(cleaned: Cleaned, outliers: Int64, zero_volume: int) -> Sequence[Finding]:
    """Return findings about rows that were kept."""
    found = []
    kept = cleaned.kept
    if cleaned.out_of_order:
        found.append(
            Finding(
                rule="out of order",
                severity="warning",
                count=cleaned.out_of_order,
                message="rows stood after later ones in the file and were moved to their place",
            )
        )
    if cleaned.rounded:
        found.append(
            Finding(
                rule="rounded prices",
                severity="warning",
                count=cleaned.rounded,
                message="rows whose prices have more digits than can be traded were rounded",
            )
        )
    if len(outliers):
        found.append(
            Finding(
                rule="outliers",
                severity="warning",
                count=len(outliers),
                message="returns beyond five standard deviations",
                examples=tuple(iso(int(kept.ts_ns[row])) for row in outliers[:5]),
            )
        )
    if zero_volume:
        first = np.flatnonzero(kept.volume == 0)[:5]
        found.append(
            Finding(
                rule="zero volume",
                severity="info",
                count=zero_volume,
                message="bars without volume",
                examples=tuple(iso(int(kept.ts_ns[row])) for row in first),
            )
        )
    return found


def _gap_findings(coverage: Coverage) -> Sequence[Finding]:
    """Return a finding about expected bars that are not there."""
    if coverage.unchecked:
        return (Finding(rule="gaps", severity="info", count=0, message=coverage.unchecked),)
    if not coverage.missing:
        return ()
    return (
        Finding(
            rule="gaps",
            severity="warning",
            count=coverage.gaps,
            message=f"{coverage.missing} of {coverage.expected} expected bars are missing",
            examples=tuple(iso(ns) for ns in coverage.first_ns),
        ),
    )


def iso(ts_ns: int) -> str:
    """Return a time as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(ts_ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
