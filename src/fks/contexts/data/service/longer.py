"""Windows of longer bars than a dataset has: made once of all its rows, then cut as asked."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from threading import Lock

import numpy as np

from fks.contexts.data.domain.timeframes import clock_ns
from fks.contexts.data.service.resampling import longer_bars
from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.stored import StoredDataset, load
from fks.contracts.columns import BarColumns
from fks.contracts.data import BarWindow, GetBars
from fks.kernel.errors import NotFound

__all__ = ["LongerWindows"]

_REMEMBERED = 8
_VALUES = ("open", "high", "low", "close", "volume")


class LongerWindows:
    """Longer bars of a store's datasets, those of the last few asked for in memory."""

    def __init__(self, store: DatasetStore) -> None:
        self._store = store
        self._made: OrderedDict[tuple[str, str], BarColumns] = OrderedDict()
        self._one = Lock()

    def window(self, dataset: StoredDataset, query: GetBars) -> BarWindow:
        """Return a window of bars of `query.timeframe`.

        Raises `Invalid` for a timeframe that cannot be made, `Denied` where a bar of the window, or
        one beside it, has sealed rows.
        """
        info, step_ns = dataset.info, clock_ns(query.timeframe)
        bars = self._bars(dataset, query.timeframe)
        low, high = np.searchsorted(bars.ts_ns, [query.from_ts_ns, query.to_ts_ns]).tolist()
        first, last = (max(low, high - query.limit), high) if query.tail else (low, high)
        part = bars[first : min(last, first + query.limit)]
        if len(part):
            dataset.allow(int(part.ts_ns[0]) - step_ns, int(part.ts_ns[-1]) + 2 * step_ns)
        return BarWindow(
            dataset=info.name,
            instrument=info.instrument,
            timeframe=query.timeframe,
            total=high - low,
            synthetic=info.synthetic,
            ts_ns=tuple(part.ts_ns.tolist()),
            **{name: tuple(getattr(part, name).tolist()) for name in _VALUES},
        )

    def _bars(self, dataset: StoredDataset, timeframe: str) -> BarColumns:
        """Return all bars of a timeframe. What is made of sealed rows is handed out by `window`."""
        key = (dataset.info.hash, timeframe)
        with self._one:
            found = self._made.get(key)
            if found is None:
                whole = load(Path(dataset.info.path))
                if whole is None:
                    raise NotFound(f"{dataset.info.name} is not there any more")
                found = longer_bars(whole, timeframe)[0]
                self._made[key] = found
                if len(self._made) > _REMEMBERED:
                    self._made.popitem(last=False)
            self._made.move_to_end(key)
        return found
