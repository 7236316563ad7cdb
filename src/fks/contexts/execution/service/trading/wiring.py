"""Which wish goes to which door of trading."""

from __future__ import annotations

from typing import Any

from fks.contexts.execution.service.trading.gate_feed import GateFeed
from fks.contexts.execution.service.trading.hearing import hear_beat
from fks.contexts.execution.service.trading.trading import Trading
from fks.contracts import execution as said
from fks.contracts.data import BarClosed
from fks.contracts.engine import SignalRaised, StrategyReported
from fks.kernel.bus import Wiring
from fks.kernel.errors import NotFound
from fks.kernel.messages import Meta, Query
from fks.kernel.runtime import Runtime

__all__ = ["wire_trading"]

_DESK: dict[type[Query[Any]], str] = {
    said.AmendOrder: "amend",
    said.CancelOrder: "cancel",
    said.CancelOrders: "cancel_many",
    said.DecideSignals: "decide",
}
_OVERSIGHT: dict[type[Query[Any]], str] = {
    said.OpenAccount: "open_account",
    said.AdoptBalance: "adopt_balance",
    said.SetLimits: "set_limits",
    said.SetSignalRoute: "set_route",
    said.SetGate: "set_gate",
    said.KillTrading: "kill",
    said.RearmTrading: "rearm",
    said.SetMarketGate: "market",
    said.ReportStrategy: "strategy",
    said.AskOverride: "ask_override",
    said.ApproveOverride: "approve_override",
    said.GetRiskState: "risk",
    said.GetReadiness: "readiness",
    said.ArmAccount: "arm",
}
_QUESTIONS: dict[type[Query[Any]], str] = {
    said.ListAccountPositions: "positions",
    said.GetOrder: "order",
    said.ListAccountOrders: "orders",
    said.ListAccountFills: "fills",
    said.ListRiskDecisions: "decisions",
    said.ListAccountSteps: "steps",
    said.ListOverrides: "overrides",
    said.CheckLimits: "check_limits",
    said.GetTradeStory: "story",
    said.ListHeldSignals: "held",
    said.GetDepth: "depth",
    said.GetPerformance: "performance",
    said.CompareAccounts: "compare",
}
_EMPTY: dict[type[Any], Any] = {
    said.ListAccountPositions: said.AccountPositionList(positions=()),
    said.ListAccountOrders: said.AccountOrderList(orders=()),
    said.ListAccountFills: said.AccountFillList(fills=()),
    said.ListRiskDecisions: said.DecisionList(decisions=()),
    said.ListHeldSignals: said.HeldSignalList(signals=()),
    said.ListAccountSteps: said.AccountStepList(steps=()),
    said.ListOverrides: said.OverrideList(overrides=()),
}


def wire_trading(runtime: Runtime, wiring: Wiring) -> None:
    """Register the handlers of trading accounts."""
    trading = runtime.singleton(Trading, lambda: Trading(runtime))
    _hear(runtime, wiring, trading)

    async def place(wish: said.PlaceOrder, _meta: Meta) -> said.AccountOrder:
        desk = await trading.trading(wish.request.account, wish.request.symbol)
        return await desk.place(wish)

    async def place_many(wish: said.PlaceOrders, _meta: Meta) -> said.OrdersPlaced:
        for request in wish.requests:
            await trading.trading(request.account, request.symbol)
        return await (await trading.desk()).place_many(wish)

    async def take_signal(wish: said.TakeSignal, _meta: Meta) -> said.SignalTaken:
        live = await trading.ready()
        routed = [
            r.account for r in live.floor.routes.values() if r.strategy_id == wish.strategy_id
        ]
        for account in [wish.account] if wish.account else routed:
            await trading.trading(account, wish.symbol)
        return await (await trading.desk()).take_signal(wish)

    async def check_signal(wish: said.CheckSignal, _meta: Meta) -> said.SignalTaken:
        await trading.ready(wish.account, wish.symbol)
        return await (await trading.desk()).check_signal(wish)

    async def check(wish: said.CheckOrder, _meta: Meta) -> said.OrderCheck:
        await trading.ready(wish.request.account, wish.request.symbol)
        return await (await trading.questions()).check(wish)

    async def accounts(wish: said.ListAccounts, _meta: Meta) -> said.AccountList:
        await trading.ready()
        return await (await trading.questions()).accounts(wish)

    wiring.answer(said.PlaceOrder, place)
    wiring.answer(said.PlaceOrders, place_many)
    wiring.answer(said.TakeSignal, take_signal)
    wiring.answer(said.CheckOrder, check)
    wiring.answer(said.CheckSignal, check_signal)
    wiring.answer(said.ListAccounts, accounts)
    for kind, name in _DESK.items():
        wiring.answer(kind, _at(trading.desk, name))
    for kind, name in _OVERSIGHT.items():
        wiring.answer(kind, _at(trading.oversight, name))
    for kind, name in _QUESTIONS.items():
        wiring.answer(kind, _or_empty(trading, kind, name))


def _hear(runtime: Runtime, wiring: Wiring, trading: Trading) -> None:
    """Listen to bars, signals and strategies."""
    feed = runtime.singleton(GateFeed, lambda: GateFeed(runtime, trading))

    def on_bar_closed(event: BarClosed, _meta: Meta) -> None:
        trading.market.hear(event)
        feed.hear(event)

    async def on_signal_raised(event: SignalRaised, _meta: Meta) -> None:
        await trading.hear_signal(event)

    def on_strategy_reported(event: StrategyReported, _meta: Meta) -> None:
        if trading.live is not None:
            hear_beat(trading.live, event)

    wiring.on(BarClosed, on_bar_closed)
    wiring.on(SignalRaised, on_signal_raised)
    wiring.on(StrategyReported, on_strategy_reported)


def _at(door: Any, name: str) -> Any:
    """Return a responder that calls a method of what a door leads to."""

    async def respond(wish: Any, _meta: Meta) -> Any:
        return await getattr(await door(), name)(wish)

    return respond


def _or_empty(trading: Trading, kind: type[Any], name: str) -> Any:
    """Return a responder that answers with nothing where nobody has traded yet."""

    async def respond(wish: Any, _meta: Meta) -> Any:
        if not trading.begun and kind in _EMPTY:
            return _EMPTY[kind]
        try:
            questions = await trading.questions()
        except NotFound:
            if kind in _EMPTY:
                return _EMPTY[kind]
            raise
        return await getattr(questions, name)(wish)

    return respond
