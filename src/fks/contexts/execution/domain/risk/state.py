"""What the policies remember: plain records of integers and texts that a snapshot writes out.

They are part of the journaled state, so two histories that should be equal are compared by the
bytes of `Remembered`: maps are written sorted, and nothing is kept that is no longer needed.
"""

from __future__ import annotations

import msgspec

from fks.contexts.execution.domain.risk.limits import Limits
from fks.contracts.execution import PropRules
from fks.kernel.errors import Invalid

__all__ = [
    "AccountMemory",
    "Cause",
    "GateMemory",
    "Held",
    "Outcomes",
    "OverrideMemory",
    "ParentMemory",
    "PropMemory",
    "Remembered",
    "Results",
    "StrategyMemory",
    "Working",
    "decoded",
    "encoded",
]

VERSION = 1


class Cause(msgspec.Struct):
    """Why a gate is closed: one for each control that closed it."""

    gate: int
    text: str
    since_ns: int
    by: str = ""


class GateMemory(msgspec.Struct):
    """A gate that is not active. `cool_ns` is the shortest time before it may be re-armed."""

    causes: dict[str, Cause] = {}  # by the two digits of the control
    cool_ns: int = 0
    asked_by: str = ""  # the first of two persons that re-arm after a kill in live
    asked_ns: int = 0

    @property
    def gate(self) -> int:
        """Return the strictest gate of its causes."""
        return max((cause.gate for cause in self.causes.values()), default=0)

    @property
    def since_ns(self) -> int:
        """Return when it last fell further."""
        return max((cause.since_ns for cause in self.causes.values()), default=0)


class Working(msgspec.Struct):
    """An order that works, as the policies need it."""

    symbol: str
    side: int
    lots: int
    price_ticks: int
    unit_nanos: int
    trigger: bool
    risk_ticks: int  # distance to its stop
    entry: bool  # it may open or enlarge a position
    contract_ppm: int
    parent: str = ""
    strategy: str = ""


class Held(msgspec.Struct):
    """A position, what it is worth at its last fill, and what it loses at its stops."""

    lots: int
    price_ticks: int
    unit_nanos: int
    risk_nanos: int
    contract_ppm: int


class Outcomes(msgspec.Struct):
    """The last orders at a venue: a bit each (1 refused), how many, and refusals in a row."""

    bits: int = 0
    count: int = 0
    row: int = 0


class ParentMemory(msgspec.Struct):
    """A parent order that children are cut from. `sent` are the times of its last children."""

    strategy: str
    symbol: str
    side: int
    lots: int
    filled_lots: int = 0
    sent: list[int] = []


class PropMemory(msgspec.Struct):
    """How an account stands under its firm's rules, from the start of its phase."""

    start_nanos: int
    peak_nanos: int
    day_peak_nanos: int  # the highest equity at an end of day
    days: int = 0  # days on which a trade was opened, this one not counted
    traded: bool = False
    best_day_nanos: int = 0
    day_over: bool = False
    failed: str = ""
    failed_ns: int = 0
    passed_ns: int = 0


class AccountMemory(msgspec.Struct):
    """An account's limits and how it has done."""

    limits: Limits
    prop: PropRules | None
    start_nanos: int  # what a static drawdown is measured from
    equity_nanos: int
    day_start_nanos: int
    week_start_nanos: int
    peak_nanos: int
    day_peak_nanos: int  # the highest equity at an end of day
    day_rung: int = 0
    week_rung: int = 0
    ladder_rung: int = 0
    trades_today: int = 0
    losses_in_row: int = 0
    paused_until_ns: int = 0
    stopped_for_day: bool = False
    rate_ns: int = 0  # when the bucket of orders a minute is full again
    gap: str = ""
    prop_state: PropMemory | None = None
    working: dict[str, Working] = {}
    held: dict[str, Held] = {}
    parents: dict[str, ParentMemory] = {}
    flattened: dict[str, int] = {}
    ended_ns: dict[str, int] = {}  # when the last trade of a symbol ended


class Results(msgspec.Struct):
    """What a strategy has realised in an account, fees taken off."""

    day_nanos: int = 0
    total_nanos: int = 0
    peak_nanos: int = 0
    rung: int = 0


class StrategyMemory(msgspec.Struct):
    """How a strategy behaves; `results` are by account."""

    beat_ns: int = 0  # 0: it sends no heartbeats
    silent: bool = False
    alarm: str = ""
    fills: list[int] = []
    orders: dict[str, list[int]] = {}
    duplicates: list[int] = []
    rate_since_ns: int = 0
    rate_last_ns: int = 0
    outcomes: Outcomes = msgspec.field(default_factory=Outcomes)
    results: dict[str, Results] = {}


class OverrideMemory(msgspec.Struct):
    """An order that two persons may let past a soft limit, once, for a while."""

    shape: str
    asked_by: str
    asked_ns: int
    reason: str
    approved_by: str = ""


class Remembered(msgspec.Struct, kw_only=True):
    """All that the policies remember."""

    version: int = VERSION
    accounts: dict[str, AccountMemory] = {}
    strategies: dict[str, StrategyMemory] = {}
    venues: dict[str, Outcomes] = {}
    gates: dict[str, GateMemory] = {}
    overrides: dict[str, OverrideMemory] = {}
    next_override: int = 1
    vix_milli: int | None = None
    vix_ns: int = 0
    news_ns: list[int] = []
    news_gap: str = ""  # why the calendar cannot be trusted
    closes_ns: dict[str, int] = {}


_ENCODER = msgspec.msgpack.Encoder(order="deterministic")
_DECODER = msgspec.msgpack.Decoder(Remembered)


def encoded(state: Remembered) -> bytes:
    """Return a memory as bytes: equal memories, equal bytes."""
    return _ENCODER.encode(state)


def decoded(payload: bytes) -> Remembered:
    """Return a memory out of bytes. Raises `Invalid` for what is none, or of another version."""
    try:
        state = _DECODER.decode(payload)
    except msgspec.DecodeError as error:
        raise Invalid(f"state of the risk policies: {error}", code="execution.bad_state") from None
    if state.version != VERSION:
        raise Invalid(
            f"state of the risk policies is of version {state.version}, not {VERSION}",
            code="execution.bad_state",
        )
    return state
