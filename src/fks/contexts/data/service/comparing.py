"""Compare two stored datasets, of two providers say."""

from __future__ import annotations

import msgspec

from fks.contexts.data.domain.agreement import agreement, disagreement
from fks.contexts.data.domain.timeframes import timeframe_ns
from fks.contexts.data.store import DatasetStore
from fks.contracts.data import QualityReport
from fks.contracts.data.reports import CompareDatasets, DatasetComparison
from fks.kernel.errors import Invalid

__all__ = ["compare", "with_comparison"]

_MOST_EXAMPLES = 100
_MOST_TICKS = 1_000_000_000


def compare(store: DatasetStore, query: CompareDatasets) -> DatasetComparison:
    """Return how two datasets agree. It is one read of both, which seals may refuse.

    Raises `NotFound`, `Denied`, and `Invalid` for other timeframes, no common time, or a tolerance
    or number of examples out of bounds.
    """
    if not 0 <= query.examples <= _MOST_EXAMPLES or not 0 <= query.tolerance_ticks <= _MOST_TICKS:
        raise Invalid(
            f"ask for 0 to {_MOST_EXAMPLES} examples, and a tolerance from 0 ticks on",
            code="data.bad_limit",
        )
    a, b = store.open(query.a), store.open(query.b)
    if a.info.timeframe != b.info.timeframe:
        raise Invalid(
            f"{a.info.name} has bars of {a.info.timeframe}, {b.info.name} of {b.info.timeframe}; "
            "make them alike first: fks data resample",
            code="data.nothing_to_compare",
        )
    store.vault.check_all((a.info, b.info), 0, 2**63 - 1)
    return agreement(
        (a.info, a.table()),
        (b.info, b.table()),
        timeframe_ns(a.info.timeframe),
        tolerance_ticks=query.tolerance_ticks,
        examples=query.examples,
    )


def with_comparison(report: QualityReport, found: DatasetComparison) -> QualityReport:
    """Return a report with what a comparison says as a finding; the score stays as it is."""
    findings = (*report.findings, disagreement(found))
    return msgspec.structs.replace(report, findings=findings, compared_with=found.b)
