"""Strategies that trade say that they are alive; their silence closes their gate."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fks.contexts.data.service.importing import FileRequest, import_file
from fks.contexts.data.store import DatasetStore
from fks.contracts.data import GetDataset
from fks.contracts.engine import StrategyReported
from fks.contracts.execution import CostModel, DeskConfig, RiskLimits, StartSession
from fks.contracts.values import FillRule
from fks.kernel.testing import running_app

from .running import LIMITS, TradingApp, trading_app

QUICK = {**LIMITS, "heartbeat": "1s"}
DESK_LIMITS = RiskLimits(
    max_order_quantity=1e6, max_position_quantity=1e6, max_order_notional=1e9, max_open_orders=100
)


async def until(happened: Callable[[], bool]) -> None:
    """Wait until something has happened."""
    async with asyncio.timeout(40):
        while not happened():  # noqa: ASYNC110  # it happens behind the bus
            await asyncio.sleep(0.02)


def gate(app: TradingApp, strategy: str) -> str:
    """Return the gate of a strategy."""
    live = app.trading.live
    assert live is not None
    known = live.floor.gates.get(("strategy", strategy))
    return "active" if known is None else known[0]


def expected(app: TradingApp, strategy: str) -> bool:
    """Tell whether heartbeats of a strategy are waited for."""
    live = app.trading.live
    return live is not None and live.floor.policies.hears(strategy)


async def beat(app: TradingApp, strategy: str = "s", age_ns: int = 0, **said: Any) -> None:
    """Publish a heartbeat as an engine does."""
    now_ns = app.app.runtime.clock.now_ns()
    await app.app.runtime.bus.publish(
        StrategyReported(strategy=strategy, ts_ns=now_ns - age_ns, **said)
    )
    await app.settle()


async def route(app: TradingApp, strategy: str = "s", **more: Any) -> None:
    """Send the signals of a strategy to the paper account."""
    await app.call("PUT", "/risk/routes", {"strategy_id": strategy, "account": "paper", **more})


async def test_a_silent_strategy_may_only_reduce_and_a_person_opens_it(tmp_path: Path) -> None:
    """Lost: a strategy that died with a position would be trusted with new orders."""
    async with trading_app(tmp_path, limits={**QUICK, "rearm_cooldown": "none"}) as app:
        await app.call("GET", "/accounts")
        await app.bar(1999, 2001, 2000)
        await route(app)
        await beat(app, sessions=1)
        await until(lambda: gate(app, "s") == "reducing")
        refused = await app.place(strategy_id="s")
        assert refused["state"] == "rejected"
        assert (await app.place(client_order_id="other"))["state"] != "rejected"
        await beat(app, sessions=1)
        assert gate(app, "s") == "reducing"
        body = {"scope": "strategy", "target": "s", "reason": "seen", "person": "anna"}
        await app.call("POST", "/risk/rearm", body)
        assert gate(app, "s") == "active"


async def test_what_is_not_traded_late_or_over_is_not_waited_for(tmp_path: Path) -> None:
    """Lost: every backtest-like session, and each that ended well, would close gates."""
    async with trading_app(tmp_path, limits=QUICK) as app:
        await app.call("GET", "/accounts")
        await beat(app)
        assert not expected(app, "s")
        await route(app)
        await beat(app, age_ns=60_000_000_000)
        assert not expected(app, "s")
        await beat(app)
        assert expected(app, "s")
        await beat(app, alive=False)
        assert not expected(app, "s")
        await beat(app)
        await route(app, enabled=False)
        await beat(app)
        assert not expected(app, "s")


async def test_a_heartbeat_does_not_clear_the_alarm_of_a_model(tmp_path: Path) -> None:
    """Lost: a model in doubt would be trusted again two seconds later."""
    async with trading_app(tmp_path, limits=QUICK) as app:
        await app.call("GET", "/accounts")
        await app.bar(1999, 2001, 2000)
        await route(app)
        said = {"strategy_id": "s", "alarm": "drifts"}
        await app.call("POST", "/risk/strategies", said)
        await beat(app)
        refused = await app.place(strategy_id="s")
        assert "drifts" in refused["reason"]


async def test_the_death_of_the_engine_closes_the_gate(tmp_path: Path) -> None:
    """Lost: the dead-man would be fed by nobody, and never notice."""
    close = 100 + np.arange(400) % 7
    rows = [f"{1_700_000_000 + 60 * i},{c},{c + 1},{c - 1},{c},5" for i, c in enumerate(close)]
    path = tmp_path / "bars.csv"
    path.write_text("ts,open,high,low,close,volume\n" + "\n".join(rows) + "\n")
    home = tmp_path / "home"
    made = import_file(FileRequest(path=path, name="bars"), now_ns=0, code_version="test")
    DatasetStore(home).save(made)
    settings = {"execution": {"paper_limits": QUICK}, "engine": {"heartbeat_s": 0.1}}
    contexts = ["data", "transformer", "execution", "engine", "api"]
    async with running_app(home=home, contexts=contexts, settings=settings) as running:
        app = TradingApp(running)
        await app.call("GET", "/accounts")
        await route(app, "sma_cross")
        info = await running.runtime.bus.ask(GetDataset(dataset="bars"), timeout_s=10)
        wish = StartSession(
            key="one",
            strategy="sma_cross",
            params={},
            dataset="bars",
            dataset_hash=info.hash,
            config=DeskConfig(
                instrument=info.instrument,
                cash=1e6,
                quantity=1.0,
                fill_rule=FillRule.NEXT_OPEN,
                costs=CostModel(),
                limits=DESK_LIMITS,
            ),
            bars_per_second=1.0,
        )
        await running.runtime.bus.ask(wish, timeout_s=10)
        await until(lambda: expected(app, "sma_cross"))
        assert gate(app, "sma_cross") == "active"
    # The process that trades comes back, the one that decides does not.
    async with running_app(
        home=home, contexts=["data", "execution", "api"], settings=settings
    ) as r:
        app = TradingApp(r)
        await app.call("GET", "/accounts")
        await until(lambda: gate(app, "sma_cross") == "reducing")
