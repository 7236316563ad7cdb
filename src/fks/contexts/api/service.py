"""Ask the other contexts, and keep the feed that sockets read."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from fks.contexts.api.domain.board import Board
from fks.contexts.api.domain.feed import Feed
from fks.contexts.api.domain.requests import SessionRequest, desk_config, parse_period_s
from fks.contexts.api.settings import ApiSettings
from fks.contracts.data import (
    BarWindow,
    DatasetInfo,
    DatasetSource,
    Download,
    GetBars,
    GetDataset,
    ListDatasets,
)
from fks.contracts.data.live import StreamStateChanged
from fks.contracts.engine import (
    BacktestRequest,
    CheckStrategy,
    GetRun,
    Run,
    RunStatus,
    StartBacktest,
)
from fks.contracts.execution import PlaceOrder, PlaceOrders, Session, StartSession, TakeSignal
from fks.kernel.errors import Invalid, NotFound, TimedOut, Unavailable
from fks.kernel.messages import Event, Meta, Query, topic_of
from fks.kernel.runtime import Runtime

__all__ = ["Api"]

R = TypeVar("R")
NS = 1_000_000_000
_POLL_S = 0.05
_PLACING = (PlaceOrder, PlaceOrders, TakeSignal)


class Api:
    """The use cases of the public face."""

    def __init__(self, runtime: Runtime) -> None:
        self.settings = runtime.section("api", ApiSettings)
        self.feed = Feed(self.settings.feed_events)
        self.board = Board()
        self.epoch = runtime.ids.new()
        self.sockets = 0
        self._placing = 0
        self._runtime = runtime
        self._encoder = msgspec.json.Encoder()
        self._news = asyncio.Event()

    def info(self) -> dict[str, Any]:
        """Return what this process is: version, contexts, bus, database."""
        return self._runtime.state()

    async def download(self, dataset: str, form: str, from_ts_ns: int, to_ts_ns: int) -> Download:
        """Return a stored dataset as a file, part by part.

        Raises what `DatasetSource.download` raises, before the first part.
        """
        runtime = self._runtime
        source: DatasetSource | None = runtime.hook.fks_dataset_source(home=runtime.home)
        if source is None:
            raise Unavailable("no plugin of this process opens datasets", code="api.no_datasets")
        return await asyncio.to_thread(
            source.download, dataset, form, from_ts_ns=from_ts_ns, to_ts_ns=to_ts_ns
        )

    async def ask(self, request: Query[R]) -> R:
        """Return the answer of whichever context answers this question.

        Raises `Unavailable` at once for an order that would wait behind too many others; nothing
        of it was taken. Cancels, the kill switch and questions are never turned away.
        """
        placing = isinstance(request, _PLACING)
        if placing and self._placing >= self.settings.max_orders_waiting:
            raise Unavailable(
                f"{self._placing} orders wait already, this one was not taken: send it again",
                code="api.overloaded",
                retry_after_s=1.0,
            )
        self._placing += placing
        try:
            return await self._runtime.bus.ask(request, timeout_s=self.settings.ask_timeout_s)
        finally:
            self._placing -= placing

    async def on_event(self, event: Event, meta: Meta) -> None:
        """Take an event of any context into the feed and wake the sockets."""
        self.feed.append(
            topic_of(type(event)), _session_of(event), meta.at_ns, self._encoder.encode(event)
        )
        self.wake()

    def on_market_event(self, event: Any, meta: Meta) -> None:
        """Take an event at the market's pace; sockets look by themselves, at a pace of theirs."""
        self.board.put(topic_of(type(event)), event.stream, event.symbol, event)

    def on_stream_state(self, event: StreamStateChanged, meta: Meta) -> None:
        """Forget what was told of a symbol that is live no more."""
        if event.state != "live":
            self.board.clear(event.stream, event.symbol)

    def wake(self) -> None:
        """Let every socket look at the feed again."""
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def wait_for_news(self, longest_s: float | None = None) -> None:
        """Return when something was added to the feed after this call, or after so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(longest_s):
                await self._news.wait()

    def new_key(self, given: str | None) -> str:
        """Return the caller's idempotency key, or a fresh one."""
        if given is None:
            return self._runtime.ids.new()
        if not 1 <= len(given) <= 255 or not given.isprintable():
            raise Invalid("an Idempotency-Key is 1 to 255 printable characters", code="api.bad_key")
        return given

    async def start_session(self, request: SessionRequest, key: str) -> Session:
        """Resolve the dataset and start a paper session on it."""
        dataset = await self.ask(GetDataset(dataset=request.dataset))
        # Refused here, a bad parameter starts nothing; engine would only fail the session.
        await self.ask(
            CheckStrategy(
                strategy=request.strategy,
                params=dict(request.params),
                instrument=dataset.instrument,
            )
        )
        return await self.ask(
            StartSession(
                key=key,
                strategy=request.strategy,
                params=dict(request.params),
                dataset=request.dataset,
                dataset_hash=dataset.hash,
                config=desk_config(request, dataset),
                from_ts_ns=await self._session_start_ns(request),
                to_ts_ns=request.to_ts_ns,
                bars_per_second=request.bars_per_second,
            )
        )

    async def _session_start_ns(self, request: SessionRequest) -> int:
        """Return the open of the first bar to replay."""
        if request.last_bars is None:
            return request.from_ts_ns
        if request.from_ts_ns:
            raise Invalid("give from_ts_ns or last_bars, not both", code="api.bad_request")
        window: BarWindow = await self.ask(
            GetBars(
                dataset=request.dataset,
                to_ts_ns=request.to_ts_ns,
                limit=request.last_bars,
                tail=True,
            )
        )
        return window.ts_ns[0] if window.ts_ns else 0

    async def backtest_symbol(self, symbol: str, period: str, strategy: str) -> Run:
        """Run a strategy with its defaults over the last `period` of a symbol's dataset."""
        dataset = await self.find_symbol(symbol)
        seconds = parse_period_s(period)
        from_ts_ns = 0 if seconds is None else max(0, dataset.last_ts_ns - seconds * NS)
        request = BacktestRequest(strategy=strategy, dataset=dataset.name, from_ts_ns=from_ts_ns)
        run = await self.ask(StartBacktest(key=self._runtime.ids.new(), request=request))
        deadline = asyncio.get_running_loop().time() + self.settings.ask_timeout_s
        while run.status in (RunStatus.QUEUED, RunStatus.RUNNING):
            if asyncio.get_running_loop().time() > deadline:
                raise TimedOut(
                    f"the backtest goes on: ask /api/v1/backtests/{run.id} for it",
                    code="api.backtest_running",
                )
            await asyncio.sleep(_POLL_S)
            run = await self.ask(GetRun(run_id=run.id))
        return run

    async def find_symbol(self, symbol: str) -> DatasetInfo:
        """Return the newest dataset whose name or instrument is `symbol`."""
        known = (await self.ask(ListDatasets())).datasets
        found = [d for d in known if symbol in (d.name, d.instrument.id)]
        if not found:
            there = ", ".join(sorted({d.instrument.id for d in known})) or "none yet"
            raise NotFound(
                f"no dataset for symbol {symbol[:40]!r}; there are: {there}",
                code="api.symbol_not_found",
            )
        return max(found, key=lambda d: (d.last_ts_ns, d.created_at_ns))


def _session_of(event: Event) -> str:
    """Return the session an event belongs to: its session id, its stream, or none."""
    session = getattr(event, "session_id", None) or getattr(event, "stream", None)
    if session is None:
        session = getattr(getattr(event, "session", None), "id", "")
    return str(session)
