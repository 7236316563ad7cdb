"""The kill switch: its reach with everything else down, its times, and who lifts it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from fks.contexts.execution.service.trading.switch import Switch
from fks.kernel.errors import Unavailable

from .running import LIMITS, trading_app

MANY = 300
WAIVED = (
    "check_margin",
    "max_gross_exposure",
    "max_net_exposure",
    "max_concentration",
    "max_open_orders_symbol",
    "max_day_value",
    "orders_per_second",
    "duplicate_orders",
    "duplicate_breaker",
    "rate_breaker",
)


async def test_the_socket_takes_one_line_and_nobody_else_may(tmp_path: Path) -> None:
    """Lost: a script of the operator could not stop trading, or anybody could."""
    fallen: list[str] = []
    switch = Switch(tmp_path, fallen.append)
    watch = asyncio.create_task(switch.watch())
    path = tmp_path / "kill.sock"
    await asyncio.sleep(0.1)
    assert path.stat().st_mode & 0o777 == 0o600
    for said, answer in (
        ("hello", "say kill [reason] or state"),
        ("state", "armed"),
        ("kill fat finger", "killed"),
        ("state", "killed fat finger"),
    ):
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(said.encode() + b"\n")
        assert (await reader.readline()).decode().strip() == answer
        writer.close()
    await asyncio.sleep(0.1)
    assert switch.down and fallen == ["fat finger"]
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(b"x" * 4096)
    assert await reader.read() == b""
    writer.close()
    switch.lift()
    assert not switch.down
    watch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watch
    assert not path.exists()


async def test_the_file_blocks_at_once_and_cancels_everything_soon(tmp_path: Path) -> None:
    """Lost: after the kill orders would still leave, or stay at work for long."""
    limits = {**LIMITS, **dict.fromkeys(WAIVED, "none")}
    async with trading_app(tmp_path, limits=limits) as app:
        await app.call("GET", "/accounts")
        await app.bar(1999, 2001, 2000)
        live = app.trading.live
        assert live is not None
        for number in range(MANY):
            await app.call(
                "POST",
                "/orders",
                {
                    "symbol": "GC",
                    "side": "buy",
                    "quantity": str(1 + number % 7),
                    "type": "limit",
                    "price": str(1900 + number % 90),
                },
                201,
            )
        await app.settle()
        resting = len(live.floor.working)
        assert resting > 150, "too few orders to argue with"
        submitted = live.links["paper"].venue.submit
        leaving: list[float] = []

        async def watched(order: object) -> None:
            leaving.append(time.monotonic())
            await submitted(order)

        live.links["paper"].venue.submit = watched
        fell = time.monotonic()
        (tmp_path / "execution" / "kill.lock").write_text("drill")
        while live.floor.working:
            await app.http.post(
                "/api/v1/orders",
                json={
                    "symbol": "GC",
                    "side": "buy",
                    "quantity": "1",
                    "type": "limit",
                    "price": "1950",
                },
            )
            assert time.monotonic() - fell < 10
            await asyncio.sleep(0.001)
        assert not leaving, "something left after the file lay there"
        risk = await app.call("GET", "/risk")
        assert risk["killed"] and risk["kill_reason"] == "drill"


async def test_it_falls_with_journal_and_database_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost: the switch would depend on what may be broken when it is needed."""
    async with trading_app(tmp_path) as app:
        await app.call("GET", "/accounts")
        await app.bar(1999, 2001, 2000)
        order = await app.place(type="limit", price="1990")
        live = app.trading.live
        assert live is not None
        asked: list[str] = []
        cancel = live.links["paper"].venue.cancel

        async def watched(client_order_id: str, symbol: str) -> None:
            asked.append(client_order_id)
            await cancel(client_order_id, symbol)

        live.links["paper"].venue.cancel = watched

        def down(*given: object, **named: object) -> int:
            raise Unavailable("the disk has failed", code="execution.journal_failed")

        monkeypatch.setattr(app.trading._journal, "append", down)
        monkeypatch.setattr(app.trading._projector, "_project", down)
        live.switch.drop("everything is broken")
        for _ in range(100):
            if asked:
                break
            await asyncio.sleep(0.01)
        assert asked == [live.floor.orders[order["id"]].wire_id]
        monkeypatch.undo()
        await app.settle()


async def test_it_stays_down_over_a_restart_and_only_a_person_lifts_it(tmp_path: Path) -> None:
    """Lost: a crash would re-arm what a person had stopped."""
    waived = {"max_vix": "none", "rearm_cooldown": "none"}
    async with trading_app(tmp_path, limits=waived) as app:
        await app.call("GET", "/accounts")
        killed = await app.call("POST", "/risk/kill", {"reason": "drill"})
        assert killed["killed"]
        await app.settle()
    async with trading_app(tmp_path, limits=waived) as app:
        assert (await app.call("GET", "/risk"))["killed"]
        await app.call("POST", "/risk/rearm", {"reason": ""}, 400)
        found = await app.call("POST", "/risk/rearm", {"reason": "looked at it", "person": "anna"})
        assert not found["killed"]
        assert not (tmp_path / "execution" / "kill.lock").exists()
        flat = {"reason": "go flat", "flatten": True}
        problem = await app.call("POST", "/risk/kill", flat, 422)
        assert problem["code"] == "api.not_confirmed"
