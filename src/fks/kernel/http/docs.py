"""The documentation of the interface at /docs: Swagger UI from an installed package, offline."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.params import FromPath

from fks.kernel.errors import NotFound

__all__ = ["PLUGINS", "docs_asset"]

_ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "start.js": "text/javascript",
}
_START = b"""window.onload = function () {
  window.ui = SwaggerUIBundle({ url: "/docs/openapi.json", dom_id: "#docs", deepLinking: true });
};
"""
_PAGE = b"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>FKS: HTTP interface</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<noscript>This page needs scripts; the description itself is at
<a href="/docs/openapi.json">/docs/openapi.json</a>.</noscript>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/assets/start.js"></script>
</body>
</html>
"""


class DocsPage(OpenAPIRenderPlugin):
    """The page; its parts are files, so that the content policy needs no exception for scripts."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Return the page."""
        return _PAGE


PLUGINS = (JsonRenderPlugin(path="/openapi.json"), DocsPage(path="/"))


@get("/docs/assets/{name:str}", include_in_schema=False, sync_to_thread=True)
def docs_asset(name: FromPath[str]) -> Response[bytes]:
    """Return one of the files of the page."""
    if name not in _ASSETS:
        raise NotFound(f"no such file: {name[:80]}", code="http.no_asset")
    return Response(
        _START if name == "start.js" else _asset(name),
        media_type=_ASSETS.get(name, MediaType.TEXT),
        headers={"Cache-Control": "max-age=3600"},
    )


@lru_cache(maxsize=4)
def _asset(name: str) -> bytes:
    """Read a file of Swagger UI; the package is found, not imported."""
    found = importlib.util.find_spec("swagger_ui")
    assert found is not None and found.origin is not None, "swagger-ui-py is a dependency"
    return (Path(found.origin).parent / "static" / name).read_bytes()
