"""Let rules judge bars: findings, and a score that is 100 less its parts.

The score is 100 times the share of rows that were usable, times the share of expected bars that
are there, less up to ten points for bars that are usable but doubtful (ten points when they make
up a tenth of all bars). Each part is rounded where the score stands after it, so that the parts
and the score add up to 100 in whole hundredths.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fks.contexts.data.domain.rules.kinds import MOST_EXAMPLES, iso
from fks.contracts.columns import BarColumns
from fks.contracts.data import Finding
from fks.contracts.data.quality import Marked, QualityContext, QualityRule, ScorePart
from fks.kernel.errors import Invalid

__all__ = ["MOST_DOUBT", "SEVERITIES", "Judged", "finding_of", "judge", "score_of"]

SEVERITIES = ("info", "warning", "error")
MOST_DOUBT = 10.0


@dataclass(frozen=True)
class Judged:
    """What one rule found."""

    rule: QualityRule
    marked: Marked

    @property
    def count(self) -> int:
        """Return what the finding counts."""
        return len(self.marked.rows) if self.marked.count < 0 else self.marked.count

    @property
    def charged(self) -> float:
        """Return how many bars it doubts, by weight."""
        marked = self.marked
        bars = len(marked.rows) if marked.charged < 0 else marked.charged
        return bars * self.rule.weight


def judge(
    bars: BarColumns, context: QualityContext, rules: Iterable[QualityRule]
) -> Sequence[Judged]:
    """Return what the rules find, in their order.

    Raises `Invalid` naming a rule whose answer is no answer: it comes from a plugin.
    """
    found = []
    for rule in rules:
        marked = rule.check(bars, context)
        if marked is None:
            continue
        rows = marked.rows
        if rule.severity not in SEVERITIES or (
            len(rows) and (rows[0] < 0 or rows[-1] >= len(bars) or (rows[1:] <= rows[:-1]).any())
        ):
            raise Invalid(
                f"the quality rule {rule.code[:40]!r} marks rows that are not there, out of order "
                f"or twice, or has a severity other than {', '.join(SEVERITIES)}",
                code="data.bad_rule",
            )
        found.append(Judged(rule, marked))
    return found


def finding_of(judged: Judged, bars: BarColumns, step_ns: int) -> Finding:
    """Return what a rule found as it is told, with few examples."""
    rule, marked = judged.rule, judged.marked
    first = [int(bars.ts_ns[row]) for row in marked.rows[:MOST_EXAMPLES]]
    return Finding(
        rule=rule.title,
        severity=rule.severity,
        count=judged.count,
        message=marked.message,
        examples=marked.examples[:MOST_EXAMPLES] or tuple(iso(ns) for ns in first),
        code=rule.code,
        rows=tuple(int(row) for row in marked.rows[:MOST_EXAMPLES]),
        spans=marked.spans[:MOST_EXAMPLES] or tuple((ns, ns + step_ns) for ns in first),
    )


def score_of(
    rows_read: int, rows_kept: int, context: QualityContext, found: Sequence[Judged]
) -> tuple[float, tuple[ScorePart, ...]]:
    """Return the score, and what it lost for what."""
    parts: list[ScorePart] = []
    last = 10_000

    def lose(exact: float, name: str, reason: str) -> None:
        nonlocal last
        now = round(100 * round(max(exact, 0.0), 2))
        if now != last:
            parts.append(ScorePart(name=name, points_lost=(last - now) / 100, reason=reason))
        last = now

    score = 100.0 * rows_kept / max(rows_read, 1)
    refused = rows_read - rows_kept
    lose(score, "quarantine", f"{refused:,} of {rows_read:,} rows are in quarantine")
    score *= 1 - context.missing / max(context.expected, 1)
    missing = f"{context.missing:,} of {context.expected:,} expected bars are missing"
    lose(score, "missing", missing)
    doubts = [one for one in found if one.charged > 0]
    doubtful = sum(one.charged for one in doubts)
    lost = min(MOST_DOUBT, 100.0 * doubtful / max(rows_kept, 1))
    share = 0.0
    for one in doubts:
        share += one.charged
        # The last one takes exactly what is left.
        part = lost if one is doubts[-1] else lost * share / doubtful
        lose(score - part, one.rule.code, f"{one.rule.title}: {one.marked.message}")
    return last / 100, tuple(parts)
