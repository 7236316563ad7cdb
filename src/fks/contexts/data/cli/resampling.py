"""`fks data resample`: longer bars from shorter ones."""

from __future__ import annotations

import time

import rich_click as click

import fks
from fks.contexts.data.cli.shown import document, judged, report_table, store_of
from fks.kernel.commands import command_context, json_option

__all__ = ["resample_command"]


@click.command("resample")
@click.argument("dataset")
@click.option("--to", "timeframe", required=True, help="Such as 5m, 1h, 1d, 1w.")
@click.option("--name", help="Name of the new dataset; else made of instrument and timeframe.")
@json_option
def resample_command(dataset: str, timeframe: str, name: str | None) -> None:
    """Make a dataset of longer bars: by the UTC clock, and from a day on by sessions.

    A first or last bar that DATASET does not cover whole is left out.
    """
    from fks.contexts.data.service.resampling import resample

    surroundings = command_context()
    store = store_of(surroundings)
    made = resample(
        store.open(dataset), timeframe, name, now_ns=time.time_ns(), code_version=fks.__version__
    )
    imported = judged(surroundings, made.imported)
    info, report = store.save(imported), imported.report
    found = document(info, report) | {"outside_sessions": made.outside, "bars_cut": made.cut}
    lines = [
        f"{count:,} {what}"
        for count, what in (
            (made.outside, "rows lie between sessions and are in no bar"),
            (made.cut, "bars at the ends are not covered whole and were left out"),
        )
        if count
    ]
    surroundings.emit(found, report_table(info, report), *lines)
