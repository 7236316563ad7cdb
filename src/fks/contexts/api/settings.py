"""The section [api]."""

from __future__ import annotations

from typing import Annotated

import msgspec

from fks.kernel.settings import Secret

__all__ = ["ApiSettings"]


class ApiSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How patient the public face is, how much it remembers for sockets, whom it believes.

    `webhook_secret` (at least 32 characters) signs the alerts that /webhook/tradingview takes;
    without one it takes none. `webhook_window_s` is how old an alert may be. Of orders that come
    faster than they can be made durable at most `max_orders_waiting` wait; the next are refused
    with 503 and Retry-After. `udf` serves datasets to charting libraries under /udf.
    """

    ask_timeout_s: Annotated[float, msgspec.Meta(gt=0, le=600)] = 15.0
    feed_events: Annotated[int, msgspec.Meta(ge=100, le=1_000_000)] = 20_000
    max_sockets: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 64
    webhook_secret: Secret = Secret("")
    webhook_window_s: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 300
    max_orders_waiting: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 128
    max_topics: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 64
    udf: bool = True
