"""What the tests of execution share."""

from __future__ import annotations

import importlib.util
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fks.contracts.execution import CostModel, DeskConfig, RiskLimits, StartSession
from fks.contracts.values import FillRule, Instrument


@pytest.fixture(scope="session")
def feeder() -> ModuleType:
    """Return the module beside this one that stands in for data and engine."""
    path = Path(__file__).with_name("feeder.py")
    spec = importlib.util.spec_from_file_location("execution_feeder", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def config() -> DeskConfig:
    """Return a desk in quarters and half lots, with every kind of cost."""
    return DeskConfig(
        instrument=Instrument(id="TEST", tick_size=Decimal("0.25"), lot_size=Decimal("0.5")),
        cash=100_000.0,
        quantity=3.0,
        fill_rule=FillRule.NEXT_OPEN,
        costs=CostModel(fee_bps=2.5, fee_per_unit=0.01, slippage_ticks=1),
        limits=RiskLimits(
            max_order_quantity=50.0, max_position_quantity=None, max_order_notional=None
        ),
    )


@pytest.fixture
def start(config: DeskConfig) -> Any:
    """Return a function that makes a start command; keywords replace its fields."""

    def make(**changes: Any) -> StartSession:
        fields: dict[str, Any] = {
            "key": "key-1",
            "strategy": "feeder",
            "params": {"fast": 3},
            "dataset": "known",
            "dataset_hash": "hash",
            "config": config,
        }
        return StartSession(**(fields | changes))

    return make
