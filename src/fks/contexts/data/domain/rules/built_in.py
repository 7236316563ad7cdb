"""All rules that come with FKS, in the order in which a report names what they find."""

from __future__ import annotations

from fks.contexts.data.domain.rules.kinds import Rule
from fks.contexts.data.domain.rules.prices import PRICES, outliers
from fks.contexts.data.domain.rules.times import TIMES, gaps, out_of_order, rounded
from fks.contexts.data.domain.rules.trading import TRADING, zero_volume

__all__ = ["BUILT_IN"]

BUILT_IN: tuple[Rule, ...] = (
    Rule("out_of_order", "out of order", "warning", out_of_order, 1.0),
    Rule("rounded", "rounded prices", "warning", rounded),
    Rule("outlier", "outliers", "warning", outliers, 1.0),
    Rule("zero_volume", "zero volume", "info", zero_volume, 1.0),
    Rule("gap", "gaps", "warning", gaps),
    *PRICES,
    *TRADING,
    *TIMES,
)
