"""The one place where errors become answers: RFC 9457 problem details.

An `FksError` tells its code and message; what the framework refuses (a body that does not match,
an unknown path) is told in the same form; a bug tells nothing but the correlation id under which
the log has the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from fks.kernel.errors import FksError, Unavailable

__all__ = ["EXCEPTION_HANDLERS", "MEDIA_TYPE", "Problem"]

MEDIA_TYPE = "application/problem+json"

_log = structlog.get_logger("fks.http")
_CODES = {
    400: "http.bad_request",
    401: "http.unauthorized",
    403: "http.forbidden",
    404: "http.no_route",
    405: "http.method_not_allowed",
    413: "http.body_too_large",
    415: "http.media_type",
    429: "http.too_many_requests",
}


class Problem:
    """What went wrong, for the one who asked."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        title: str = "",
        errors: tuple[Mapping[str, str], ...] = (),
    ) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        self.title = title or HTTPStatus(status).phrase
        self.errors = errors

    def document(self, scope: Mapping[str, Any] | MutableMapping[str, Any]) -> dict[str, Any]:
        """Return the members of the problem, with path and correlation id of the request."""
        members: dict[str, Any] = {
            "type": f"urn:fks:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": scope.get("path", ""),
            "code": self.code,
            "correlation_id": scope.get("state", {}).get("correlation_id", ""),
        }
        if self.errors:
            members["errors"] = list(self.errors)
        return members

    def encode(self, scope: Mapping[str, Any] | MutableMapping[str, Any]) -> bytes:
        """Return the problem as JSON."""
        return msgspec.json.encode(self.document(scope))


def _respond(
    request: Request[Any, Any, Any], problem: Problem, headers: dict[str, str] | None = None
) -> Response[bytes]:
    """Return the answer that carries a problem."""
    return Response(
        problem.encode(request.scope),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )


def on_fks_error(request: Request[Any, Any, Any], error: FksError) -> Response[bytes]:
    """Tell a failure of the world."""
    headers = {}
    if isinstance(error, Unavailable) and error.retry_after_s is not None:
        headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
    title = (type(error).__doc__ or "").strip().partition("\n")[0]
    problem = Problem(error.status, error.code, error.message, title=title)
    return _respond(request, problem, headers)


def on_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Tell what the framework refused."""
    status = error.status_code
    if status >= 500:
        return on_bug(request, error)
    errors: tuple[Mapping[str, str], ...] = ()
    if isinstance(error, ValidationException) and isinstance(error.extra, list):
        errors = tuple(
            {key: str(value) for key, value in item.items()}
            for item in error.extra
            if isinstance(item, dict)
        )
    detail = error.detail if status != 404 else f"nothing is served at {request.url.path[:200]}"
    problem = Problem(
        status, _CODES.get(status, "http.refused"), _without_route(detail), errors=errors
    )
    return _respond(request, problem, dict(error.headers or {}))


def on_bug(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Tell nothing of a bug but where to look; the log has the rest."""
    _log.error("http_failed", path=request.url.path, exc_info=error)
    problem = Problem(500, "fks.bug", "an error of ours; the log has it under the correlation id")
    return _respond(request, problem)


def _without_route(detail: str) -> str:
    """Drop the framework's mention of its handler."""
    if detail.startswith("Validation failed for "):
        return "the request does not match what is expected here"
    return detail


EXCEPTION_HANDLERS: Mapping[int | type[Exception], Any] = {
    FksError: on_fks_error,
    HTTPException: on_http_exception,
    Exception: on_bug,
}
"""Which errors are answered how."""
