"""`fks data track`: what a server keeps backfilled and fresh by itself."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import rich_click as click

from fks.contexts.data.cli.moments import moment_ns
from fks.contexts.data.cli.shown import store_of
from fks.contexts.data.domain.quality import iso
from fks.contracts.data.tracking import TrackedAsset
from fks.kernel.commands import command_context, json_option
from fks.kernel.errors import NotFound

__all__ = ["track"]


@click.group("track")
def track() -> None:
    """Keep assets fresh: what is listed here, a running server fetches by itself."""


@track.command("add")
@click.argument("symbol")
@click.option("--from", "providers", required=True, metavar="PROVIDER[,PROVIDER]")
@click.option("--timeframe", default="1m", show_default=True)
@click.option("--start", metavar="DATE", help="First bar, UTC; else as far back as there is.")
@click.option("--every", default=3600, show_default=True, type=int, help="Seconds between visits.")
@click.option("--name", default="", help="Name of the dataset.")
@click.option("--paused", is_flag=True, help="List it, and leave it alone for now.")
@json_option
def add_command(symbol: str, providers: str, **options: Any) -> None:
    """Track an asset; one of the same name is replaced."""
    from fks.contexts.data.domain.content import dataset_name
    from fks.contexts.data.store.tracked import TrackedStore

    surroundings = command_context()
    names = tuple(one.strip() for one in providers.split(",") if one.strip())
    name = options["name"] or dataset_name(
        f"{names[0] if names else ''}_{symbol}_{options['timeframe']}"
    )
    asset = TrackedAsset(
        name=name,
        providers=names,
        symbol=symbol,
        timeframe=options["timeframe"],
        start_ns=moment_ns(options["start"], 0),
        every_s=options["every"],
        paused=options["paused"],
    )
    TrackedStore(store_of(surroundings).home).put(asset)
    surroundings.emit(
        msgspec.to_builtins(asset), f"{name} is tracked; a running server fetches it by itself"
    )


@track.command("remove")
@click.argument("name")
@json_option
def remove_command(name: str) -> None:
    """Leave an asset alone; its datasets stay."""
    from fks.contexts.data.store.tracked import TrackedStore

    surroundings = command_context()
    if not TrackedStore(store_of(surroundings).home).remove(name):
        raise NotFound(f"{name[:64]!r} is not tracked", code="data.not_tracked")
    surroundings.emit({"removed": name}, f"{name} is left alone; its datasets stay")


@track.command("list")
@json_option
def list_command() -> None:
    """List what is tracked, and how far each is behind."""
    from rich.table import Table

    from fks.contexts.data.service.tracking import behind_rows
    from fks.contexts.data.store.tracked import TrackedStore

    surroundings = command_context()
    store = store_of(surroundings)
    there = {info.name: info for info in store.list()}
    table = Table(title="Tracked assets")
    for heading in ("name", "from", "every", "bars", "last", "behind"):
        table.add_column(heading, no_wrap=heading == "name")
    found = []
    for asset in TrackedStore(store.home).all():
        info = there.get(asset.name)
        behind = -1 if info is None else behind_rows(info, time.time_ns())
        found.append(
            {
                **msgspec.to_builtins(asset),
                "rows": 0 if info is None else info.rows,
                "last_ts_ns": 0 if info is None else info.last_ts_ns,
                "behind_rows": behind,
            }
        )
        table.add_row(
            asset.name,
            ", ".join(asset.providers),
            "paused" if asset.paused else f"{asset.every_s:,} s",
            "none yet" if info is None else f"{info.rows:,}",
            "" if info is None else iso(info.last_ts_ns)[:16],
            "" if behind < 0 else f"{behind:,} bars",
        )
    surroundings.emit(found, table)
