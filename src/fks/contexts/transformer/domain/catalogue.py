"""All indicator kinds by name: those FKS ships and those of plugins, through the same door."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fks.contexts.transformer.domain.averages import Bollinger, Ema, Sma, Vwap, Wma
from fks.contexts.transformer.domain.kind import Kind, offer
from fks.contexts.transformer.domain.oscillators import Ao, Macd, Roc, Rsi, Stochastic
from fks.contexts.transformer.domain.parameters import bad, complete
from fks.contexts.transformer.domain.pipeline import Pipeline, Stage
from fks.contexts.transformer.domain.ranges import Atr, Donchian, Highest, Lowest, Stddev
from fks.contexts.transformer.domain.volumes import Obv, VolumeRatio
from fks.contracts.transformer import IndicatorInfo, IndicatorOffer, IndicatorSpec
from fks.kernel.errors import Conflict

__all__ = ["BUILT_IN", "Catalogue"]

KINDS: tuple[type[Kind], ...] = (
    Ao,
    Atr,
    Bollinger,
    Donchian,
    Ema,
    Highest,
    Lowest,
    Macd,
    Obv,
    Roc,
    Rsi,
    Sma,
    Stddev,
    Stochastic,
    VolumeRatio,
    Vwap,
    Wma,
)
BUILT_IN: tuple[IndicatorOffer, ...] = tuple(offer(kind) for kind in KINDS)


class Catalogue:
    """Indicator kinds, and the maker of pipelines of them (the contract's `FeaturePipelines`)."""

    def __init__(self, offers: Iterable[IndicatorOffer]) -> None:
        """Take the offers of all plugins; raises `Conflict` when a kind is offered twice."""
        self._offers: dict[str, IndicatorOffer] = {}
        for info, factory in offers:
            if info.kind in self._offers:
                raise Conflict(
                    f"two plugins offer an indicator {info.kind!r}; one of them has to go",
                    code="transformer.indicator_twice",
                )
            self._offers[info.kind] = (info, factory)

    @property
    def infos(self) -> tuple[IndicatorInfo, ...]:
        """Return all kinds by name."""
        return tuple(self._offers[kind][0] for kind in sorted(self._offers))

    def make(self, specs: Mapping[str, IndicatorSpec], *, compiled: bool = True) -> Pipeline:
        """Return a fresh pipeline; not `compiled` takes the plain Python twins.

        Raises `Invalid` for an unknown kind, a bad parameter or source, or a bad name.
        """
        return Pipeline([self._stage(name, spec, compiled) for name, spec in specs.items()])

    def _stage(self, name: str, spec: IndicatorSpec, compiled: bool) -> Stage:
        """Return one indicator under the names of its columns."""
        found = self._offers.get(spec.kind)
        if found is None:
            raise bad(f"no indicator {spec.kind!r}; there are {', '.join(sorted(self._offers))}")
        info, factory = found
        indicator = factory(complete(info, spec.params), spec.source, compiled=compiled)
        names = (name, *(f"{name}_{output}" for output in info.outputs[1:]))
        return Stage(names=names, indicator=indicator)
