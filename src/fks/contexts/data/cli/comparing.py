"""`fks data compare`: do two datasets tell the same story?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

from fks.contexts.data.cli.shown import store_of
from fks.contexts.data.domain.quality import iso
from fks.kernel.commands import command_context, json_option

if TYPE_CHECKING:
    from fks.contracts.data.reports import DatasetComparison

__all__ = ["compare_command"]


@click.command("compare")
@click.argument("a")
@click.argument("b")
@click.option(
    "--tolerance-ticks",
    type=click.IntRange(0, 1_000_000_000),
    default=0,
    show_default=True,
    help="Prices that differ by no more are the same.",
)
@click.option(
    "--examples", type=click.IntRange(0, 100), default=5, show_default=True, help="Bars to show."
)
@json_option
def compare_command(a: str, b: str, tolerance_ticks: int, examples: int) -> None:
    """Compare two datasets by time: prices, returns, and whether one is stamped late.

    Ticks are those of the coarser instrument; only the time that both cover counts.
    """
    from rich.markup import escape

    from fks.contexts.data.service.comparing import compare
    from fks.contracts.data.reports import CompareDatasets

    surroundings = command_context()
    query = CompareDatasets(a=a, b=b, tolerance_ticks=tolerance_ticks, examples=examples)
    found = compare(store_of(surroundings), query)
    tables = [_columns(found)]
    if found.examples:
        tables.append(_examples(found))
    surroundings.emit(msgspec.to_builtins(found), *tables, *(escape(x) for x in found.verdict))


def _columns(found: DatasetComparison) -> Any:
    """Return how the columns differ."""
    from rich.table import Table

    span = f"{iso(found.from_ts_ns)} to {iso(found.to_ts_ns)}"
    only = f"{found.only_a:,} only in {found.a}, {found.only_b:,} only in {found.b}"
    table = Table(
        title=f"{found.a} and {found.b}, {span}",
        caption=f"{found.common:,} common bars, {only}; returns correlate {found.correlation:.4f}",
    )
    table.add_column("column")
    for heading in ("differing", "median", "largest"):
        table.add_column(heading, justify="right")
    for one in found.columns:
        unit = "" if one.column == "volume" or not one.differing else " ticks"
        numbers = (f"{value:,.6g}{unit}" for value in (one.median, one.largest))
        table.add_row(one.column, f"{one.differing:,}", *numbers)
    return table


def _examples(found: DatasetComparison) -> Any:
    """Return the first bars that differ."""
    from rich.table import Table

    table = Table(title="first bars that differ: open, high, low, close, volume")
    for heading in ("time", found.a, found.b):
        table.add_column(heading)
    for one in found.examples:
        values = (" ".join(f"{value:.10g}" for value in bar) for bar in (one.a, one.b))
        table.add_row(iso(one.ts_ns), *values)
    return table
