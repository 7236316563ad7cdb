"""What was found in ticks: what was refused and why, what is doubtful, and a score."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fks.contexts.data.domain.rules.kinds import iso
from fks.contexts.data.domain.ticks.cleaning import REASONS, CleanedTicks
from fks.contracts.columns import Int64
from fks.contracts.data import Finding, QualityReport

__all__ = ["RefusedTick", "report_of_ticks"]

_MOST_EXAMPLES = 5


class RefusedTick(NamedTuple):
    """A refused row: its number in the file, its time where it has one, why, and what it said."""

    row: int
    ts_ns: int | None
    reason: str
    text: str


def report_of_ticks(
    name: str,
    kind: str,
    cleaned: CleanedTicks,
    refused: tuple[RefusedTick, ...],
    calendar: str,
) -> QualityReport:
    """Return the report; `rows_read = rows_kept + rows_quarantined` always holds.

    The score is 100 times the share of rows that can be used, less up to ten points for crossed
    quotes and numbers that go back (ten points when they make up a tenth of all rows).
    """
    kept = len(cleaned.kept)
    doubtful = 10.0 * min(1.0, 10 * (cleaned.crossed + cleaned.back) / kept)
    score = round(max(0.0, 100.0 * kept / (kept + len(refused)) - doubtful), 2)
    pauses = () if kind in ("funding", "actions", "values") else _pauses(cleaned.arrays[0])
    return QualityReport(
        dataset=name,
        rows_read=kept + len(refused),
        rows_kept=kept,
        rows_quarantined=len(refused),
        duplicates=cleaned.repeats,
        out_of_order=cleaned.out_of_order,
        gaps=0,
        missing_bars=0,
        ohlc_faults=0,
        outliers=0,
        zero_volume=0,
        score=score,
        calendar=calendar,
        findings=(*_refusals(refused), *_doubts(cleaned), *pauses),
    )


def _refusals(refused: tuple[RefusedTick, ...]) -> list[Finding]:
    """Return one finding a reason for which rows were refused."""
    reasons: dict[str, list[RefusedTick]] = {}
    for one in refused:
        reasons.setdefault(one.reason, []).append(one)
    return [
        Finding(
            rule=reason,
            severity="warning" if reason in (REASONS[7], REASONS[-1]) else "error",
            count=len(found),
            message="in quarantine",
            examples=tuple(f"row {one.row}" for one in found[:_MOST_EXAMPLES]),
        )
        for reason, found in reasons.items()
    ]


def _doubts(cleaned: CleanedTicks) -> list[Finding]:
    """Return what is doubtful in rows that are kept."""
    return [
        Finding(rule=rule, severity=severity, count=count, message=message)
        for count, rule, severity, message in (
            (cleaned.out_of_order, "out of order", "info", "rows came after later ones"),
            (cleaned.crossed, "crossed quotes", "warning", "the bid is above the ask"),
            (cleaned.back, "sequence goes back", "warning", "an update has a smaller number"),
        )
        if count
    ]


def _pauses(times: Int64) -> tuple[Finding, ...]:
    """Return the longest time without a row."""
    quiet = np.diff(times)
    if not len(quiet) or int(quiet.max()) <= 0:
        return ()
    longest = int(np.argmax(quiet))
    return (
        Finding(
            rule="pauses",
            severity="info",
            count=1,
            message=f"the longest pause is {int(quiet[longest]) / 1e9:,.3f} s",
            examples=(iso(int(times[longest])),),
        ),
    )
