"""The example plugin, loaded as a stranger's: it lends a strategy and a provider, by the rules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fks.app import load_host
from fks.contexts.engine.service.backtester import LocalBacktester
from fks.contracts.engine import BacktestRequest
from fks.kernel.errors import Invalid, NotFound

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "plugins" / "fks-example"
HEAD = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the plugin's module; its folder is on the path during the test."""
    monkeypatch.syspath_prepend(PLUGIN / "src")
    from fks_example import plugin

    return plugin


def test_its_strategy_decides_alike_in_both_tiers(plugin: Any, tmp_path: Path) -> None:
    """Lost: the example that strangers copy would trade differently live than in research."""
    host = load_host(plugins=(plugin,), entry_points=False)
    backtester = LocalBacktester(tmp_path, host.hook)
    fills = []
    for tier in ("batch", "bar"):
        request = BacktestRequest(strategy="macd_trend", dataset="sp500_daily", tier=tier)
        fills.append(backtester.run(request).fills)
    assert len(fills[0]) > 50
    assert fills[0] == fills[1]


def test_its_provider_reads_exports_and_says_what_it_cannot_read(
    plugin: Any, tmp_path: Path
) -> None:
    """Lost: wrong stamps or ticks from a stranger's files."""
    from fks_example.adapters.metatrader import MetaTraderProvider
    from fks_example.settings import MetaTraderSettings

    (tmp_path / "EURUSD_M1.csv").write_text(
        HEAD
        + "2024.01.02\t00:00:00\t1.10001\t1.10005\t1.09998\t1.10002\t31\t0\t2\n"
        + "2024.01.02\t00:01:00\t1.10002\t1.10003\t1.10000\t1.10001\t17\t0\t2\n"
    )
    (tmp_path / "GBPUSD_M1.csv").write_text("time,open\n1,2\n")
    provider = MetaTraderProvider(MetaTraderSettings(folder=str(tmp_path), utc_offset_minutes=120))
    ((instrument, bars),) = list(provider.fetch("EURUSD", "1m", 0, 2**62))
    assert (instrument.id, str(instrument.tick_size)) == ("EURUSD", "0.00001")
    assert bars.close_ticks.tolist() == [110002, 110001]
    assert bars.volume.tolist() == [31.0, 17.0]
    assert int(bars.ts_ns[0]) == 1_704_146_400_000_000_000, "two hours before 2 January, UTC"
    with pytest.raises(NotFound, match=r"no export AUDUSD_M1\.csv"):
        list(provider.fetch("AUDUSD", "1m", 0, 2**62))
    with pytest.raises(Invalid, match="not a MetaTrader export"):
        list(provider.fetch("GBPUSD", "1m", 0, 2**62))
    with pytest.raises(Invalid, match="use one of 1m"):
        list(provider.fetch("EURUSD", "7m", 0, 2**62))


def test_it_keeps_the_rules_of_a_plugin() -> None:
    """Lost: the example would show strangers how to reach into contexts."""
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=PLUGIN,
        env={"PYTHONPATH": f"{ROOT / 'src'}:{PLUGIN / 'src'}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "1 kept, 0 broken" in done.stdout
