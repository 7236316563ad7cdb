"""The table of contents of the example plugin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from fks.kernel.hooks import impl
from fks.kernel.manifest import Manifest

if TYPE_CHECKING:
    from fks.contracts.data import ProviderSpec
    from fks.contracts.data.quality import QualityRule
    from fks.contracts.engine import Strategy


@impl
def fks_manifest() -> Manifest:
    """Name the plugin; it lends code and runs nothing of its own."""
    return Manifest(
        name="example",
        summary="A MACD strategy, MetaTrader exports and a quality rule",
        uses=("data", "engine"),
        extensions_only=True,
    )


@impl
def fks_settings() -> Mapping[str, type[Any]]:
    """Own the section [metatrader]."""
    from fks_example.settings import MetaTraderSettings

    return {"metatrader": MetaTraderSettings}


@impl
def fks_strategies() -> Iterable[type[Strategy]]:
    """Bring the strategy."""
    from fks_example.strategy import MacdTrend

    return [MacdTrend]


@impl
def fks_quality_rules() -> Iterable[QualityRule]:
    """Bring a rule that judges every import beside those of FKS."""
    from fks_example.quality import RoundCloses

    return [RoundCloses()]


@impl
def fks_providers() -> Iterable[ProviderSpec]:
    """Bring the provider; its factory is a dotted name, so listing it imports nothing."""
    from fks.contracts.data import ProviderSpec
    from fks_example.settings import MetaTraderSettings

    return [
        ProviderSpec(
            name="metatrader",
            summary="CSV files exported by MetaTrader 5, one a symbol and timeframe",
            factory="fks_example.adapters.metatrader:MetaTraderProvider",
            settings=MetaTraderSettings,
        )
    ]
