"""A small HTTP application for the tests of the kernel's HTTP: real guard, real framework."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec
from litestar import WebSocket, get, post, websocket
from litestar.params import FromPath, FromQuery, JSONBody

from fks.kernel.errors import NotFound, Unavailable
from fks.kernel.health import ContextHealth, Status
from fks.kernel.http import Face, build_http
from fks.kernel.sections import HttpSettings
from fks.kernel.telemetry import Metrics

HOST = "127.0.0.1:8000"


class Order(msgspec.Struct, forbid_unknown_fields=True):
    """A body."""

    size: int
    note: str = ""
    extra: Any = None


@post("/orders")
async def place(data: JSONBody[Order]) -> Order:
    """Echo an order."""
    return data


@get("/count")
async def count(number: FromQuery[int]) -> int:
    """Echo a number."""
    return number


@get("/fails/{how:str}")
async def fails(how: FromPath[str]) -> None:
    """Fail as told."""
    if how == "missing":
        raise NotFound("no dataset 'x'; there are a, b", code="data.dataset_not_found")
    if how == "away":
        raise Unavailable("engine does not run", code="bus.no_responder", retry_after_s=2.5)
    raise RuntimeError("secret internals: /etc/passwd")


@websocket("/ws")
async def echo(socket: WebSocket[Any, Any, Any]) -> None:
    """Echo one text."""
    await socket.accept()
    await socket.send_text(await socket.receive_text())


def face(status: Status = Status.HEALTHY, metrics: Metrics | None = None) -> Face:
    """Return what HTTP needs, with one context of the given health."""

    async def health() -> dict[str, ContextHealth]:
        return {"data": ContextHealth(status=status)}

    numbers = iter(range(1000))
    return Face("1.2.3", health, metrics or Metrics(), lambda: f"id-{next(numbers)}")


def application(**settings: Any) -> Callable[..., Awaitable[None]]:
    """Return the guarded application."""
    routes = [place, count, fails, echo]
    return build_http(
        routes,
        settings.pop("face", None) or face(),
        HttpSettings(**settings),
        host="127.0.0.1",
        port=8000,
    )


def client(app: Any = None) -> httpx.AsyncClient:
    """Return a client that calls the application in memory, as this machine's own page would."""
    transport = httpx.ASGITransport(app or application(), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}")
