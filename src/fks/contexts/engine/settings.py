"""The settings of engine: the section [engine]."""

from __future__ import annotations

from typing import Annotated

import msgspec

__all__ = ["EngineSettings"]


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How backtests are run and kept.

    `concurrent_runs` at once, further ones wait; of those that are over, the newest `kept_runs`
    stay and older ones are deleted with their files. `scan_bars` is how far back the current
    signals look. `live_bars_ahead` bounds the bars of a session that wait for their turn.
    Every `heartbeat_s` the strategies of running sessions say that they are alive.
    """

    concurrent_runs: Annotated[int, msgspec.Meta(ge=1, le=64)] = 5
    queued_runs: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1000
    kept_runs: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 50
    scan_bars: Annotated[int, msgspec.Meta(ge=100, le=1_000_000)] = 5000
    live_bars_ahead: Annotated[int, msgspec.Meta(ge=16, le=1_000_000)] = 1024
    heartbeat_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 2.0
