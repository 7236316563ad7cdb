"""What data publishes and answers, and the extension points it owns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

from fks.contracts.columns import BarColumns, Int64
from fks.contracts.data.datasets import DatasetReferences, SplitPlan
from fks.contracts.data.instruments import ResolvedSymbol
from fks.contracts.data.quality import QualityRule, ScorePart
from fks.contracts.data.ticks import (
    ActionColumns,
    DepthColumns,
    FundingColumns,
    QuoteColumns,
    TradeColumns,
    ValueColumns,
)
from fks.contracts.values import Instrument
from fks.kernel.hooks import spec
from fks.kernel.messages import Command, Event, Query

__all__ = [
    "BarClosed",
    "BarWindow",
    "Dataset",
    "DatasetInfo",
    "DatasetList",
    "DatasetSource",
    "Download",
    "Finding",
    "GetBars",
    "GetDataset",
    "GetInstrument",
    "GetQuality",
    "ListDatasets",
    "MakeBars",
    "Provider",
    "ProviderSpec",
    "QualityReport",
    "ReplayFinished",
]


class DatasetInfo(msgspec.Struct, frozen=True, kw_only=True):
    """An immutable dataset: where it lies, what it holds, and the hash that names its content."""

    name: str
    hash: str
    path: str
    instrument: Instrument
    timeframe: str
    provider: str
    rows: int
    first_ts_ns: int
    last_ts_ns: int
    created_at_ns: int
    synthetic: bool = False
    quarantined: int = 0
    score: float = 100.0
    source: str = ""
    code_version: str = ""
    kind: str = "bars"


class DatasetList(msgspec.Struct, frozen=True, kw_only=True):
    """All datasets of the store, by name."""

    datasets: tuple[DatasetInfo, ...]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of fault in a dataset: how often, how grave, where first.

    `rule` is for people, `code` for programs ("" for reasons of the quarantine). At most a few
    `examples`, `rows` (indexes of bars) and `spans` (`[from, to)` in UTC ns) are told.
    """

    rule: str
    severity: str
    count: int
    message: str
    examples: tuple[str, ...] = ()
    code: str = ""
    rows: tuple[int, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


class QualityReport(msgspec.Struct, frozen=True, kw_only=True):
    """What validation found. `rows_read = rows_kept + rows_quarantined` always holds.

    The score is 100 less the points of its `parts`. `compared_with` names the dataset of another
    provider that a finding speaks of.
    """

    dataset: str
    rows_read: int
    rows_kept: int
    rows_quarantined: int
    duplicates: int
    out_of_order: int
    gaps: int
    missing_bars: int
    ohlc_faults: int
    outliers: int
    zero_volume: int
    score: float
    calendar: str
    findings: tuple[Finding, ...] = ()
    parts: tuple[ScorePart, ...] = ()
    compared_with: str = ""


class BarWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A window of bars as columns; `ts_ns` is each bar's open in UTC nanoseconds."""

    dataset: str
    instrument: Instrument
    timeframe: str
    ts_ns: tuple[int, ...]
    open: tuple[float, ...]
    high: tuple[float, ...]
    low: tuple[float, ...]
    close: tuple[float, ...]
    volume: tuple[float, ...]
    total: int
    synthetic: bool = False


class BarClosed(Event, frozen=True, kw_only=True, tag="data.bar_closed.v1"):
    """A bar closed. `stream` names the replay or feed; `index` counts its bars from 0."""

    stream: str
    index: int
    instrument: str
    timeframe: str
    provider: str
    ts_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    dataset_hash: str = ""


class ReplayFinished(Event, frozen=True, kw_only=True, tag="data.replay_finished.v1"):
    """A replay sent its last bar (`bars` in all), or failed with `error`."""

    stream: str
    bars: int
    error: str = ""


class ListDatasets(Query[DatasetList], frozen=True, kw_only=True, tag="data.list_datasets.v1"):
    """Which datasets are there?"""


class GetDataset(Query[DatasetInfo], frozen=True, kw_only=True, tag="data.get_dataset.v1"):
    """What is the dataset of this name or hash?"""

    dataset: str


class GetInstrument(Query[Instrument], frozen=True, kw_only=True, tag="data.get_instrument.v1"):
    """What is this symbol: a built-in instrument, or the one of a dataset?"""

    symbol: str


class GetBars(Query[BarWindow], frozen=True, kw_only=True, tag="data.get_bars.v1"):
    """Which bars lie in `[from_ts_ns, to_ts_ns)`? At most `limit`, the latest if `tail`.

    With a longer `timeframe` than the dataset's own, bars of it are made as `resample` makes them.
    """

    dataset: str
    from_ts_ns: int = 0
    to_ts_ns: int = 2**63 - 1
    limit: int = 5000
    tail: bool = True
    timeframe: str = ""


class MakeBars(Command[DatasetInfo], frozen=True, kw_only=True, tag="data.make_bars.v1"):
    """Make a dataset of bars of another one: of bars by the clock, of trades by any measure.

    One of `every` (a timeframe such as 5m, 1h, 1d), `trades`, `volume` and `value` (numbers as
    text) says when a bar is closed; `price` is what quotes become: bid, ask or mid. Without `name`
    it is made of instrument and timeframe. The same wish of the same version gives the same hash.
    """

    dataset: str
    every: str = ""
    trades: int = 0
    volume: str = ""
    value: str = ""
    price: str = "mid"
    name: str = ""


class GetQuality(Query[QualityReport], frozen=True, kw_only=True, tag="data.get_quality.v1"):
    """What did validation find in this dataset?"""

    dataset: str


class Dataset(Protocol):
    """An opened dataset."""

    @property
    def info(self) -> DatasetInfo:
        """Return its manifest entry."""
        ...

    def columns(self, from_ts_ns: int = 0, to_ts_ns: int = 2**63 - 1) -> BarColumns:
        """Return the bars opening in `[from_ts_ns, to_ts_ns)`. Raises `Invalid` for ticks."""
        ...

    def ticks(
        self, from_ts_ns: int = 0, to_ts_ns: int = 2**63 - 1
    ) -> TradeColumns | QuoteColumns | DepthColumns | FundingColumns | ActionColumns | ValueColumns:
        """Return the ticks in `[from_ts_ns, to_ts_ns)`. Raises `Invalid` for bars."""
        ...


class Download(NamedTuple):
    """A dataset as a file: its name, what it is, its parts; `tag` names the content."""

    name: str
    media_type: str
    tag: str
    parts: Iterator[bytes]


class DatasetSource(Protocol):
    """Open datasets in-process: what engine uses instead of importing data."""

    def open(self, name_or_path: str, *, as_of_ns: int | None = None) -> Dataset:
        """Return the dataset of that name, tag or hash, or read a CSV, zip or Parquet file.

        With `as_of_ns` it holds what was known at that time. Reading bars that are sealed raises
        `Denied`. Raises `NotFound` with the names that exist, `Invalid` when a file cannot be
        used.
        """
        ...

    def download(
        self,
        name: str,
        form: str,
        *,
        from_ts_ns: int = 0,
        to_ts_ns: int = 2**63 - 1,
        as_of_ns: int | None = None,
    ) -> Download:
        """Return a stored dataset as a file: `csv`, `jsonl`, `parquet` or `arrow`, part by part.

        Raises at once as `open` does, `Invalid` for another format, `Denied` for sealed rows.
        """
        ...

    def join(
        self,
        left: Dataset,
        right: Dataset,
        *,
        direction: Literal["backward", "forward", "nearest"] = "backward",
        tolerance_ns: int | None = None,
        exact: bool = True,
        stamp: Literal["close", "open"] = "close",
    ) -> Int64:
        """Return for each row of `left` the row of `right` that was known then, or -1.

        Bars are known at their close, unless `stamp` says that their opens count. A match is at
        most `tolerance_ns` away, and may have the very same time unless `exact` is false. Raises
        `Invalid` for bars that follow no clock.
        """
        ...

    def split(self, name_or_hash: str) -> SplitPlan:
        """Return a stored split with all its folds. Raises `NotFound`."""
        ...

    def resolved(self, symbol: str, on: str) -> ResolvedSymbol:
        """Return what the registry says of a symbol on a day (an ISO date).

        Raises `NotFound` for one it has not, `Invalid` for one that means two things.
        """
        ...

    def list(self) -> tuple[DatasetInfo, ...]:
        """Return all datasets by name; the packaged samples are always among them."""
        ...


class Provider(Protocol):
    """Bring bars from somewhere: a vendor, a file format, a generator."""

    def fetch(
        self, symbol: str, timeframe: str, start_ns: int, end_ns: int
    ) -> Iterator[tuple[Instrument, BarColumns]]:
        """Yield the bars opening in `[start_ns, end_ns)` in time order, in any chunking."""
        ...


class ProviderSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A provider by name; `factory` is a dotted `module:callable` called with its settings.

    It makes a `Provider`, or a `RemoteProvider` where `remote` is true. A `family` is asked for as
    `name:member`, and its factory is called with its settings and the member.
    """

    name: str
    summary: str
    factory: str
    synthetic: bool = False
    remote: bool = False
    family: bool = False
    settings: type[Any] | None = None


@spec
def fks_providers() -> Iterable[ProviderSpec]:  # type: ignore[empty-body]  # a spec has no body
    """Return data providers. Consumed by data."""


@spec
def fks_quality_rules() -> Iterable[QualityRule]:  # type: ignore[empty-body]  # as above
    """Return rules that judge bars, at import and when quality is asked for. Consumed by data."""


@spec(firstresult=True)
def fks_dataset_source(home: Path) -> DatasetSource:  # type: ignore[empty-body]  # as above
    """Return the dataset source over the store in `home`. Implemented by data."""


@spec
def fks_dataset_references(home: Path, database: Any) -> DatasetReferences:  # type: ignore[empty-body]  # as above
    """Return what tells which datasets are needed, so that none of them is removed.

    `database` is the `fks.kernel.persistence.Database` of that home, or None where there is none
    yet. Consumed by data, implemented by whoever keeps hashes of datasets.
    """
