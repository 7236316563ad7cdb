"""Make bars of a stored dataset over the bus, as `fks data resample` and `aggregate` do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import fks
from fks.contexts.data.domain.imports import Imported
from fks.contexts.data.service.aggregating import Aggregate, aggregate
from fks.contexts.data.service.quality import with_rules
from fks.contexts.data.service.resampling import resample
from fks.contexts.data.store import DatasetStore
from fks.contracts.data import DatasetInfo, MakeBars
from fks.contracts.data.quality import QualityRule
from fks.kernel.bus import Wiring
from fks.kernel.clock import Clock
from fks.kernel.errors import Invalid
from fks.kernel.messages import Meta

__all__ = ["make_bars", "wire_deriving"]


def wire_deriving(
    store: DatasetStore, rules: Sequence[QualityRule], clock: Clock, wiring: Wiring
) -> None:
    """Register the handler; it works in a thread, since all of it is files and arithmetic."""

    async def make(command: MakeBars, meta: Meta) -> DatasetInfo:
        now_ns = clock.now_ns()
        return await asyncio.to_thread(lambda: make_bars(store, command, rules, now_ns=now_ns))

    wiring.answer(MakeBars, make)


def make_bars(
    store: DatasetStore, wish: MakeBars, rules: Sequence[QualityRule], *, now_ns: int
) -> DatasetInfo:
    """Store bars made of a dataset. Raises `Invalid` for what cannot be made, `Denied`."""
    dataset = store.open(wish.dataset)
    version = fks.__version__
    made: Imported
    if dataset.info.kind == "bars":
        if not wish.every or wish.trades or wish.volume or wish.value:
            raise Invalid(
                "of bars longer ones are made by the clock: every is such as 5m, 1h, 1d",
                code="data.bad_timeframe",
            )
        made = resample(
            dataset, wish.every, wish.name or None, now_ns=now_ns, code_version=version
        ).imported
    else:
        asked = Aggregate(
            every=wish.every,
            trades=wish.trades,
            volume=wish.volume,
            value=wish.value,
            price=wish.price,
            name=wish.name or None,
        )
        made = aggregate(dataset, asked, now_ns=now_ns, code_version=version).imported
    return store.save(with_rules(made, rules))
