"""A stream of an exchange by name: live, recorded while live, or played from a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec

from fks.contexts.data.adapters.fetching import Fetcher
from fks.contexts.data.adapters.streaming.exchanges import Exchange, exchange_named
from fks.contexts.data.adapters.streaming.recorded import RecordedSource, Recorder
from fks.contexts.data.adapters.streaming.socket import SocketSource
from fks.contexts.data.domain.streaming.feed import Feed, MakeWire
from fks.contexts.data.service.streaming import LiveStream, StreamSettings
from fks.contexts.data.settings import FetchSettings
from fks.contracts.data.streams import Scale, StreamWire
from fks.kernel.errors import Invalid

__all__ = ["StreamRequest", "checked", "opened_stream"]


class StreamRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to stream, and from where.

    `url` and `pages_url` stand in place of the exchange's own, for a mirror. `replay` is played
    instead, at its own pace times `speed`, 0 for as fast as it is taken.
    """

    exchange: str
    symbols: tuple[str, ...]
    channels: tuple[str, ...]
    url: str = ""
    pages_url: str = ""
    record: Path | None = None
    replay: Path | None = None
    speed: float = 0.0


def checked(request: StreamRequest) -> tuple[Exchange, list[str]]:
    """Return the exchange and its symbols. Raises `Invalid` for a stream that cannot be."""
    exchange = exchange_named(request.exchange)
    symbols = exchange.symbols(request.symbols)
    Feed(exchange.make, symbols, request.channels)
    return exchange, symbols


@asynccontextmanager
async def opened_stream(
    request: StreamRequest,
    fetching: FetchSettings,
    key_of: Callable[[str], str],
    settings: StreamSettings | None = None,
) -> AsyncIterator[LiveStream]:
    """Open a stream, and close all that it stands on. `key_of` returns a provider's key, or "".

    Raises `Invalid` for an exchange, symbol, channel or file that is none, and for a key that is
    missing, `Conflict` for a file to record to that is there; then nothing was connected or
    written.
    """
    exchange, symbols = checked(request)
    if request.replay is not None:
        source = RecordedSource(request.replay, speed=request.speed, symbols=symbols)
        make = _recorded_wire(exchange, source.wire, request.replay.name)
        async with LiveStream(make, symbols, request.channels, source) as stream:
            yield stream
        return
    make, key = exchange.make, ""
    if exchange.let_in is not None:
        key = key_of(exchange.key)
        if not key:
            raise Invalid(
                f"{exchange.name} needs a key: fks data keys set {exchange.key}",
                code="data.no_provider_key",
            )
        make = partial(_let_in, exchange.let_in, key)
    base_url = request.pages_url or exchange.make({}).snapshot_base_url
    fetcher = Fetcher(exchange.name, base_url, exchange.limits, None, str, fetching)
    recorder = Recorder(request.record, hidden=key) if request.record is not None else None
    try:
        async with LiveStream(
            make,
            symbols,
            request.channels,
            SocketSource(fetching, url=request.url),
            pages=fetcher,
            settings=settings,
            recorder=recorder,
        ) as stream:
            yield stream
    finally:
        await fetcher.close()
        if recorder is not None:
            recorder.close()


def _recorded_wire(exchange: Exchange, recorded: MakeWire | None, name: str) -> MakeWire:
    """Return what makes the wire of a recording: its address knows the exchange's version.

    Raises `Invalid` for a recording of another exchange than the one named.
    """
    if recorded is None:
        return exchange.make
    found, wanted = recorded({}).name, exchange.name
    if found.partition("_")[0] != wanted.partition("_")[0]:
        raise Invalid(f"{name} is a recording of {found}, not of {wanted}", code="data.no_stream")
    return recorded


def _let_in(
    make: Callable[[Mapping[str, Scale], str], StreamWire], key: str, scales: Mapping[str, Scale]
) -> StreamWire:
    """Make a wire that has its key."""
    return make(scales, key)
