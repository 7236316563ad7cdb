"""Replays: the session's bars in order, bounded ahead, paused, resumed, stopped, taken up again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.contexts.data import kit

from fks.contexts.data.service.replay import Replays
from fks.contexts.data.store import DatasetStore
from fks.contracts.data import BarClosed, DatasetInfo, ReplayFinished
from fks.contracts.execution import (
    AccountMarked,
    CostModel,
    DeskConfig,
    ListSessions,
    RiskLimits,
    Session,
    SessionList,
    SessionStatus,
)
from fks.contracts.values import FillRule, Instrument
from fks.kernel.errors import Unavailable
from fks.kernel.messages import Event
from fks.kernel.testing import RecordingBus

BARS = 300
CONFIG = DeskConfig(
    instrument=Instrument(id="AAA", tick_size=Decimal("0.01")),
    cash=1e6,
    quantity=1.0,
    fill_rule=FillRule.NEXT_OPEN,
    costs=CostModel(),
    limits=RiskLimits(max_order_quantity=None, max_position_quantity=None, max_order_notional=None),
)


@pytest.fixture
def store(tmp_path: Path) -> DatasetStore:
    """Return a store with one dataset of three hundred bars."""
    store = DatasetStore(tmp_path / "home")
    store.save(kit.read(kit.write(tmp_path / "AAA.csv", kit.lines(BARS))))
    return store


@pytest.fixture
def info(store: DatasetStore) -> DatasetInfo:
    """Return that dataset's manifest."""
    return store.open("aaa_1m").info


def session(info: DatasetInfo, **changes: Any) -> Session:
    """Return a running session on the dataset."""
    fields: dict[str, Any] = {
        "id": "S1",
        "strategy": "any",
        "params": {},
        "dataset": info.name,
        "dataset_hash": info.hash,
        "config": CONFIG,
        "status": SessionStatus.RUNNING,
        "created_at_ns": 1,
    }
    return Session(**(fields | changes))


def marked(index: int) -> AccountMarked:
    """Return the account's word that a bar is done."""
    return AccountMarked(session_id="S1", ts_ns=0, index=index, equity=0.0, cash=0.0, position=0.0)


@asynccontextmanager
async def running(bus: RecordingBus, store: DatasetStore) -> AsyncIterator[Replays]:
    """Run the service of replays."""
    replays = Replays(bus, store, ahead_bars=64)
    task = asyncio.create_task(replays.run())
    try:
        yield replays
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(bus: RecordingBus, count: int, kind: type[Event] = BarClosed) -> None:
    """Wait until so many events of a kind were published, then whether more come."""
    async with asyncio.timeout(20):
        while len(bus.of(kind)) < count:  # noqa: ASYNC110  # the bus only records
            await asyncio.sleep(0.002)
    await asyncio.sleep(0.02)


async def test_a_session_gets_its_bars_in_order_and_then_the_end(
    store: DatasetStore, info: DatasetInfo
) -> None:
    """Lost: a paper session would trade other bars than the backtest, or never finish."""
    bus = RecordingBus()
    begin, end = (kit.START_NS + k * kit.MINUTE_NS for k in (10, 60))
    async with running(bus, store) as replays:
        replays.start(session(info, from_ts_ns=begin, to_ts_ns=end))
        await until(bus, 1, ReplayFinished)
        assert replays.count == 0
    bars = bus.of(BarClosed)
    assert [bar.index for bar in bars] == list(range(50))
    columns = store.open("aaa_1m").columns(begin, end)
    assert [bar.ts_ns for bar in bars] == columns.ts_ns.tolist()
    assert [bar.close for bar in bars] == columns.close.tolist()
    assert {(bar.stream, bar.dataset_hash, bar.timeframe) for bar in bars} == {
        ("S1", info.hash, "1m")
    }
    assert bus.of(ReplayFinished) == [ReplayFinished(stream="S1", bars=50)]


async def test_a_replay_stays_64_bars_ahead_of_the_account(
    store: DatasetStore, info: DatasetInfo
) -> None:
    """Lost: a slow strategy would be buried under all bars at once."""
    bus = RecordingBus()
    async with running(bus, store) as replays:
        replays.start(session(info))
        await until(bus, 64)
        assert len(bus.of(BarClosed)) == 64
        replays.mark(marked(9))
        replays.mark(marked(3))
        await until(bus, 74)
        assert len(bus.of(BarClosed)) == 74
        replays.mark(marked(BARS))
        await until(bus, 1, ReplayFinished)
    assert [bar.index for bar in bus.of(BarClosed)] == list(range(BARS))


