"""A stream that is cut again and again: nothing of a connection outlives it.

FKS_TORTURE=1 makes it 1,000 cycles; else 140.
"""

from __future__ import annotations

import asyncio
import gc
import os
from pathlib import Path

import pytest

from .speakers import SPEAKERS
from .test_venues import SEED, Ear, cut, listening
from .venues import Venue

CYCLES = 1000 if os.environ.get("FKS_TORTURE") == "1" else 140
WARM = 40
FILES = Path("/proc/self/fd")


def held() -> tuple[int, int, int]:
    """Return how many tasks, open files and objects there are."""
    gc.collect()
    files = len(list(FILES.iterdir())) if FILES.is_dir() else 0
    return len(asyncio.all_tasks()), files, len(gc.get_objects())


@pytest.mark.parametrize("name", ["bitstamp", "kraken"])
async def test_a_thousand_reconnects_leave_nothing_behind(name: str) -> None:
    """Lost: a server would run out of memory or files after some bad weeks of an exchange.

    One has its book by a page over HTTP, the other in the stream.
    """
    venue = Venue(SPEAKERS[name](), SEED, CYCLES * 8 + 50)
    venue.faults = dict.fromkeys(range(8, CYCLES * 8, 8), cut)
    ear = Ear(venue)
    async with venue.running(), listening(venue) as stream:
        hearing = asyncio.create_task(ear.until_equal(stream))
        seen: list[tuple[int, int, int]] = []
        while not hearing.done():
            await asyncio.sleep(0.01)
            if not seen and venue.connections >= WARM:
                venue.heard.clear()
                seen.append(held())
        await hearing
        venue.heard.clear()
        seen.append(held())
        assert stream.counters.reconnects == CYCLES - 1
    more = [after - before for before, after in zip(*seen, strict=True)]
    few = (CYCLES - WARM) // 4  # one of each cycle would be four times as many
    assert more[0] < few, f"{more[0]} tasks more"
    assert more[1] < few, f"{more[1]} open files more"
    assert more[2] < 2000 + 40 * few, f"{more[2]} objects more"
