"""`fks data vault seal, status, open`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

from fks.contexts.data.cli.moments import moment_ns
from fks.contexts.data.domain.quality import iso
from fks.contexts.data.domain.vault import MOST_READS
from fks.kernel.commands import command_context, json_option

if TYPE_CHECKING:
    from fks.contracts.data.datasets import VaultState

__all__ = ["vault"]

_LOOKS_SHOWN = 20


@click.group()
def vault() -> None:
    """Keep the last bars of a dataset from every test but the last."""


@vault.command()
@click.argument("name")
@click.option("--from", "begin", required=True, metavar="DATE", help="First sealed open, UTC.")
@click.option("--to", "end", metavar="DATE", help="Sealed before this, UTC; else to the end.")
@json_option
def seal(name: str, begin: str, end: str | None) -> None:
    """Seal bars of a dataset, of all its versions and of what follows from them, for good."""
    from fks.contexts.data.service.vault import seal_range

    surroundings = command_context()
    found = seal_range(surroundings.home, name, moment_ns(begin, 0), moment_ns(end, 2**63 - 1))
    surroundings.emit(msgspec.to_builtins(found, str_keys=True), *_tables(found))


@vault.command()
@click.argument("name", required=False, default="")
@json_option
def status(name: str) -> None:
    """Show what is sealed, how often it was looked at, and each look."""
    from fks.contexts.data.service.vault import vault_state

    surroundings = command_context()
    found = vault_state(surroundings.home, name)
    surroundings.emit(msgspec.to_builtins(found, str_keys=True), *_tables(found))


@vault.command("open")
@click.argument("name")
@click.option("--reason", required=True, help="Why; it stays in the log.")
@click.option(
    "--reads",
    type=click.IntRange(1, MOST_READS),
    default=1,
    show_default=True,
    help="How many reads may pass.",
)
@json_option
def open_command(name: str, reason: str, reads: int) -> None:
    """Let the next reads of sealed bars pass; each of them is counted and logged."""
    from fks.contexts.data.service.vault import open_vault

    surroundings = command_context()
    found = open_vault(surroundings.home, name, reason, reads=reads)
    surroundings.emit(msgspec.to_builtins(found, str_keys=True), *_tables(found))


def _tables(found: VaultState) -> tuple[Any, ...]:
    """Return seals and looks as tables."""
    from rich.markup import escape
    from rich.table import Table

    seals = Table(title="Sealed")
    for heading in ("dataset", "from", "to", "looks", "reads left", "reason"):
        seals.add_column(heading)
    for seal in found.seals:
        seals.add_row(
            seal.dataset,
            iso(seal.from_ts_ns),
            "the end" if seal.to_ts_ns == 2**63 - 1 else iso(seal.to_ts_ns),
            f"{seal.looks:,}",
            f"{seal.reads_left:,}",
            escape(seal.reason),
        )
    if not found.looks:
        return (seals,)
    looks = Table(title=f"{len(found.looks):,} looks")
    for heading in ("when", "dataset", "who", "why"):
        looks.add_column(heading)
    for look in found.looks[-_LOOKS_SHOWN:]:
        looks.add_row(iso(look.at_ns), look.dataset, escape(look.by), escape(look.reason))
    return seals, looks
