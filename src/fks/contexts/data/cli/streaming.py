"""`fks data stream`: what an exchange says now, or what it said in a recording."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

from fks.contexts.data.cli.streams import channels_of
from fks.contracts.data.streams import DEPTH
from fks.kernel.commands import CommandContext, command_context
from fks.kernel.errors import Invalid

if TYPE_CHECKING:
    from fks.contexts.data.cli.streamed import StreamView
    from fks.contexts.data.service.streaming.opening import StreamRequest

__all__ = ["stream_command"]


@click.command("stream")
@click.argument("provider")
@click.argument("symbols", nargs=-1, required=True, metavar="SYMBOL...")
@click.option("--channels", default="book,trades", show_default=True, help="Of these and quotes.")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="End after so long.")
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the session to a new file; packed where it ends in .gz.",
)
@click.option(
    "--replay", type=click.Path(dir_okay=False, path_type=Path), help="Play a recorded session."
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="Of a replay: 1 as it was, 0 as fast as possible.",
)
@click.option("--url", default="", help="Of a mirror of the stream, in place of the exchange's.")
@click.option("--pages-url", default="", help="Of a mirror that answers requests for snapshots.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON for each update.")
def stream_command(provider: str, symbols: tuple[str, ...], **options: Any) -> None:
    """Show an exchange's stream: best prices of the book, trades, and whether all is whole.

    A terminal shows a table that follows the stream; Ctrl-C ends it. Only what is live is shown.
    `fks data import` reads what --record wrote of Binance.
    """
    from fks.contexts.data.service.streaming.opening import StreamRequest

    surroundings = command_context()
    surroundings.json = options["as_json"]
    if options["record"] is not None and options["replay"] is not None:
        raise Invalid("a replay is recorded already; leave out --record", code="data.bad_stream")
    request = StreamRequest(
        exchange=provider,
        symbols=symbols,
        channels=channels_of(options["channels"]),
        url=options["url"],
        pages_url=options["pages_url"],
        record=options["record"],
        replay=options["replay"],
        speed=options["speed"],
    )
    views: list[StreamView] = []
    with suppress(KeyboardInterrupt):
        asyncio.run(_follow(surroundings, request, options["seconds"], views))
    for view in views:
        counters = msgspec.to_builtins(view.counters)
        ended = {"kind": "end", "states": view.states, "counters": counters}
        surroundings.emit(ended, view.table())


async def _follow(
    surroundings: CommandContext,
    request: StreamRequest,
    seconds: float | None,
    views: list[StreamView],
) -> None:
    """Follow a stream to its end."""
    from fks.contexts.data.cli.provided import keys_of
    from fks.contexts.data.cli.streamed import StreamView, line_of
    from fks.contexts.data.service.providers import key_in_environment
    from fks.contexts.data.service.streaming.opening import opened_stream
    from fks.contexts.data.settings import FetchSettings

    fetching = surroundings.settings.section("fetching", FetchSettings)
    stored = keys_of(surroundings)
    key_of = lambda name: key_in_environment(name) or stored.key(name)  # noqa: E731
    async with opened_stream(request, fetching, key_of) as stream:
        deep = DEPTH in request.channels
        view = StreamView(request.exchange, list(stream.states), stream.counters, deep=deep)
        views.append(view)
        with _shown(surroundings, view), suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                async for told in stream:
                    view.take(told)
                    if surroundings.json:
                        click.echo(msgspec.json.encode(line_of(told)))


def _shown(surroundings: CommandContext, view: StreamView) -> AbstractContextManager[Any]:
    """Show the table while the stream runs, where somebody sees it."""
    if surroundings.json or not sys.stdout.isatty():
        return nullcontext()
    from rich.live import Live

    return Live(
        get_renderable=view.table,
        console=surroundings.out,
        refresh_per_second=4,
        transient=True,
    )
