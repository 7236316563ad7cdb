"""Listen to every event class of every plugin, for the feed that sockets read."""

from __future__ import annotations

from fks.contexts.api.service import Api
from fks.kernel.bus import Wiring
from fks.kernel.messages import Event
from fks.kernel.runtime import Runtime

__all__ = ["wire"]


def wire(runtime: Runtime, wiring: Wiring) -> None:
    """Register the feed for all events."""
    api = runtime.singleton(Api, lambda: Api(runtime))
    for kinds in runtime.hook.fks_messages():
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, Event):
                wiring.on(kind, api.on_event)
