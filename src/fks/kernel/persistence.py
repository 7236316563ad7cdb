"""The SQL database of a process: transactions that also publish, and the kernel's own tables.

One `Database` a process, SQLite in WAL by default or PostgreSQL by URL. What a transaction
publishes is written to the outbox in the same commit, so that no state is stored without its
events and no event leaves without its state. `kernel.delivery` sends it on.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import event as sa_event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from fks.kernel import tracing
from fks.kernel.clock import Clock, SystemClock
from fks.kernel.errors import Invalid, Unavailable
from fks.kernel.ids import IdSource
from fks.kernel.messages import Event, Meta, key_of, topic_of
from fks.kernel.shielding import Shielded

__all__ = ["DEAD_LETTERS", "INBOX", "METADATA", "OUTBOX", "Database", "Outgoing", "Transaction"]

METADATA = sa.MetaData()
_POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

OUTBOX = sa.Table(
    "kernel_outbox",
    METADATA,
    sa.Column("position", _POSITION, sa.Identity(), primary_key=True),
    sa.Column("message_id", sa.String(64), nullable=False, unique=True),
    sa.Column("process", sa.String(200), nullable=False),
    sa.Column("at_ns", sa.BigInteger, nullable=False),
    sa.Column("topic", sa.String(200), nullable=False),
    sa.Column("key", sa.String(200), nullable=False),
    sa.Column("meta", sa.LargeBinary, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sqlite_autoincrement=True,  # positions are never used twice, also when the table is empty
)

INBOX = sa.Table(
    "kernel_inbox",
    METADATA,
    sa.Column("handler", sa.String(200), primary_key=True),
    sa.Column("message_id", sa.String(200), primary_key=True),
    sa.Column("at_ns", sa.BigInteger, nullable=False, index=True),
)

DEAD_LETTERS = sa.Table(
    "kernel_dead_letters",
    METADATA,
    sa.Column("position", _POSITION, sa.Identity(), primary_key=True),
    sa.Column("message_id", sa.String(64), nullable=False),
    sa.Column("handler", sa.String(200), nullable=False),
    sa.Column("process", sa.String(200), nullable=False),
    sa.Column("at_ns", sa.BigInteger, nullable=False),
    sa.Column("topic", sa.String(200), nullable=False),
    sa.Column("key", sa.String(200), nullable=False),
    sa.Column("meta", sa.LargeBinary, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("code", sa.String(200), nullable=False),
    sa.Column("error", sa.Text, nullable=False),
)

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
_BUSY_TIMEOUT_S = 5.0
_POOL_TIMEOUT_S = 10.0
_CLOSE_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Outgoing:
    """An event committed with its state; `position` orders the outbox."""

    position: int
    event: Event
    meta: Meta


class Transaction:
    """One unit of work: statements, and the events that belong to them.

    Its steps follow one another also when the task that takes them is cancelled in one.
    """

    def __init__(self, database: Database, *, writes: bool) -> None:
        self._database = database
        self._writes = writes
        self._steps = asyncio.Lock()
        self._connection: AsyncConnection | None = None
        self._outgoing: list[tuple[Event, Meta]] = []

    async def execute(
        self,
        statement: sa.Executable,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> sa.CursorResult[Any]:
        """Run a statement. Raises `Unavailable` when the database cannot be used now."""
        return await self._database.shielded.run(self._execute(statement, parameters))

    def publish(self, event: Event, cause: Meta | None = None) -> None:
        """Let the event be published right after this transaction has committed, in order.

        It is kept in the outbox until every listener has handled it; nothing is published when
        the transaction fails.
        """
        assert self._writes, "a reading transaction cannot publish"
        self._outgoing.append((event, self._database.meta_for(cause)))

    async def first_time(self, handler: str, message_id: str) -> bool:
        """Note that `handler` takes effect for this message; return whether it is the first time.

        The note commits with the rest of the transaction: a repeat finds it and must do nothing.
        """
        assert self._writes, "a reading transaction cannot note anything"
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        row = {
            "handler": handler,
            "message_id": message_id,
            "at_ns": self._database.clock.now_ns(),
        }
        result = await self.execute(insert(INBOX).values(row).on_conflict_do_nothing())
        return result.rowcount == 1

    async def _execute(self, statement: sa.Executable, parameters: Any) -> sa.CursorResult[Any]:
        async with self._steps:
            assert self._connection is not None, "the transaction is over"
            with self._database.reported():
                return await self._connection.execute(statement, parameters)

    async def _begin(self, engine: AsyncEngine) -> None:
        """Take a connection and begin."""
        async with self._steps:
            with self._database.reported():
                self._connection = await engine.connect()
                await self._connection.execution_options(fks_writes=self._writes)
                if not self._writes and not self._database.is_sqlite:
                    await self._connection.execution_options(isolation_level="REPEATABLE READ")
                await self._connection.begin()

    async def _commit(self) -> list[Outgoing]:
        """Write what was published to the outbox and commit; return it with its positions."""
        stored = []
        async with self._steps:
            assert self._connection is not None, "the transaction is over"
            with self._database.reported():
                for event, meta in self._outgoing:
                    values = {
                        "message_id": meta.id,
                        "process": self._database.process,
                        "at_ns": meta.at_ns,
                        "topic": topic_of(type(event)),
                        "key": key_of(event),
                        "meta": msgspec.msgpack.encode(meta),
                        "body": msgspec.msgpack.encode(event),
                    }
                    result = await self._connection.execute(OUTBOX.insert().values(values))
                    key = result.inserted_primary_key
                    assert key is not None, "an insert returns its position"
                    stored.append(Outgoing(int(key[0]), event, meta))
                await self._connection.commit()
        return stored

    async def _end(self) -> None:
        """Give the connection back; what was not committed is rolled back with it."""
        async with self._steps:
            connection, self._connection = self._connection, None
            if connection is not None:
                # One that is broken already needs no goodbye.
                with contextlib.suppress(DBAPIError, OSError):
                    await connection.close()


class Database:
    """The SQL database of one process.

    `process` is the stable name under which this process keeps its outbox. `committed` is called
    with what a transaction published, right after its commit and in the order of commits; it
    must not wait. Before it is set (a command without a bus), events stay in the outbox for the
    next process that serves this database.
    """

    def __init__(
        self,
        url: str,
        *,
        process: str = "fks",
        clock: Clock | None = None,
        ids: IdSource | None = None,
    ) -> None:
        self._url = _checked(url)
        self.clock: Clock = clock or SystemClock()
        self.ids = ids or IdSource(self.clock)
        self.process = process
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self.committed: Callable[[Sequence[Outgoing]], None] | None = None
        # SQLite has one writer: ours queue here, in order, instead of failing against each other.
        self._writer = asyncio.Lock() if self.is_sqlite else None
        self._writing: asyncio.Task[Any] | None = None
        # PostgreSQL lets writers run side by side; only those that publish commit one by one,
        # so that positions, commits and what we tell the bus have one order.
        self._publisher = asyncio.Lock()
        self.shielded = Shielded()
        self._engine = _engine(self._url)

    @property
    def url(self) -> str:
        """Return the URL without its password, fit for logs."""
        return self._url.render_as_string(hide_password=True)

    async def ping(self) -> None:
        """Ask the database for nothing. Raises `Unavailable` when it does not answer."""
        async with self.reading() as tx:
            await tx.execute(sa.select(1))

    async def close(self) -> None:
        """Close all connections, after waiting a while for those that are in use."""
        await self.shielded.settled(_CLOSE_TIMEOUT_S)
        await self._engine.dispose()

    def meta_for(self, cause: Meta | None) -> Meta:
        """Return the meta of an event that is published now because of `cause`."""
        new_id = self.ids.new()
        return Meta(
            id=new_id,
            at_ns=self.clock.now_ns(),
            source=self.process,
            correlation_id=new_id if cause is None else cause.correlation_id,
            caused_by="" if cause is None else cause.id,
            traceparent=tracing.traceparent() or ("" if cause is None else cause.traceparent),
        )

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open a unit of work that commits at the end of the block and is undone by any error.

        Raises `Unavailable` when the database is away, locked by another process or full.
        A transaction inside a transaction of the same task is a bug.
        """
        task = asyncio.current_task()
        assert task is None or task is not self._writing, "a transaction inside a transaction"
        async with self._writer or contextlib.nullcontext():
            self._writing = task if self._writer else None
            try:
                async with self._begun(writes=True) as tx:
                    yield tx
                    await self.shielded.run(self._commit(tx))
            finally:
                self._writing = None

    async def _commit(self, tx: Transaction) -> None:
        """Commit, and tell what was published."""
        async with self._publisher if tx._outgoing else contextlib.nullcontext():
            outgoing = await tx._commit()
            if outgoing and self.committed is not None:
                self.committed(outgoing)

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """Open a block of reads that see one state of the database; writers do not wait for it."""
        async with self._begun(writes=False) as tx:
            yield tx

    @contextlib.asynccontextmanager
    async def _begun(self, *, writes: bool) -> AsyncIterator[Transaction]:
        """Begin, and roll back whatever was not committed."""
        tx = Transaction(self, writes=writes)
        try:
            await self.shielded.run(tx._begin(self._engine))
            yield tx
        finally:
            await self.shielded.run(tx._end())

    @contextlib.contextmanager
    def reported(self) -> Iterator[None]:
        """Say in our words what the database could not do."""
        try:
            yield
        except PoolTimeoutError as error:
            raise Unavailable(
                f"the database {self.url} is busy: no connection free in {_POOL_TIMEOUT_S:g} s",
                code="database.busy",
                retry_after_s=1.0,
            ) from error
        except DBAPIError as error:
            failure = _translated(error, self.url)
            if failure is None:
                raise
            raise failure from error
        except OSError as error:
            raise Unavailable(
                f"the database {self.url} cannot be reached: {error}",
                code="database.unreachable",
            ) from error


