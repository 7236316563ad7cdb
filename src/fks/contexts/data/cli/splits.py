"""`fks data split, splits`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

from fks.kernel.commands import command_context, json_option

if TYPE_CHECKING:
    from fks.contracts.data.datasets import SplitHead, SplitPlan

__all__ = ["splits"]

_FOLDS_SHOWN = 20


@click.command()
@click.argument("dataset")
@click.option(
    "--kind",
    required=True,
    type=click.Choice(["chronological", "walk-forward", "purged-kfold", "combinatorial"]),
)
@click.option("--name", default="", help="Name of the split; else made of dataset and kind.")
@click.option("--parts", default="80,10,10", show_default=True, help="Chronological: proportions.")
@click.option("--train", type=int, default=0, help="Walk-forward: bars to train on.")
@click.option("--test", type=int, default=0, help="Walk-forward: bars to test on.")
@click.option("--step", type=int, default=0, help="Walk-forward: bars between tests; else --test.")
@click.option("--gap", type=int, default=0, help="Walk-forward: bars between train and test.")
@click.option("--anchored", is_flag=True, help="Walk-forward: always train from the first bar on.")
@click.option("--folds", type=int, default=5, show_default=True, help="Groups of a k-fold.")
@click.option(
    "--test-groups", type=int, default=2, show_default=True, help="Combinatorial: groups a test."
)
@click.option("--embargo", default="0", show_default=True, help="Bars, or a share such as 1%.")
@click.option("--label-bars", type=int, default=0, show_default=True, help="Bars a label looks on.")
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    help="CSV or Parquet with ts_ns and end_ts_ns, when each bar's label ends.",
)
@json_option
def split(dataset: str, **options: Any) -> None:
    """Part a dataset into training and test, and keep the split under a name and a hash."""
    from fks.contexts.data.service.splitting import SplitRequest, make_split

    surroundings = command_context()
    request = SplitRequest(dataset=dataset, **options)
    plan = make_split(surroundings.home, request, now_ns=time.time_ns())
    surroundings.emit(msgspec.to_builtins(plan, str_keys=True), _plan_table(plan))


@click.command("splits")
@click.argument("name", required=False)
@json_option
def list_command(name: str | None) -> None:
    """List all splits, or show one by its name or hash."""
    from rich.table import Table

    from fks.contexts.data.service.splitting import find_split, list_splits

    surroundings = command_context()
    if name is not None:
        plan = find_split(surroundings.home, name)
        surroundings.emit(msgspec.to_builtins(plan, str_keys=True), _plan_table(plan))
        return
    found = list_splits(surroundings.home).splits
    table = Table(title="Splits")
    for heading in ("name", "hash", "dataset", "kind", "folds", "parameters"):
        table.add_column(heading, no_wrap=heading in ("name", "hash"), overflow="fold")
    for head in found:
        version = f"{head.dataset}@{head.dataset_hash[:12]}"
        table.add_row(
            head.name, head.hash[:12], version, head.kind, f"{head.folds:,}", _parameters(head)
        )
    surroundings.emit(msgspec.to_builtins(found, str_keys=True), table)


def _plan_table(plan: SplitPlan) -> Any:
    """Return a split as a table: a row a fold."""
    from rich.table import Table

    head = plan.head
    title = f"{head.name}  {head.hash[:12]}: {head.kind} of {head.dataset}, {_parameters(head)}"
    table = Table(title=title)
    names = [part.name for part in plan.folds[0].parts]
    for heading in ("fold", *names, "purged", "embargoed"):
        table.add_column(heading, justify="right")
    for number, fold in enumerate(plan.folds[:_FOLDS_SHOWN]):
        cells = [f"{part.rows:,}: {_spans(part.ranges)}" for part in fold.parts]
        table.add_row(str(number), *cells, f"{fold.purged:,}", f"{fold.embargoed:,}")
    if len(plan.folds) > _FOLDS_SHOWN:
        table.caption = f"{len(plan.folds) - _FOLDS_SHOWN:,} more; --json has all"
    return table


def _spans(ranges: tuple[tuple[int, int], ...]) -> str:
    """Return ranges as text, the first few of them."""
    shown = [f"{begin:,}-{end:,}" for begin, end in ranges[:4]]
    return " ".join((*shown, "...")) if len(ranges) > len(shown) else " ".join(shown)


def _parameters(head: SplitHead) -> str:
    """Return what decided a split."""
    return " ".join(f"{key}={value}" for key, value in head.parameters.items())


splits = (split, list_command)
