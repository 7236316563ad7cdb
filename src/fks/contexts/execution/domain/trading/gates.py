"""Gates, the kill switch and arming: who may do what, and what the policies make of it.

A gate belongs to a scope and a target. Gates close by policy, by a person or by the kill switch;
only a person opens them. Their numbers are kept in the engine too, which denies by them.
"""

from __future__ import annotations

from collections.abc import Iterable

from fks.contexts.execution.domain.matching.layout import (
    AccountKey,
    CommandKind,
    InstrumentKey,
    Reason,
)
from fks.contexts.execution.domain.matching.layout import Gate as GateNumber
from fks.contexts.execution.domain.risk.facts import (
    Action,
    CancelAll,
    Flatten,
    Pause,
    SetGate,
    TripBreaker,
    Warn,
)
from fks.contexts.execution.domain.trading.effects import BreakerTripped, GateMoved, Told
from fks.contexts.execution.domain.trading.floor import Floor, Todo
from fks.contexts.execution.domain.trading.inputs import GateSet, Killed, Rearmed
from fks.contexts.execution.domain.trading.state import OrderRecord
from fks.contracts.execution import Gate, GateState, Scope
from fks.kernel.errors import FksError

__all__ = ["Gates"]

_ORDER = ("active", "reducing", "halted", "killed")


