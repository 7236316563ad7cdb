"""`fks data continuous`: one series of a product's contracts."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import rich_click as click

import fks
from fks.contexts.data.cli.shown import document, judged, report_table, roll_table, store_of
from fks.contexts.data.domain.continuous import ADJUSTMENTS
from fks.kernel.commands import command_context, json_option

__all__ = ["continuous_command"]


@click.command("continuous")
@click.argument("datasets", nargs=-1, required=True, metavar="DATASET...")
@click.option(
    "--roll",
    required=True,
    help="expiry:N (sessions before), first-of-month, volume or open-interest.",
)
@click.option(
    "--open-interest",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="LEAN's daily zip, or CSV or Parquet with date, contract, open_interest.",
)
@click.option(
    "--adjust",
    type=click.Choice(ADJUSTMENTS),
    default="none",
    show_default=True,
    help="Prices before a roll: as they were, times a ratio, or plus a difference.",
)
@click.option("--name", help="Name of the new dataset; else made of product, rule and adjustment.")
@json_option
def continuous_command(
    datasets: tuple[str, ...], roll: str, files: tuple[Path, ...], adjust: str, name: str | None
) -> None:
    """Make one dataset of a product's contracts that rolls from each to the next.

    With --roll volume the next contract follows in the session after one in which its volume was
    larger; with --roll open-interest likewise, open-interest:1 waits a session longer. The newest
    contract keeps its prices.
    """
    from fks.contexts.data.service.continuous import continuous
    from fks.contexts.data.store.instruments import RegistryFile

    surroundings = command_context()
    store = store_of(surroundings)
    made = continuous(
        [store.open(one) for one in datasets],
        roll,
        adjust,
        name,
        now_ns=time.time_ns(),
        code_version=fks.__version__,
        registry=RegistryFile(surroundings.home).load(),
        open_interest=files,
    )
    imported = judged(surroundings, made.imported)
    info, report = store.save(imported), imported.report
    rolls = {"continuous": msgspec.to_builtins(made.table), "outside_sessions": made.outside}
    lines = (
        [f"{made.outside:,} rows lie between sessions and are in no bar"] if made.outside else []
    )
    surroundings.emit(
        document(info, report) | rolls, report_table(info, report), roll_table(made.table), *lines
    )
