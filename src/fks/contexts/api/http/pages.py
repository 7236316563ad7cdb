"""Datasets page by page, by cursors: no row twice, none left out, whatever is stored meanwhile."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Controller, get
from litestar.params import FromPath, QueryParameter

from fks.contexts.api.domain.cursors import Cursor, packed, unpacked
from fks.contexts.api.http.data import MAX_S, NS, BarLimit, FromSeconds, ToSeconds
from fks.contexts.api.http.inject import ApiDep
from fks.contracts.data import BarWindow, GetBars, GetDataset
from fks.contracts.data.reports import GetQualityDays, QualityDays
from fks.contracts.data.ticks import GetTicks, TickWindow

__all__ = ["BarPage", "DatasetPageController", "DayPage", "TickPage"]

TickLimit = Annotated[int, QueryParameter(ge=1, le=5_000, description="At most this many ticks.")]
DayPageLimit = Annotated[int, QueryParameter(ge=1, le=4_000, description="At most this many days.")]
CursorText = Annotated[
    str,
    QueryParameter(
        max_length=400,
        description="The `next` of the page before; it carries span and timeframe.",
    ),
]
Timeframe = Annotated[
    str, QueryParameter(max_length=12, description="Longer bars, made of the dataset's.")
]


class BarPage(msgspec.Struct, frozen=True, kw_only=True):
    """Bars of a version, oldest first; `next` is the cursor of the next page, "" at the end."""

    hash: str
    bars: BarWindow
    next: str = ""


class TickPage(msgspec.Struct, frozen=True, kw_only=True):
    """Ticks of a version, oldest first; `next` is the cursor of the next page, "" at the end."""

    hash: str
    ticks: TickWindow
    next: str = ""


class DayPage(msgspec.Struct, frozen=True, kw_only=True):
    """Days of a version, oldest first; `next` is the cursor of the next page, "" at the end."""

    hash: str
    days: QualityDays
    next: str = ""


class DatasetPageController(Controller):
    """Pages of datasets by cursor."""

    path = "/datasets"
    tags = ("data",)

    @get("/{dataset:str}/pages/bars", summary="Get bars page by page")
    async def bars(
        self,
        api: ApiDep,
        dataset: FromPath[str],
        from_s: FromSeconds = 0,
        to_s: ToSeconds = MAX_S,
        limit: BarLimit = 2000,
        timeframe: Timeframe = "",
        cursor: CursorText = "",
    ) -> BarPage:
        """Return bars from the first one on; a cursor goes on in the version it began with."""
        at = await _begin(api, "bars", dataset, cursor, from_s, to_s, timeframe)
        window = await api.ask(
            GetBars(
                dataset=at.hash,
                from_ts_ns=at.from_ts_ns,
                to_ts_ns=at.to_ts_ns,
                limit=limit,
                tail=False,
                timeframe=at.timeframe,
            )
        )
        if window.total <= len(window.ts_ns):
            return BarPage(hash=at.hash, bars=window)
        after = msgspec.structs.replace(at, from_ts_ns=window.ts_ns[-1] + 1)
        return BarPage(hash=at.hash, bars=window, next=packed(after))

    @get("/{dataset:str}/pages/ticks", summary="Get ticks page by page")
    async def ticks(
        self,
        api: ApiDep,
        dataset: FromPath[str],
        from_s: FromSeconds = 0,
        to_s: ToSeconds = MAX_S,
        limit: TickLimit = 2000,
        cursor: CursorText = "",
    ) -> TickPage:
        """Return trades, quotes or funding from the first one on."""
        at = await _begin(api, "ticks", dataset, cursor, from_s, to_s)
        window = await api.ask(
            GetTicks(
                dataset=at.hash,
                from_ts_ns=at.from_ts_ns,
                to_ts_ns=at.to_ts_ns,
                skip=at.skip,
                limit=limit,
            )
        )
        gone = at.skip + len(window.columns[0])
        if window.total <= gone or not window.columns[0]:
            return TickPage(hash=at.hash, ticks=window)
        after = msgspec.structs.replace(at, skip=gone)
        return TickPage(hash=at.hash, ticks=window, next=packed(after))

    @get("/{dataset:str}/pages/days", summary="Get a dataset's quality by day, page by page")
    async def days(
        self,
        api: ApiDep,
        dataset: FromPath[str],
        from_s: FromSeconds = 0,
        to_s: ToSeconds = MAX_S,
        limit: DayPageLimit = 400,
        cursor: CursorText = "",
    ) -> DayPage:
        """Return how complete each day is, from the first one on."""
        at = await _begin(api, "days", dataset, cursor, from_s, to_s)
        found = await api.ask(
            GetQualityDays(
                dataset=at.hash, from_ts_ns=at.from_ts_ns, to_ts_ns=at.to_ts_ns, limit=limit
            )
        )
        if not found.next_from_ts_ns:
            return DayPage(hash=at.hash, days=found)
        after = msgspec.structs.replace(at, from_ts_ns=found.next_from_ts_ns)
        return DayPage(hash=at.hash, days=found, next=packed(after))


async def _begin(
    api: ApiDep,
    what: str,
    dataset: str,
    cursor: str,
    from_s: int,
    to_s: int,
    timeframe: str = "",
) -> Cursor:
    """Return where a page begins: where its cursor says, else in the version of now."""
    if cursor:
        return unpacked(cursor, what, dataset)
    info = await api.ask(GetDataset(dataset=dataset))
    return Cursor(
        what=what,
        dataset=dataset,
        hash=info.hash,
        from_ts_ns=from_s * NS,
        to_ts_ns=to_s * NS,
        timeframe=timeframe,
    )
