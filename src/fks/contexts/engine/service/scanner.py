"""What the strategies say now: each with its defaults, over the last bars of each dataset."""

from __future__ import annotations

from typing import Any

from fks.contexts.engine.domain.aims import AimedDesk
from fks.contexts.engine.domain.backtest import make_ride
from fks.contexts.engine.domain.failures import StrategyFailed
from fks.contexts.engine.domain.session import Stepper, run
from fks.contexts.engine.service.backtester import LocalBacktester
from fks.contracts.data import DatasetInfo
from fks.contracts.engine import BacktestRequest, CurrentSignal, CurrentSignals, Strategy
from fks.kernel.errors import FksError, NotFound

__all__ = ["Scanner"]


class Scanner:
    """Answer for all datasets at once; what was found for a dataset's content is kept."""

    def __init__(self, backtester: LocalBacktester, bars: int) -> None:
        self._backtester = backtester
        self._bars = bars
        self._known: dict[tuple[str, str], CurrentSignal] = {}

    def scan(self, symbol: str) -> CurrentSignals:
        """Return the aims after the last bars, of all datasets or those of one symbol.

        Raises `NotFound` naming the symbols there are.
        """
        datasets = self._backtester.datasets.list()
        chosen = [d for d in datasets if not symbol or symbol in (d.name, d.instrument.id)]
        if symbol and not chosen:
            there = ", ".join(sorted({d.instrument.id for d in datasets})) or "none yet"
            raise NotFound(
                f"no dataset for symbol {symbol[:40]!r}; there are: {there}",
                code="engine.symbol_not_found",
            )
        found: dict[tuple[str, str], CurrentSignal] = {}
        for info in chosen:
            for kind in self._backtester.catalog.all():
                key = (info.hash, kind.name)
                found[key] = self._known.get(key) or self._look(info, kind)
        self._known |= found
        alive = {info.hash for info in datasets}
        self._known = {key: said for key, said in self._known.items() if key[0] in alive}
        return CurrentSignals(signals=tuple(found.values()))

    def _look(self, info: DatasetInfo, kind: type[Strategy]) -> CurrentSignal:
        """Run one strategy over the last bars of one dataset and see what it aims at."""
        meta: dict[str, Any] = {"dataset": info.name, "timeframe": info.timeframe}
        side, strength = "flat", 0.0
        try:
            aimed, bars = self._follow(info, kind)
            aim, strength = aimed.aim
            side, meta["bars"] = aim.value, bars
            strength = min(max(strength, 0.0), 1.0)
        except StrategyFailed as error:
            meta["error"] = error.message
        except FksError as error:
            meta["error"] = f"{error.message} ({error.code})"
        return CurrentSignal(
            symbol=info.instrument.id,
            side=side,
            strength=strength,
            timestamp=info.last_ts_ns // 1_000_000_000,
            strategy=kind.name,
            meta=meta,
        )

    def _follow(self, info: DatasetInfo, kind: type[Strategy]) -> tuple[AimedDesk, int]:
        """Run a strategy bar by bar, as a session would, and return its desk."""
        request = BacktestRequest(strategy=kind.name, dataset=info.hash, cash=1e9)
        plan = self._backtester.plan(request, kind)
        ride = make_ride(plan, self._backtester.desks, self._backtester.pipelines)
        bars = plan.material.bars[-self._bars :]
        stepper = Stepper(ride.strategy, ride.pipeline, ride.tier)
        aimed = AimedDesk(ride.desk)
        for _ in run(bars, stepper, ride.desk, aimed):
            pass
        return aimed, len(bars)