class Gates:
    """Close and open gates."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    def act(self, actions: Iterable[Action]) -> None:
        """Do what the policies want."""
        floor = self._floor
        for action in actions:
            match action:
                case Warn(scope, target, code, text):
                    account = target if scope is Scope.ACCOUNT else ""
                    floor.emit(Told(account, 0, "warning", f"{code.name}: {text}"))
                case SetGate(scope, target, gate, code, text, until_ns):
                    name = _ORDER[int(gate)]
                    if name == "active":
                        self.open(scope.value, target)
                    else:
                        self.close(scope.value, target, name, code.name, text, until_ns)
                case CancelAll(account, symbol, strategy, keep):
                    for order in list(floor.working.values()):
                        of = order.request
                        if (
                            account in ("", of.account)
                            and symbol in ("", of.symbol)
                            and strategy in ("", of.strategy_id)
                            and not (keep and (order.leader or of.reduce_only))
                        ):
                            self._leave("cancel", order_id=order.id, reason="a limit was reached")
                case Flatten(account, _, text, symbol):
                    self._leave("flatten", account=account, symbol=symbol, reason=text)
                case Pause(account, until_ns, code, text):
                    floor.accounts[account].paused_until_ns = until_ns
                    floor.emit(Told(account, 0, "paused", f"{code.name}: {text}"))
                    floor.account_moved(account)
                case TripBreaker(venue, code, text):
                    floor.emit(BreakerTripped(venue, f"{code.name}: {text}"))
                case _:
                    raise AssertionError(f"{type(action).__name__} is not done")

    def _leave(self, what: str, **fields: str | int) -> None:
        """Leave work for after this input."""
        self._floor.todo.append(Todo(what=what, **fields))  # type: ignore[arg-type]

    def close(
        self, scope: str, target: str, gate: str, code: str, reason: str, until_ns: int = 0
    ) -> None:
        """Close a gate; one that is closed more tightly stays as it is."""
        floor = self._floor
        known = floor.gates.get((scope, target))
        if known is not None and _ORDER.index(known[0]) >= _ORDER.index(gate):
            return
        floor.gates[(scope, target)] = (gate, code, reason, floor.now_ns, until_ns)
        self._bring(scope, target)
        self._tell(scope, target)

    def open(self, scope: str, target: str) -> bool:
        """Open a gate; tell whether there was one."""
        floor = self._floor
        if floor.gates.pop((scope, target), None) is None:
            return False
        self._bring(scope, target)
        self._tell(scope, target)
        return True

    def expire(self) -> None:
        """Open the gates whose time is over; only those that were closed with one."""
        for (scope, target), gate in sorted(self._floor.gates.items()):
            if gate[4] and gate[4] <= self._floor.now_ns:
                self.open(scope, target)

    def by_hand(self, wish: GateSet) -> None:
        """Close a gate as a person or a watch outside wants."""
        self._close(wish.scope, wish.target, wish.gate, wish.code, wish.reason, wish.person)

    def kill(self, wish: Killed) -> None:
        """Let nothing new leave, cancel what works, and flatten where asked."""
        floor = self._floor
        scope, target, reason = wish.scope, wish.target, wish.reason
        # What is to be flattened must still pass: reducing first, the kill after the orders.
        if wish.flatten:
            self._close(scope, target, "reducing", "TRADING_STATE", reason, wish.person)
            for account in self._reached(scope, target):
                self._leave("cancel_all", account=account, reason=reason)
                self._leave("flatten", account=account, reason=reason)
            self._leave("kill", account=f"{scope}:{target}", reason=reason)
            return
        self._close(scope, target, "killed", "TRADING_STATE", reason, wish.person)
        for order in list(floor.working.values()):
            of = order.request
            named = {"strategy": of.strategy_id, "symbol": of.symbol, "account": of.account}
            if scope == "global" or target == {**named, "venue": order.venue}[scope]:
                self._leave("cancel", order_id=order.id, reason=reason)

    def finish_kill(self, where: str, reason: str) -> None:
        """Close the gate of a kill after its flattening orders were placed."""
        scope, _, target = where.partition(":")
        self._close(scope, target, "killed", "TRADING_STATE", reason, "")

    def rearm(self, wish: Rearmed) -> str:
        """Open a gate for a person; return why not where the policies refuse."""
        floor = self._floor
        scope = Scope(wish.scope)
        live = any(
            floor.accounts[a].mode == "live" for a in self._reached(scope.value, wish.target)
        )
        try:
            actions = floor.policies.rearm(
                scope, wish.target, wish.person, wish.reason, floor.now_ns, live=live
            )
        except FksError as error:
            floor.emit(Told("", 0, "rearm refused", error.message))
            return error.message
        self.act(actions)
        opened = (wish.scope, wish.target) not in floor.gates
        return "" if opened else "a second person has to re-arm it as well"

    def unprotected(self, leader: OrderRecord, code: str) -> None:
        """Let nothing be opened until a person has looked: a stop could not be placed."""
        account = leader.request.account
        text = f"the stop of order {leader.id} was refused ({code}): the position has no stop"
        self._close("account", account, "reducing", "PARENT_CHILD", text, "")
        self._floor.told(leader, "unprotected", text)

    def _close(
        self, scope: str, target: str, gate: str, code: str, reason: str, person: str
    ) -> None:
        """Let the policies close a gate, and follow them."""
        known = Reason[code] if code in Reason.__members__ else Reason.TRADING_STATE
        number = GateNumber(_ORDER.index(gate))
        self.act(
            self._floor.policies.close_gate(
                Scope(scope), target, number, known, reason, person, self._floor.now_ns
            )
        )

    def killed(self) -> tuple[bool, str]:
        """Tell whether the kill switch is down for all, and why."""
        found = self._floor.gates.get(("global", ""))
        return (True, found[2]) if found is not None and found[0] == "killed" else (False, "")

    def states(self) -> tuple[GateState, ...]:
        """Return the gates that are not active."""
        return tuple(self._state(*key) for key in sorted(self._floor.gates))

    def _reached(self, scope: str, target: str) -> list[str]:
        accounts = self._floor.accounts.values()
        if scope == "global":
            return sorted(a.id for a in accounts)
        if scope == "venue":
            return sorted(a.id for a in accounts if a.venue == target)
        return [target] if scope == "account" and target in self._floor.accounts else []

    def _bring(self, scope: str, target: str) -> None:
        """Bring a gate's number into the engine."""
        floor = self._floor
        known = floor.gates.get((scope, target))
        number = _ORDER.index(known[0]) if known is not None else 0
        if scope == "symbol":
            for (_, symbol), instrument in sorted(floor.instruments.items()):
                if symbol == target:
                    floor.command(
                        CommandKind.CONFIGURE_INSTRUMENT,
                        instrument=instrument.number,
                        flags=int(InstrumentKey.GATE),
                        price=number,
                    )
        elif scope == "strategy":
            floor.command(
                CommandKind.CONFIGURE_STRATEGY,
                strategy=floor.strategy_number(target),
                flags=int(AccountKey.GATE),
                price=number,
            )
        else:
            floor.set_gate_numbers()
            for account in self._reached(scope, target):
                floor.account_moved(account)

    def _state(self, scope: str, target: str) -> GateState:
        known = self._floor.gates.get((scope, target))
        gate, code, reason, since_ns, until_ns = known or ("active", "", "", self._floor.now_ns, 0)
        return GateState(
            scope=Scope(scope),
            target=target,
            gate=Gate(gate),
            code=code,
            reason=reason,
            since_ts_ns=since_ns,
            until_ts_ns=until_ns,
        )

    def _tell(self, scope: str, target: str) -> None:
        state = self._state(scope, target)
        self._floor.emit(GateMoved(state))
        account = target if scope == "account" else ""
        self._floor.emit(
            Told(account, 0, "gate", f"{scope} {target} {state.gate.value}: {state.reason}")
        )
