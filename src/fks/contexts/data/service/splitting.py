"""Make splits of stored datasets, and answer for them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path

import msgspec
import numpy as np

from fks.contexts.data.adapters.bar_stamps import read_stamps
from fks.contexts.data.adapters.fingerprint import fingerprint
from fks.contexts.data.domain.splits import schemes
from fks.contexts.data.domain.splits.purging import check_labels, label_ends
from fks.contexts.data.store import DatasetStore, check_name
from fks.contexts.data.store.splits import SplitStore
from fks.contracts.columns import Int64
from fks.contracts.data.datasets import Fold, MakeSplit, SplitHead, SplitList, SplitPlan
from fks.kernel.errors import Invalid
from fks.kernel.ids import content_hash

__all__ = ["KINDS", "SplitRequest", "find_split", "list_splits", "make_split", "request_of"]

_LABELLED = frozenset({"label_bars", "labels"})
_FOLDED = _LABELLED | {"folds", "embargo"}
_OPTIONS = {
    "chronological": frozenset({"parts"}),
    "walk-forward": _LABELLED | {"train", "test", "step", "gap", "anchored"},
    "purged-kfold": _FOLDED,
    "combinatorial": _FOLDED | {"test_groups"},
}
KINDS = tuple(_OPTIONS)
MOST_RANGES = 100_000
_STORED_RANGES = 2_000_000
_FURTHEST_DIGIT = 18


class SplitRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to split and how; sizes are in bars.

    `labels` is a file with the end of each label, `label_bars` says how many bars ahead each
    label looks. `embargo` is a number of bars, or a share of all bars such as `1%`.
    """

    dataset: str
    kind: str
    name: str = ""
    parts: str = "80,10,10"
    folds: int = 5
    test_groups: int = 2
    embargo: str = "0"
    label_bars: int = 0
    labels: Path | None = None
    train: int = 0
    test: int = 0
    step: int = 0
    gap: int = 0
    anchored: bool = False


def make_split(home: Path, request: SplitRequest, *, now_ns: int) -> SplitPlan:
    """Split a stored dataset and store the split; the same request gives the same hash.

    Raises `NotFound` for the dataset, `Invalid` for what cannot be split so.
    """
    _check_options(request)
    dataset = DatasetStore(home).open(request.dataset)
    info, ts_ns = dataset.info, dataset.times()
    name = check_name(request.name or f"{info.name}_{request.kind}"[:64])
    parameters: dict[str, str] = {}
    folds, paths = _folds(request, ts_ns, parameters)
    if sum(len(part.ranges) for fold in folds for part in fold.parts) > _STORED_RANGES:
        raise Invalid(
            "these labels leave training rows in too many pieces; use fewer folds",
            code="data.bad_split",
        )
    of = content_hash(
        b"fks-split-1",
        info.hash.encode(),
        msgspec.json.encode((request.kind, parameters), order="sorted"),
        msgspec.json.encode((folds, paths)),
    )
    head = SplitHead(
        name=name,
        hash=of,
        dataset=info.name,
        dataset_hash=info.hash,
        kind=request.kind,
        parameters=parameters,
        rows=info.rows,
        folds=len(folds),
        created_at_ns=now_ns,
    )
    plan = SplitPlan(head=head, folds=folds, paths=paths)
    return msgspec.structs.replace(plan, head=SplitStore(home).save(plan))


def request_of(wish: MakeSplit) -> SplitRequest:
    """Return what a command over the bus asks for: all but files, which it cannot name."""
    told = {
        field: getattr(wish, field) for field in SplitRequest.__struct_fields__ if field != "labels"
    }
    return SplitRequest(**told)


def find_split(
    home: Path, text: str, *, first_fold: int = 0, limit: int | None = None
) -> SplitPlan:
    """Return a split, or `limit` of its folds from `first_fold` on; paths come with all folds.

    Raises `NotFound`, and `Invalid` for an answer of more than a hundred thousand ranges.
    """
    plan = SplitStore(home).open(text)
    if limit is None:
        return plan
    if first_fold < 0 or limit < 1:
        raise Invalid("ask for one fold or more, counted from 0", code="data.bad_limit")
    folds = plan.folds[first_fold : first_fold + limit]
    if sum(len(part.ranges) for fold in folds for part in fold.parts) > MOST_RANGES:
        raise Invalid(
            f"that is more than {MOST_RANGES:,} ranges; ask for fewer folds at a time",
            code="data.bad_limit",
        )
    whole = len(folds) == len(plan.folds)
    return msgspec.structs.replace(
        plan, folds=folds, first_fold=first_fold, paths=plan.paths if whole else ()
    )


