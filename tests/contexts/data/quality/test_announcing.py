"""Versions are told once, whoever stored them, and bad ones raise an alert."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.contexts.data import kit

from fks.cli import program
from fks.contexts.api.domain.feed import Subscription
from fks.contexts.api.service import Api
from fks.contexts.data.service.announcing import Announcer
from fks.contexts.data.store import DatasetStore
from fks.contracts.data.reports import DatasetStored, QualityAlerted
from fks.kernel.errors import Unavailable
from fks.kernel.messages import Event, Meta
from fks.kernel.testing import RecordingBus, running_app


def save(store: DatasetStore, folder: Path, rows: list[str], name: str = "aaa") -> str:
    """Store rows and return the version."""
    path = kit.write(folder / "AAA.csv", rows)
    return store.save(kit.read(path, name=name, timeframe="1m", calendar="24/7")).hash


async def test_each_new_version_is_told_once_and_old_ones_are_not(tmp_path: Path) -> None:
    """Lost: screens would not learn of new data, or be told of all of it at every start."""
    store, bus = DatasetStore(tmp_path / "home"), RecordingBus()
    first = save(store, tmp_path, kit.lines(100))
    announcer = Announcer(bus, DatasetStore(store.home))
    announcer.begin()
    await announcer.step()
    assert bus.published == []
    second, third = (save(store, tmp_path, kit.lines(n)) for n in (110, 120))
    save(store, tmp_path, kit.lines(120))
    store.tag(f"aaa@{first}", "old")
    other = save(store, tmp_path, kit.lines(50), name="bbb")
    for _ in range(2):
        await announcer.step()
    told = [(one.name, one.hash, one.rows) for one in bus.of(DatasetStored)]
    assert sorted(told) == sorted([("aaa", second, 110), ("aaa", third, 120), ("bbb", other, 50)])
    assert [one.hash for one in bus.of(DatasetStored) if one.name == "aaa"] == [second, third]
    save(store, tmp_path, kit.lines(110))
    await announcer.step()
    assert bus.of(DatasetStored)[-1].hash == second, "an older content is the latest again"
    assert bus.of(QualityAlerted) == []


async def test_errors_and_a_fallen_score_raise_an_alert(tmp_path: Path) -> None:
    """Lost: a broken import would be noticed by the loss that it causes."""
    store, bus = DatasetStore(tmp_path / "home"), RecordingBus()
    announcer = Announcer(bus, store)
    announcer.begin()
    rows = kit.lines(200)
    save(store, tmp_path, rows)
    save(store, tmp_path, rows[:100] + rows[108:])
    await announcer.step()
    assert bus.of(QualityAlerted) == [], "four points are no alert"
    save(store, tmp_path, rows[:100] + rows[130:])
    await announcer.step()
    (fell,) = bus.of(QualityAlerted)
    assert (fell.severity, fell.before, fell.score) == ("warning", 95.48, 84.41)
    assert fell.message == "aaa: its score fell from 95.48 to 84.41"
    rows[7] = rows[7].replace("100.07", "NaN")
    save(store, tmp_path, rows)
    await announcer.step()
    bad = bus.of(QualityAlerted)[-1]
    assert (bad.severity, bad.findings) == ("error", ("not a number",))
    stored = bus.of(DatasetStored)[-1]
    assert (stored.errors, stored.quarantined, stored.warnings) == (1, 1, 2)


async def test_a_bus_that_is_away_gets_it_later_and_nothing_twice(tmp_path: Path) -> None:
    """Lost: what was stored during a fault of the broker would never be told."""

    class Away(RecordingBus):
        away = True

        async def publish(self, event: Event, *, cause: Meta | None = None) -> None:
            if self.away:
                raise Unavailable("the broker is away")
            await super().publish(event, cause=cause)

    store, bus = DatasetStore(tmp_path / "home"), Away()
    announcer = Announcer(bus, store)
    announcer.begin()
    save(store, tmp_path, kit.lines(100))
    for _ in range(2):
        with pytest.raises(Unavailable):
            await announcer.step()
    bus.away = False
    for _ in range(2):
        await announcer.step()
    assert [one.rows for one in bus.of(DatasetStored)] == [100]


async def test_a_command_without_a_server_reaches_the_feed_of_the_api(tmp_path: Path) -> None:
    """Lost: the screen would show an alert only for what the server itself imported."""
    rows = kit.lines(60)
    rows[5] = rows[5].replace("100.05", "NaN")
    path, home = kit.write(tmp_path / "AAA.csv", rows), tmp_path / "home"
    async with running_app(home=home, contexts=["data", "api"]) as app:
        api = app.runtime.singleton(Api, lambda: Api(app.runtime))
        wanted = Subscription(topics=("data.dataset_stored.v1", "data.quality_alerted.v1"))
        arguments = ["--home", str(home), "data", "import", str(path), "--name", "aaa"]
        result = await asyncio.to_thread(CliRunner().invoke, program, arguments)
        assert result.exception is None, result.output
        async with asyncio.timeout(20):
            while len(entries := api.feed.read(1, wanted, 10).entries) < 2:
                await api.wait_for_news()
    assert [one.topic for one in entries] == ["data.dataset_stored.v1", "data.quality_alerted.v1"]
    assert b"not a number 1" in bytes(entries[1].data)
