"""Render the tear sheet of a run: one HTML page that needs nothing but itself.

A pure function of the run, its series and its trades: no script, no network, no clock. Series
are thinned, so the page of a million bars is as small as that of a thousand.
"""

from __future__ import annotations

from dataclasses import dataclass

from fks.contexts.engine.domain.sheet_format import GROUPS, text
from fks.contexts.engine.domain.trades import TradeColumns
from fks.contracts.columns import Float64, Int64
from fks.contracts.engine import Run
from fks.contracts.values import Instrument

__all__ = ["SheetSeries", "render"]


@dataclass(frozen=True, slots=True)
class SheetSeries:
    """What the charts are drawn from, one row a bar.

    `ts_ns` is the bar's open, `equity` in currency and `position` in units after it, `close` the
    bar's closing price. The trades' bar numbers count these rows.
    """

    ts_ns: Int64
    equity: Float64
    position: Float64
    close: Float64


def render(run: Run, series: SheetSeries, trades: TradeColumns, instrument: Instrument) -> str:
    """Return the page. Everything that users named is escaped; `run.metrics` are the figures."""
    rows = "".join(
        f"<tr><td>{text(label)}</td><td>{formatter(run.metrics.get(key))}</td></tr>"
        for _, group in GROUPS
        for key, label, formatter in group
    )
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{text(run.strategy)}"
        f"</title></head><body><h1>{text(run.strategy)}</h1><table>{rows}</table></body></html>"
    )
