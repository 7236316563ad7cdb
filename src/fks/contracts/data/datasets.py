"""Datasets as versions: what made each, what follows from which, splits, and the holdout vault.

Hashes of datasets are those of `DatasetInfo`; hashes of files are SHA-256, as other tools print
them. Times are UTC nanoseconds, spans are half-open.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

import msgspec

from fks.kernel.messages import Command, Event, Query

__all__ = [
    "DatasetManifest",
    "DatasetReference",
    "DatasetReferences",
    "DatasetVersion",
    "Fold",
    "FoldPart",
    "GetLineage",
    "GetSplit",
    "GetVault",
    "GetVersions",
    "Lineage",
    "LineageNode",
    "ListSplits",
    "Look",
    "MakeSplit",
    "OpenVault",
    "Provenance",
    "SealRange",
    "SealedRange",
    "SourceFile",
    "SplitHead",
    "SplitList",
    "SplitPlan",
    "SplitStored",
    "StoredFile",
    "TagDataset",
    "VaultState",
    "Versions",
]


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that an import read: its name, length and SHA-256."""

    name: str
    bytes: int
    sha256: str


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a stored dataset, without the manifest itself."""

    name: str
    bytes: int
    sha256: str


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """What made a dataset.

    `kind` is `files`, `provider`, `derived`, or `unrecorded` for what was stored before this was
    kept. `command` is the query or command. Imports of files have `sources`, those of providers
    the ids of their `payloads` in the raw log, derived datasets the hashes of their `parents`.
    """

    kind: str = "unrecorded"
    command: str = ""
    sources: tuple[SourceFile, ...] = ()
    payloads: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    code_version: str = ""


class DatasetManifest(msgspec.Struct, frozen=True, kw_only=True):
    """The manifest of a version beyond its `DatasetInfo`: its files and what made it first."""

    version: int
    hash: str
    name: str
    instrument: str
    timeframe: str
    created_at_ns: int
    files: tuple[StoredFile, ...] = ()
    made_by: Provenance = Provenance()


class DatasetVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a name: when it was stored first and last, its tags, whether it is there."""

    hash: str
    first_at_ns: int
    last_at_ns: int
    tags: tuple[str, ...] = ()
    latest: bool = False
    stored: bool = True
    rows: int = 0


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """All versions of a name, oldest first."""

    name: str
    versions: tuple[DatasetVersion, ...]


