"""How providers have been: told to people and to the health of the server."""

from __future__ import annotations

from pathlib import Path

from fks.contexts.data.handlers import providers_check
from fks.contracts.data.connections import ListProviders, ProviderConnection
from fks.contracts.data.tracking import RefreshAsset, TrackAsset, TrackedAsset
from fks.kernel.testing import RunningApp, running_app

from .served import Answer, failed, served
from .test_tracking import TIMEOUT_S, recent, settings, until


async def binance(app: RunningApp) -> ProviderConnection:
    """Return how Binance is."""
    listed = await app.runtime.bus.ask(ListProviders(), timeout_s=TIMEOUT_S)
    return next(one for one in listed.providers if one.name == "binance")


async def test_a_provider_is_idle_working_failing_and_working_again(tmp_path: Path) -> None:
    """Lost: a feed that stopped, and a page that still says working."""
    exchange = recent(50)
    refusing = [False]

    def serve(path: str, params: dict[str, str]) -> Answer:
        if refusing[0]:
            return failed(500, {"code": -1000, "msg": "down"})
        return exchange(path, params)

    asset = TrackedAsset(name="btc", providers=("binance",), symbol="BTCUSDT", every_s=10)
    with served(serve) as server:
        async with running_app(
            home=tmp_path, contexts=["data"], settings=settings(server.url)
        ) as app:
            ask, probe = app.runtime.bus.ask, providers_check(app.runtime).probe
            assert ((await binance(app)).state, (await binance(app)).calls) == ("idle", 0)
            assert (await probe()).message == "0 providers were asked, all answer"
            await ask(TrackAsset(key="1", asset=asset), timeout_s=TIMEOUT_S)
            await until(app, "btc", "fresh")
            found = await binance(app)
            assert (found.state, found.error_code) == ("working", "")
            assert found.calls >= 2
            assert 0 < found.used_weight <= found.weight_per_minute
            assert (await probe()).status.value == "healthy"
            refusing[0] = True
            await ask(RefreshAsset(key="2", name="btc"), timeout_s=TIMEOUT_S)
            await until(app, "btc", "failed")
            found = await binance(app)
            assert (found.state, found.error_code) == ("failing", "data.provider_down")
            told = await probe()
            assert told.status.value == "degraded"
            assert told.message == "of 1 providers: binance failing (data.provider_down)"
            refusing[0] = False
            await ask(RefreshAsset(key="3", name="btc"), timeout_s=TIMEOUT_S)
            await until(app, "btc", "fresh")
            assert (await binance(app)).state == "working"
            assert (await probe()).status.value == "healthy"
