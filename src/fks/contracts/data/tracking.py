"""Tracked assets: datasets that the system keeps backfilled and fresh by itself."""

from __future__ import annotations

import msgspec

from fks.kernel.messages import Command, Event, Query

__all__ = [
    "AssetFailed",
    "AssetProgressed",
    "AssetRefreshed",
    "HistoryRewritten",
    "ListTracked",
    "RefreshAsset",
    "TrackAsset",
    "TrackedAsset",
    "TrackedList",
    "TrackedProgress",
    "TrackedState",
    "UntrackAsset",
]


class TrackedAsset(msgspec.Struct, frozen=True, kw_only=True):
    """What to keep fresh: the dataset's name, whom to ask in which order, and how often."""

    name: str
    providers: tuple[str, ...]
    symbol: str
    kind: str = "bars"
    timeframe: str = "1m"
    start_ns: int = 0
    every_s: int = 3600
    paused: bool = False


class TrackedProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a fetch is: all before `reached_ts_ns` has come, of `from_ts_ns` to `until_ts_ns`.

    `pages` and `rows` are those of this fetch, from the network or the raw log. UTC nanoseconds.
    """

    pages: int
    rows: int
    from_ts_ns: int
    reached_ts_ns: int
    until_ts_ns: int


class TrackedState(msgspec.Struct, frozen=True, kw_only=True):
    """How a tracked asset is.

    `state` is `waiting` (nothing fetched yet), `running`, `fresh`, `behind`, `failed` or `paused`.
    `behind_rows` counts the bars that its calendar expects after the last one; -1 where that
    cannot be told. Times are UTC nanoseconds, 0 where there is none. `fetching` is there while it
    is `running` and its first page has come.
    """

    asset: TrackedAsset
    state: str
    dataset_hash: str = ""
    rows: int = 0
    last_ts_ns: int = 0
    behind_rows: int = -1
    tried_at_ns: int = 0
    next_at_ns: int = 0
    failures: int = 0
    error_code: str = ""
    error: str = ""
    fetching: TrackedProgress | None = None


class TrackedList(msgspec.Struct, frozen=True, kw_only=True):
    """All tracked assets by name."""

    assets: tuple[TrackedState, ...]


class ListTracked(Query[TrackedList], frozen=True, kw_only=True, tag="data.list_tracked.v1"):
    """Which assets are tracked, and how fresh are they?"""


class TrackAsset(Command[TrackedState], frozen=True, kw_only=True, tag="data.track_asset.v1"):
    """Keep an asset fresh from now on; one of the same name is replaced."""

    asset: TrackedAsset


class UntrackAsset(Command[TrackedList], frozen=True, kw_only=True, tag="data.untrack_asset.v1"):
    """Leave an asset alone; its datasets stay."""

    name: str


class RefreshAsset(Command[TrackedState], frozen=True, kw_only=True, tag="data.refresh_asset.v1"):
    """Fetch an asset now, whenever it is due."""

    name: str


class AssetRefreshed(Event, frozen=True, kw_only=True, tag="data.asset_refreshed.v1"):
    """A tracked asset was fetched; `new_rows` more than before, 0 where nothing was new."""

    name: str
    dataset_hash: str
    provider: str
    rows: int
    new_rows: int
    last_ts_ns: int


class AssetProgressed(Event, frozen=True, kw_only=True, tag="data.asset_progressed.v1"):
    """A tracked asset is being fetched; told at most once a second."""

    name: str
    progress: TrackedProgress


class AssetFailed(Event, frozen=True, kw_only=True, tag="data.asset_failed.v1"):
    """A tracked asset could not be fetched; `failures` in a row, tried again at `next_at_ns`."""

    name: str
    code: str
    message: str
    failures: int
    next_at_ns: int


class HistoryRewritten(Event, frozen=True, kw_only=True, tag="data.history_rewritten.v1"):
    """A provider says otherwise now of `rows` rows that came before; the dataset is as it was.

    They lie from `from_ts_ns` to `to_ts_ns`; fetched afresh they make another version.
    """

    dataset: str
    dataset_hash: str
    provider: str
    symbol: str
    rows: int
    from_ts_ns: int
    to_ts_ns: int
