"""What is told of a stored version, and when its quality is worth an alert."""

from __future__ import annotations

from collections import Counter

from fks.contracts.data import DatasetInfo, QualityReport
from fks.contracts.data.reports import DatasetStored, QualityAlerted

__all__ = ["MOST_LOSS", "alert_of", "stored_event"]

MOST_LOSS = 5.0
_MOST_NAMED = 10


def stored_event(info: DatasetInfo, report: QualityReport) -> DatasetStored:
    """Return that a version was stored."""
    counts = Counter(finding.severity for finding in report.findings)
    return DatasetStored(
        name=info.name,
        hash=info.hash,
        instrument=info.instrument.id,
        timeframe=info.timeframe,
        rows=info.rows,
        score=report.score,
        quarantined=report.rows_quarantined,
        errors=counts["error"],
        warnings=counts["warning"],
        infos=counts["info"],
    )


def alert_of(
    info: DatasetInfo, report: QualityReport, before: float | None
) -> QualityAlerted | None:
    """Return an alert for findings of severity error, or a score over five points less.

    `before` is the score of the version before, None where there is none any more.
    """
    errors = [one for one in report.findings if one.severity == "error"]
    reasons = [f"{one.rule} {one.count:,}" for one in errors[:_MOST_NAMED]]
    if before is not None and before - report.score > MOST_LOSS:
        reasons.append(f"its score fell from {before:.2f} to {report.score:.2f}")
    if not reasons:
        return None
    return QualityAlerted(
        name=info.name,
        hash=info.hash,
        severity="error" if errors else "warning",
        message=f"{info.name}: " + "; ".join(reasons),
        score=report.score,
        before=-1.0 if before is None else before,
        findings=tuple(one.code or one.rule for one in errors[:_MOST_NAMED]),
    )
