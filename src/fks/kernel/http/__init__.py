"""HTTP of one process: the routes of its contexts behind one guard, with one shape of error.

From the outside in: the observer (ids, log, spans, figures, headers), the guard (Host, Origin),
the framework with the contexts' routes and `/health`, `/metrics`, `/docs`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Litestar, Response, get
from litestar.openapi import OpenAPIConfig

from fks.kernel.health import ContextHealth, Status, worst
from fks.kernel.http.bodies import CheckedRequest
from fks.kernel.http.docs import PLUGINS, docs_asset
from fks.kernel.http.guard import Application, Guard, is_loopback
from fks.kernel.http.observe import CORRELATION_HEADER, Observer
from fks.kernel.http.problems import EXCEPTION_HANDLERS
from fks.kernel.sections import HttpSettings
from fks.kernel.telemetry import Metrics

__all__ = [
    "CORRELATION_HEADER",
    "Face",
    "build_framework",
    "build_http",
    "is_loopback",
    "openapi_document",
]

Health = Callable[[], Awaitable[Mapping[str, ContextHealth]]]


@dataclass(frozen=True)
class Face:
    """What HTTP needs of the process behind it."""

    version: str
    health: Health
    metrics: Metrics
    new_id: Callable[[], str]


def build_framework(routes: Iterable[Any], face: Face, settings: HttpSettings) -> Litestar:
    """Return the framework with all routes; by itself it guards nothing."""

    @get("/health", summary="How this process is", tags=["process"], cache_control=None)
    async def health() -> Response[dict[str, Any]]:
        """Return the health of the contexts in this process: 200, or 503 if one is unhealthy."""
        contexts = await face.health()
        status = worst(context.status for context in contexts.values())
        return Response(
            {"status": status, "version": face.version, "contexts": dict(contexts)},
            status_code=503 if status is Status.UNHEALTHY else 200,
            headers={"Cache-Control": "no-store"},
        )

    @get("/metrics", include_in_schema=False, sync_to_thread=False)
    def metrics() -> Response[bytes]:
        """Return the metrics of this process for Prometheus."""
        text, media_type = face.metrics.render()
        return Response(text, media_type=media_type)

    return Litestar(
        route_handlers=[*routes, health, metrics, docs_asset],
        request_class=CheckedRequest,
        request_max_body_size=settings.body_limit_bytes,
        exception_handlers=dict(EXCEPTION_HANDLERS),
        openapi_config=OpenAPIConfig(
            title="FKS",
            version=face.version,
            description="Self-hosted systematic trading. Times are UTC nanoseconds.",
            path="/docs",
            render_plugins=PLUGINS,
            use_handler_docstrings=True,
        ),
        logging_config=None,
        debug=False,
    )


def build_http(
    routes: Iterable[Any], face: Face, settings: HttpSettings, *, host: str, port: int
) -> Application:
    """Return the whole application, answering only as `host` and the loopback names on `port`."""
    framework = build_framework(routes, face, settings)
    refused = face.metrics.http_refused

    guarded = Guard(
        framework,  # type: ignore[arg-type]  # its own names for the same ASGI types
        host=host,
        port=port,
        on_refusal=lambda reason: refused.labels(reason).inc(),
    )
    return Observer(
        guarded, new_id=face.new_id, metrics=face.metrics, access_log=settings.access_log
    )


def openapi_document(
    routes: Iterable[Any], face: Face, settings: HttpSettings
) -> Mapping[str, Any]:
    """Return the OpenAPI description of these routes as plain data."""
    described = build_framework(routes, face, settings).openapi_schema.to_schema()
    document: Mapping[str, Any] = msgspec.to_builtins(described, enc_hook=str)
    return document
