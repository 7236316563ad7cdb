"""Migrations: each context's branch alone and all together, and always the tables of the code."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from fks.app import load_host
from fks.kernel import migrations
from fks.kernel.errors import NotFound, Unavailable
from fks.kernel.persistence import METADATA

BRANCHES = migrations.branches()
DRIVERS = {"sqlite:": "sqlite+aiosqlite:", "postgresql:": "postgresql+asyncpg:"}


def tables_of_the_code() -> list[sa.MetaData]:
    """Return the tables the kernel and every context declare."""
    host = load_host(entry_points=False)
    return [METADATA, *(metadata for _, metadata in host.call("fks_tables"))]


def on_connection(url: str, function: Any) -> Any:
    """Return what `function` makes of a connection."""

    async def run() -> Any:
        scheme = url.partition(":")[0] + ":"
        engine = create_async_engine(url.replace(scheme, DRIVERS[scheme], 1), poolclass=NullPool)
        try:
            async with engine.connect() as connection:
                return await connection.run_sync(function)
        finally:
            await engine.dispose()

    return asyncio.run(run())


def tables(url: str) -> set[str]:
    """Return the tables of a database, alembic's own left out."""
    found = on_connection(url, lambda connection: sa.inspect(connection).get_table_names())
    return set(found) - {"alembic_version"}


def test_the_migrations_make_exactly_the_tables_of_the_code(url: str) -> None:
    """Lost: a table or column would be missing in a migrated database, or left in it."""
    migrations.upgrade(url)

    def differences(connection: sa.Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, tables_of_the_code())  # type: ignore[arg-type]

    assert on_connection(url, differences) == []
    assert migrations.pending(url) == ()


@pytest.mark.parametrize("context", BRANCHES)
def test_each_branch_comes_and_goes_alone(url: str, context: str) -> None:
    """Lost: a context in a process of its own would drag the others' tables along."""
    migrations.upgrade(url, context)
    made = tables(url)
    assert made and all(name.startswith(f"{context}_") for name in made)
    assert migrations.pending(url) == tuple(name for name in BRANCHES if name != context)
    migrations.downgrade(url, context)
    assert tables(url) == set()


def test_a_branch_leaves_the_others_in_place(url: str) -> None:
    """Lost: taking one context away would take another's records along."""
    migrations.upgrade(url)
    before = tables(url)
    for context in BRANCHES:
        migrations.downgrade(url, context)
        assert tables(url) == {name for name in before if not name.startswith(f"{context}_")}
        migrations.upgrade(url, context)
        assert tables(url) == before


def test_upgrading_twice_changes_nothing(url: str) -> None:
    """Lost: the second start of a process would fail."""
    migrations.upgrade(url)
    before = tables(url)
    migrations.upgrade(url)
    assert tables(url) == before


def test_processes_that_start_together_wait_for_one_another(url: str, tmp_path: Path) -> None:
    """Lost: two contexts starting on one fresh database would break each other's migration."""
    command = [sys.executable, "-m", "fks", "migrate", "--json", "--database", url]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "FKS_HOME": str(tmp_path)}
    processes = [
        subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    for process in processes:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said.decode()
    assert migrations.pending(url) == ()


def test_the_statements_can_be_read_before_they_run(url: str) -> None:
    """Lost: whoever runs PostgreSQL could not review what will be changed."""
    out = io.StringIO()
    migrations.upgrade(url, "kernel", sql=out)
    assert "CREATE TABLE kernel_outbox" in out.getvalue()
    assert tables(url) == set()


def test_an_unknown_context_names_the_known_ones(tmp_path: Path) -> None:
    """Lost: a typing error would look like nothing to do."""
    with pytest.raises(NotFound, match=r"no migrations for 'gone'; there are .*kernel"):
        migrations.upgrade(f"sqlite:///{tmp_path / 'x.db'}", "gone")


def test_a_database_that_is_away_is_said_in_one_line(tmp_path: Path) -> None:
    """Lost: the operator would read a traceback of the driver."""
    for address in (
        "postgresql://nobody@127.0.0.1:1/none",
        f"sqlite:///{tmp_path}/no/such/folder/x.db",
    ):
        with pytest.raises(Unavailable) as caught:
            migrations.upgrade(address)
        assert "\n" not in caught.value.message


def test_every_context_with_tables_has_its_branch() -> None:
    """Lost: a context's tables would exist in its tests only."""
    owners = {table.split("_")[0] for one in tables_of_the_code() for table in one.tables}
    assert owners == set(BRANCHES)
