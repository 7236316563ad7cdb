"""Signals from outside: sized, placed, held for a person, signed."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from pathlib import Path

from .running import TradingApp, trading_app

SECRET = "a secret of at least thirty-two characters"


async def start(app: TradingApp) -> None:
    """Open the paper account and let a price be seen."""
    await app.call("GET", "/accounts")
    await app.bar(1999, 2001, 2000)


async def test_a_signal_is_decided_with_its_allowance_and_measured_latency(tmp_path: Path) -> None:
    """Lost: /execute/signal would answer with constants again."""
    async with trading_app(tmp_path) as app:
        await start(app)
        preview = (
            await app.http.get("/execute/signal?symbol=GC&side=LONG&prices=2000,2000")
        ).json()
        assert preview["decisions"][0]["risk_allowance"] == "1500"
        body = {"symbol": "GC", "side": "BUY", "stop_loss": "1990", "prices": [2000.0]}
        taken = (await app.http.post("/execute/signal", json=body)).json()
        (decision,) = taken["decisions"]
        assert (decision["decision"], decision["quantity"]) == ("placed", "1")
        assert decision["latency_ms"] > 0
        assert decision["order"]["reference"] == taken["signal_id"]
        held = (await app.http.post("/execute/signal", json={**body, "side": "hold"})).json()
        assert held["decisions"] == []
        risk = await app.call("GET", "/risk")
        assert risk["latency_us"]["signal_count"] == 1
        assert risk["latency_us"]["signal_p50"] > 0


async def test_a_routed_signal_waits_for_a_person(tmp_path: Path) -> None:
    """Lost: approval would be a word on a screen."""
    async with trading_app(tmp_path) as app:
        await start(app)
        route = {"strategy_id": "s", "account": "paper", "approval": True}
        await app.call("PUT", "/risk/routes", route)
        body = {"symbol": "GC", "side": "long", "stop_loss": "1990", "strategy_id": "s"}
        (decision,) = (await app.http.post("/execute/signal", json=body)).json()["decisions"]
        assert decision["decision"] == "held"
        (held,) = (await app.call("GET", "/approvals"))["signals"]
        decided = await app.call(
            "POST", "/approvals/decide", {"approve": True, "ids": [held["id"]], "person": "anna"}
        )
        assert decided["signals"][0]["status"] == "approved"
        order = await app.order(decided["signals"][0]["order_id"])
        assert order["quantity"] == "1"
        assert (await app.call("GET", "/approvals"))["signals"] == []
        problem = await app.call("POST", "/approvals/decide", {"approve": True, "ids": [1]}, 404)
        assert problem["code"] == "execution.no_signal"


async def test_a_stale_or_unsure_signal_is_refused(tmp_path: Path) -> None:
    """Lost: yesterday's signal, or a guess, would trade today."""
    async with trading_app(tmp_path) as app:
        await start(app)
        body = {"symbol": "GC", "side": "long", "stop_loss": "1990"}
        for wrong in ({"ts_ns": time.time_ns() - 301 * 10**9}, {"confidence": 0.5}):
            (decision,) = (await app.http.post("/execute/signal", json={**body, **wrong})).json()[
                "decisions"
            ]
            assert (decision["decision"], decision["code"]) == ("refused", "MODEL_STALE")


def signed(alert: dict[str, object], secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    """Return an alert with its signature."""
    content = json.dumps(alert).encode()
    mark = hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()
    return content, {"X-Signature": mark, "Content-Type": "application/json"}


async def test_a_webhook_is_believed_only_when_signed_fresh_and_new(tmp_path: Path) -> None:
    """Lost: anybody who knows the address could trade."""
    settings = {"api": {"webhook_secret": SECRET}}
    async with trading_app(tmp_path, settings=settings) as app:
        await start(app)
        alert: dict[str, object] = {
            "symbol": "GC",
            "action": "buy",
            "ts": int(time.time()),
            "quantity": "1",
            "stop_loss": "1990",
            "account": "paper",
        }
        content, headers = signed(alert)
        wrong = signed(alert, "another secret of thirty-two characters")[1]
        for body, marks, status in (
            (content, wrong, 403),
            (content + b" ", headers, 403),
            (content, {}, 403),
            (*signed({**alert, "ts": int(time.time()) - 400}), 403),
            (*signed({**alert, "more": 1}), 422),
            (content, headers, 200),
            (content, headers, 200),
        ):
            answer = await app.http.post("/webhook/tradingview", content=body, headers=marks)
            assert answer.status_code == status, answer.text
            assert SECRET not in answer.text
        await app.settle()
        assert len((await app.call("GET", "/orders"))["orders"]) == 1


async def test_webhooks_are_off_without_a_secret(tmp_path: Path) -> None:
    """Lost: an unset secret would be an open door."""
    async with trading_app(tmp_path) as app:
        answer = await app.http.post("/webhook/tradingview", content=b"{}")
        assert (answer.status_code, answer.json()["code"]) == (403, "api.webhooks_off")
