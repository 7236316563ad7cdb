"""What people decide about datasets: tags, splits to look at, what is sealed, who may look."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from fks.contexts.api.http.inject import ApiDep, Key
from fks.contracts.data import DatasetInfo, MakeBars
from fks.contracts.data.datasets import (
    GetSplit,
    ListSplits,
    MakeSplit,
    OpenVault,
    SealRange,
    SplitHead,
    SplitList,
    SplitPlan,
    TagDataset,
    VaultState,
    Versions,
)

__all__ = [
    "BarsWish",
    "DatasetKeepingController",
    "SealWish",
    "SplitController",
    "SplitWish",
    "TagWish",
    "VaultWish",
]

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Moment = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
FirstFold = Annotated[int, QueryParameter(ge=0, le=1_000_000, description="Folds from this on.")]
Short = Annotated[str, msgspec.Meta(max_length=200)]
Folds = Annotated[int, QueryParameter(ge=1, le=1000, description="At most this many folds.")]


class TagWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tag for a version; `move` takes it from another one."""

    label: Annotated[str, msgspec.Meta(max_length=64)]
    move: bool = False


class SplitWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to part a dataset, as `fks data split` has it; an option of another kind is refused.

    Sizes are in rows, `embargo` in rows or as a share such as `1%`. Labels look `label_bars` rows
    ahead; those of a file can be brought by the command only.
    """

    kind: Short
    name: Short = ""
    parts: Short = "80,10,10"
    folds: int = 5
    test_groups: int = 2
    embargo: Short = "0"
    label_bars: int = 0
    train: int = 0
    test: int = 0
    step: int = 0
    gap: int = 0
    anchored: bool = False


class BarsWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a bar is closed: one of `every` (5m, 1h, 1d), `trades`, `volume` and `value`.

    Of bars longer ones are made by the clock only; `price` says what quotes become.
    """

    every: Short = ""
    trades: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0
    volume: Short = ""
    value: Short = ""
    price: Literal["bid", "ask", "mid"] = "mid"
    name: Short = ""


class SealWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bars to be sealed, `[from_ts_ns, to_ts_ns)`, by whom. There is no way back.

    Without `to_ts_ns` all later bars are sealed, those of versions to come included.
    """

    from_ts_ns: Moment
    person: Text
    to_ts_ns: Moment = 2**63 - 1


class VaultWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Leave for so many reads of what is sealed: for whom, and why."""

    reason: Text
    person: Text
    reads: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1


class DatasetKeepingController(Controller):
    """Decisions about a dataset."""

    path = "/datasets"
    tags = ("data",)

    @post("/{dataset:str}/tags", status_code=HTTP_200_OK, summary="Tag a version")
    async def tag(
        self,
        api: ApiDep,
        dataset: FromPath[str],
        data: JSONBody[TagWish],
        idempotency_key: Key = None,
    ) -> Versions:
        """Name a version (`name@hash`, or the latest); a tagged version is never collected."""
        command = TagDataset(
            key=api.new_key(idempotency_key), dataset=dataset, label=data.label, move=data.move
        )
        return await api.ask(command)

    @post("/{dataset:str}/splits", status_code=HTTP_201_CREATED, summary="Split a dataset")
    async def split(
        self,
        api: ApiDep,
        dataset: FromPath[str],
        data: JSONBody[SplitWish],
        idempotency_key: Key = None,
    ) -> SplitHead:
        """Part a version and keep the split: the same wish again is the same split.

        Its folds are those of `GET /api/v1/splits/{hash}`.
        """
        wish = msgspec.structs.asdict(data)
        return await api.ask(MakeSplit(key=api.new_key(idempotency_key), dataset=dataset, **wish))

    @post("/{dataset:str}/bars", status_code=HTTP_201_CREATED, summary="Make bars of a dataset")
    async def make_bars(
        self,
        api: ApiDep,
        dataset: FromPath[str],
        data: JSONBody[BarsWish],
        idempotency_key: Key = None,
    ) -> DatasetInfo:
        """Make longer bars of bars, or bars of trades and quotes, and return the new dataset."""
        wish = msgspec.structs.asdict(data)
        return await api.ask(MakeBars(key=api.new_key(idempotency_key), dataset=dataset, **wish))

    @post("/{dataset:str}/vault/seal", status_code=HTTP_200_OK, summary="Seal bars")
    async def seal(
        self,
        api: ApiDep,
        dataset: FromPath[str],
        data: JSONBody[SealWish],
        idempotency_key: Key = None,
    ) -> VaultState:
        """Keep bars from every model and backtest."""
        return await api.ask(
            SealRange(
                key=api.new_key(idempotency_key),
                dataset=dataset,
                from_ts_ns=data.from_ts_ns,
                to_ts_ns=data.to_ts_ns,
                by=data.person,
            )
        )

    @post("/{dataset:str}/vault/open", status_code=HTTP_200_OK, summary="Allow reads of the vault")
    async def open_vault(
        self,
        api: ApiDep,
        dataset: FromPath[str],
        data: JSONBody[VaultWish],
        idempotency_key: Key = None,
    ) -> VaultState:
        """Let the next reads of sealed bars pass; each is counted and logged."""
        return await api.ask(
            OpenVault(
                key=api.new_key(idempotency_key),
                dataset=dataset,
                reason=data.reason,
                by=data.person,
                reads=data.reads,
            )
        )


class SplitController(Controller):
    """Splits of datasets."""

    path = "/splits"
    tags = ("data",)

    @get("/", summary="List splits")
    async def list_splits(self, api: ApiDep) -> SplitList:
        """Return the newest split of each name, of all datasets."""
        return await api.ask(ListSplits())

    @get("/{split:str}", summary="Get a split")
    async def get_split(
        self, api: ApiDep, split: FromPath[str], first_fold: FirstFold = 0, folds: Folds = 100
    ) -> SplitPlan:
        """Return how a split parts its dataset, by ranges of rows."""
        return await api.ask(GetSplit(split=split, first_fold=first_fold, limit=folds))
