"""What all parts of the trading machine stand on: its records, its engine, and what it emits.

One `Floor` lives in one machine. Every change of the matching engine goes through `command`, and
everything that shall be known outside through `emit`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

import numpy as np

from fks.contexts.execution.domain.matching.layout import (
    COMMAND,
    AccountKey,
    CommandKind,
    EventKind,
    Reason,
)
from fks.contexts.execution.domain.risk.policies import Policies
from fks.contexts.execution.domain.routing.lifecycle import Lifecycle
from fks.contexts.execution.domain.trading.effects import (
    Decided,
    Effect,
    OrderMoved,
    Told,
)
from fks.contexts.execution.domain.trading.kept import Orders, WorkingOrders
from fks.contexts.execution.domain.trading.scales import ExactScale
from fks.contexts.execution.domain.trading.state import (
    FINAL,
    AccountRecord,
    Holding,
    InstrumentRecord,
    OrderRecord,
)
from fks.contexts.execution.domain.trading.views import order_view
from fks.contracts.execution import HeldSignal, OrderState, RiskDecision, SignalRoute

__all__ = ["EngineLike", "Floor", "Todo"]

_HOUR_NS = 3_600_000_000_000
_KEPT_NS = 24 * _HOUR_NS
# A field of a command is written where its dtype has it: numpy's own way takes ten times as long.
_CODES = {"uint8": "B", "uint16": "H", "uint32": "I", "uint64": "Q", "int64": "q"}
_PACKING = {
    name: (struct.Struct(f"<{_CODES[kind[0].name]}").pack_into, kind[1])
    for name, kind in (COMMAND.fields or {}).items()
}
_NO_COMMAND = bytes(COMMAND.itemsize)


class Todo(NamedTuple):
    """Work that an input left for after itself, taken up in order before the input is done.

    `what`: bracket (order, lots), ended (order), cancel (order), cancel_all (account), flatten
    (account, of one symbol or all).
    """

    what: str
    account: str = ""
    order_id: int = 0
    lots: int = 0
    symbol: str = ""
    reason: str = ""


class EngineLike(Protocol):
    """The part of both matching engines that the machine uses."""

    def apply(self, commands: Any, ts_ns: Any) -> Any:
        """Apply rows of COMMAND, return rows of EVENT."""
        ...

    def position(self, account: int, instrument: int) -> int:
        """Return signed lots."""
        ...

    def depth(self, instrument: int, levels: int) -> Any:
        """Return prices, lots and orders of each side."""
        ...

    def what_if(self, now_ns: int, *fields: int) -> Any:
        """Return every control with its figure: (reason, used, limit, passes)."""
        ...

    def use(self, account: int, instrument: int) -> Any:
        """Return what is used of each limit: (reason, used, limit, passes)."""
        ...

    def snapshot(self) -> bytes:
        """Return the canonical state."""
        ...

    def restore(self, state: bytes) -> None:
        """Take over a state."""
        ...

    def state_hash(self) -> bytes:
        """Return the hash of the state."""
        ...


class Floor:
    """Records of accounts, instruments, orders and signals, with the engine beneath them."""

    def __init__(self, engine: Callable[[], EngineLike]) -> None:
        self.engine = engine()
        self.policies = Policies()
        self.seq = 0
        self.now_ns = 0
        self.accounts: dict[str, AccountRecord] = {}
        self.instruments: dict[tuple[str, str], InstrumentRecord] = {}
        self.by_number: dict[int, InstrumentRecord] = {}
        self.scales: dict[int, ExactScale] = {}
        self.strategies: dict[str, int] = {"": 0}
        self.orders = Orders()
        self.working = WorkingOrders()
        self.client_ids: dict[tuple[str, str], int] = {}
        self.routed: dict[int, Lifecycle] = {}
        self.wire_ids: dict[tuple[str, str], int] = {}
        self.held: dict[int, HeldSignal] = {}
        self.signals: dict[str, int] = {}
        self.routes: dict[tuple[str, str], SignalRoute] = {}
        self.gates: dict[tuple[str, str], tuple[str, str, str, int, int]] = {}
        self.vix_milli: int | None = None
        self.effects: list[Effect] = []
        self.muted = False  # nobody hears: no effect is made, the state is the same
        self.todo: list[Todo] = []
        self.touched: set[str] = set()
        self.to_mark: set[str] = set()
        self._forgotten_ns = 0
        self._bytes = bytearray(COMMAND.itemsize)
        self._row = np.frombuffer(self._bytes, dtype=COMMAND)

    # --- out ---

    def emit(self, effect: Effect) -> None:
        """Let something be known or done."""
        if not self.muted:
            self.effects.append(effect)

    def moved(self, order: OrderRecord) -> None:
        """Let an order's new state be known, and forget it as working when it is final."""
        order.updated_ts_ns = self.now_ns
        if order.state not in FINAL:
            self.working[order.id] = order
        elif order.id in self.working:
            del self.working[order.id]
        if not self.muted:
            self.emit(OrderMoved(order_view(order, self.scale(order))))

    def told(self, order: OrderRecord, what: str, detail: str = "") -> None:
        """Add a line to an order's story."""
        self.emit(Told(order.request.account, order.id, what, detail))

    def decided(self, order: OrderRecord, code: Reason, reason: str) -> None:
        """Let the decision of the controls on an order be known, and kept."""
        order.limits_version = self.accounts[order.request.account].limits_version
        if self.muted:
            return
        self.emit(
            Decided(
                RiskDecision(
                    seq=self.seq,
                    ts_ns=self.now_ns,
                    account=order.request.account,
                    symbol=order.request.symbol,
                    passed=code is Reason.NONE,
                    code="" if code is Reason.NONE else code.name,
                    reason=reason,
                    limits_version=order.limits_version,
                    order_id=order.id,
                    client_order_id=order.request.client_order_id,
                    strategy_id=order.request.strategy_id,
                )
            )
        )

    def account_moved(self, account: str) -> None:
        """Let an account's new state be known at the end of the input."""
        self.touched.add(account)

    # --- the engine ---

    def command(self, kind: CommandKind, **fields: int) -> Any:
        """Apply one command to the engine and return its events."""
        self._bytes[:] = _NO_COMMAND
        self._bytes[0] = kind
        for name, value in fields.items():
            pack_into, at = _PACKING[name]
            pack_into(self._bytes, at, value)
        return self.engine.apply(self._row, self.now_ns)

    def govern(self, kind: CommandKind, **fields: int) -> None:
        """Apply a command that the engine takes, or we have a bug."""
        events = self.command(kind, **fields)
        assert int(events[0]["kind"]) == EventKind.DONE, f"{kind.name} {fields}: {events[0]}"

    def configure(self, account: AccountRecord, settings: Iterable[tuple[int, int, int]]) -> None:
        """Set numbers of an account in the engine: (key, instrument, value) each."""
        for key, instrument, value in settings:
            self.govern(
                CommandKind.CONFIGURE_ACCOUNT,
                account=account.number,
                instrument=instrument,
                flags=key,
                price=value,
            )

    def gate_of(self, account: AccountRecord) -> int:
        """Return the strictest gate of an account: everyone's, its venue's, its own."""
        order = ("active", "reducing", "halted", "killed")
        scopes = (("global", ""), ("venue", account.venue), ("account", account.id))
        return max(order.index(self.gates[s][0]) if s in self.gates else 0 for s in scopes)

    def set_gate_numbers(self) -> None:
        """Bring the gates of all accounts into the engine."""
        for account in self.accounts.values():
            self.configure(account, [(AccountKey.GATE, 0, self.gate_of(account))])

    # --- looking up ---

    def scale(self, order: OrderRecord) -> ExactScale:
        """Return the scale of an order's instrument."""
        return self.scales[order.instrument]

    def holding(self, account: AccountRecord, instrument: int) -> Holding:
        """Return an account's position record of an instrument, made when there is none."""
        found = account.holdings.get(instrument)
        if found is None:
            found = account.holdings[instrument] = Holding()
        return found

    def strategy_number(self, strategy: str) -> int:
        """Return the engine's number of a strategy, given at its first order."""
        return self.strategies.setdefault(strategy, len(self.strategies))

    def marked_nanos(self, account: AccountRecord) -> int:
        """Return an account's equity: cash and what its positions are worth at the last price."""
        total = account.cash_nanos
        for number, holding in account.holdings.items():
            if holding.lots:
                last = self.by_number[number].last_ticks
                unit = self.scales[number].unit_nanos
                total += holding.lots * last * unit - holding.cost_nanos
        return total

    def margin_nanos(self, account: AccountRecord) -> int:
        """Return the initial margin of what an account holds, in nanos."""
        total = 0
        for number, holding in account.holdings.items():
            record = self.by_number[number]
            worth = abs(holding.lots * record.last_ticks) * self.scales[number].unit_nanos
            total += worth * record.initial_margin_ppb // 1_000_000_000
        return total

    def open_lots(self, account: str, instrument: int) -> tuple[int, int]:
        """Return the lots that rest or travel to buy and to sell."""
        buy = sell = 0
        for order in self.working.of(account, instrument):
            if order.state is OrderState.HELD:
                continue
            if order.request.side.value == "buy":
                buy += order.leaves
            else:
                sell += order.leaves
        return buy, sell

    def forget(self) -> None:
        """Drop final orders and signals a day after they ended: their ids may be used again.

        Orders that a working order refers to stay. What is dropped is in the projections.
        """
        limit_ns = self.now_ns - _KEPT_NS
        if limit_ns < self._forgotten_ns + _HOUR_NS:
            return
        self._forgotten_ns = limit_ns
        leaders = {order.leader for order in self.working.values()}
        for order in list(self.orders.values()):
            over = order.state in FINAL and order.updated_ts_ns < limit_ns
            if over and order.id not in leaders:
                del self.orders[order.id]
                self.routed.pop(order.id, None)
                self.client_ids.pop((order.request.account, order.request.client_order_id), None)
                self.wire_ids.pop((order.request.account, order.wire_id), None)
        for name, ts_ns in list(self.signals.items()):
            if ts_ns < limit_ns:
                del self.signals[name]
