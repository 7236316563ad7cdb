"""A datafeed for charting libraries that speak TradingView's UDF protocol, over stored datasets.

A symbol is the name of a dataset of bars; its resolutions are the dataset's own timeframe and
longer ones that are made of it. Times are UTC; sessions are told in the time of their exchange.
Without `[api] udf` none of it is there. What goes wrong is told as the protocol wants:
`{"s": "error", "errmsg": ...}`.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Annotated, Any

from litestar import Controller, MediaType, get
from litestar.params import FromQuery, QueryParameter

from fks.contexts.api.domain.udf import (
    described,
    matching,
    resolution_of,
    resolutions,
    searched,
    timeframe_of,
)
from fks.contexts.api.http.data import MAX_S, NS
from fks.contexts.api.http.inject import ApiDep
from fks.contracts.data import BarWindow, DatasetInfo, GetBars, GetDataset, ListDatasets
from fks.contracts.data.instruments import GetInstrumentDetails
from fks.contracts.data.reports import GetSessionHours, SessionHours
from fks.kernel.errors import FksError, Invalid, NotFound

__all__ = ["UdfController"]

_MOST_BARS = 10_000

Begin = Annotated[int, QueryParameter(name="from", ge=0, le=MAX_S)]
End = Annotated[int, QueryParameter(name="to", ge=0, le=MAX_S)]
Countback = Annotated[int, QueryParameter(ge=0, le=1_000_000)]
Found = Annotated[int, QueryParameter(ge=1, le=1_000)]
SearchText = Annotated[str, QueryParameter(name="query", max_length=200)]


class UdfController(Controller):
    """TradingView's UDF protocol."""

    path = "/udf"
    tags = ("udf",)

    @get("/config", summary="What the datafeed can do")
    async def config(self, api: ApiDep) -> dict[str, Any]:
        """Return the resolutions that datasets have, and what is supported."""
        found = (await api.ask(ListDatasets())).datasets
        return {
            "supported_resolutions": sorted({one for info in found for one in resolutions(info)}),
            "supports_search": True,
            "supports_group_request": False,
            "supports_marks": False,
            "supports_timescale_marks": False,
            "supports_time": True,
            "exchanges": [{"value": "", "name": "All", "desc": ""}],
            "symbols_types": [{"value": "", "name": "All"}],
        }

    @get("/time", media_type=MediaType.TEXT, summary="Server time")
    async def time(self) -> str:
        """Return the Unix time in seconds."""
        return str(int(time.time()))

    @get("/search", summary="Find symbols")
    async def search(
        self, api: ApiDep, text: SearchText = "", limit: Found = 30
    ) -> list[dict[str, Any]]:
        """Return datasets of bars whose name, instrument or description holds a text."""
        found = (await api.ask(ListDatasets())).datasets
        return [searched(info) for info in matching(found, text)[:limit]]

    @get("/symbols", summary="Describe a symbol")
    async def symbols(self, api: ApiDep, symbol: FromQuery[str]) -> dict[str, Any]:
        """Return what a chart has to know of a dataset."""
        try:
            info = await _bars_of(api, symbol)
            return described(info, await _hours(api, info))
        except FksError as error:
            return _error(error)

    @get("/history", summary="Get bars")
    async def history(
        self,
        api: ApiDep,
        symbol: FromQuery[str],
        resolution: FromQuery[str],
        to_s: End,
        from_s: Begin = 0,
        countback: Countback = 0,
    ) -> dict[str, Any]:
        """Return the bars of `[from, to)`; with `countback` the last so many before `to`."""
        try:
            info = await _bars_of(api, symbol)
            timeframe = timeframe_of(info, resolution)
            if timeframe is None:
                raise NotFound(f"no resolution {resolution[:10]!r}")
            begin_ns = 0 if countback else from_s * NS
            most = min(countback or _MOST_BARS, _MOST_BARS)
            window = await api.ask(
                GetBars(
                    dataset=info.hash,
                    from_ts_ns=begin_ns,
                    to_ts_ns=to_s * NS,
                    limit=most,
                    timeframe=timeframe,
                )
            )
            if not countback and window.total > most:
                raise Invalid(f"ask for a shorter span: {most:,} bars are the most at a time")
            if not window.ts_ns:
                return await _no_data(api, info, from_s, timeframe)
        except FksError as error:
            return _error(error)
        return _columns(window)


async def _bars_of(api: ApiDep, symbol: str) -> DatasetInfo:
    """Return a dataset of bars that follow a clock. Raises `NotFound`."""
    info = await api.ask(GetDataset(dataset=symbol))
    if resolution_of(info) is None:
        raise NotFound(f"{info.name} holds no bars that a chart can ask for")
    return info


async def _hours(api: ApiDep, info: DatasetInfo) -> SessionHours:
    """Return the sessions of a dataset's instrument: as the registry has them, else as imported."""
    calendar = info.instrument.calendar
    with suppress(NotFound):
        product = await api.ask(GetInstrumentDetails(symbol=info.instrument.id))
        calendar = product.instrument.calendar or calendar
    return await api.ask(GetSessionHours(calendar=calendar))


async def _no_data(api: ApiDep, info: DatasetInfo, from_s: int, timeframe: str) -> dict[str, Any]:
    """Say that a span is empty, and where the next bars before it are."""
    before = await api.ask(
        GetBars(dataset=info.hash, to_ts_ns=from_s * NS, limit=1, timeframe=timeframe)
    )
    if not before.ts_ns:
        return {"s": "no_data"}
    return {"s": "no_data", "nextTime": before.ts_ns[-1] // NS}


def _columns(window: BarWindow) -> dict[str, Any]:
    """Return bars as the protocol wants them."""
    return {
        "s": "ok",
        "t": [ts_ns // NS for ts_ns in window.ts_ns],
        "o": window.open,
        "h": window.high,
        "l": window.low,
        "c": window.close,
        "v": window.volume,
    }


def _error(error: FksError) -> dict[str, Any]:
    """Return an error as the protocol wants it."""
    return {"s": "error", "errmsg": error.message}
