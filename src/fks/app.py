"""The composition root: settings, host, database, bus, wiring, services, HTTP, in that order.

The only place that builds them. What is opened is closed in reverse, whatever happens between.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import pkgutil
import platform
import socket
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import fks.contracts
from fks import __version__
from fks.contexts import BUILTIN
from fks.kernel.bus import LocalBus
from fks.kernel.clock import Clock, SystemClock
from fks.kernel.errors import Conflict, Denied
from fks.kernel.health import ContextHealth
from fks.kernel.hooks import PROJECT
from fks.kernel.host import Host
from fks.kernel.ids import IdSource
from fks.kernel.process import App, Surroundings
from fks.kernel.sections import (
    SECTIONS,
    BusSettings,
    DatabaseSettings,
    HttpSettings,
    ProcessSettings,
)
from fks.kernel.services import Supervisor
from fks.kernel.settings import Settings, hide_password
from fks.kernel.telemetry import Metrics

if TYPE_CHECKING:
    from fks.kernel.http import Face
    from fks.kernel.http.guard import Application
    from fks.kernel.persistence import Database

__all__ = [
    "App",
    "contract_specs",
    "exported_schemas",
    "http_application",
    "load_host",
    "load_settings",
    "open_home",
    "running",
]


def contract_specs() -> list[ModuleType]:
    """Return the contract modules that specify extension points."""
    found = pkgutil.iter_modules(fks.contracts.__path__, "fks.contracts.")
    modules = [importlib.import_module(module.name) for module in found]
    mark = f"{PROJECT}_spec"
    return [one for one in modules if any(hasattr(member, mark) for member in vars(one).values())]


def load_host(*, plugins: Iterable[Any] = (), entry_points: bool = True) -> Host:
    """Load the shipped contexts, installed plugins and `plugins`, and check them all."""
    return Host(
        specs=contract_specs(),
        builtin=BUILTIN,
        plugins=plugins,
        entry_points=entry_points,
        version=__version__,
    )


def load_settings(
    host: Host,
    *,
    home: Path,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
) -> Settings:
    """Return the settings of the kernel and all plugins."""
    return Settings.load(
        host.sections(SECTIONS), home=home, config=config, environ=environ, overrides=overrides
    )


@asynccontextmanager
async def running(
    host: Host,
    settings: Settings,
    *,
    home: Path,
    active: frozenset[str],
    clock: Clock | None = None,
    start_services: bool = True,
) -> AsyncIterator[App]:
    """Run the active contexts: everything but HTTP is up inside the block."""
    from fks.kernel.delivery import Delivery
    from fks.kernel.schemas import all_messages

    clock = clock or SystemClock()
    ids = IdSource(clock)
    process = settings.section("process", ProcessSettings)
    everything = {plugin.name for plugin in host.contexts}
    name = process.name or ("fks" if active == everything else "+".join(sorted(active)))
    async with AsyncExitStack() as stack:
        database = await _open_database(settings, home, name, clock, ids, stack)
        bus_url = settings.section("bus", BusSettings).url.reveal()
        bus = _make_bus(host, bus_url, name, clock, ids)
        stack.push_async_callback(bus.stop)
        delivery = Delivery(database, bus, all_messages(host))
        runtime = Surroundings(
            bus=bus,
            database=database,
            clock=clock,
            ids=ids,
            home=home,
            hook=host.hook,
            active=active,
            settings=settings,
            facts={
                "version": __version__,
                "process": f"{socket.gethostname()}:{os.getpid()}",
                "name": name,
                "started_at_ns": clock.now_ns(),
                "contexts": sorted(active),
                "plugins": [plugin.name for plugin in host.plugins],
                "bus": hide_password(bus_url) if bus_url else "in this process",
                "database": database.url.replace("+aiosqlite", "").replace("+asyncpg", ""),
                "home": str(home),
                "python": platform.python_version(),
            },
            bus_facts=bus.facts,
        )
        app = App(runtime, host, delivery)
        _count(app.metrics, bus, app.supervisor)
        host.call("fks_wire", active, runtime=runtime, wiring=bus)
        await bus.start()
        stack.push_async_callback(app.supervisor.stop, timeout_s=process.stop_timeout_s)
        if start_services:
            app.start_services()
        yield app


def _make_bus(host: Host, url: str, name: str, clock: Clock, ids: IdSource) -> LocalBus:
    """Return the bus in this process, joined with a network if there is a URL."""
    if not url:
        return LocalBus(clock=clock, ids=ids, source=name)
    from fks.kernel.networked import NetworkedBus
    from fks.kernel.schemas import all_messages
    from fks.kernel.transport import open_transport

    specs = [spec for _, declared in host.call("fks_transports") for spec in declared]
    transport = open_transport(url, name, specs)
    return NetworkedBus(transport, all_messages(host), source=name, clock=clock, ids=ids)


def _count(metrics: Metrics, bus: LocalBus, supervisor: Supervisor) -> None:
    """Show what the bus and the supervisor count."""
    told = {
        "published": "Events published, by topic.",
        "delivered": "Events that a listener handled.",
        "failed": "Tries of a listener that failed.",
        "dead": "Events given up by a listener.",
    }
    for field_name, text in told.items():
        metrics.read(
            f"fks_bus_{field_name}",
            text,
            lambda wanted=field_name: {  # type: ignore[misc]  # a default binds the loop's value
                topic: getattr(counts, wanted) for topic, counts in bus.counts().items()
            },
            label="topic",
            counter=True,
        )
    metrics.read(
        "fks_bus_depth",
        "Events queued or waiting for another try.",
        lambda: {"local": bus.depth},
        label="bus",
    )
    metrics.read(
        "fks_service_restarts",
        "Restarts of a background service.",
        lambda: {"/".join(names): count for names, count in supervisor.restarts.items()},
        label="service",
        counter=True,
    )


def http_application(app: App, *, host: str, port: int) -> Application:
    """Return the guarded HTTP application of a running app."""
    from fks.kernel.http import build_http

    settings = app.runtime.section("http", HttpSettings)
    return build_http(app.routes(), _face(app), settings, host=host, port=port)


def _face(app: App) -> Face:
    """Return what HTTP needs of an app."""
    from fks.kernel.http import Face

    async def health() -> dict[str, ContextHealth]:
        return {"kernel": await app.kernel_health(), **await app.health()}

    return Face(version=__version__, health=health, metrics=app.metrics, new_id=app.runtime.ids.new)


def open_home(home: Path) -> None:
    """Make the home folder, for its owner only. Raises `Denied` when that cannot be done."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Denied(
            f"cannot use the home folder {home}: {error.strerror}; choose another with --home",
            code="app.no_home",
        ) from None


