"""`fks data adjust`: prices before splits and dividends as if those had been already."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

import fks
from fks.contexts.data.cli.shown import document, report_table, store_of
from fks.contexts.data.domain.actions import HOW
from fks.kernel.commands import command_context, json_option

if TYPE_CHECKING:
    from fks.contexts.data.domain.actions import Action
    from fks.contexts.data.store import DatasetStore
    from fks.contracts.values import Instrument

__all__ = ["adjust_command"]

_SHOWN = 20


@click.command("adjust")
@click.argument("dataset")
@click.option(
    "--actions",
    required=True,
    metavar="DATASET|FILE",
    help="A dataset of actions, or a file: LEAN's factors, Polygon's JSON, CSV.",
)
@click.option("--symbol", help="Whose actions, where the file has several; else the instrument's.")
@click.option(
    "--how",
    required=True,
    type=click.Choice(HOW),
    help="Splits only, splits and dividends, or bars adjusted for splits back as traded.",
)
@click.option(
    "--as-of", metavar="DATE", help="As known on this day: later bars and actions are not."
)
@click.option("--tick-size", help="Finer ticks, so that early prices keep their digits.")
@click.option("--name", help="Name of the new dataset; else made of its parent's.")
@json_option
def adjust_command(
    dataset: str, actions: str, symbol: str | None, how: str, **options: Any
) -> None:
    """Make a dataset of DATASET as splits and dividends make it.

    Prices before an ex-date change, those from it on stay. Factors are exact and rounded once.
    """
    from fks.contexts.data.service.adjusting import AdjustRequest, adjust
    from fks.contexts.data.service.instruments import day_of

    surroundings = command_context()
    store = store_of(surroundings)
    opened = store.open(dataset)
    as_of = None if options["as_of"] is None else day_of(options["as_of"], 0)
    found, source = _read(store, actions, opened.info.instrument, symbol, as_of)
    request = AdjustRequest(
        how=how,
        **source,
        as_of=as_of,
        tick_size=options["tick_size"],
        name=options["name"],
        now_ns=time.time_ns(),
        code_version=fks.__version__,
    )
    made = adjust(opened, found, request)
    info, report = store.save(made.imported), made.imported.report
    told = document(info, report) | {"adjustment": msgspec.to_builtins(made.table)}
    surroundings.emit(told, report_table(info, report), _table(made.table.rows), *_told(made))


def _read(
    store: DatasetStore, text: str, of: Instrument, symbol: str | None, as_of: date | None
) -> tuple[tuple[Action, ...], dict[str, Any]]:
    """Return the actions of a file or a dataset, and what a request says of where they are from."""
    from fks.contexts.data.adapters.actions import read_actions
    from fks.contexts.data.adapters.fingerprint import fingerprint
    from fks.contexts.data.service.adjusting import dataset_actions

    path = Path(text)
    if path.exists() or path.suffix or len(path.parts) > 1:
        actions = read_actions(path, symbol or of.id, of.currency)
        return actions, {"source": path.name, "sources": fingerprint(path)}
    opened = store.open(text)
    info = opened.info
    actions, later = dataset_actions(opened, of, symbol, as_of)
    named = {"source": f"{info.name}@{info.hash[:12]}", "actions": info.hash, "later": later}
    return actions, named


def _table(rows: Any) -> Any:
    """Return the last ex-dates as a table."""
    from rich.table import Table

    table = Table(title=f"{len(rows):,} ex-dates" + (", the last" if len(rows) > _SHOWN else ""))
    for heading in ("ex-date", "ratio", "dividend", "close before", "price factor", "volume"):
        table.add_column(heading)
    for row in rows[-_SHOWN:]:
        factors = (f"{row.price_factor:.7g}", f"{row.volume_factor:.7g}")
        table.add_row(row.ex_date, row.ratio, row.dividend, row.close, *factors)
    return table


def _told(made: Any) -> list[str]:
    """Return lines on actions that did nothing."""
    table = made.table
    return [
        f"{count:,} {what}"
        for count, what in (
            (table.later, f"actions after {table.as_of} are not known yet"),
            (table.unused, "actions have no bar before them"),
        )
        if count
    ]
