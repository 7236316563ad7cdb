"""What these tests ask, whom, and how impatiently."""

from __future__ import annotations

import json
from typing import Any

from fks.contexts.data.adapters.fetching import Fetcher
from fks.contexts.data.settings import FetchSettings
from fks.contracts.data.providers import KeyUse, Limits, PageRequest

from .fault_server import answer

BODY = json.dumps([[k, "1.5"] for k in range(50)]).encode()
GOOD = answer(200, BODY)
REQUEST = PageRequest(path="/v1/rows", params=(("symbol", "BTCUSDT"),), weight=2)
LIMITS = Limits(weight_per_minute=10_000, used_weight_header="x-used", page_bytes=8 << 20)
QUICK = FetchSettings(
    connect_timeout_s=1,
    read_timeout_s=0.4,
    deadline_s=1.0,
    first_pause_s=0.01,
    longest_pause_s=0.02,
    longest_wait_s=1.5,
    allow_loopback=True,
)


def made_for(
    url: str,
    key: KeyUse | None = None,
    secret: str = "",
    settings: FetchSettings = QUICK,
    limits: Limits = LIMITS,
    **injected: Any,
) -> Fetcher:
    """Return a fetcher of a server."""
    return Fetcher("test", url, limits, key, lambda: secret, settings, **injected)


class Clock:
    """Seconds that pass only in a sleep, or when a test moves them."""

    def __init__(self, now_s: float = 1000.0) -> None:
        self.now_s = now_s
        self.slept: list[float] = []

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now_s += seconds