class LineageNode(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset in a lineage; `stored` is false for one that is named but not there any more.

    `made_by` lists every way in which this content was brought in, the first one first.
    """

    hash: str
    name: str = ""
    instrument: str = ""
    timeframe: str = ""
    rows: int = 0
    created_at_ns: int = 0
    stored: bool = True
    files: tuple[StoredFile, ...] = ()
    made_by: tuple[Provenance, ...] = ()


class Lineage(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset and all it came from; `nodes` are by hash, the asked one first."""

    root: str
    nodes: tuple[LineageNode, ...]


class FoldPart(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of a dataset by half-open index ranges, ascending and apart from one another."""

    name: str
    ranges: tuple[tuple[int, int], ...]
    rows: int


class Fold(msgspec.Struct, frozen=True, kw_only=True):
    """One way to part a dataset; what was purged or embargoed is in no part.

    `groups` are the numbers of the tested groups of a (combinatorial) k-fold.
    """

    parts: tuple[FoldPart, ...]
    purged: int = 0
    embargoed: int = 0
    groups: tuple[int, ...] = ()


class SplitHead(msgspec.Struct, frozen=True, kw_only=True):
    """A split without its ranges: what it parts, how, and how often."""

    name: str
    hash: str
    dataset: str
    dataset_hash: str
    kind: str
    parameters: dict[str, str]
    rows: int
    folds: int
    created_at_ns: int


class SplitPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A split with folds. `paths[p][g]` is the fold whose test of group `g` is in path `p`."""

    head: SplitHead
    folds: tuple[Fold, ...]
    first_fold: int = 0
    paths: tuple[tuple[int, ...], ...] = ()


class SplitList(msgspec.Struct, frozen=True, kw_only=True):
    """The newest split of each name."""

    splits: tuple[SplitHead, ...]


class SealedRange(msgspec.Struct, frozen=True, kw_only=True):
    """Bars of a dataset's name that may not be read; `reads_left` of the open grants remain."""

    dataset: str
    from_ts_ns: int
    to_ts_ns: int
    sealed_at_ns: int
    by: str
    looks: int = 0
    reads_left: int = 0
    reason: str = ""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """A read of a sealed range: who, why, when, and what of it."""

    dataset: str
    dataset_hash: str
    from_ts_ns: int
    to_ts_ns: int
    at_ns: int
    by: str
    reason: str


class VaultState(msgspec.Struct, frozen=True, kw_only=True):
    """What is sealed, and every look that was taken; `entries` of the log, `head` its hash."""

    seals: tuple[SealedRange, ...]
    looks: tuple[Look, ...]
    entries: int = 0
    head: str = ""


class GetVersions(Query[Versions], frozen=True, kw_only=True, tag="data.get_versions.v1"):
    """Which versions has this dataset?"""

    dataset: str


class GetLineage(Query[Lineage], frozen=True, kw_only=True, tag="data.get_lineage.v1"):
    """Where does this dataset come from?"""

    dataset: str


class TagDataset(Command[Versions], frozen=True, kw_only=True, tag="data.tag_dataset.v1"):
    """Name a version (`name@hash`); `move` takes the tag from another version."""

    dataset: str
    label: str
    move: bool = False


class ListSplits(Query[SplitList], frozen=True, kw_only=True, tag="data.list_splits.v1"):
    """Which splits are there, of all datasets or of one name?"""

    dataset: str = ""


class GetSplit(Query[SplitPlan], frozen=True, kw_only=True, tag="data.get_split.v1"):
    """How does this split (`name`, `name@hash` or hash) part its dataset?

    At most `limit` folds from `first_fold` on; an answer of too many ranges is refused.
    """

    split: str
    first_fold: int = 0
    limit: int = 100


class MakeSplit(Command[SplitHead], frozen=True, kw_only=True, tag="data.make_split.v1"):
    """Part a dataset (`name`, `name@version` or hash) and keep the split under a name.

    `kind` is chronological, walk-forward, purged-kfold or combinatorial; an option that its kind
    does not have is refused. Sizes are in rows; `embargo` is a number of rows or a share such as
    `1%`, `label_bars` how many rows each label looks ahead. The same wish gives the same hash, and
    the newest wish for a name is what that name means from then on; older ones keep their hash.
    """

    dataset: str
    kind: str
    name: str = ""
    parts: str = "80,10,10"
    folds: int = 5
    test_groups: int = 2
    embargo: str = "0"
    label_bars: int = 0
    train: int = 0
    test: int = 0
    step: int = 0
    gap: int = 0
    anchored: bool = False


class SplitStored(Event, frozen=True, kw_only=True, tag="data.split_stored.v1"):
    """A split is what its name means from now on, whichever process or command made it."""

    split: SplitHead


class GetVault(Query[VaultState], frozen=True, kw_only=True, tag="data.get_vault.v1"):
    """What is sealed, and who looked?"""

    dataset: str = ""


class SealRange(Command[VaultState], frozen=True, kw_only=True, tag="data.seal_range.v1"):
    """Seal the bars of a dataset that open in `[from_ts_ns, to_ts_ns)`; there is no way back."""

    dataset: str
    from_ts_ns: int
    to_ts_ns: int
    by: str


class OpenVault(Command[VaultState], frozen=True, kw_only=True, tag="data.open_vault.v1"):
    """Let the next `reads` reads of a dataset's sealed ranges pass, for a reason."""

    dataset: str
    reason: str
    by: str
    reads: int = 1


class DatasetReference(msgspec.Struct, frozen=True, kw_only=True):
    """Something that needs a version of a dataset: what kind it is, and its id.

    `dataset_hash` names it, or `dataset` as a user wrote it where nobody has opened it yet.
    """

    kind: str
    id: str
    dataset_hash: str = ""
    dataset: str = ""


class DatasetReferences(Protocol):
    """Tell which datasets something needs; asked before versions are removed."""

    def __call__(self) -> Awaitable[tuple[DatasetReference, ...]]:
        """Return all references. Raises `Unavailable` when they cannot be read now."""
        ...
