"""Signals: sized for each account that hears them, placed at once or held for a person."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import msgspec

from fks.contexts.execution.domain.matching.layout import Reason
from fks.contexts.execution.domain.risk.facts import Verdict
from fks.contexts.execution.domain.sizing.fan_out import fan_out
from fks.contexts.execution.domain.sizing.sizes import (
    SizedOrder,
    SizingAccount,
    SizingInstrument,
    SizingSignal,
)
from fks.contexts.execution.domain.trading.effects import Decided, SignalMoved
from fks.contexts.execution.domain.trading.floor import Floor
from fks.contexts.execution.domain.trading.inputs import Placed, SignalCame, SignalsDecided
from fks.contexts.execution.domain.trading.numbers import MOST_PLACES, order_id
from fks.contexts.execution.domain.trading.placing import Placing, exact
from fks.contexts.execution.domain.trading.scales import money
from fks.contexts.execution.domain.trading.state import AccountRecord, InstrumentRecord
from fks.contracts.execution import (
    HeldSignal,
    OrderRequest,
    RiskDecision,
    SignalDecision,
    SignalRoute,
    TakeSignal,
)
from fks.contracts.values import OrderType, PositionSide, Side

__all__ = ["Signals"]

_S_NS = 1_000_000_000
_MOST_ACCOUNTS = 1 << 12


class Planned(NamedTuple):
    """How much of a signal an account takes: no lots have a code and a reason."""

    lots: int
    risk_nanos: int
    stop_ticks: int | None
    code: Reason
    why: str


class Signals:
    """Fan signals out to accounts, and let people decide on those that wait."""

    def __init__(self, floor: Floor, placing: Placing) -> None:
        self._floor = floor
        self._placing = placing

    def take(self, given: SignalCame) -> list[tuple[SignalDecision, int]]:
        """Act on a signal at each account that it is routed to; order ids beside, 0 for none."""
        floor, signal = self._floor, given.signal
        floor.signals[signal.signal_id] = floor.now_ns
        decisions = []
        for place, route in enumerate(self._routes(signal)):
            account = floor.accounts[route.account]
            instrument = floor.instruments.get((account.venue, signal.symbol))
            if instrument is None:
                why = f"{signal.symbol} is not traded at {account.venue}"
                refused = self._refused(signal, account, Reason.RESTRICTED, why)
                decisions.append((refused, 0))
                continue
            decisions.append(self._at(given, account, instrument, route, place))
        return decisions

    def decide(self, given: SignalsDecided) -> list[HeldSignal]:
        """Place or drop signals that wait; ids that do not wait are left alone."""
        floor = self._floor
        wanted = given.ids or tuple(sorted(floor.held))
        done = []
        for place, number in enumerate(wanted[:MOST_PLACES]):
            held = floor.held.get(number)
            if held is None or held.status != "waiting":
                continue
            if not given.approve:
                held = self._close(held, "rejected", given.person, given.note)
            elif held.expires_ts_ns <= floor.now_ns:
                held = self._close(held, "expired", "", "nobody decided in time")
            else:
                request = self._request(held)
                order = self._placing.place(
                    Placed(
                        request=request,
                        principal=f"strategy:{held.strategy_id}",
                        signal_ts_ns=held.signal_ts_ns,
                        confidence_ppm=round(held.confidence * 1_000_000),
                    ),
                    order_id(floor.seq, place=place),
                )
                held = self._close(
                    held, "approved", given.person, order.reason or given.note, order.id
                )
            done.append(held)
        return done

    def expire(self) -> None:
        """End the waiting of signals whose time is over."""
        for held in list(self._floor.held.values()):
            if held.status == "waiting" and held.expires_ts_ns <= self._floor.now_ns:
                self._close(held, "expired", "", "nobody decided in time")

    def _routes(self, signal: TakeSignal) -> list[SignalRoute]:
        """Return where a signal goes: to the account that it names, or along the routes."""
        routes = self._floor.routes
        if signal.account:
            named = routes.get((signal.strategy_id, signal.account))
            direct = SignalRoute(
                strategy_id=signal.strategy_id, account=signal.account, approval=False
            )
            return [named if named is not None and named.enabled else direct]
        return [
            route
            for (strategy, _), route in sorted(routes.items())
            if strategy == signal.strategy_id and route.enabled
        ]

    def _at(
        self,
        given: SignalCame,
        account: AccountRecord,
        instrument: InstrumentRecord,
        route: SignalRoute,
        place: int,
    ) -> tuple[SignalDecision, int]:
        floor, signal = self._floor, given.signal
        scale = floor.scales[instrument.number]
        side, plan = self.planned(given, account, instrument)
        lots, risk = plan.lots, plan.risk_nanos
        if lots <= 0:
            code = plan.code if plan.code is not Reason.NONE else Reason.MAX_QTY
            return self._refused(signal, account, code, plan.why, risk), 0
        stop = signal.stop_loss
        if stop is None and plan.stop_ticks is not None:
            stop = scale.price(plan.stop_ticks)
        held = HeldSignal(
            id=floor.seq * _MOST_ACCOUNTS + place,
            signal_id=signal.signal_id,
            account=account.id,
            symbol=signal.symbol,
            side=signal.side,
            quantity=scale.quantity(lots),
            strategy_id=signal.strategy_id,
            confidence=signal.confidence,
            signal_ts_ns=signal.ts_ns,
            created_ts_ns=floor.now_ns,
            expires_ts_ns=floor.now_ns + route.expires_after_s * _S_NS,
            price=signal.price if signal.order_type is not OrderType.MARKET else None,
            stop_loss=stop,
            take_profit=signal.take_profit,
        )
        if route.approval:
            floor.held[held.id] = held
            floor.emit(SignalMoved(held))
            return self._decision(held, "held", risk, "", "waits for a person"), 0
        request = self._request(held, side, signal.order_type)
        order = self._placing.place(
            Placed(
                request=request,
                principal=f"strategy:{signal.strategy_id}",
                automated=True,
                signal_ts_ns=signal.ts_ns,
                confidence_ppm=round(signal.confidence * 1_000_000),
            ),
            order_id(floor.seq, place=place),
        )
        word = "refused" if order.code else "placed"
        return self._decision(held, word, risk, order.code, order.reason), order.id

    @staticmethod
    def _decision(
        held: HeldSignal, word: str, risk_nanos: int, code: str, reason: str
    ) -> SignalDecision:
        return SignalDecision(
            signal_id=held.signal_id,
            account=held.account,
            decision=word,
            risk_allowance=money(risk_nanos),
            quantity=held.quantity,
            latency_ms=0.0,
            code=code,
            reason=reason,
        )

    def planned(
        self, given: SignalCame, account: AccountRecord, instrument: InstrumentRecord
    ) -> tuple[Side, Planned]:
        """Return the side of a signal at an account, and how much of it."""
        position = self._floor.holding(account, instrument.number).lots
        if given.signal.side is PositionSide.FLAT:
            side = Side.SELL if position > 0 else Side.BUY
            return side, Planned(abs(position), 0, None, Reason.NONE, "there is nothing to close")
        side = Side.BUY if given.signal.side is PositionSide.LONG else Side.SELL
        plan = self._sized(given, account, instrument)
        towards = position if side is Side.BUY else -position
        if given.signal.quantity is not None or not plan.lots or not towards:
            return side, plan
        # A side without a quantity is aimed at: what is held counts, the other way it is closed.
        if towards >= plan.lots:
            return side, plan._replace(lots=0, why=f"{towards} lots are held that way already")
        return side, plan._replace(lots=plan.lots - towards)

    def _sized(
        self, given: SignalCame, account: AccountRecord, instrument: InstrumentRecord
    ) -> Planned:
        """Return the size of a signal at an account."""
        floor, signal = self._floor, given.signal
        scale = floor.scales[instrument.number]
        if signal.quantity is not None:
            lots = int(signal.quantity / instrument.instrument.lot_size)
            why = "the quantity is less than a lot"
            return Planned(lots, 0, None, Reason.MAX_QTY if lots < 1 else Reason.NONE, why)
        entry = instrument.last_ticks if signal.price is None else scale.ticks(signal.price)
        stop = None if signal.stop_loss is None else scale.ticks(signal.stop_loss)
        share = fan_out(
            SizingSignal(
                symbol=signal.symbol,
                side=1 if signal.side is PositionSide.LONG else -1,
                entry_ticks=entry,
                stop_ticks=stop,
                atr_ticks=None if given.atr is None else scale.in_ticks(given.atr),
                confidence=Decimal(repr(signal.confidence)),
            ),
            SizingInstrument(unit_nanos=scale.unit_nanos, lot_size=instrument.instrument.lot_size),
            [
                SizingAccount(
                    account=account.id,
                    rule=account.sizing,
                    equity_nanos=floor.marked_nanos(account),
                    risk_cap_ppm=floor.policies.limits(account.id).number("max_trade_risk"),
                )
            ],
            lambda _, order: self._asked(given, account, instrument, order),
        )[0]
        order = share.order
        return Planned(order.lots, order.risk_nanos, order.stop_ticks, share.code, share.reason)

    def _asked(
        self,
        given: SignalCame,
        account: AccountRecord,
        instrument: InstrumentRecord,
        order: SizedOrder,
    ) -> Verdict:
        """Ask the policies about a size, so that a capped order goes rather than none."""
        signal, scale = given.signal, self._floor.scales[instrument.number]
        stop = None if order.stop_ticks is None else scale.price(order.stop_ticks)
        request = OrderRequest(
            account=account.id,
            client_order_id="sizing",
            symbol=signal.symbol,
            side=Side.BUY if signal.side is PositionSide.LONG else Side.SELL,
            quantity=scale.quantity(order.lots),
            type=signal.order_type,
            price=signal.price if signal.order_type is OrderType.LIMIT else None,
            stop_price=signal.price if signal.order_type is OrderType.STOP else None,
            stop_loss=stop,
            strategy_id=signal.strategy_id,
        )
        _, record = exact(self._floor, request)
        placed = Placed(
            request=request,
            principal=f"strategy:{signal.strategy_id}",
            automated=True,
            signal_ts_ns=signal.ts_ns,
            confidence_ppm=round(signal.confidence * 1_000_000),
        )
        facts = self._placing.facts(record, placed)
        return self._floor.policies.before_order(facts, self._floor.now_ns)

    def _request(
        self, held: HeldSignal, side: Side | None = None, kind: OrderType | None = None
    ) -> OrderRequest:
        """Return a held signal as the order that it becomes."""
        if side is None:
            account = self._floor.accounts[held.account]
            record = self._floor.instruments[(account.venue, held.symbol)]
            long = self._floor.holding(account, record.number).lots > 0
            wants = {PositionSide.LONG: Side.BUY, PositionSide.SHORT: Side.SELL}
            side = wants.get(held.side, Side.SELL if long else Side.BUY)
        if kind is None:
            kind = OrderType.MARKET if held.price is None else OrderType.LIMIT
        return OrderRequest(
            account=held.account,
            client_order_id=f"sig-{held.id}",
            symbol=held.symbol,
            side=side,
            quantity=held.quantity,
            type=kind,
            price=held.price if kind is OrderType.LIMIT else None,
            stop_price=held.price if kind is OrderType.STOP else None,
            stop_loss=held.stop_loss,
            take_profit=held.take_profit,
            reduce_only=held.side is PositionSide.FLAT,
            strategy_id=held.strategy_id,
            reference=held.signal_id,
        )

    def _refused(
        self, signal: TakeSignal, account: AccountRecord, code: Reason, why: str, risk: int = 0
    ) -> SignalDecision:
        """Refuse a signal at an account, with an audit record."""
        self._floor.emit(
            Decided(
                RiskDecision(
                    seq=self._floor.seq,
                    ts_ns=self._floor.now_ns,
                    account=account.id,
                    symbol=signal.symbol,
                    passed=False,
                    code=code.name,
                    reason=why,
                    limits_version=account.limits_version,
                    client_order_id=signal.signal_id,
                    strategy_id=signal.strategy_id,
                )
            )
        )
        return SignalDecision(
            signal_id=signal.signal_id,
            account=account.id,
            decision="refused",
            risk_allowance=money(risk),
            quantity=Decimal(0),
            latency_ms=0.0,
            code=code.name,
            reason=why,
        )

    def _close(
        self, held: HeldSignal, status: str, person: str, reason: str, order_id: int = 0
    ) -> HeldSignal:
        """End the waiting of a signal."""
        closed = msgspec.structs.replace(
            held, status=status, decided_by=person, reason=reason, order_id=order_id
        )
        self._floor.held.pop(held.id, None)
        self._floor.emit(SignalMoved(closed))
        return closed
