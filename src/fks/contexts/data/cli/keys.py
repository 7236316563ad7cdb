"""`fks data keys set, list, rotate, remove, rotate-master`: keys of providers.

A key comes from stdin or from a prompt without echo. One on the command line is refused, and not
repeated: other users of the machine see it in the list of processes, and the shell keeps it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

from fks.contexts.data.cli.provided import keys_of, providers_of
from fks.contexts.data.domain.quality import iso
from fks.kernel.commands import CommandContext, command_context, json_option
from fks.kernel.errors import Invalid

if TYPE_CHECKING:
    from fks.contexts.data.store.keys import KeyInfo

__all__ = ["keys"]

_MOST_CHARACTERS = 4096


@click.group()
def keys() -> None:
    """Keep the keys of providers, sealed on disk."""


@keys.command("set")
@click.argument("provider")
@click.argument("more", nargs=-1, metavar="")
@json_option
def set_command(provider: str, more: tuple[str, ...]) -> None:
    """Store the key of a provider; it is read from stdin, or asked for without echo."""
    surroundings = command_context()
    key = _given_key(surroundings, provider, more)
    _emit(surroundings, [keys_of(surroundings).set(provider, key)])


@keys.command("rotate")
@click.argument("provider")
@click.argument("more", nargs=-1, metavar="")
@json_option
def rotate_command(provider: str, more: tuple[str, ...]) -> None:
    """Replace the key of a provider; it is read from stdin, or asked for without echo."""
    surroundings = command_context()
    key = _given_key(surroundings, provider, more)
    _emit(surroundings, [keys_of(surroundings).rotate(provider, key)])


@keys.command("list")
@json_option
def list_command() -> None:
    """List the keys: masked, when they were set, and whether they can be opened."""
    surroundings = command_context()
    _emit(surroundings, list(keys_of(surroundings).infos()))


@keys.command("remove")
@click.argument("provider")
@json_option
def remove_command(provider: str) -> None:
    """Remove the key of a provider."""
    surroundings = command_context()
    keys_of(surroundings).remove(provider)
    surroundings.emit({"provider": provider, "removed": True}, f"the key of {provider} is removed")


@keys.command("rotate-master")
@json_option
def rotate_master_command() -> None:
    """Seal all keys with a new master key.

    Where FKS_MASTER_KEY or a file of yours holds it, give the new one first and the old one after
    a comma, run this, and take the old one away.
    """
    surroundings = command_context()
    sealed = keys_of(surroundings).rotate_master()
    surroundings.emit({"sealed": sealed}, f"{sealed:,} keys are sealed with the newest master key")


def _given_key(surroundings: CommandContext, provider: str, more: tuple[str, ...]) -> str:
    """Return the key that somebody types or sends. Raises `Invalid` for one in the arguments."""
    if more:
        raise Invalid(
            "a key does not belong on the command line: others see it there, and the shell keeps "
            f"it. Take that key back and give a new one to: fks data keys set {provider[:40]}",
            code="data.key_on_command_line",
        )
    wire = providers_of(surroundings).wire(provider)
    if wire.key is None:
        raise Invalid(f"{provider} needs no key", code="data.no_key_needed")
    if sys.stdin.isatty():
        typed: str = click.prompt(f"Key of {provider}", hide_input=True, err=True)
        return typed
    return sys.stdin.readline(_MOST_CHARACTERS)


def _emit(surroundings: CommandContext, found: list[KeyInfo]) -> None:
    """Answer with keys as people may see them."""
    from rich.table import Table

    table = Table(title="Keys of providers")
    for heading in ("provider", "key", "set", "rotated", "state"):
        table.add_column(heading, no_wrap=heading != "state")
    for one in found:
        table.add_row(
            one.provider,
            one.masked,
            _when(one.set_at_ns),
            _when(one.rotated_at_ns),
            one.fault or "usable",
        )
    document: Any = msgspec.to_builtins(found)
    surroundings.emit(document, table)


def _when(ts_ns: int) -> str:
    return iso(ts_ns)[:16] if ts_ns else ""
