"""What an engine says of the strategies it decides for."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, cast

from fks.contexts.engine.service.heartbeats import Heartbeats
from fks.contexts.engine.service.sessions import LiveSessions
from fks.contracts.engine import StrategyReported
from fks.kernel.testing import running_app


class Running:
    """Sessions that run, by strategy."""

    def __init__(self) -> None:
        self.now: dict[str, int] = {}

    def strategies(self) -> Counter[str]:
        """Return them."""
        return Counter(self.now)


async def test_each_strategy_reporteds_once_and_leaves_once(tmp_path: Path) -> None:
    """Lost: a session that ended well would look like a death, or a death like an end."""
    async with running_app(home=tmp_path, contexts=["data"]) as app:
        heard: list[StrategyReported] = []
        bus: Any = app.runtime.bus
        publish = bus.publish

        async def keep(event: Any, **more: Any) -> None:
            heard.append(event)
            await publish(event, **more)

        bus.publish = keep
        sessions = Running()
        beats = Heartbeats(app.runtime, cast(LiveSessions, sessions))
        sessions.now = {"b": 1, "a": 2}
        await beats.beat()
        sessions.now = {"b": 1}
        await beats.beat()
        sessions.now = {}
        await beats.beat()
        await beats.beat()
        said = [(event.strategy, event.sessions, event.alive) for event in heard]
        assert said == [("a", 2, True), ("b", 1, True), ("a", 0, False), ("b", 1, True),
                        ("b", 0, False)]  # fmt: skip
