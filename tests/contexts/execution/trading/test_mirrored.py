"""A desk whose journal is mirrored: set by settings, seen in health."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.contexts.execution.trading.running import trading_app

from fks.kernel.health import Status


async def test_health_tells_of_a_mirror_that_is_away_until_it_has_caught_up(tmp_path: Path) -> None:
    """Lost: the copy would be missed on the day it is needed."""
    place = tmp_path / "disk" / "mirror"
    place.parent.write_text("not mounted")
    settings = {"execution": {"journal_mirror_dir": str(place)}}
    async with trading_app(tmp_path / "home", settings=settings) as app:
        await app.call("GET", "/accounts")
        await app.bar(1999, 2001, 2000)
        found = await app.trading.check()
        assert found.status is Status.DEGRADED
        assert "records behind" in found.message
        assert app.trading.counts()["not_mirrored"] > 0
        place.parent.unlink()
        async with asyncio.timeout(10):
            while app.trading.counts()["not_mirrored"]:  # noqa: ASYNC110 - nobody tells of it
                await asyncio.sleep(0.02)
        assert (await app.trading.check()).status is Status.HEALTHY
        segments = sorted(place.glob("segment-*.fksj"))
        ours = tmp_path / "home" / "execution" / "journal" / segments[0].name
        copy = segments[0].read_bytes()
        assert ours.read_bytes()[: len(copy)] == copy
