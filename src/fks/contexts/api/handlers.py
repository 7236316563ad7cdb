"""Listen to every event class of every plugin, for what sockets read."""

from __future__ import annotations

from fks.contexts.api.service import Api
from fks.contracts.data.live import MARKET_EVENTS, StreamStateChanged
from fks.kernel.bus import Wiring
from fks.kernel.messages import Event
from fks.kernel.runtime import Runtime

__all__ = ["wire"]


def wire(runtime: Runtime, wiring: Wiring) -> None:
    """Register the board for events at the market's pace, the feed for all others."""
    api = runtime.singleton(Api, lambda: Api(runtime))
    for kinds in runtime.hook.fks_messages():
        for kind in kinds:
            if kind in MARKET_EVENTS:
                wiring.on(kind, api.on_market_event)
            elif isinstance(kind, type) and issubclass(kind, Event):
                wiring.on(kind, api.on_event)
    wiring.on(StreamStateChanged, api.on_stream_state)
