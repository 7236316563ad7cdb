"""Run the revisions of all contexts against one database.

Called by alembic; the configuration is made by `fks.kernel.migrations`, which hands over the URL.
Each context is a branch of its own, found under `version_locations`; a revision commits by
itself. Two processes that start together migrate one after the other.
"""

from __future__ import annotations

import asyncio
from typing import Any

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from fks.kernel.errors import Unavailable

_LOCK = 7_305_121  # any fixed number: the advisory lock under which PostgreSQL is migrated
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
_PATIENCE_S = 5.0


def run_offline(url: Any) -> None:
    """Write the statements instead of running them."""
    context.configure(url=url, literal_binds=True, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


def run_on(connection: Connection) -> None:
    """Run what is missing over one connection."""
    context.configure(
        connection=connection,
        transaction_per_migration=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_online(url: Any) -> None:
    """Connect, wait for our turn, and run."""
    options: dict[str, Any] = {"poolclass": NullPool}
    if url.get_backend_name() == "sqlite":
        options["connect_args"] = {"timeout": _PATIENCE_S}
    engine = create_async_engine(url, **options)
    try:
        async with engine.connect() as connection:
            if url.get_backend_name() == "postgresql":
                await connection.execute(text(f"SELECT pg_advisory_lock({_LOCK})"))
                await connection.commit()
            await connection.run_sync(run_on)
            if url.get_backend_name() == "postgresql":
                await connection.execute(text(f"SELECT pg_advisory_unlock({_LOCK})"))
                await connection.commit()
    except OperationalError as error:
        raise Unavailable(
            f"cannot migrate the database: {error.orig}", code="migrations.unreachable"
        ) from error
    finally:
        await engine.dispose()


_url = make_url(context.config.attributes["url"])
_url = _url.set(drivername=_DRIVERS.get(_url.get_backend_name(), _url.drivername))
if context.is_offline_mode():
    run_offline(_url)
else:
    asyncio.run(run_online(_url))
