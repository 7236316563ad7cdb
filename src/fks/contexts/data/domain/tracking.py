"""When a tracked asset is due, and whether it is fresh."""

from __future__ import annotations

import re

from fks.contexts.data.domain.content import NAME
from fks.contexts.data.domain.timeframes import clock_ns, timeframe_ns
from fks.contracts.data.ticks import KINDS
from fks.contracts.data.tracking import TrackedAsset
from fks.kernel.errors import Invalid

__all__ = ["checked", "due_ns", "state_of"]

_NS = 1_000_000_000
_PROVIDER = re.compile(r"[a-z0-9][a-z0-9_:-]{0,63}\Z")
_LONGEST_PAUSE_S = 6 * 3600
_FIRST_PAUSE_S = 60


def checked(asset: TrackedAsset) -> TrackedAsset:
    """Return an asset as it can be tracked. Raises `Invalid` with what would work."""
    if not NAME.match(asset.name):
        raise Invalid(
            f"{asset.name[:80]!r} is not a dataset's name: use a-z, 0-9, _ and -, at most 64",
            code="data.bad_name",
        )
    if not asset.providers or not all(_PROVIDER.match(one) for one in asset.providers):
        raise Invalid(f"{asset.name} needs a provider, such as binance", code="data.no_provider")
    if asset.kind not in KINDS:
        raise Invalid(
            f"no kind {asset.kind[:20]!r}; there are {', '.join(KINDS)}", code="data.no_such_kind"
        )
    if asset.kind == "bars":
        clock_ns(asset.timeframe)
    if not 10 <= asset.every_s <= 30 * 86_400:
        raise Invalid(
            "an asset is fetched every 10 seconds at most and every 30 days at least",
            code="data.bad_interval",
        )
    return asset


def due_ns(asset: TrackedAsset, tried_at_ns: int, failures: int) -> int:
    """Return when an asset is fetched next: at its interval, or after a growing pause.

    The pause after failures begins at a minute, doubles, and is at most six hours; it is never
    shorter than the interval of the asset would be if that is shorter than a minute.
    """
    if tried_at_ns == 0:
        return 0
    pause_s = asset.every_s
    if failures:
        pause_s = min(_FIRST_PAUSE_S * 2 ** min(failures - 1, 20), _LONGEST_PAUSE_S)
    return tried_at_ns + pause_s * _NS


def state_of(
    asset: TrackedAsset, *, running: bool, failures: int, rows: int, behind_rows: int
) -> str:
    """Return how an asset is, in one word.

    It is behind when it lacks more bars than can close between two visits, and one more.
    """
    if running:
        return "running"
    if asset.paused:
        return "paused"
    if failures:
        return "failed"
    if rows == 0:
        return "waiting"
    allowed = 1
    if asset.kind == "bars":
        allowed += -(-asset.every_s * _NS // timeframe_ns(asset.timeframe))
    return "behind" if behind_rows > allowed else "fresh"
