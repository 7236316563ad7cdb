"""What is known of datasets beyond their bars, and what is kept fresh: routes over the bus."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, Response, delete, get, post
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter
from litestar.response import Stream
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_304_NOT_MODIFIED

from fks.contexts.api.http.data import MAX_S, NS, FromSeconds, ToSeconds
from fks.contexts.api.http.inject import ApiDep, Key
from fks.contracts.data.datasets import (
    GetLineage,
    GetVault,
    GetVersions,
    Lineage,
    ListSplits,
    SplitList,
    VaultState,
    Versions,
)
from fks.contracts.data.differences import (
    DatasetDifference,
    GetDifference,
    GetQuarantine,
    QuarantinePage,
)
from fks.contracts.data.reports import (
    CompareDatasets,
    Coverage,
    DatasetComparison,
    GetCoverage,
    GetQualityDays,
    QualityDays,
)
from fks.contracts.data.tracking import (
    ListTracked,
    RefreshAsset,
    TrackAsset,
    TrackedAsset,
    TrackedList,
    TrackedState,
    UntrackAsset,
)

__all__ = ["DatasetHistoryController", "TrackedController"]

DayLimit = Annotated[int, QueryParameter(ge=1, le=4000, description="At most this many days.")]
Parts = Annotated[int, QueryParameter(ge=1, le=1000, description="At most this many parts.")]
IfNoneMatch = Annotated[str | None, HeaderParameter(name="If-None-Match", max_length=1000)]
Ticks = Annotated[int, QueryParameter(ge=0, le=1_000_000, description="No difference up to this.")]

Sample = Annotated[int, QueryParameter(ge=0, le=1000, description="Show so many of the rows.")]
First = Annotated[int, QueryParameter(ge=0, le=2**53, description="Rows from this one on, from 0.")]
Refused = Annotated[int, QueryParameter(ge=1, le=1000, description="At most this many rows.")]


class DatasetHistoryController(Controller):
    """Versions of datasets, where they come from, how whole they are."""

    path = "/datasets"
    tags = ("data",)

    @get("/{dataset:str}/versions", summary="List a dataset's versions")
    async def versions(self, api: ApiDep, dataset: FromPath[str]) -> Versions:
        """Return all versions of a name with their tags, oldest first."""
        return await api.ask(GetVersions(dataset=dataset))

    @get("/{dataset:str}/download", summary="Download a dataset")
    async def download(
        self,
        api: ApiDep,
        dataset: FromPath[str],
        format: FromQuery[str] = "csv",  # noqa: A002  # its name in the query
        from_s: FromSeconds = 0,
        to_s: ToSeconds = MAX_S,
        if_none_match: IfNoneMatch = None,
    ) -> Stream | Response[None]:
        """Return a dataset as CSV, JSON lines, Parquet or an Arrow stream, part by part."""
        found = await api.download(dataset, format, from_s * NS, to_s * NS)
        headers = {
            "ETag": f'"{found.tag}"',
            "Content-Disposition": f'attachment; filename="{found.name}"',
            "Cache-Control": "private, no-cache",
        }
        if if_none_match is not None and f'"{found.tag}"' in if_none_match:
            return Response(None, status_code=HTTP_304_NOT_MODIFIED, headers=headers)
        return Stream(found.parts, media_type=found.media_type, headers=headers)

    @get("/{dataset:str}/lineage", summary="Tell where a dataset comes from")
    async def lineage(self, api: ApiDep, dataset: FromPath[str]) -> Lineage:
        """Return a dataset and all that it came from: files, payloads, parents."""
        return await api.ask(GetLineage(dataset=dataset))

    @get("/{dataset:str}/days", summary="Get a dataset's quality by day")
    async def days(
        self,
        api: ApiDep,
        dataset: FromPath[str],
        from_s: FromSeconds = 0,
        to_s: ToSeconds = MAX_S,
        limit: DayLimit = 4000,
    ) -> QualityDays:
        """Return how complete each day is."""
        return await api.ask(
            GetQualityDays(dataset=dataset, from_ts_ns=from_s * NS, to_ts_ns=to_s * NS, limit=limit)
        )

    @get("/{dataset:str}/coverage", summary="Get where a dataset has data")
    async def coverage(self, api: ApiDep, dataset: FromPath[str], parts: Parts = 120) -> Coverage:
        """Return the dataset's span in stretches: rows expected, there, lacking, doubted."""
        return await api.ask(GetCoverage(dataset=dataset, parts=parts))

    @get("/{dataset:str}/compare", summary="Compare a dataset with another one")
    async def compare(
        self,
        api: ApiDep,
        dataset: FromPath[str],
        other: FromQuery[str],
        tolerance_ticks: Ticks = 0,
    ) -> DatasetComparison:
        """Return where two datasets agree and where not."""
        return await api.ask(CompareDatasets(a=dataset, b=other, tolerance_ticks=tolerance_ticks))

    @get("/{dataset:str}/diff", summary="Tell what changed against another version")
    async def diff(
        self, api: ApiDep, dataset: FromPath[str], other: FromQuery[str], sample: Sample = 20
    ) -> DatasetDifference:
        """Return what `other` (a version `name@hash`, or another dataset) has changed."""
        return await api.ask(GetDifference(a=dataset, b=other, sample=sample))

    @get("/{dataset:str}/quarantine", summary="Get the rows that were refused")
    async def quarantine(
        self, api: ApiDep, dataset: FromPath[str], first: First = 0, limit: Refused = 100
    ) -> QuarantinePage:
        """Return refused rows, each with its file, its number in it, and why."""
        return await api.ask(GetQuarantine(dataset=dataset, first=first, limit=limit))

    @get("/{dataset:str}/splits", summary="List a dataset's splits")
    async def splits(self, api: ApiDep, dataset: FromPath[str]) -> SplitList:
        """Return the newest split of each name."""
        return await api.ask(ListSplits(dataset=dataset))

    @get("/{dataset:str}/vault", summary="Tell what of a dataset is sealed")
    async def vault(self, api: ApiDep, dataset: FromPath[str]) -> VaultState:
        """Return seals, and who looked."""
        return await api.ask(GetVault(dataset=dataset))


class TrackedController(Controller):
    """Assets that are kept fresh."""

    path = "/tracked"
    tags = ("data",)

    @get("/", summary="List tracked assets")
    async def list_tracked(self, api: ApiDep) -> TrackedList:
        """Return all tracked assets and how fresh they are."""
        return await api.ask(ListTracked())

    @post("/", status_code=HTTP_201_CREATED, summary="Track an asset")
    async def track(
        self, api: ApiDep, data: JSONBody[TrackedAsset], idempotency_key: Key = None
    ) -> TrackedState:
        """Keep an asset fresh from now on; one of the same name is replaced."""
        return await api.ask(TrackAsset(key=api.new_key(idempotency_key), asset=data))

    @post("/{name:str}/refresh", status_code=HTTP_200_OK, summary="Fetch an asset now")
    async def refresh(
        self, api: ApiDep, name: FromPath[str], idempotency_key: Key = None
    ) -> TrackedState:
        """Begin to fetch an asset; what comes of it is told by events."""
        return await api.ask(RefreshAsset(key=api.new_key(idempotency_key), name=name))

    @delete("/{name:str}", status_code=HTTP_200_OK, summary="Leave an asset alone")
    async def untrack(
        self, api: ApiDep, name: FromPath[str], idempotency_key: Key = None
    ) -> TrackedList:
        """Stop to keep an asset fresh; its datasets stay."""
        return await api.ask(UntrackAsset(key=api.new_key(idempotency_key), name=name))
