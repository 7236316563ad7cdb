"""The section [execution]."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec

__all__ = ["ExecutionSettings"]


class ExecutionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a paper session may do when its request does not say, and how much it holds.

    The `max_order_*` and `max_position_*` limits stand in for those that a request leaves out,
    in units of the instrument and of its currency; `max_open_orders` is a ceiling for all
    requests. `max_bars_ahead` is how many bars a stream may run ahead of its decisions.

    Trading accounts: `durability` is when an input counts as durable (a group's sync, each one's,
    or never waited for); `paper_account` opens the account `paper` with `paper_limits` at the
    first wish of all; `venues` are settings of venues by account or kind, `instruments` margins,
    fees and collars by symbol, and its sizes where data does not know it (tick_size, lot_size,
    multiplier, currency).

    `journal_mirror_dir`, best on another disk, gets a copy of the journal: after it (`async`), or
    before anything counts as durable (`sync`). `journal_anchor_dir`, out of reach of whoever can
    roll the home back, gets a copy of the signed anchors.

    Gates of the market: `vix_instrument` is whose closed bars are the VIX, `vix_dataset` a dataset
    of it that is looked at each minute. `news_calendar` is a file of scheduled events (else the
    one that `fks risk calendar import` keeps). `closes_from_calendars` takes the next close of
    each instrument from its trading calendar.

    Money at venues: `adopts` is what may come and go there by itself (the others, a deposit for
    one, close the account's gate until a person adopts them); `cash_tolerance` is the largest
    difference that is none, by currency, one minor unit where nothing is said.
    """

    max_order_quantity: Annotated[float, msgspec.Meta(gt=0)] = 100_000.0
    max_position_quantity: Annotated[float, msgspec.Meta(gt=0)] = 100_000.0
    max_order_notional: Annotated[float, msgspec.Meta(gt=0)] = 1_000_000.0
    max_open_orders: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1000
    max_sessions: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 100
    max_bars_ahead: Annotated[int, msgspec.Meta(ge=64, le=1_000_000)] = 1024
    durability: Literal["group", "every", "unsafe-backtest"] = "group"
    journal_anchor_dir: str = ""
    journal_mirror_dir: str = ""
    journal_mirror: Literal["async", "sync"] = "async"
    journal_segment_mib: Annotated[int, msgspec.Meta(ge=1, le=1024)] = 16
    reconcile_every_s: Annotated[float, msgspec.Meta(ge=1, le=3600)] = 30.0
    paper_account: bool = True
    paper_limits: Mapping[str, str] = msgspec.field(default_factory=lambda: {"max_vix": "none"})
    venues: Mapping[str, Mapping[str, Any]] = {}
    instruments: Mapping[str, Mapping[str, Any]] = {}
    vix_instrument: str = ""
    vix_dataset: str = ""
    news_calendar: str = ""
    closes_from_calendars: bool = False
    adopts: tuple[str, ...] = ("funding", "interest")
    cash_tolerance: Mapping[str, Decimal] = {}
