"""The live streams of one server: how they are opened, and what they answer."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from fks.contexts.data.service.providers import key_in_environment
from fks.contexts.data.service.streaming import LiveStream, StreamSettings
from fks.contexts.data.service.streaming.kept import LiveStreams
from fks.contexts.data.service.streaming.opening import StreamRequest, checked, opened_stream
from fks.contexts.data.settings import DataSettings, FetchSettings, KeptStreamSettings, Mirror
from fks.contexts.data.store.keys import KeyStore
from fks.contexts.data.store.streams import StreamStore
from fks.contracts.data.live import (
    GetLiveBook,
    KeepStream,
    KeptStream,
    ListStreams,
    LiveBook,
    RemoveStream,
    StreamList,
    StreamSpec,
)
from fks.kernel.bus import Wiring
from fks.kernel.messages import Meta
from fks.kernel.runtime import Runtime

__all__ = ["live_streams", "wire_streams"]


def live_streams(runtime: Runtime) -> LiveStreams:
    """Return the streams of this process, kept as its settings say."""
    told = runtime.section("streams", KeptStreamSettings)
    fetching = runtime.section("fetching", FetchSettings)
    settings = StreamSettings(stale_after_s=told.stale_after_s, most_waiting=told.most_waiting)

    def request(spec: StreamSpec) -> StreamRequest:
        mirror = told.mirrors.get(spec.exchange, Mirror(url=""))
        return StreamRequest(
            exchange=spec.exchange,
            symbols=spec.symbols,
            channels=spec.channels,
            url=mirror.url,
            pages_url=mirror.pages_url,
        )

    named = runtime.section("data", DataSettings).master_key_file
    keys = KeyStore(runtime.home, master_file=Path(named).expanduser() if named else None)

    def key_of(name: str) -> str:
        return key_in_environment(name) or keys.key(name)

    def open_stream(spec: StreamSpec) -> AbstractAsyncContextManager[LiveStream]:
        return opened_stream(request(spec), fetching, key_of, settings)

    def check(spec: StreamSpec) -> None:
        checked(request(spec))

    return LiveStreams(runtime.bus, StreamStore(runtime.home), open_stream, check)


def wire_streams(streams: LiveStreams, wiring: Wiring) -> None:
    """Answer for live streams."""

    async def list_streams(query: ListStreams, meta: Meta) -> StreamList:
        return await streams.states()

    async def get_book(query: GetLiveBook, meta: Meta) -> LiveBook:
        return streams.book(query)

    async def keep(command: KeepStream, meta: Meta) -> KeptStream:
        return await streams.keep(command)

    async def remove(command: RemoveStream, meta: Meta) -> StreamList:
        return await streams.remove(command)

    wiring.answer(ListStreams, list_streams)
    wiring.answer(GetLiveBook, get_book)
    wiring.answer(KeepStream, keep)
    wiring.answer(RemoveStream, remove)
