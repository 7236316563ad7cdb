"""`fks data streams`: what a running server streams by itself."""

from __future__ import annotations

import msgspec
import rich_click as click

from fks.contexts.data.cli.shown import store_of
from fks.contracts.data.live import StreamSpec
from fks.contracts.data.streams import BARS, DEPTH, QUOTES, TRADES
from fks.kernel.commands import command_context, json_option
from fks.kernel.errors import Invalid, NotFound

__all__ = ["CHANNEL_NAMES", "channels_of", "streams"]

CHANNEL_NAMES = {"book": DEPTH, "trades": TRADES, "quotes": QUOTES, "bars": BARS}
"""What people call the channels."""


def channels_of(text: str) -> tuple[str, ...]:
    """Return the channels of a list such as `book,trades`. Raises `Invalid`."""
    names = [one.strip() for one in text.split(",") if one.strip()]
    strange = [one for one in names if one not in CHANNEL_NAMES]
    if strange or not names:
        raise Invalid(
            f"--channels are of {', '.join(CHANNEL_NAMES)}, not {', '.join(strange)[:60]!r}",
            code="data.no_channel",
        )
    return tuple(CHANNEL_NAMES[one] for one in names)


@click.group("streams")
def streams() -> None:
    """Keep live streams: what is listed here, a running server tells over its bus and socket."""


@streams.command("add")
@click.argument("name")
@click.argument("provider")
@click.argument("symbols", nargs=-1, required=True, metavar="SYMBOL...")
@click.option("--channels", default="book,trades", show_default=True, help="Also quotes and bars.")
@click.option("--paused", is_flag=True, help="List it, and leave it alone for now.")
@json_option
def add_command(
    name: str, provider: str, symbols: tuple[str, ...], channels: str, *, paused: bool
) -> None:
    """Keep a stream; one of the same name is replaced. A running server begins within a second."""
    from fks.contexts.data.service.streaming.opening import StreamRequest, checked
    from fks.contexts.data.store.streams import StreamStore

    surroundings = command_context()
    spec = StreamSpec(
        name=name, exchange=provider, symbols=symbols, channels=channels_of(channels), paused=paused
    )
    checked(StreamRequest(exchange=provider, symbols=symbols, channels=spec.channels))
    StreamStore(store_of(surroundings).home).put(spec)
    surroundings.emit(msgspec.to_builtins(spec), f"{name} is kept; a running server streams it")


@streams.command("remove")
@click.argument("name")
@json_option
def remove_command(name: str) -> None:
    """End a stream, now and after a restart."""
    from fks.contexts.data.store.streams import StreamStore

    surroundings = command_context()
    if not StreamStore(store_of(surroundings).home).remove(name):
        raise NotFound(f"there is no stream {name[:64]!r}", code="data.stream_not_found")
    surroundings.emit({"removed": name}, f"{name} is not streamed any more")


@streams.command("list")
@json_option
def list_command() -> None:
    """List what is kept; how each is, the server tells under /api/v1/streams."""
    from rich.table import Table

    from fks.contexts.data.store.streams import StreamStore

    surroundings = command_context()
    table = Table(title="Live streams")
    for heading in ("name", "from", "symbols", "channels", "paused"):
        table.add_column(heading, no_wrap=heading == "name")
    found = StreamStore(store_of(surroundings).home).all()
    for spec in found:
        symbols, channels = ", ".join(spec.symbols), ", ".join(spec.channels)
        table.add_row(spec.name, spec.exchange, symbols, channels, "yes" if spec.paused else "")
    surroundings.emit(msgspec.to_builtins(found), table)
