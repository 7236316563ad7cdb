"""`fks serve`: one process from start to stop, told what to do by signals.

The address is taken before anything starts, so that a taken port costs nothing. SIGTERM and
SIGINT end it in order: HTTP first, then the services in reverse, then bus and database.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
import webbrowser
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import structlog

from fks.app import App, http_application, load_settings, open_home, running
from fks.kernel.address import announcing
from fks.kernel.errors import FksError
from fks.kernel.host import Host
from fks.kernel.http.server import HttpServer, bind
from fks.kernel.sections import HttpSettings, TelemetrySettings
from fks.kernel.settings import Settings
from fks.kernel.telemetry import configure_logging, configure_tracing

__all__ = ["serve"]

_log = structlog.get_logger("fks.serve")
_YOUNG, _MIDDLE, _OLD = 50_000, 20, 50  # of gc.set_threshold


def serve(
    host: Host,
    *,
    home: Path,
    config: Path | None = None,
    only: Sequence[str] = (),
    without: Sequence[str] = (),
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    open_browser: bool = False,
    once_up: Callable[[App], Awaitable[str]] | None = None,
) -> None:
    """Run until SIGTERM or SIGINT. Raises `FksError` when the process cannot start.

    `once_up` is called when everything is served, and returns the page to open in a browser.
    """
    active = host.select(only, without)
    settings = load_settings(host, home=home, config=config, overrides=overrides)
    http = settings.section("http", HttpSettings)
    with bind(http.host, _port(host, settings, active)) as bound:
        open_home(home)
        telemetry = settings.section("telemetry", TelemetrySettings)
        configure_logging(telemetry)
        flush_traces = configure_tracing(telemetry, f"{socket.gethostname()}")
        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                opening = (open_browser, once_up)
                runner.run(_serve(host, settings, home, active, bound, opening))
        finally:
            flush_traces()


def _port(host: Host, settings: Settings, active: frozenset[str]) -> int:
    """Return the port to serve on.

    A process without any routes of its contexts answers only for its health: unless told which,
    it takes any free port, so that several such processes start side by side.
    """
    chosen = "http.port" in settings.sources() or _has_routes(host, active)
    return settings.section("http", HttpSettings).port if chosen else 0


def _has_routes(host: Host, active: frozenset[str]) -> bool:
    """Tell whether the contexts of this process answer more than for its health."""
    return any(p.name in active and "fks_routes" in p.hooks for p in host.plugins)


def _loop_factory() -> Any:
    """Return uvloop's loop where it exists (it does not on Windows)."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _serve(
    host: Host,
    settings: Settings,
    home: Path,
    active: frozenset[str],
    bound: socket.socket,
    opening: tuple[bool, Callable[[App], Awaitable[str]] | None],
) -> None:
    """Bring everything up, wait for the signal, take everything down."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    name = settings.section("http", HttpSettings).host
    port = int(bound.getsockname()[1])
    async with running(host, settings, home=home, active=active) as app:
        server = HttpServer(http_application(app, host=name, port=port), bound)
        await server.start()
        try:
            url = f"http://{f'[{name}]' if ':' in name else name}:{port}"
            with announcing(home, url) if _has_routes(host, active) else nullcontext():
                _settle_memory()
                _banner(app, url)
                open_browser, once_up = opening
                page = await once_up(app) if once_up else ""
                if open_browser:
                    await asyncio.to_thread(webbrowser.open, url + page)
                ended = asyncio.ensure_future(server.wait())
                stopped = asyncio.ensure_future(stop.wait())
                await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
                stopped.cancel()
        finally:
            print("stopping", file=sys.stderr, flush=True)  # noqa: T201  # for the person there
            try:
                await app.report_health(stopping=True)
            except FksError as error:
                _log.warning("last_report_not_sent", error=error.message)
            await server.stop()


def _settle_memory() -> None:
    """Keep the collector of cycles away from what stays for as long as the process does.

    Modules, schemas and routes are some 500,000 objects: walking over them stops the loop for a
    tenth of a second, whenever enough requests were answered. They are looked at no more; what is
    made from here on is, at thresholds fit for a server.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)


def _banner(app: App, url: str) -> None:
    """Tell the person at the terminal where everything is."""
    facts = app.runtime.state()
    lines = [
        f"FKS {facts['version']}  {url}",
        f"  contexts  {', '.join(facts['contexts'])}",
        f"  home      {facts['home']}",
        f"  bus       {facts['bus']}",
        f"  database  {facts['database']}",
        "  identity is not built yet: loopback only, Host and Origin are checked",
    ]
    print("\n".join(lines), file=sys.stderr, flush=True)  # noqa: T201  # for the person there
