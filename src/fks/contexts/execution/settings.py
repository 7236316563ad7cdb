"""The section [execution]."""

from __future__ import annotations

from typing import Annotated

import msgspec

__all__ = ["ExecutionSettings"]


class ExecutionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a paper session may do when its request does not say, and how much it holds.

    The `max_order_*` and `max_position_*` limits stand in for those that a request leaves out,
    in units of the instrument and of its currency; `max_open_orders` is a ceiling for all
    requests. `max_bars_ahead` is how many bars a stream may run ahead of its decisions.
    """

    max_order_quantity: Annotated[float, msgspec.Meta(gt=0)] = 100_000.0
    max_position_quantity: Annotated[float, msgspec.Meta(gt=0)] = 100_000.0
    max_order_notional: Annotated[float, msgspec.Meta(gt=0)] = 1_000_000.0
    max_open_orders: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1000
    max_sessions: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 100
    max_bars_ahead: Annotated[int, msgspec.Meta(ge=64, le=1_000_000)] = 1024
