"""The table of contents of the transformer context."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fks.kernel.hooks import impl
from fks.kernel.manifest import Manifest

if TYPE_CHECKING:
    from fks.contracts.transformer import FeaturePipelines, IndicatorOffer
    from fks.kernel.bus import Wiring
    from fks.kernel.health import Check
    from fks.kernel.runtime import Runtime


@impl
def fks_manifest() -> Manifest:
    """Name the context."""
    return Manifest(
        name="transformer",
        summary="Indicators, streamed by the same code in batch and live",
        uses=("data",),
    )


@impl
def fks_messages() -> Iterable[type[Any]]:
    """Answer these questions."""
    from fks.contracts.transformer import GetIndicators, ListIndicators

    return [ListIndicators, GetIndicators]


@impl
def fks_wire(runtime: Runtime, wiring: Wiring) -> None:
    """Answer for indicators."""
    from fks.contexts.transformer.handlers import wire

    wire(runtime, wiring)


@impl
def fks_health(runtime: Runtime) -> Iterable[Check]:
    """Check the arithmetic."""
    from fks.contexts.transformer.handlers import indicators_check

    return [indicators_check(runtime)]


@impl
def fks_feature_pipelines(hook: Any) -> FeaturePipelines:
    """Make pipelines of the indicators of all plugins."""
    from fks.contexts.transformer.service import catalogue_of

    return catalogue_of(hook)


@impl
def fks_indicators() -> Iterable[IndicatorOffer]:
    """Offer the built-in indicators."""
    from fks.contexts.transformer.domain.catalogue import BUILT_IN

    return BUILT_IN
