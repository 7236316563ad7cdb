"""Datasets, their bars and quality, and indicators over them."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, get
from litestar.params import FromPath, FromQuery, QueryParameter

from fks.contexts.api.domain.requests import parse_specs
from fks.contexts.api.http.inject import ApiDep
from fks.contracts.data import (
    BarWindow,
    DatasetInfo,
    DatasetList,
    GetBars,
    GetDataset,
    GetQuality,
    ListDatasets,
    QualityReport,
)
from fks.contracts.transformer import (
    GetIndicators,
    IndicatorList,
    IndicatorWindow,
    ListIndicators,
)

__all__ = ["DatasetController", "IndicatorController"]

NS = 1_000_000_000
MAX_S = 9_223_372_036

FromSeconds = Annotated[
    int, QueryParameter(ge=0, le=MAX_S, description="Bars opening at or after this Unix second.")
]
ToSeconds = Annotated[
    int, QueryParameter(ge=0, le=MAX_S, description="Bars opening before this Unix second.")
]
BarLimit = Annotated[int, QueryParameter(ge=1, le=10_000, description="At most this many bars.")]


class DatasetController(Controller):
    """Datasets of the store."""

    path = "/datasets"
    tags = ("data",)

    @get("/", summary="List datasets")
    async def list_datasets(self, api: ApiDep) -> DatasetList:
        """Return all datasets by name."""
        return await api.ask(ListDatasets())

    @get("/{dataset:str}", summary="Get a dataset")
    async def get_dataset(self, api: ApiDep, dataset: FromPath[str]) -> DatasetInfo:
        """Return a dataset by name or hash."""
        return await api.ask(GetDataset(dataset=dataset))

    @get("/{dataset:str}/bars", summary="Get bars")
    async def get_bars(
        self,
        api: ApiDep,
        dataset: FromPath[str],
        from_s: FromSeconds = 0,
        to_s: ToSeconds = MAX_S,
        limit: BarLimit = 2000,
        tail: FromQuery[bool] = True,
    ) -> BarWindow:
        """Return a window of bars: the latest `limit` of it, or the first if not `tail`."""
        return await api.ask(
            GetBars(
                dataset=dataset,
                from_ts_ns=from_s * NS,
                to_ts_ns=to_s * NS,
                limit=limit,
                tail=tail,
            )
        )

    @get("/{dataset:str}/quality", summary="Get a dataset's quality report")
    async def get_quality(self, api: ApiDep, dataset: FromPath[str]) -> QualityReport:
        """Return what validation found."""
        return await api.ask(GetQuality(dataset=dataset))

    @get("/{dataset:str}/indicators", summary="Get indicators over a dataset")
    async def get_indicators(
        self,
        api: ApiDep,
        dataset: FromPath[str],
        spec: FromQuery[list[str]],
        to_s: ToSeconds = MAX_S,
        limit: BarLimit = 2000,
    ) -> IndicatorWindow:
        """Return indicator values; a spec is written `sma:period=20`."""
        return await api.ask(
            GetIndicators(dataset=dataset, specs=parse_specs(spec), to_ts_ns=to_s * NS, limit=limit)
        )


class IndicatorController(Controller):
    """Indicator kinds."""

    path = "/indicators"
    tags = ("transformer",)

    @get("/", summary="List indicator kinds")
    async def list_indicators(self, api: ApiDep) -> IndicatorList:
        """Return all indicator kinds with their parameters."""
        return await api.ask(ListIndicators())
