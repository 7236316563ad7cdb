"""A process that asks a provider as often as it is told, its clock running ahead."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from fks.contexts.data.adapters.fetching import Fetcher
from fks.contracts.data.providers import Limits, PageRequest

from .asking import QUICK

FASTER = 20.0
"""So many seconds of this process's clock are one of ours: a minute is three."""


async def main(url: str, home: str, calls: int, weight: int, limit: int) -> None:
    """Ask, within what all processes of a home may use."""
    fetcher = Fetcher(
        "test",
        url,
        Limits(weight_per_minute=limit, at_once=4),
        None,
        lambda: "",
        QUICK,
        monotonic_s=lambda: time.monotonic() * FASTER,
        wall_ns=lambda: int(time.time_ns() * FASTER),
        sleep=lambda seconds: asyncio.sleep(seconds / FASTER),
        home=Path(home),
    )
    request = PageRequest(path="/rows", params=(("weight", str(weight)),), weight=weight)
    await asyncio.gather(*(fetcher.get(request) for _ in range(calls)))
    await fetcher.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])))
