"""The compiled dispatcher and its readable twin do the same, whatever listens and fails."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from fks.kernel import _dispatch, dispatch
from fks.kernel.bus import LocalBus
from fks.kernel.messages import Event, Meta
from fks.kernel.pump import Pump
from fks.kernel.resilience import Backoff


class Seed(Event, frozen=True, kw_only=True, tag="twin_test.seed.v1"):
    """The root of a tree of events."""

    session_id: str
    depth: int


class Leaf(Event, frozen=True, kw_only=True, tag="twin_test.leaf.v1"):
    """What a seed causes."""

    session_id: str
    depth: int


# A listener: it waits or not, causes so many events, and fails at every so-many-th call.
listener = st.tuples(
    st.sampled_from(["plain", "returns", "async", "suspends"]),
    st.integers(0, 2),
    st.sampled_from([0, 0, 2, 3]),
)
plans = st.fixed_dictionaries(
    {
        "seed": st.lists(listener, max_size=4),
        "leaf": st.lists(listener, max_size=3),
        "publish": st.lists(
            st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 2)), min_size=1, max_size=6
        ),
        "many": st.booleans(),
    }
)


class _Run:
    """One bus on one twin, and what its listeners saw."""

    def __init__(self, module: Any, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.seen: list[tuple[str, int, str, int]] = []
        with mock.patch.object(Pump, "twin", module):
            self.bus = LocalBus(backoff=Backoff(0, 0))
        self.bus._pump.twin = module

    async def run(self) -> None:
        """Publish as planned and wait for the end."""
        for kind, name in ((Seed, "seed"), (Leaf, "leaf")):
            for number, (manner, causes, fails) in enumerate(self.plan[name]):
                self.bus.on(kind, self._listener(name, number, manner, causes, fails))
        events = [Seed(session_id=key, depth=depth) for key, depth in self.plan["publish"]]
        if self.plan["many"]:
            await self.bus.publish_many(events)
        else:
            for event in events:
                await self.bus.publish(event)
                await self.bus.settled()
        await self.bus.settled()
        await self.bus.stop()

    def _listener(self, name: str, number: int, manner: str, causes: int, fails: int) -> Any:
        calls = 0

        def note(event: Any, meta: Meta) -> list[Any]:
            nonlocal calls
            calls += 1
            self.seen.append((name, number, event.session_id, event.depth))
            if fails and calls % fails == 0:
                raise ValueError(calls)
            if not event.depth:
                return []
            caused = Leaf(session_id=event.session_id, depth=event.depth - 1)
            return [self.bus.publish(caused, cause=meta) for _ in range(causes)]

        def plain(event: Any, meta: Meta) -> None:
            note(event, meta)

        async def waiting(event: Any, meta: Meta) -> None:
            if manner == "suspends":
                await asyncio.sleep(0)
            for published in note(event, meta):
                await published

        def returns(event: Any, meta: Meta) -> Any:
            return waiting(event, meta)

        return {"plain": plain, "returns": returns}.get(manner, waiting)


@settings(max_examples=150, deadline=None)
@given(plans)
def test_twins_agree_on_order_and_counts(plan: dict[str, Any]) -> None:
    """Lost otherwise: the fast path would mean something else than the readable one."""
    runs = [_Run(module, plan) for module in (_dispatch, dispatch)]
    for run in runs:
        asyncio.run(run.run())
    compiled, readable = runs
    assert compiled.bus.counts() == readable.bus.counts()
    failing = any(fails for name in ("seed", "leaf") for _, _, fails in plan[name])
    # Tries after a failure are timed by the event loop; without failures the order is one.
    assert sorted(compiled.seen) == sorted(readable.seen)
    if not failing and not plan["many"]:
        assert compiled.seen == readable.seen == _reference(plan)


def _reference(plan: dict[str, Any]) -> list[tuple[str, int, str, int]]:
    """Return who sees what in which order, by the rule itself: a queue, first in, first out."""
    seen = []
    for key, depth in plan["publish"]:
        queue = deque([("seed", depth)])
        while queue:
            name, level = queue.popleft()
            for number, (_, causes, _) in enumerate(plan[name]):
                seen.append((name, number, key, level))
                if level:
                    queue.extend([("leaf", level - 1)] * causes)
    return seen
