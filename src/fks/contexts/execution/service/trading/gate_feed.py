"""What the gates of the market are fed with: the VIX of bars, a calendar of news, closes.

Each figure becomes a journaled input when it changes, so a replay needs none of the sources. What
cannot be read is not guessed: an unreadable or ended calendar closes the gate of news, a VIX that
is not renewed grows stale, and a close that cannot be told counts as passed.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from pathlib import Path

import structlog

from fks.contexts.execution.adapters.news_calendar import kept_calendar, read_calendar
from fks.contexts.execution.adapters.session_closes import next_close_ns
from fks.contexts.execution.domain.trading.inputs import MarketGateSet
from fks.contexts.execution.service.trading.market import length_ns
from fks.contexts.execution.service.trading.state import Live
from fks.contexts.execution.service.trading.trading import Trading
from fks.contexts.execution.settings import ExecutionSettings
from fks.contracts.data import BarClosed, GetBars
from fks.kernel.errors import FksError
from fks.kernel.runtime import Runtime

__all__ = ["GateFeed"]

_log = structlog.get_logger("fks.execution")
_LOOK_S = 2.0
_DATASET_LOOKS = 30
_PAST_NS = 86_400_000_000_000  # news of the last day still counts: its window may be long
_PASSED = 1  # a close long ago
_ALWAYS = ("", "24/7")


class GateFeed:
    """Feeds the gates of one process."""

    def __init__(self, runtime: Runtime, trading: Trading) -> None:
        self._runtime, self._trading = runtime, trading
        self._settings = runtime.section("execution", ExecutionSettings)
        self._vix: tuple[int, int] | None = None
        self._vix_told: tuple[int, int] | None = None
        self._news_told: tuple[tuple[int, ...], str] | None = None
        self._file: tuple[int, int, int] | None = None
        self._instants: tuple[int, ...] = ()
        self._gap = ""
        self._closes: dict[str, int] = {}
        self._told_to: Live | None = None
        self._looks = 0

    async def run(self) -> None:
        """Look at the sources until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_S)

    def hear(self, event: BarClosed) -> None:
        """Take a bar; that of the VIX is its figure, made when the bar closed."""
        name = self._settings.vix_instrument
        if name and event.instrument == name:
            self._figure(event.close, event.ts_ns + length_ns(event.timeframe))

    async def look(self) -> None:
        """Look at every source once, and tell what changed; nobody is told before trading runs."""
        live = self._trading.live
        if live is None:
            return
        if live is not self._told_to:
            self._told_to, self._vix_told, self._news_told = live, None, None
            self._closes.clear()
        if self._settings.vix_dataset and self._looks % _DATASET_LOOKS == 0:
            await self._ask_vix()
        self._looks += 1
        self._tell_vix(live)
        self._tell_news(live)
        if self._settings.closes_from_calendars:
            await self._tell_closes(live)

    def _figure(self, close: float, made_ns: int) -> None:
        if not (math.isfinite(close) and 0 < close <= 1000):
            _log.warning("vix_not_taken", close=close)
            return
        if self._vix is None or made_ns >= self._vix[1]:
            self._vix = round(close * 1000), made_ns
        live = self._trading.live
        if live is not None and live is self._told_to:
            self._tell_vix(live)

    async def _ask_vix(self) -> None:
        try:
            query = GetBars(dataset=self._settings.vix_dataset, limit=1)
            found = await self._runtime.bus.ask(query, timeout_s=10)
        except FksError as error:
            _log.warning("vix_not_known", error=error.message)
            return
        if found.ts_ns:
            self._figure(found.close[-1], found.ts_ns[-1] + length_ns(found.timeframe))

    def _tell_vix(self, live: Live) -> None:
        if self._vix is not None and self._vix != self._vix_told:
            milli, made_ns = self._vix
            if self._put(live, MarketGateSet(vix_milli=milli, vix_ts_ns=made_ns)):
                self._vix_told = self._vix

    def _tell_news(self, live: Live) -> None:
        named = self._settings.news_calendar
        path = Path(named) if named else kept_calendar(self._runtime.home)
        if not named and self._file is None and not path.exists():
            return
        self._read(path)
        now_ns = live.clock.now_ns()
        instants = tuple(at for at in self._instants if at > now_ns - _PAST_NS)
        gap = self._gap
        if not gap and (not self._instants or self._instants[-1] < now_ns):
            gap = "the calendar holds no high-impact event to come: import a newer one"
        wish = MarketGateSet(news_ts_ns=instants, news_gap=gap)
        if (instants, gap) != self._news_told and self._put(live, wish):
            self._news_told = (instants, gap)

    def _read(self, path: Path) -> None:
        """Read the calendar where the file is another than before."""
        try:
            known = path.stat()
            mark = (known.st_mtime_ns, known.st_size, known.st_ino)
        except OSError:
            mark = (0, 0, 0)
        if mark == self._file:
            return
        self._file = mark
        try:
            events = read_calendar(path)
        except FksError as error:
            self._gap = error.message[:300]
            _log.error("calendar_not_read", error=error.message)
            return
        self._gap = ""
        self._instants = tuple(e.ts_ns for e in events if e.importance == "high")

    async def _tell_closes(self, live: Live) -> None:
        now_ns = live.clock.now_ns()
        told: dict[str, int] = {}
        for (_, symbol), record in sorted(live.floor.instruments.items()):
            calendar = record.instrument.calendar
            if calendar in _ALWAYS or self._closes.get(symbol, 0) > now_ns:
                continue
            try:
                told[symbol] = await asyncio.to_thread(next_close_ns, calendar, now_ns)
            except FksError as error:
                if self._closes.get(symbol) != _PASSED:
                    _log.error("close_not_known", symbol=symbol, error=error.message)
                told[symbol] = _PASSED
        changed: Mapping[str, int] = {s: at for s, at in told.items() if self._closes.get(s) != at}
        if changed and self._put(live, MarketGateSet(closes_ts_ns=dict(changed))):
            self._closes |= changed

    def _put(self, live: Live, wish: MarketGateSet) -> bool:
        try:
            live.writer.put(wish, urgent=True)
        except FksError as error:
            _log.warning("gate_not_fed", error=error.message)
            return False
        return True