def _checked(url: str) -> URL:
    """Return the URL with the driver we use. Raises `Invalid` for what is not supported."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise Invalid("database.url is not a database URL", code="database.url") from error
    backend = parsed.get_backend_name()
    if backend not in _DRIVERS:
        raise Invalid(
            f"database.url: {backend!r} is not supported; use sqlite:///FILE or "
            "postgresql://USER:PASSWORD@HOST/NAME",
            code="database.url",
        )
    if backend == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise Invalid(
            "database.url: SQLite needs a file, sqlite:///FILE: an in-memory database cannot be "
            "shared by connections",
            code="database.url",
        )
    return parsed.set(drivername=_DRIVERS[backend])


def _engine(url: URL) -> AsyncEngine:
    """Return the engine with our settings for this kind of database."""
    if url.get_backend_name() == "postgresql":
        try:
            return create_async_engine(url, pool_pre_ping=True, pool_timeout=_POOL_TIMEOUT_S)
        except ImportError as error:
            raise Unavailable(
                "a PostgreSQL database needs the driver: install fks[postgres]",
                code="database.driver",
            ) from error
    engine = create_async_engine(url, pool_size=8, pool_timeout=_POOL_TIMEOUT_S)

    @sa_event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we begin by ourselves, see below
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(_BUSY_TIMEOUT_S * 1000)}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")  # a commit survives a power cut
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @sa_event.listens_for(engine.sync_engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # A writer takes its lock at once: a lock taken later can fail without waiting.
        writes = connection.get_execution_options().get("fks_writes", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _translated(error: DBAPIError, url: str) -> Unavailable | None:
    """Return our error for a failure of the world, None for a mistake in the statement."""
    text = str(error.orig)
    lowered = text.lower()
    state = str(getattr(error.orig, "sqlstate", "") or "")
    if "no such table" in lowered or state == "42P01":
        return Unavailable(
            f"the database {url} lacks a table ({text}): run `fks migrate`",
            code="database.not_migrated",
        )
    if "locked" in lowered or state in ("40001", "40P01", "55P03"):
        return Unavailable(
            f"the database {url} is locked by another process: stop it or try again",
            code="database.locked",
            retry_after_s=1.0,
        )
    if "malformed" in lowered or "not a database" in lowered:
        return Unavailable(f"the database {url} is damaged: {text}", code="database.damaged")
    if "full" in lowered or state == "53100":
        return Unavailable(f"the disk of the database {url} is full", code="database.full")
    if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError) or (
        error.connection_invalidated
    ):
        return Unavailable(
            f"the database {url} cannot be used: {text}", code="database.unreachable"
        )
    return None
