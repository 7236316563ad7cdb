"""See every request from outside the framework: correlation id, log line, span, figures, headers.

Standing outermost, it also covers what the guard refuses and what fails inside the framework.
Bodies, headers and query strings are never logged.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator

import structlog
from opentelemetry import propagate, trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from fks.kernel.http.guard import Application, Message, Receive, Scope, Send
from fks.kernel.messages import Meta
from fks.kernel.telemetry import Metrics
from fks.kernel.tracing import ORIGIN

__all__ = ["CORRELATION_HEADER", "Observer"]

CORRELATION_HEADER = "X-Correlation-Id"

_log = structlog.get_logger("fks.http")
_GOOD_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")

# The screens bring no inline script; charts and tables set inline styles.
_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    b"content-security-policy": _POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
}


class Observer:
    """Wrap an application with everything that watches it."""

    def __init__(
        self,
        application: Application,
        *,
        new_id: Callable[[], str],
        metrics: Metrics,
        access_log: bool = True,
    ) -> None:
        self._application = application
        self._new_id = new_id
        self._metrics = metrics
        self._access_log = access_log
        self._tracer = trace.get_tracer("fks.http")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note how it went."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        given = headers.get(CORRELATION_HEADER.lower(), "")
        correlation_id = given if _GOOD_ID.match(given) else self._new_id()
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        method = scope.get("method", "WEBSOCKET")
        begun = time.perf_counter()
        status = 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] in ("http.response.start", "websocket.accept"):
                status = message.get("status", 101)
                _add_headers(message, correlation_id)
            elif message["type"] == "websocket.close" and not status:
                status = 403
            await send(message)

        with (
            structlog.contextvars.bound_contextvars(correlation_id=correlation_id),
            self._tracer.start_as_current_span(
                f"{method} {scope['path'][:200]}",
                context=propagate.extract(headers),
                kind=SpanKind.SERVER,
                attributes={"http.request.method": method, "fks.correlation_id": correlation_id},
            ) as span,
        ):
            with _caused_by_request(correlation_id):
                await self._application(scope, receive, send_and_note)
            route = scope.get("path_template") or "unmatched"
            span.update_name(f"{method} {route}")
            span.set_attributes({"http.route": route, "http.response.status_code": status})
            if status >= 500:
                span.set_status(Status(StatusCode.ERROR))
            self._note(scope, method, route, status, time.perf_counter() - begun)

    def _note(self, scope: Scope, method: str, route: str, status: int, duration_s: float) -> None:
        """Count and log one answered request."""
        if scope["type"] == "http":
            known = method if method in _METHODS else "OTHER"
            self._metrics.http_seconds.labels(known, route, str(status)).observe(duration_s)
        if self._access_log:
            _log.info(
                "http_request",
                method=method,
                path=scope["path"][:500],
                status=status,
                duration_ms=round(duration_s * 1000, 3),
            )


@contextlib.contextmanager
def _caused_by_request(correlation_id: str) -> Iterator[None]:
    """Let the questions of a request carry its correlation id."""
    at_ns = time.time_ns()
    origin = Meta(id=correlation_id, at_ns=at_ns, source="http", correlation_id=correlation_id)
    token = ORIGIN.set(origin)
    try:
        yield
    finally:
        ORIGIN.reset(token)


_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


def _add_headers(message: Message, correlation_id: str) -> None:
    """Add the correlation id, and the security headers that the answer does not set itself."""
    headers = [(name, value) for name, value in message.get("headers", ())]
    present = {name.lower() for name, _ in headers}
    headers.extend(item for item in _HEADERS.items() if item[0] not in present)
    headers.append((CORRELATION_HEADER.lower().encode(), correlation_id.encode()))
    message["headers"] = headers
