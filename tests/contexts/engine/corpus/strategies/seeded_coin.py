"""Drawn from the seed of the run and from nothing else."""

from __future__ import annotations

import random
from typing import Any

from tests.contexts.engine.corpus import markets
from tests.contexts.engine.corpus.case import Case

from fks.contracts.engine import Strategy
from fks.contracts.execution import StrategyDesk


class SeededCoin(Strategy):
    """Toss a coin at every twelfth bar."""

    name = "seeded_coin"
    summary = "Toss a coin at every twelfth bar."

    def on_bar(self, bar: Any, values: Any, desk: StrategyDesk) -> None:
        """Make the generator at the first bar: a strategy has its seed once it is made."""
        if bar.index == 0:
            self._draw = random.Random(self.seed)
        if bar.index % 12 == 0:
            desk.target(1.0 if self._draw.random() < 0.5 else -1.0)


CASE = Case(SeededCoin, markets.future, request={"seed": 20_240_229})