async def _open_database(
    settings: Settings,
    home: Path,
    process: str,
    clock: Clock,
    ids: IdSource,
    stack: AsyncExitStack,
) -> Database:
    """Connect, and migrate an embedded database. A PostgreSQL one must have been migrated."""
    from fks.kernel import migrations
    from fks.kernel.persistence import Database

    url = settings.section("database", DatabaseSettings).url.reveal()
    url = url or migrations.embedded_url(home)
    database = Database(url, process=process, clock=clock, ids=ids)
    stack.push_async_callback(database.close)
    if database.is_sqlite:
        await asyncio.to_thread(migrations.upgrade, url)
    elif missing := await asyncio.to_thread(migrations.pending, url):
        raise Conflict(
            f"the database lacks tables of {', '.join(missing)}: run fks migrate first",
            code="app.not_migrated",
        )
    return database


def exported_schemas(host: Host) -> dict[str, bytes]:
    """Return the schemas of all that this installation serves and says, by file name.

    Routes exist only in a running app: one is brought up in a folder of its own, without
    services, settings or environment of this machine.
    """
    with tempfile.TemporaryDirectory(prefix="fks-schemas-") as folder:
        return asyncio.run(_exported_schemas(host, Path(folder)))


async def _exported_schemas(host: Host, home: Path) -> dict[str, bytes]:
    """Return the schemas from an app in `home`."""
    from fks.kernel import schemas
    from fks.kernel.http import openapi_document

    settings = load_settings(host, home=home, environ={})
    async with running(
        host, settings, home=home, active=host.select(), start_services=False
    ) as app:
        openapi = openapi_document(
            app.routes(), _face(app), app.runtime.section("http", HttpSettings)
        )
        return schemas.documents(schemas.all_messages(host), openapi, __version__)
