"""Answer for indicators over a window of a dataset, whichever process holds the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fks.contexts.transformer.domain.catalogue import Catalogue
from fks.contexts.transformer.domain.pipeline import Pipeline
from fks.contexts.transformer.domain.selftest import differing_kinds
from fks.contexts.transformer.domain.window import bar_columns, rows
from fks.contracts.data import BarWindow, GetBars
from fks.contracts.transformer import GetIndicators, IndicatorList, IndicatorWindow
from fks.kernel.bus import Bus
from fks.kernel.errors import Invalid
from fks.kernel.messages import Meta

if TYPE_CHECKING:
    import pluggy

__all__ = ["Transformer", "catalogue_of"]

MOST_BARS = 50_000  # of one answer: beyond that, datasets are read in-process
ASK_TIMEOUT_S = 30.0


def catalogue_of(hook: pluggy.HookRelay) -> Catalogue:
    """Return the indicators of all loaded plugins; raises `Conflict` for a kind offered twice."""
    return Catalogue(offer for offers in hook.fks_indicators() for offer in offers)


class Transformer:
    """The use cases of the context."""

    def __init__(self, bus: Bus, catalogue: Catalogue) -> None:
        self._bus = bus
        self._catalogue = catalogue

    def kinds(self) -> IndicatorList:
        """Return all indicator kinds by name."""
        return IndicatorList(indicators=self._catalogue.infos)

    def differing_kinds(self) -> tuple[str, ...]:
        """Return the built-in kinds whose compiled values differ from their twin's: none."""
        return differing_kinds()

    async def indicators(self, query: GetIndicators, cause: Meta | None = None) -> IndicatorWindow:
        """Return the values at the last `limit` bars before `to_ts_ns`.

        Bars before the window are read too, as many as the values depend on, so that they are
        those of a run from the dataset's beginning (to 1e-12 where an indicator only fades).
        Raises `Invalid` for a bad spec or limit, and whatever data says about the dataset.
        """
        if not 1 <= query.limit <= MOST_BARS:
            raise Invalid(
                f"limit must be from 1 to {MOST_BARS}, not {query.limit}",
                code="transformer.bad_limit",
            )
        pipeline = self._catalogue.make(query.specs)
        window = await self._bars(query, query.limit + pipeline.memory_bars - 1, cause)
        shown = min(query.limit, len(window.ts_ns))
        earlier = await self._earlier(query, pipeline, window, shown, cause)
        parts = [part for part in (earlier, window) if part is not None and part.ts_ns]
        if not parts:
            return IndicatorWindow(
                dataset=window.dataset, ts_ns=(), columns=dict.fromkeys(pipeline.names, ())
            )
        values = pipeline.update(bar_columns(*parts))
        return IndicatorWindow(
            dataset=window.dataset,
            ts_ns=window.ts_ns[-shown:],
            columns={
                name: rows(column[-shown:])
                for name, column in zip(values.names, values.columns, strict=True)
            },
        )

    async def _bars(self, query: GetIndicators, limit: int, cause: Meta | None) -> BarWindow:
        """Return the last so many bars before the asked-for time."""
        request = GetBars(dataset=query.dataset, to_ts_ns=query.to_ts_ns, limit=limit)
        return await self._bus.ask(request, timeout_s=ASK_TIMEOUT_S, cause=cause)

    async def _earlier(
        self,
        query: GetIndicators,
        pipeline: Pipeline,
        window: BarWindow,
        shown: int,
        cause: Meta | None,
    ) -> BarWindow | None:
        """Return the bars before the window that lie within the time the values depend on.

        How many bars that is depends on the dataset's timeframe, so it takes a second question.
        """
        if pipeline.memory_ns == 0 or shown == 0:
            return None
        from_ts_ns = max(0, window.ts_ns[-shown] - pipeline.memory_ns)
        if from_ts_ns >= window.ts_ns[0]:
            return None
        request = GetBars(
            dataset=query.dataset,
            from_ts_ns=from_ts_ns,
            to_ts_ns=window.ts_ns[0],
            limit=2 * MOST_BARS,
        )
        return await self._bus.ask(request, timeout_s=ASK_TIMEOUT_S, cause=cause)
