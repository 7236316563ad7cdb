"""Paper sessions in the wired app give the fills of the backtest, also across a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.contexts.engine import drunk_plugin
from tests.contexts.engine.kit import LIMITS

from fks.app import load_host
from fks.contexts.engine.service.backtester import LocalBacktester
from fks.contracts.data import DatasetInfo, GetDataset
from fks.contracts.engine import BacktestRequest
from fks.contracts.execution import (
    CostModel,
    DeskConfig,
    Fill,
    GetEquity,
    GetSession,
    ListFills,
    Session,
    SessionStatus,
    StartSession,
)
from fks.contracts.values import FillRule
from fks.kernel.testing import RunningApp, running_app

CONTEXTS = ("data", "transformer", "execution", "engine")
DATASET = "sp500_daily"
FROM_NS = 1_514_764_800_000_000_000  # 2018-01-01
COSTS = CostModel(fee_bps=1.0, fee_minimum=2.0, slippage_ticks=1)


def _backtest(home: Path, strategy: str, rule: FillRule, params: dict[str, Any]) -> Any:
    host = load_host(plugins=[drunk_plugin], entry_points=False)
    request = BacktestRequest(
        strategy=strategy,
        dataset=DATASET,
        params=params,
        quantity=3.0,
        costs=COSTS,
        fill_rule=rule,
        from_ts_ns=FROM_NS,
    )
    return LocalBacktester(home, host.hook).run(request)


async def _start(
    app: RunningApp,
    strategy: str,
    rule: FillRule,
    params: dict[str, Any],
    bars_per_second: float = 0.0,
) -> Session:
    bus = app.runtime.bus
    info: DatasetInfo = await bus.ask(GetDataset(dataset=DATASET), timeout_s=10)
    command = StartSession(
        key="one",
        strategy=strategy,
        params=params,
        dataset=DATASET,
        dataset_hash=info.hash,
        config=DeskConfig(
            instrument=info.instrument,
            cash=100_000.0,
            quantity=3.0,
            fill_rule=rule,
            costs=COSTS,
            limits=LIMITS,
        ),
        from_ts_ns=FROM_NS,
        bars_per_second=bars_per_second,
    )
    return await bus.ask(command, timeout_s=10)


async def _until(app: RunningApp, session_id: str, happened: Callable[[Session], bool]) -> Session:
    seen: list[Session] = []
    async with asyncio.timeout(40):
        while not seen or not happened(seen[-1]):  # it happens behind the bus
            await asyncio.sleep(0.02)
            seen.append(await app.runtime.bus.ask(GetSession(session_id=session_id), timeout_s=10))
    return seen[-1]


def _over(session: Session) -> bool:
    return session.status in (SessionStatus.FINISHED, SessionStatus.FAILED)


async def _fills(app: RunningApp, session_id: str) -> list[Fill]:
    query = ListFills(session_id=session_id, limit=100_000)
    found = await app.runtime.bus.ask(query, timeout_s=10)
    return [msgspec.structs.replace(fill, session_id="") for fill in found.fills]


CASES = [
    ("sma_cross", {"fast": 5, "slow": 20, "allow_short": True}),
    ("rsi_reversion", {"period": 5}),
    ("breakout_stop", {"entry": 8, "exit": 4, "stop_ranges": 0.5}),
    ("drunk", {"whim": 7}),
]


@pytest.mark.parametrize(
    ("strategy", "params", "rule"),
    [(*case, rule) for case, rule in zip(CASES, [*FillRule, *FillRule], strict=True)],
)
async def test_a_session_in_the_wired_app_fills_as_the_backtest_did(
    tmp_path: Path, strategy: str, params: dict[str, Any], rule: FillRule
) -> None:
    """If live and backtest part anywhere between bus, store and desk, it shows here."""
    expected = _backtest(tmp_path, strategy, rule, params)
    async with running_app(home=tmp_path, contexts=CONTEXTS, plugins=[drunk_plugin]) as app:
        session = await _start(app, strategy, rule, params)
        ended = await _until(app, session.id, _over)
        assert ended.status is SessionStatus.FINISHED, ended.error
        assert await _fills(app, session.id) == list(expected.fills)
        assert len(expected.fills) > 3
        curve = await app.runtime.bus.ask(
            GetEquity(session_id=session.id, limit=100_000), timeout_s=10
        )
        assert [point.equity for point in curve.points] == expected.equity.tolist()


@pytest.mark.parametrize(("strategy", "params"), [CASES[2], CASES[3]])
async def test_a_session_taken_up_after_a_restart_fills_as_the_backtest_did(
    tmp_path: Path, strategy: str, params: dict[str, Any]
) -> None:
    """A strategy keeps state that nobody stores; it must come back from the bars alone."""
    rule = FillRule.NEXT_OPEN
    expected = _backtest(tmp_path, strategy, rule, params)
    async with running_app(home=tmp_path, contexts=CONTEXTS, plugins=[drunk_plugin]) as app:
        session = await _start(app, strategy, rule, params, bars_per_second=100.0)
        await _until(app, session.id, lambda seen: seen.last_index > 60)
    async with running_app(home=tmp_path, contexts=CONTEXTS, plugins=[drunk_plugin]) as app:
        ended = await _until(app, session.id, _over)
        assert ended.status is SessionStatus.FINISHED, ended.error
        assert await _fills(app, session.id) == list(expected.fills)


@pytest.mark.parametrize(
    ("strategy", "params", "words"),
    [
        ("nope", {}, "no strategy 'nope'"),
        ("sma_cross", {"fast": 0}, ">= 1"),
        ("sober", {}, "sober failed at drunk_plugin.py:"),
    ],
)
async def test_a_strategy_that_cannot_decide_fails_its_session_with_the_reason(
    tmp_path: Path, strategy: str, params: dict[str, Any], words: str
) -> None:
    """A session without a strategy that only waits would look like one that sees no chance."""
    async with running_app(home=tmp_path, contexts=CONTEXTS, plugins=[drunk_plugin]) as app:
        session = await _start(app, strategy, FillRule.NEXT_OPEN, params)
        ended = await _until(app, session.id, _over)
        assert ended.status is SessionStatus.FAILED
        assert words in ended.error
