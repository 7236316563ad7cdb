"""Serve the built screens: one page for every address of the app, hashed assets for ever.

Only the addresses of the app's own pages lead to the page; everything else stays with the api,
the docs and the problem documents.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from litestar import HttpMethod, Request, Response, Router, route
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, SkipValidation

from fks.contexts.web.adapters.build import Asset
from fks.contexts.web.service import NOT_BUILT, Screens
from fks.kernel.runtime import Runtime

__all__ = ["routes"]

ScreensDep = NamedDependency[SkipValidation[Screens]]
AnyRequest = Request[Any, Any, Any]

_PAGES = (
    "/",
    "/chart",
    "/backtests",
    "/backtests/{run_id:str}",
    "/compare",
    "/trade",
    "/trade/{part:str}",
    "/trade/{part:str}/{order:str}",
    "/data",
    "/data/{part:str}",
    "/data/{part:str}/{dataset:str}",
    "/data/{part:str}/{dataset:str}/{view:str}",
)
_READ = [HttpMethod.GET, HttpMethod.HEAD]
_FOREVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"

# Neither inline scripts nor inline styles: what a page shows cannot become code.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

_ADVICE = f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>FKS</title></head>
<body>
<h1>FKS is running</h1>
<p>But {NOT_BUILT}.</p>
<p>The interface is described at <a href="/docs">/docs</a>.</p>
</body>
</html>
"""


@route(list(_PAGES), http_method=_READ, include_in_schema=False)
async def page(request: AnyRequest, screens: ScreensDep) -> Response[bytes]:
    """Return the app's page; which of its views is shown is the app's own matter."""
    asset = await asyncio.to_thread(screens.page)
    if asset is None:
        return Response(
            _ADVICE.encode(),
            status_code=503,
            media_type="text/html",
            headers={"Cache-Control": "no-store", "Content-Security-Policy": _POLICY},
        )
    return _send(request, asset, _ASK_AGAIN, {"Content-Security-Policy": _POLICY})


@route("/assets/{name:str}", http_method=_READ, include_in_schema=False)
async def asset(request: AnyRequest, screens: ScreensDep, name: FromPath[str]) -> Response[bytes]:
    """Return an asset; its name carries the hash of its content, so it never changes."""
    return _send(request, await asyncio.to_thread(screens.file, f"assets/{name}"), _FOREVER)


@route(["/icon.svg", "/theme.js"], http_method=_READ, include_in_schema=False)
async def plain_file(request: AnyRequest, screens: ScreensDep) -> Response[bytes]:
    """Return one of the files whose name stays while its content may change."""
    name = request.url.path.removeprefix("/")
    return _send(request, await asyncio.to_thread(screens.file, name), _ASK_AGAIN)


def _send(
    request: AnyRequest, found: Asset, caching: str, more: dict[str, str] | None = None
) -> Response[bytes]:
    """Answer with a file: packed where the client takes that, 304 where it has it already."""
    headers = {"Cache-Control": caching, "ETag": found.etag, "Vary": "Accept-Encoding"}
    headers |= more or {}
    if found.etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, media_type=found.media_type, headers=headers)
    body = found.body
    if found.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = found.packed
    return Response(body, status_code=200, media_type=found.media_type, headers=headers)


def routes(runtime: Runtime) -> Iterable[Any]:
    """Return the routes of the screens."""
    screens = runtime.singleton(Screens, Screens)
    return [
        Router(
            path="/",
            route_handlers=[page, asset, plain_file],
            dependencies={"screens": Provide(lambda: screens, sync_to_thread=False)},
        )
    ]
