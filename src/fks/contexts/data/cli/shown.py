"""What the commands of data share: the store, and how a dataset and its report look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from fks.contexts.data.domain.quality import iso
from fks.contracts.data import DatasetInfo, QualityReport
from fks.kernel.commands import CommandContext

if TYPE_CHECKING:
    from fks.contexts.data.domain.imports import Imported
    from fks.contexts.data.domain.rolls import RollTable
    from fks.contexts.data.domain.ticks.imports import ImportedTicks
    from fks.contexts.data.store import DatasetStore

    Judgeable = TypeVar("Judgeable", bound=Imported | ImportedTicks)

__all__ = ["document", "judged", "report_table", "roll_table", "store_of"]


def store_of(surroundings: CommandContext) -> DatasetStore:
    """Open the store; its libraries load only now, so that every other command starts at once."""
    from fks.contexts.data.store import DatasetStore

    return DatasetStore(surroundings.home)


def judged(surroundings: CommandContext, imported: Judgeable) -> Judgeable:
    """Judge what is to be stored by the rules of plugins too."""
    from fks.contexts.data.service.quality import rules_of, with_rules

    return with_rules(imported, rules_of(surroundings.hook))


def document(info: DatasetInfo, report: QualityReport) -> dict[str, Any]:
    """Return a dataset and its report as one document."""
    return {
        "dataset": msgspec.to_builtins(info, str_keys=True),
        "quality": msgspec.to_builtins(report, str_keys=True),
    }


def report_table(info: DatasetInfo, report: QualityReport) -> Any:
    """Return a dataset and its report as a table."""
    from rich.table import Table

    label = "  [bold red]SYNTHETIC[/]" if info.synthetic else ""
    table = Table(title=f"{info.name}  {info.hash[:12]}{label}", show_header=False)
    table.add_column("", style="dim")
    table.add_column("")
    span = f"{iso(info.first_ts_ns)} to {iso(info.last_ts_ns)}"
    instrument = info.instrument
    of = f" of {info.timeframe}" if info.kind == "bars" else ""
    for heading, text in (
        ("instrument", f"{instrument.id}, tick {instrument.tick_size}, lot {instrument.lot_size}"),
        (info.kind, f"{info.rows:,}{of}, {span}"),
        ("rows read", f"{report.rows_read:,}, of them {report.rows_quarantined:,} in quarantine"),
        (
            "calendar",
            f"{report.calendar}: {report.missing_bars:,} bars missing in {report.gaps:,} gaps",
        ),
        ("score", f"{report.score:.2f} of 100"),
        ("source", info.source),
    ):
        table.add_row(heading, text)
    for finding in report.findings:
        colour = {"error": "red", "warning": "yellow"}.get(finding.severity, "dim")
        examples = f" ({', '.join(finding.examples[:3])})" if finding.examples else ""
        table.add_row(
            f"[{colour}]{finding.rule}[/]", f"{finding.count:,}: {finding.message}{examples}"
        )
    return table


def roll_table(rolls: RollTable) -> Any:
    """Return the rolls of a continuous series as a table."""
    from fractions import Fraction

    from rich.table import Table

    table = Table(title=f"rolls by {rolls.roll}, adjusted by {rolls.adjust}")
    for heading in ("session", "from", "to", "ratio", "difference", "measured"):
        table.add_column(heading)
    for one in rolls.rolls:
        ratio = f"{float(Fraction(one.ratio)):.6f}" if one.ratio else ""
        at = "" if one.measured_at_ns is None else iso(one.measured_at_ns)
        table.add_row(one.session, one.before, one.after, ratio, one.difference, at)
    return table
