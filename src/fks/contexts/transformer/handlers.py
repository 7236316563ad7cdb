"""Answer the bus, and say how the context is."""

from __future__ import annotations

from fks.contexts.transformer.service import Transformer, catalogue_of
from fks.contracts.transformer import (
    GetIndicators,
    IndicatorList,
    IndicatorWindow,
    ListIndicators,
)
from fks.kernel.bus import Wiring
from fks.kernel.health import Check, CheckResult, Status
from fks.kernel.messages import Meta
from fks.kernel.runtime import Runtime

__all__ = ["indicators_check", "wire"]


def wire(runtime: Runtime, wiring: Wiring) -> None:
    """Answer what indicators there are, and what they are over a dataset."""
    transformer = _transformer(runtime)

    async def list_indicators(query: ListIndicators, meta: Meta) -> IndicatorList:
        return transformer.kinds()

    async def get_indicators(query: GetIndicators, meta: Meta) -> IndicatorWindow:
        return await transformer.indicators(query, cause=meta)

    wiring.answer(ListIndicators, list_indicators)
    wiring.answer(GetIndicators, get_indicators)


def indicators_check(runtime: Runtime) -> Check:
    """Return the check that the compiled indicators still agree with their plain twins."""
    transformer = _transformer(runtime)

    async def probe() -> CheckResult:
        differing = transformer.differing_kinds()
        if differing:
            return CheckResult(
                Status.UNHEALTHY,
                f"compiled and plain values differ for {', '.join(differing)}; rebuild FKS",
            )
        return CheckResult(Status.HEALTHY, f"{len(transformer.kinds().indicators)} indicators")

    return Check("indicators", probe)


def _transformer(runtime: Runtime) -> Transformer:
    """Return this process's service."""
    return runtime.singleton(
        Transformer, lambda: Transformer(runtime.bus, catalogue_of(runtime.hook))
    )
