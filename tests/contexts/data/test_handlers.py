"""What data answers in a running app."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.contexts.data import kit

from fks.contexts.data.handlers import store_check
from fks.contexts.data.store import DatasetStore
from fks.contracts.data import (
    DatasetSource,
    GetBars,
    GetDataset,
    GetQuality,
    ListDatasets,
)
from fks.kernel.errors import Invalid, NotFound
from fks.kernel.testing import running_app

TIMEOUT_S = 10.0


async def test_datasets_bars_and_quality_are_answered_over_the_bus(tmp_path: Path) -> None:
    """Lost: charts and other contexts would see no prices."""
    imported = kit.read(kit.write(tmp_path / "AAA.csv", kit.lines(100)))
    home = tmp_path / "home"
    DatasetStore(home).save(imported)
    async with running_app(home=home, contexts=["data"]) as app:
        bus = app.runtime.bus
        found = await bus.ask(ListDatasets(), timeout_s=TIMEOUT_S)
        assert [d.name for d in found.datasets] == ["aaa_1m", "nasdaq_daily", "sp500_daily"]
        info = await bus.ask(GetDataset(dataset="aaa_1m"), timeout_s=TIMEOUT_S)
        assert info.hash == imported.info.hash
        window = await bus.ask(
            GetBars(dataset=info.hash, from_ts_ns=kit.START_NS + 1, limit=10), timeout_s=TIMEOUT_S
        )
        kept = imported.cleaned.kept
        assert window.total == 99
        assert list(window.ts_ns) == kept.ts_ns[-10:].tolist()
        assert list(window.volume) == kept.volume[-10:].tolist()
        head = await bus.ask(GetBars(dataset="aaa_1m", limit=3, tail=False), timeout_s=TIMEOUT_S)
        assert list(head.close) == kept.close[:3].tolist()
        quality = await bus.ask(GetQuality(dataset="aaa_1m"), timeout_s=TIMEOUT_S)
        assert quality == imported.report
        with pytest.raises(NotFound, match="there are aaa_1m"):
            await bus.ask(GetDataset(dataset="bbb"), timeout_s=TIMEOUT_S)
        for limit in (0, 10**9):
            with pytest.raises(Invalid, match="ask for 1 to"):
                await bus.ask(GetBars(dataset="aaa_1m", limit=limit), timeout_s=TIMEOUT_S)


async def test_health_counts_the_datasets(tmp_path: Path) -> None:
    """Lost: nobody would notice a store that cannot be read."""
    async with running_app(home=tmp_path / "home", contexts=["data"]) as app:
        store = store_check(app.runtime)
        result = await store.probe()
        assert result.status.value == "healthy"
        assert "2 datasets" in result.message
        (tmp_path / "home/datasets").write_text("in the way")
        result = await store.probe()
        assert result.status.value == "degraded"
        assert "cannot be written" in result.message


async def test_engine_opens_datasets_through_the_hook(tmp_path: Path) -> None:
    """Lost: backtests could not find the bars."""
    async with running_app(home=tmp_path / "home", contexts=["data"]) as app:
        source: DatasetSource = app.runtime.hook.fks_dataset_source(home=app.runtime.home)
        assert len(source.open("sp500_daily").columns()) == 5031
