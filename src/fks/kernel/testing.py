"""The public test kit: what a plugin's author needs to test a plugin as FKS tests itself.

`running_app` is the whole process without sockets: real host, real bus, real database, the
HTTP application called in memory. `RecordingBus` stands in where a unit needs only a bus.
"""

from __future__ import annotations

import pkgutil
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fks.kernel.clock import Clock, ManualClock
from fks.kernel.errors import Unavailable
from fks.kernel.faults import FaultyTransport
from fks.kernel.messages import Event, Meta, Query
from fks.kernel.runtime import Runtime

if TYPE_CHECKING:
    import httpx

__all__ = ["FaultyTransport", "ManualClock", "RecordingBus", "RunningApp", "running_app"]

E = TypeVar("E", bound=Event)
R = TypeVar("R")

BASE_URL = "http://127.0.0.1:8000"
_HOST, _PORT = "127.0.0.1", 8000


class RecordingBus:
    """A bus that keeps what is published and answers as told; nothing is dispatched.

    Satisfies `Bus`. `published` holds the events in order.
    """

    def __init__(self) -> None:
        self.published: list[Event] = []
        self.asked: list[Query[Any]] = []
        self._answers: dict[type[Any], Callable[[Any], Any]] = {}

    def answer_with(self, kind: type[Query[R]], answer: Callable[[Any], R]) -> None:
        """Answer questions of `kind` by calling `answer` with the question."""
        self._answers[kind] = answer

    def of(self, kind: type[E]) -> list[E]:
        """Return the published events of one kind, in order."""
        return [event for event in self.published if isinstance(event, kind)]

    async def publish(self, event: Event, *, cause: Meta | None = None) -> None:
        """Keep the event."""
        self.published.append(event)

    async def ask(self, request: Query[R], *, timeout_s: float, cause: Meta | None = None) -> R:
        """Return the prepared answer. Raises `Unavailable` when there is none."""
        self.asked.append(request)
        if type(request) not in self._answers:
            raise Unavailable(f"nobody answers {type(request).__name__}", code="bus.no_responder")
        answer: R = self._answers[type(request)](request)
        return answer


class RunningApp:
    """An app inside `running_app`: its runtime, and a client that calls its HTTP in memory."""

    def __init__(self, app: Any, http: httpx.AsyncClient) -> None:
        self.app = app
        self.http = http

    @property
    def runtime(self) -> Runtime:
        """Return what the contexts of this app see."""
        runtime: Runtime = self.app.runtime
        return runtime


@asynccontextmanager
async def running_app(
    *,
    home: Path,
    contexts: Iterable[str] = (),
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    plugins: Iterable[Any] = (),
    entry_points: bool = False,
    clock: Clock | None = None,
    start_services: bool = True,
) -> AsyncIterator[RunningApp]:
    """Run `contexts` (all, when empty) with an embedded database in `home`, migrated.

    `settings` are values by section, as the command line would give them; `plugins` are plugin
    modules to load beside the shipped ones. The environment and installed plugins play no part
    unless asked for, so that a test means the same everywhere. Needs httpx (extra `dev`).
    """
    import httpx

    # By name: the kit stands in the kernel for its readers, but what it runs stands above it.
    load_host = pkgutil.resolve_name("fks.app:load_host")
    load_settings = pkgutil.resolve_name("fks.app:load_settings")
    open_home = pkgutil.resolve_name("fks.app:open_home")
    running = pkgutil.resolve_name("fks.app:running")
    http_application = pkgutil.resolve_name("fks.app:http_application")

    host = load_host(plugins=tuple(plugins), entry_points=entry_points)
    open_home(home)
    loaded = load_settings(host, home=home, environ={}, overrides=settings)
    async with running(
        host,
        loaded,
        home=home,
        active=host.select(tuple(contexts)),
        clock=clock,
        start_services=start_services,
    ) as app:
        transport = httpx.ASGITransport(http_application(app, host=_HOST, port=_PORT))
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
            yield RunningApp(app, client)
