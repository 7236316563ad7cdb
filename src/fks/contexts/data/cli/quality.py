"""`fks data quality, quarantine`: what is wrong with a dataset, and which rows were refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

from fks.contexts.data.cli.shown import document, report_table, store_of
from fks.kernel.commands import command_context, json_option
from fks.kernel.errors import Unavailable

if TYPE_CHECKING:
    from fks.contexts.data.domain.coverage_bars import BarLine, Cell
    from fks.contracts.data import QualityReport
    from fks.contracts.data.reports import DayQuality

__all__ = ["COMMANDS"]

_MOST_LINES = 200


@click.command("quality")
@click.argument("dataset")
@click.option("--days", is_flag=True, help="List days with missing or doubtful bars.")
@click.option(
    "--html",
    "page",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the report with a calendar of all days as one HTML file.",
)
@click.option("--against", metavar="DATASET", help="Say how far it agrees with another dataset.")
@json_option
def quality_command(dataset: str, days: bool, page: Path | None, against: str | None) -> None:
    """Judge a dataset by all rules, and show which of its days have holes.

    Each block is a day (over three years: ten days): full, lower where bars are missing, a cross
    where all are, a dot where none is expected. Yellow: bars are doubted.
    """
    from fks.contexts.data.domain.coverage_bars import coverage_lines
    from fks.contexts.data.service.quality import Inspector, rules_of

    surroundings = command_context()
    store = store_of(surroundings)
    found = Inspector(store, rules_of(surroundings.hook)).inspect(dataset)
    if against is not None:
        from fks.contexts.data.service.comparing import compare, with_comparison
        from fks.contracts.data.reports import CompareDatasets

        compared = compare(store, CompareDatasets(a=dataset, b=against))
        found = found._replace(report=with_comparison(found.report, compared))
    told = document(found.info, found.report) | {"note": found.note}
    if days:
        told["days"] = msgspec.to_builtins(found.days)
    shown = [report_table(found.info, found.report), _parts_table(found.report)]
    shown.append(_coverage(coverage_lines(found.days)))
    if days:
        shown.append(_days_table(found.days, by_sessions=found.by_sessions))
    if found.note:
        shown.append(f"[dim]{found.note}[/]")
    if page is not None:
        from fks.contexts.data.domain.quality_page import page_of

        text = page_of(
            found.info, found.report, found.days, found.note, by_sessions=found.by_sessions
        )
        try:
            page.write_text(text, encoding="utf-8")
        except OSError as error:
            raise Unavailable(
                f"{page} cannot be written: {error.strerror or error}", code="data.cannot_write"
            ) from None
        told["html"] = str(page)
    surroundings.emit(told, *shown)


@click.command("quarantine")
@click.argument("dataset")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True)
@click.option("--rows", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--csv", "as_csv", is_flag=True, help="All of them as CSV.")
@json_option
def quarantine_command(dataset: str, page: int, rows: int, as_csv: bool) -> None:
    """Show the rows that were refused at import, where they stood, and why."""
    from rich.markup import escape
    from rich.table import Table

    from fks.contexts.data.store.quarantine import HEADINGS, refused_csv, refused_rows

    surroundings = command_context()
    info = store_of(surroundings).open(dataset).info
    if as_csv:
        for line in refused_csv(info):
            click.echo(line, nl=False)
        return
    found = refused_rows(info, (page - 1) * rows, rows)
    pages = max(-(-found.total // rows), 1)
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in found.reasons.items())
    table = Table(
        title=f"{info.name}: {found.total:,} rows refused",
        caption=f"page {page} of {pages:,}" + (f"; {reasons}" if reasons else ""),
    )
    for heading in HEADINGS:
        table.add_column(heading)
    for row in found.rows:
        texts = ("" if row[name] is None else str(row[name]) for name in HEADINGS)
        table.add_row(*(escape(text[:200]) for text in texts))
    told = {"dataset": info.name, "hash": info.hash, "total": found.total, "page": page}
    told |= {"pages": pages, "reasons": found.reasons, "rows": [_plain(row) for row in found.rows]}
    surroundings.emit(told, table)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row without numbers that are none: JSON has no word for them."""
    return {name: None if value != value else value for name, value in row.items()}


def _parts_table(report: QualityReport) -> Any:
    """Return what the score lost, and what is left."""
    from rich.table import Table

    table = Table(title="score", show_header=False)
    table.add_column("", justify="right", no_wrap=True)
    for _ in range(2):
        table.add_column("")
    table.add_row("100.00", "", "")
    for part in report.parts:
        table.add_row(f"-{part.points_lost:.2f}", part.name, part.reason)
    table.add_row(f"[bold]{report.score:.2f}[/]", "", "")
    return table


def _coverage(lines: Sequence[BarLine]) -> Any:
    """Return the lines of blocks, of a very long span the last ones."""
    from rich.table import Table

    table = Table(show_header=True, box=None, pad_edge=False)
    for heading in ("", "coverage"):
        table.add_column(heading, no_wrap=True)
    for heading in ("there", "bars", "missing", "faults"):
        table.add_column(heading, justify="right", no_wrap=True)
    for line in lines[-_MOST_LINES:]:
        total = line.total
        there = total.expected - total.missing
        share = f"{100 * there / total.expected:.1f}%" if total.expected else ""
        blocks = "".join(_block(cell) for cell in line.cells)
        counts = (total.present, total.missing, total.faults)
        table.add_row(line.name, blocks, share, *(f"{count:,}" for count in counts))
    return table


def _block(cell: Cell) -> str:
    """Return a cell with its colour."""
    from fks.contexts.data.domain.coverage_bars import CLOSED, EMPTY, block_of

    sign = block_of(cell)
    if sign == CLOSED:
        return f"[dim]{sign}[/]"
    colour = "red" if sign == EMPTY or cell.missing else "yellow" if cell.faults else "green"
    return f"[{colour}]{sign}[/]"


def _days_table(days: Sequence[DayQuality], *, by_sessions: bool) -> Any:
    """Return days with missing or doubtful bars, the worst of very many."""
    from rich.table import Table

    of = "of sessions" if by_sessions else "of UTC"
    bad = [day for day in days if day.missing or day.faults]
    chosen = sorted(bad, key=lambda day: -(day.missing + day.faults))[:_MOST_LINES]
    table = Table(
        title=f"{len(bad):,} of {len(days):,} days {of} have missing or doubtful bars",
        caption="" if len(bad) == len(chosen) else f"the {len(chosen)} worst; --json has all",
    )
    for heading in ("day", "expected", "there", "missing", "faults", "found"):
        table.add_column(heading, no_wrap=heading != "found")
    for day in sorted(chosen, key=lambda one: one.day):
        found = ", ".join(f"{code} {count:,}" for code, count in day.findings.items())
        counts = (day.expected, day.present, day.missing, day.faults)
        table.add_row(day.day, *(f"{count:,}" for count in counts), found)
    return table


COMMANDS = (quality_command, quarantine_command)
