"""The section [api]."""

from __future__ import annotations

from typing import Annotated

import msgspec

__all__ = ["ApiSettings"]


class ApiSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How patient the public face is, and how much it remembers for sockets."""

    ask_timeout_s: Annotated[float, msgspec.Meta(gt=0, le=600)] = 15.0
    feed_events: Annotated[int, msgspec.Meta(ge=100, le=1_000_000)] = 20_000
    max_sockets: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 64
    max_topics: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 64