async def test_a_session_pauses_goes_on_and_stops(store: DatasetStore, info: DatasetInfo) -> None:
    """Lost: bars would go on coming after the person said stop."""
    bus = RecordingBus()
    async with running(bus, store) as replays:
        replays.start(session(info, status=SessionStatus.PAUSED))
        await asyncio.sleep(0.05)
        assert bus.of(BarClosed) == []
        replays.change(session(info))
        await until(bus, 64)
        replays.change(session(info, status=SessionStatus.PAUSED))
        replays.mark(marked(20))
        await asyncio.sleep(0.05)
        assert len(bus.of(BarClosed)) == 64
        replays.change(session(info))
        await until(bus, 85)
        replays.change(session(info, status=SessionStatus.STOPPED))
        replays.mark(marked(60))
        await asyncio.sleep(0.05)
        assert len(bus.of(BarClosed)) == 85
        assert replays.count == 0
        replays.start(session(info))  # told of its start once more, late
        await asyncio.sleep(0.05)
        assert len(bus.of(BarClosed)) == 85
    assert bus.of(ReplayFinished) == []


async def test_a_recovered_session_goes_on_behind_its_last_bar(
    store: DatasetStore, info: DatasetInfo
) -> None:
    """Lost: after a kill a session would miss bars, or index them anew."""
    bus = RecordingBus()
    async with running(bus, store) as replays:
        replays.take_up(session(info, last_index=BARS - 5))
        await until(bus, 1, ReplayFinished)
        replays.take_up(session(info, last_index=BARS - 1))
        await until(bus, 2, ReplayFinished)
    bars = bus.of(BarClosed)
    assert [bar.index for bar in bars] == list(range(BARS - 4, BARS))
    assert bars[-1].ts_ns == info.last_ts_ns
    assert [end.bars for end in bus.of(ReplayFinished)] == [BARS, BARS]


async def test_a_dataset_that_is_gone_ends_the_session_with_the_reason(
    store: DatasetStore, info: DatasetInfo
) -> None:
    """Lost: the session would wait for ever for its first bar."""
    bus = RecordingBus()
    async with running(bus, store) as replays:
        replays.start(session(info, dataset_hash="ab" * 32))
        await until(bus, 1, ReplayFinished)
    (end,) = bus.of(ReplayFinished)
    assert end.bars == 0
    assert "no dataset" in end.error


async def test_a_speed_is_kept_and_a_speed_of_zero_does_not_wait(
    store: DatasetStore, info: DatasetInfo
) -> None:
    """Lost: a replay at a watchable speed would rush by."""
    bus = RecordingBus()
    loop = asyncio.get_running_loop()
    async with running(bus, store) as replays:
        before = loop.time()
        replays.start(session(info, bars_per_second=100.0))
        await until(bus, 20)
        assert loop.time() - before >= 0.19


class LameBus(RecordingBus):
    """A bus that cannot be reached now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.tries = 0

    async def publish(self, event: Event, *, cause: Any = None) -> None:
        """Refuse every third event."""
        self.tries += 1
        if self.tries % 3 == 0:
            raise Unavailable("the broker is away")
        await super().publish(event, cause=cause)


async def test_a_bus_that_is_away_is_waited_for(store: DatasetStore, info: DatasetInfo) -> None:
    """Lost: a broker's short absence would fail the session, or lose a bar of it."""
    bus = LameBus()
    end = kit.START_NS + 6 * kit.MINUTE_NS
    async with running(bus, store) as replays:
        replays.start(session(info, to_ts_ns=end))
        await until(bus, 1, ReplayFinished)
    assert [bar.index for bar in bus.of(BarClosed)] == list(range(6))


async def test_after_a_restart_running_sessions_are_asked_for(
    store: DatasetStore, info: DatasetInfo
) -> None:
    """Lost: where data runs in a process of its own, its kill would halt every session."""
    bus = RecordingBus()
    sessions = (
        session(info, last_index=BARS - 3),
        session(info, id="S2", status=SessionStatus.PAUSED),
    )
    bus.answer_with(ListSessions, lambda _: SessionList(sessions=sessions))
    async with running(bus, store):
        await until(bus, 1, ReplayFinished)
    assert [(bar.stream, bar.index) for bar in bus.of(BarClosed)] == [
        ("S1", BARS - 2),
        ("S1", BARS - 1),
    ]


class BrokenStore(DatasetStore):
    """A store with a bug."""

    def open(self, text: str) -> Any:
        """Fail as bugs do."""
        raise AssertionError("a bug")


async def test_a_bug_in_a_replay_ends_its_session_and_reaches_the_supervisor(
    tmp_path: Path, info: DatasetInfo
) -> None:
    """Lost: a bug would be swallowed by a task that nobody looks at."""
    bus = RecordingBus()
    replays = Replays(bus, BrokenStore(tmp_path), ahead_bars=64)
    replays.start(session(info))
    with pytest.raises(AssertionError, match="a bug"):
        await asyncio.wait_for(replays.run(), 10)
    (end,) = bus.of(ReplayFinished)
    assert "broke off" in end.error
    assert replays.count == 0


def test_a_session_survives_the_wire(info: DatasetInfo) -> None:
    """Lost: this module would test with sessions that no other process could send."""
    sent = session(info)
    assert msgspec.json.decode(msgspec.json.encode(sent), type=Session) == sent
