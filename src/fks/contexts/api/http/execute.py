"""Signals from outside: /execute/signal of the earlier service, and signed webhooks."""

from __future__ import annotations

import time
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, get, post
from litestar.params import FromQuery, HeaderParameter, JSONBody
from litestar.status_codes import HTTP_200_OK

from fks.contexts.api.domain.trading import (
    PlainSignal,
    TradingViewAlert,
    check_signature,
    side_of,
    signal_of,
)
from fks.contexts.api.http.inject import ApiDep, Key
from fks.contracts.engine import ScanSignals
from fks.contracts.execution import CheckSignal, SignalTaken, TakeSignal
from fks.contracts.values import OrderType, PositionSide
from fks.kernel.errors import Denied, Invalid, NotFound

__all__ = ["ExecuteController"]

_SHORTEST_SECRET = 32
_AHEAD_S = 60
_ALERT = msgspec.json.Decoder(TradingViewAlert)
_TYPES = {"market": OrderType.MARKET, "limit": OrderType.LIMIT, "stop": OrderType.STOP}


class ExecuteController(Controller):
    """Act on a signal."""

    path = "/"
    tags = ("trading",)

    @get("/execute/signal", summary="What a signal would become")
    async def preview(
        self,
        api: ApiDep,
        symbol: FromQuery[str],
        prices: FromQuery[str] = "",
        side: FromQuery[str] = "",
        account: FromQuery[str] = "paper",
        strategy: FromQuery[str] = "sma_cross",
    ) -> SignalTaken:
        """Return the decision with its risk allowance and measured latency; nothing is placed.

        Without a side it is what the strategy aims at after the symbol's last bar; the last of
        `prices` (comma separated) stands in for the last price.
        """
        wanted = await self._aim(api, symbol, strategy) if not side else side_of(side)
        if wanted is None:
            return SignalTaken(signal_id="", decisions=())
        last = prices.rpartition(",")[2].strip()
        try:
            price = Decimal(last) if last else None
        except InvalidOperation:
            raise Invalid(f"{last[:20]!r} is no price", code="api.bad_price") from None
        return await api.ask(
            CheckSignal(
                symbol=symbol, side=wanted, account=account, price=price, strategy_id=strategy
            )
        )

    @post("/execute/signal", status_code=HTTP_200_OK, summary="Act on a signal")
    async def execute(
        self, api: ApiDep, data: JSONBody[PlainSignal], idempotency_key: Key = None
    ) -> SignalTaken:
        """Size the signal for each account that hears it, check it, place it or hold it."""
        account = data.account
        side = data.side
        if not side:
            aim = await self._aim(api, data.symbol, data.strategy_id)
            side = "hold" if aim is None else aim.value
        if not account and data.strategy_id == "manual":
            account = "paper"
        changed = msgspec.structs.replace(data, side=side, account=account)
        wish = signal_of(changed, api.new_key(idempotency_key), time.time_ns())
        if wish is None:
            return SignalTaken(signal_id="", decisions=())
        return await api.ask(wish)

    @post("/webhook/tradingview", status_code=HTTP_200_OK, summary="Take a signed alert")
    async def tradingview(
        self,
        api: ApiDep,
        request: Request[Any, Any, Any],
        x_signature: Annotated[
            str,
            HeaderParameter(
                name="X-Signature", description="HMAC-SHA256 of the body, in hexadecimal."
            ),
        ] = "",
    ) -> SignalTaken:
        """Act on an alert whose signature fits and which is neither old nor seen before."""
        secret = api.settings.webhook_secret.reveal()
        if len(secret) < _SHORTEST_SECRET:
            raise Denied(
                f"webhooks are off: set api.webhook_secret, at least {_SHORTEST_SECRET} characters",
                code="api.webhooks_off",
            )
        body = await request.body()
        check_signature(secret, body, x_signature)
        try:
            alert = _ALERT.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Invalid(f"the alert is not as agreed: {error}", code="api.bad_alert") from None
        age_s = time.time() - alert.ts
        if not -_AHEAD_S <= age_s <= api.settings.webhook_window_s:
            raise Denied(f"the alert is {age_s:.0f} s old", code="api.alert_out_of_window")
        return await api.ask(_taken(alert, x_signature))

    @staticmethod
    async def _aim(api: ApiDep, symbol: str, strategy: str) -> PositionSide | None:
        """Return what a strategy aims at after a symbol's last bar, None for no opinion."""
        found = await api.ask(ScanSignals(symbol=symbol))
        for signal in found.signals:
            if signal.strategy == strategy:
                return side_of(signal.side)
        raise NotFound(
            f"{strategy} has no signal for {symbol}: give a side, or import its data",
            code="api.no_signal",
        )


def _taken(alert: TradingViewAlert, signature: str) -> TakeSignal:
    """Return an alert as execution takes it; its signature tells a replay."""
    side = side_of(alert.action)
    kind = _TYPES.get(alert.order_type.lower())
    if side is None or kind is None:
        raise Invalid(
            "an alert's action is buy, sell or close, its order_type market, limit or stop",
            code="api.bad_alert",
        )
    name = alert.id or f"tv-{signature.removeprefix('sha256=').lower()[:32]}"
    return TakeSignal(
        key=name,
        signal_id=name,
        symbol=alert.symbol,
        side=side,
        ts_ns=alert.ts * 1_000_000_000,
        strategy_id=alert.strategy,
        confidence=alert.confidence,
        account=alert.account,
        order_type=kind,
        quantity=alert.quantity,
        price=alert.price,
        stop_loss=alert.stop_loss,
        take_profit=alert.take_profit,
        source="tradingview",
    )
