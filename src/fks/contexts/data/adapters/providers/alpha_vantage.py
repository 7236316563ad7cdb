"""Alpha Vantage: daily bars as JSON, all of them on one page.

The format is that of its documentation (TIME_SERIES_DAILY). It refuses with status 200 and a
sentence in `Note`, `Information` or `Error Message`.
"""

from __future__ import annotations

from decimal import Decimal
from string import ascii_letters, digits

import msgspec
import numpy as np

from fks.contexts.data.adapters.providers.dates import day_ns
from fks.contexts.data.adapters.providers.reading import decoded, floats, malformed, needs, refused
from fks.contexts.data.adapters.providers.settings import AlphaVantageSettings
from fks.contexts.data.domain.timeframes import DAY_NS
from fks.contracts.data.providers import Capability, DataQuery, KeyUse, Limits, Page, PageRequest
from fks.contracts.data.ticks import BarRows
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid

__all__ = ["AlphaVantage"]

_NAME = "alphavantage"
_LETTERS = ascii_letters + digits + ".-"


class _Bar(msgspec.Struct):
    open: float = msgspec.field(name="1. open")
    high: float = msgspec.field(name="2. high")
    low: float = msgspec.field(name="3. low")
    close: float = msgspec.field(name="4. close")
    volume: float = msgspec.field(name="5. volume")


class _Answer(msgspec.Struct):
    series: dict[str, _Bar] | None = msgspec.field(name="Time Series (Daily)", default=None)
    note: str = msgspec.field(name="Note", default="")
    information: str = msgspec.field(name="Information", default="")
    error: str = msgspec.field(name="Error Message", default="")


class AlphaVantage:
    """Alpha Vantage by its pages."""

    def __init__(self, settings: AlphaVantageSettings) -> None:
        self.base_url = settings.base_url
        self.limits = Limits(weight_per_minute=settings.weight_per_minute or 5, at_once=1)
        self.key: KeyUse | None = KeyUse(place="parameter", name="apikey")
        self.capabilities = (Capability(kind="bars", timeframes=("1d",)),)

    def instrument_page(self, symbol: str) -> PageRequest | None:
        """Return None: sizes are not told."""
        del symbol
        return None

    def read_instrument(self, symbol: str, body: bytes) -> Instrument:
        """Return a share in cents."""
        del body
        return Instrument(id=symbol, tick_size=Decimal("0.01"), calendar="XNYS")

    def first_page(self, query: DataQuery) -> PageRequest:
        """Return the page of all daily bars."""
        if query.kind != "bars" or query.timeframe != "1d":
            raise Invalid(f"{_NAME} gives daily bars only", code="data.bad_timeframe")
        asked = (
            ("function", "TIME_SERIES_DAILY"),
            ("symbol", needs(_NAME, query.symbol, _LETTERS)),
            *(("outputsize", "full"), ("datatype", "json")),
        )
        return PageRequest(path="/query", params=asked)

    def read_page(self, query: DataQuery, request: PageRequest, body: bytes) -> Page:
        """Return the bars of the page, oldest first."""
        del request
        answer = decoded(_NAME, body, _Answer)
        words = answer.error or answer.note or answer.information
        if answer.series is None:
            raise refused(_NAME, words) if words else malformed(_NAME, "no daily series")
        days = sorted(answer.series)
        ts_ns = np.array([day_ns(_NAME, day) for day in days], dtype=np.int64)
        columns = [
            [getattr(answer.series[day], name) for day in days]
            for name in ("open", "high", "low", "close", "volume")
        ]
        made = BarRows(ts_ns, *(floats(column) for column in columns))
        return Page(made, None, int(ts_ns[-1]) + DAY_NS if days else query.start_ns)
