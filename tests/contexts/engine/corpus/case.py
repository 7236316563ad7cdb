"""A case of the corpus: a strategy, the bars it trades and the request it is run with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from fks.contracts.columns import BarColumns
from fks.contracts.engine import Strategy
from fks.contracts.values import Instrument

__all__ = ["Case", "Market"]


class Market(NamedTuple):
    """Bars and what is traded in them."""

    instrument: Instrument
    bars: BarColumns


class Case(NamedTuple):
    """`request` holds fields of `BacktestRequest`; `stop_after` bars the run is cancelled.

    `market` returns None where its recorded bars are not on this machine.
    """

    strategy: type[Strategy]
    market: Callable[[], Market | None]
    params: Mapping[str, Any] = {}
    request: Mapping[str, Any] = {}
    stop_after: int | None = None
