"""Let in only what was meant for this server, from its own pages or from no browser at all.

Loopback is no boundary against the browser of the person at the machine: a foreign page can aim
requests at it, and by DNS rebinding even under a name of its own. So every request and socket
must name this server in `Host`, and whatever a browser says of its origin must be this server.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from fks.kernel.http.problems import Problem

__all__ = ["Guard", "is_loopback"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_INT64 = range(-(2**63), 2**63)
_LONG_NUMBER = re.compile(r"[+-]?[0-9]{19,}\Z")
_POLICY_VIOLATION = 1008


def is_loopback(host: str) -> bool:
    """Tell whether an address or name can only mean this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Guard:
    """Refuse foreign hosts, origins and numbers that no field can hold; pass on the rest."""

    def __init__(
        self,
        application: Application,
        *,
        host: str,
        port: int,
        on_refusal: Callable[[str], None],
    ) -> None:
        """Serve as `host` (and the loopback names) on `port`; refusals are counted by reason."""
        self._application = application
        names = {"localhost", "127.0.0.1", "[::1]", f"[{host}]" if ":" in host else host}
        self._hosts = frozenset(f"{name}:{port}" for name in names)
        if port == 80:
            self._hosts |= names
        self._origins = frozenset(f"http://{host}" for host in self._hosts)
        self._on_refusal = on_refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a refused request here, hand on any other."""
        problem = None if scope["type"] == "lifespan" else self._problem(scope)
        if problem is None:
            await self._application(scope, receive, send)
            return
        self._on_refusal(problem.code)
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        body = problem.encode(scope)
        headers = [(b"content-type", b"application/problem+json")]
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": problem.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _problem(self, scope: Scope) -> Problem | None:
        """Return why a request is refused, or None."""
        headers: dict[bytes, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.lower(), []).append(value.decode("latin-1").strip().lower())
        hosts = headers.get(b"host", [])
        if len(hosts) != 1:
            return Problem(400, "http.bad_host", "exactly one Host header is needed")
        if hosts[0] not in self._hosts:
            return Problem(
                403,
                "http.foreign_host",
                f"this server answers only as {_listed(self._hosts)}",
            )
        if any(origin not in self._origins for origin in headers.get(b"origin", [])):
            return Problem(403, "http.foreign_origin", "requests of other sites' pages are refused")
        if _crosses_sites(headers):
            return Problem(
                403,
                "http.cross_site",
                "links from other sites are refused: open the address from the address bar",
            )
        return _bad_number(scope)


def _crosses_sites(headers: dict[bytes, list[str]]) -> bool:
    """Tell whether a browser says that another site caused this request.

    Pages of another port of this machine count as the same site: they may link to a page of
    ours, but not load anything of ours.
    """
    sites = headers.get(b"sec-fetch-site", [])
    if all(site in ("same-origin", "none") for site in sites):
        return False
    links_to_page = headers.get(b"sec-fetch-mode") == ["navigate"] and headers.get(
        b"sec-fetch-dest"
    ) == ["document"]
    return not (sites == ["same-site"] and links_to_page)


def _bad_number(scope: Scope) -> Problem | None:
    """Refuse a whole number in the query that does not fit 64 bits."""
    query = scope.get("query_string", b"")
    if len(query) < 19:
        return None
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if _LONG_NUMBER.match(value) and (len(value) > 20 or int(value) not in _INT64):
            return Problem(400, "http.number_too_large", f"{name[:40]!r} does not fit 64 bits")
    return None


def _listed(hosts: Iterable[str]) -> str:
    """Return the names for a message, in a fixed order."""
    return ", ".join(sorted(hosts))
