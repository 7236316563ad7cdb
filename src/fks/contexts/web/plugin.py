"""The table of contents of the web context."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fks.kernel.hooks import impl
from fks.kernel.manifest import Manifest

if TYPE_CHECKING:
    from fks.kernel.health import Check
    from fks.kernel.runtime import Runtime


@impl
def fks_manifest() -> Manifest:
    """Name the context; its pages ask api and master, in whatever process they are."""
    return Manifest(name="web", summary="The screens", uses=("api", "master"))


@impl
def fks_routes(runtime: Runtime) -> Iterable[Any]:
    """Serve the pages and their assets."""
    from fks.contexts.web.http import routes

    return routes(runtime)


@impl
def fks_health(runtime: Runtime) -> Iterable[Check]:
    """Tell whether the screens were built."""
    from fks.contexts.web.service import Screens
    from fks.kernel.health import Check

    return [Check("screens", runtime.singleton(Screens, Screens).probe)]
