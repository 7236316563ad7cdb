"""The section [master]."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

__all__ = ["MasterSettings"]


class MasterSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a context counts as silent or slow, and what this installation is.

    A process is silent after `silent_after_s`, or three of its own report intervals if those
    are longer; its contexts are then unknown. A context whose checks take more than `slow_ms`
    is degraded.
    """

    silent_after_s: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 15.0
    slow_ms: Annotated[float, msgspec.Meta(gt=0, le=60_000)] = 2000.0
    environment: Literal["development", "staging", "production", "test"] = "development"
