"""The trading desk as one state machine: inputs in, effects out, the same for every replay.

It reads no clock and draws no random number; time and order come with each input. What it knows
is written by `snapshot` and told by `state_hash`; the journal holds the inputs, so a crash loses
nothing that was durable. It is the journal's `Machine`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from fks.contexts.execution.domain.trading import inputs as given
from fks.contexts.execution.domain.trading.accounts import Accounts
from fks.contexts.execution.domain.trading.effects import AccountMoved, Effect
from fks.contexts.execution.domain.trading.floor import EngineLike, Floor
from fks.contexts.execution.domain.trading.gates import Gates
from fks.contexts.execution.domain.trading.numbers import MOST_PLACES, order_id
from fks.contexts.execution.domain.trading.placing import Placing, exact
from fks.contexts.execution.domain.trading.remembering import recalled, remembered
from fks.contexts.execution.domain.trading.reporting import Reporting
from fks.contexts.execution.domain.trading.settling import Settling
from fks.contexts.execution.domain.trading.showing import account_view
from fks.contexts.execution.domain.trading.signals import Signals
from fks.contexts.execution.domain.trading.state import Remembered
from fks.contexts.execution.domain.trading.working import Working
from fks.kernel.errors import FksError

__all__ = ["TRADING_INPUT", "TradingMachine"]

TRADING_INPUT = 32  # the journal's kind of record
_VERSION = 1
_MOST_WORK = 10_000
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Remembered)


class TradingMachine:
    """Accounts, orders, signals and gates over a matching engine."""

    def __init__(self, engine: Callable[[], EngineLike]) -> None:
        self.floor = floor = Floor(engine)
        self.gates = Gates(floor)
        self.settling = Settling(floor, self.gates)
        self.placing = Placing(floor, self.gates, self.settling)
        self.accounts = Accounts(floor, self.gates)
        self.signals = Signals(floor, self.placing)
        self.reporting = Reporting(floor, self.gates, self.settling)
        self.working = Working(floor, self.gates, self.placing, self.settling, self.reporting)
        self.answer: Any = None

    def apply(
        self, seq: int, ts_ns: int, kind: int, version: int, payload: bytes
    ) -> Sequence[Effect]:
        """Apply one record of the journal; return what follows from it."""
        assert kind == TRADING_INPUT and version == _VERSION, "the journal checks kinds"
        return self.take(seq, ts_ns, given.decode(payload))

    def take(self, seq: int, ts_ns: int, wish: given.Input) -> list[Effect]:
        """Apply one input. `answer` is then what whoever asked wants to know."""
        floor = self.floor
        assert seq > floor.seq and ts_ns >= floor.now_ns, "the journal orders inputs"
        floor.seq, floor.now_ns = seq, ts_ns
        floor.effects = []
        self.answer = None
        self._take(wish)
        done = 0
        while floor.todo or floor.to_mark:
            done += 1
            assert done < _MOST_WORK, "an input must come to an end"
            if floor.todo:
                self.working.take_up(floor.todo.pop(0), min(done, MOST_PLACES))
            else:
                name = min(floor.to_mark)
                floor.to_mark.remove(name)
                self.accounts.mark(floor.accounts[name])
        for name in () if floor.muted else sorted(floor.touched):
            floor.emit(AccountMoved(account_view(floor, floor.accounts[name])))
        floor.touched.clear()
        return floor.effects

    def mute(self, muted: bool = True) -> TradingMachine:
        """Make no effects while nobody hears them, as in a replay; the state is the same."""
        self.floor.muted = muted
        return self

    def state_hash(self) -> bytes:
        """Return the BLAKE2b-256 of the digest of the orders and of the rest of the state."""
        floor = self.floor
        rest = _ENCODER.encode(remembered(floor, with_orders=False))
        return hashlib.blake2b(floor.orders.digest(floor.working) + rest, digest_size=32).digest()

    def earlier_hash(self) -> bytes:
        """Return the hash as it was computed before orders had a digest: of the snapshot."""
        return hashlib.blake2b(self.snapshot(), digest_size=32).digest()

    def snapshot(self) -> bytes:
        """Return the state as canonical bytes."""
        return _ENCODER.encode(remembered(self.floor))

    def restore(self, state: bytes) -> None:
        """Take over a state."""
        recalled(self.floor, _DECODER.decode(state))

    def _take(self, wish: given.Input) -> None:
        """Give an input to the part that knows what to do with it."""
        floor = self.floor
        match wish:
            case given.Placed():
                self.answer = self.placing.place(wish, order_id(floor.seq)).id
            case given.CancelAsked():
                self.working.cancel(wish.order_id, "by its owner")
                self.answer = wish.order_id
            case given.CancelManyAsked():
                self.answer = self.working.cancel_many(wish, "all of them")
            case given.ChangeAsked():
                self.answer = self.working.change(wish)
            case given.Reported():
                self.reporting.reported(wish)
            case given.Answered():
                self.reporting.answered(wish)
            case given.FillsChecked():
                self.reporting.fills_checked(wish)
            case given.OutsideFill():
                self.reporting.outside(wish)
            case given.GapFound():
                self.reporting.gap(wish)
            case given.CashMoved():
                self.settling.wallets.moved(wish)
            case given.MoneyAdopted():
                self.settling.wallets.adopt(wish)
            case given.MarketSeen():
                self.accounts.seen(wish)
            case given.Ticked():
                self.accounts.tick()
                self.signals.expire()
                self.reporting.tick()
                floor.forget()
            case given.SignalCame():
                self.answer = self.signals.take(wish)
            case given.SignalsDecided():
                self.answer = self.signals.decide(wish)
            case _:
                self._govern(wish)

    def _govern(self, wish: given.Input) -> None:
        """Apply what a person decides about accounts, gates and routes."""
        floor = self.floor
        match wish:
            case given.InstrumentDefined():
                self.accounts.define(wish)
            case given.AccountOpened():
                self.accounts.open(wish)
            case given.LimitsSet():
                self.accounts.change_limits(wish)
            case given.AccountArmed():
                self.accounts.arm(wish)
            case given.RouteSet():
                floor.routes[(wish.route.strategy_id, wish.route.account)] = wish.route
            case given.GateSet():
                self.gates.by_hand(wish)
            case given.Killed():
                self.gates.kill(wish)
            case given.Rearmed():
                self.answer = self.gates.rearm(wish)
            case given.MarketGateSet():
                floor.vix_milli = wish.vix_milli if wish.vix_milli is not None else floor.vix_milli
                self.gates.act(
                    floor.policies.on_market(
                        floor.now_ns,
                        vix_milli=wish.vix_milli,
                        vix_ns=wish.vix_ts_ns,
                        news_gap=wish.news_gap,
                        news_ns=wish.news_ts_ns,
                        closes_ns=wish.closes_ts_ns,
                    )
                )
            case given.StrategySeen():
                self._strategy(wish)
            case given.OverrideAsked():
                _, order = exact(floor, wish.request)
                facts = self.placing.facts(order, given.Placed(request=wish.request))
                self.answer = floor.policies.ask_override(
                    facts, wish.person, wish.reason, floor.now_ns
                )
            case given.OverrideApproved():
                self.answer = self._approved(wish)
            case _:
                raise AssertionError(f"{type(wish).__name__} is not applied")

    def _strategy(self, wish: given.StrategySeen) -> None:
        """Take word of a strategy, or that there will be none."""
        policies = self.floor.policies
        if wish.alive:
            policies.heartbeat(wish.strategy, self.floor.now_ns)
        else:
            policies.retire(wish.strategy)
        if wish.alarm is not None:
            policies.on_model(wish.strategy, wish.alarm)

    def _approved(self, wish: given.OverrideApproved) -> str:
        """Approve an override; return why not where the policies refuse."""
        try:
            self.floor.policies.approve_override(wish.number, wish.person, self.floor.now_ns)
        except FksError as error:
            return error.message
        return ""
