"""The table of contents of the api context."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from fks.kernel.hooks import impl
from fks.kernel.manifest import Manifest

if TYPE_CHECKING:
    from fks.kernel.bus import Wiring
    from fks.kernel.runtime import Runtime


@impl
def fks_manifest() -> Manifest:
    """Name the context."""
    return Manifest(
        name="api",
        summary="REST and WebSocket over all contexts",
        uses=("data", "transformer", "engine", "execution", "master"),
    )


@impl
def fks_settings() -> Mapping[str, type[Any]]:
    """Own the section [api]."""
    from fks.contexts.api.settings import ApiSettings

    return {"api": ApiSettings}


@impl
def fks_wire(runtime: Runtime, wiring: Wiring) -> None:
    """Feed the sockets."""
    from fks.contexts.api.handlers import wire

    wire(runtime, wiring)


@impl
def fks_routes(runtime: Runtime) -> Iterable[Any]:
    """Serve /api/v1, /ws, /info and the old paths."""
    from fks.contexts.api.http import routes

    return routes(runtime)
