"""Live streams: which are kept, how they are, and the best levels of their books."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Controller, delete, get, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK

from fks.contexts.api.http.inject import ApiDep, Key
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

__all__ = ["StreamController", "StreamWish"]

Levels = Annotated[int, QueryParameter(ge=1, le=1000, description="At most this many a side.")]
_Word = Annotated[str, msgspec.Meta(max_length=64)]


class StreamWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to stream; `channels` of trades, quotes, depth and bars."""

    exchange: _Word
    symbols: Annotated[tuple[_Word, ...], msgspec.Meta(min_length=1, max_length=1000)]
    channels: Annotated[tuple[_Word, ...], msgspec.Meta(min_length=1, max_length=4)] = (
        "depth",
        "trades",
    )
    paused: bool = False


class StreamController(Controller):
    """What the server hears of exchanges as it happens; its events come over the socket."""

    path = "/streams"
    tags = ("data",)

    @get("/", summary="List live streams")
    async def list_streams(self, api: ApiDep) -> StreamList:
        """Return all streams: what each symbol's data are worth, what was counted."""
        return await api.ask(ListStreams())

    @put("/{stream:str}", status_code=HTTP_200_OK, summary="Keep a live stream")
    async def keep(
        self,
        api: ApiDep,
        stream: FromPath[str],
        data: JSONBody[StreamWish],
        idempotency_key: Key = None,
    ) -> KeptStream:
        """Stream this from now on, also after a restart; one of the same name is replaced."""
        spec = StreamSpec(
            name=stream,
            exchange=data.exchange,
            symbols=data.symbols,
            channels=data.channels,
            paused=data.paused,
        )
        return await api.ask(KeepStream(key=api.new_key(idempotency_key), spec=spec))

    @delete("/{stream:str}", status_code=HTTP_200_OK, summary="End a live stream")
    async def remove(
        self, api: ApiDep, stream: FromPath[str], idempotency_key: Key = None
    ) -> StreamList:
        """End a stream."""
        return await api.ask(RemoveStream(key=api.new_key(idempotency_key), name=stream))

    @get("/{stream:str}/book", summary="Get a live book")
    async def book(
        self,
        api: ApiDep,
        stream: FromPath[str],
        symbol: FromQuery[str],
        levels: Levels = 20,
    ) -> LiveBook:
        """Return the best levels of a symbol's book as it is now."""
        return await api.ask(GetLiveBook(stream=stream, symbol=symbol, levels=levels))
