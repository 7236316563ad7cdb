"""`fks data aggregate`: bars of trades and quotes."""

from __future__ import annotations

import time

import rich_click as click

import fks
from fks.contexts.data.cli.shown import document, judged, report_table, store_of
from fks.kernel.commands import command_context, json_option

__all__ = ["aggregate_command"]


@click.command("aggregate")
@click.argument("dataset")
@click.option("--every", default="", metavar="TIMEFRAME", help="By the clock: 1s, 5m, 1h, 1d.")
@click.option("--trades", default=0, type=click.IntRange(min=0), help="A bar every N trades.")
@click.option("--volume", default="", metavar="N", help="A bar every N units traded.")
@click.option("--value", default="", metavar="N", help="A bar every N of money traded.")
@click.option(
    "--price",
    type=click.Choice(["bid", "ask", "mid"]),
    default="mid",
    show_default=True,
    help="What quotes become.",
)
@click.option("--name", help="Name of the new dataset; else made of instrument and timeframe.")
@json_option
def aggregate_command(
    dataset: str, every: str, trades: int, volume: str, value: str, price: str, name: str | None
) -> None:
    """Make a dataset of bars from one of trades (or by the clock, of quotes).

    A bar closed by what was traded ends with the trade that reaches its measure.
    """
    from fks.contexts.data.service.aggregating import Aggregate, aggregate

    surroundings = command_context()
    store = store_of(surroundings)
    asked = Aggregate(
        every=every, trades=trades, volume=volume, value=value, price=price, name=name
    )
    made = aggregate(
        store.open(dataset), asked, now_ns=time.time_ns(), code_version=fks.__version__
    )
    imported = judged(surroundings, made.imported)
    info, report = store.save(imported), imported.report
    counts = {
        "trades_left": (made.left, "trades follow the last whole bar and were left out"),
        "outside_sessions": (made.outside, "ticks lie between sessions and are in no bar"),
        "empty_sides": (made.empty, "quotes lack a side that is needed and are in no bar"),
    }
    found = document(info, report) | {name: count for name, (count, _) in counts.items()}
    lines = [f"{count:,} {what}" for count, what in counts.values() if count]
    surroundings.emit(found, report_table(info, report), *lines)