def list_splits(home: Path, dataset: str = "") -> SplitList:
    """Return the newest split of each name, of all datasets or one."""
    heads = SplitStore(home).list()
    return SplitList(splits=tuple(head for head in heads if dataset in ("", head.dataset)))


def _check_options(request: SplitRequest) -> None:
    """Refuse kinds that do not exist, and options that a kind would ignore."""
    if request.kind not in _OPTIONS:
        raise Invalid(
            f"no kind {request.kind[:20]!r}; there are {', '.join(KINDS)}", code="data.bad_split"
        )
    own = _OPTIONS[request.kind]
    plain = SplitRequest(dataset=request.dataset, kind=request.kind, name=request.name)
    odd = [
        field
        for field in SplitRequest.__struct_fields__
        if field not in own and getattr(request, field) != getattr(plain, field)
    ]
    if odd:
        raise Invalid(
            f"a {request.kind} split has no {', '.join(odd)}; it has {', '.join(sorted(own))}",
            code="data.bad_split",
        )


def _folds(
    request: SplitRequest, ts_ns: Int64, parameters: dict[str, str]
) -> tuple[tuple[Fold, ...], tuple[tuple[int, ...], ...]]:
    """Return folds and paths; what decided them goes into `parameters`."""
    if request.kind == "chronological":
        parameters["parts"] = request.parts
        return schemes.chronological(len(ts_ns), _numbers(request.parts)), ()
    if bool((ts_ns[1:] < ts_ns[:-1]).any()):
        raise Invalid(
            "these rows are not in the order of their times (those of a book are in that of their "
            "changes), so that labels cannot be kept apart: use --kind chronological",
            code="data.bad_split",
        )
    ends_ns = _labels(request, ts_ns, parameters)
    if request.kind == "walk-forward":
        windows = schemes.WalkForward(
            train=request.train,
            test=request.test,
            step=request.step or request.test,
            gap=request.gap,
            anchored=request.anchored,
        )
        for field, value in msgspec.to_builtins(windows).items():
            parameters[field] = str(value).lower()
        return schemes.walk_forward(ts_ns, ends_ns, windows), ()
    embargo = _embargo(request.embargo, len(ts_ns))
    tested = request.test_groups if request.kind == "combinatorial" else 1
    parameters.update(folds=str(request.folds), embargo_bars=str(embargo))
    if request.kind == "combinatorial":
        parameters["test_groups"] = str(tested)
    folds = schemes.combinatorial(ts_ns, ends_ns, request.folds, tested, embargo)
    return folds, schemes.paths(folds, request.folds)


def _labels(request: SplitRequest, ts_ns: Int64, parameters: dict[str, str]) -> Int64:
    """Return the ends of the labels."""
    if request.labels is not None:
        if request.label_bars:
            raise Invalid("give --labels or --label-bars, not both", code="data.bad_labels")
        ends_ns = read_stamps(request.labels, ts_ns, "end_ts_ns")
        (source,) = fingerprint(request.labels)
        parameters.update(labels=source.name, labels_sha256=source.sha256)
        return check_labels(ts_ns, ends_ns)
    if not 0 <= request.label_bars < len(ts_ns):
        raise Invalid(f"labels may look 0 to {len(ts_ns) - 1:,} bars ahead", code="data.bad_labels")
    parameters["label_bars"] = str(request.label_bars)
    return label_ends(ts_ns, request.label_bars)


def _numbers(text: str) -> list[Decimal]:
    """Read proportions such as `80,10,10`."""
    try:
        parts = [Decimal(part.strip().removesuffix("%")) for part in text.split(",")]
    except InvalidOperation:
        parts = []
    if not parts or any(abs(part.adjusted()) > _FURTHEST_DIGIT for part in parts):
        raise Invalid(f"cannot read the parts {text[:40]!r}: write 80,10,10", code="data.bad_split")
    return parts


def _embargo(text: str, rows: int) -> int:
    """Read a number of bars, or a share of all bars, rounded up."""
    try:
        if text.endswith("%"):
            share = Decimal(text.removesuffix("%"))
            if share.is_finite() and 0 <= share < 100:
                return int(np.ceil(float(share * rows / 100)))
        elif 0 <= int(text) < rows:
            return int(text)
    except (InvalidOperation, ValueError):
        text = text[:40]
    raise Invalid(
        f"an embargo is a number of bars below {rows:,} or a share such as 1%, not {text[:40]!r}",
        code="data.bad_split",
    )
