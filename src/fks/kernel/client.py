"""A small client of a running server, for commands: JSON over HTTP, errors as our own.

A problem that the server describes becomes the `FksError` that it was, so that a command exits
as if it had done the work itself.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from fks.kernel.errors import (
    Conflict,
    Denied,
    FksError,
    Invalid,
    NotFound,
    TimedOut,
    Unavailable,
)

__all__ = ["ServerClient"]

_KINDS: dict[int, type[FksError]] = {
    400: Invalid,
    401: Denied,
    403: Denied,
    404: NotFound,
    409: Conflict,
    422: Invalid,
    503: Unavailable,
    504: TimedOut,
}
_LARGEST = 64 << 20


class ServerClient:
    """Calls of one server; `url` is its root, such as http://127.0.0.1:8000."""

    def __init__(self, url: str, *, timeout_s: float = 20.0) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise Invalid(f"{url} is no http address", code="client.bad_url")
        self._url = url.rstrip("/")
        self._timeout_s = timeout_s

    def get(self, path: str, **query: Any) -> Any:
        """Return the decoded answer. Raises the error that the server tells."""
        chosen = {name: value for name, value in query.items() if value not in (None, "")}
        return self._call("GET", f"{path}?{urlencode(chosen)}" if chosen else path, None)

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send a body and return the decoded answer. Raises the error that the server tells."""
        return self._call(method, path, body)

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        request = urllib.request.Request(  # noqa: S310  # the scheme was checked
            f"{self._url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Accept": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s) as answer:  # noqa: S310
                return json.loads(answer.read(_LARGEST))
        except urllib.error.HTTPError as error:
            raise _as_ours(error) from None
        except TimeoutError as error:
            raise TimedOut(f"{self._url} did not answer in time") from error
        except OSError as error:
            raise Unavailable(
                f"no server answers at {self._url} ({error}); start one with fks serve",
                code="client.no_server",
            ) from error


def _as_ours(error: urllib.error.HTTPError) -> FksError:
    """Return a problem as the error that it was."""
    try:
        problem = json.loads(error.read(_LARGEST))
    except ValueError:
        problem = {}
    kind = _KINDS.get(error.code, Unavailable)
    detail = problem.get("detail") or f"the server answered {error.code}"
    return kind(str(detail), code=str(problem.get("code") or "client.refused"))
