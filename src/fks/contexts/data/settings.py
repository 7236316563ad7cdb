"""The section [data]."""

from __future__ import annotations

from typing import Annotated

import msgspec

__all__ = ["DataSettings"]


class DataSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far a replay runs ahead, and how many opened datasets are kept in memory."""

    replay_ahead_bars: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 64
    cached_datasets: Annotated[int, msgspec.Meta(ge=1, le=100)] = 4
