"""What the benchmarks of the engine share: a checked flow, the bare floor, no pauses.

Every result is compared with what the flow leads to before its time counts. The floor, reading a
row and answering it without any engine, is measured in turns with the others, so that a ratio to
it means the same on another machine.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from fks.contexts.execution.domain.matching import _floor, workload
from fks.contexts.execution.domain.matching._matching import Matcher
from fks.contexts.execution.domain.matching.layout import EVENT
from fks.contexts.execution.domain.matching.workload import DEEP, STD, Flow, Profile
from fks.kernel.benchmarks import Row
from fks.kernel.errors import FksError

__all__ = [
    "BATCH",
    "EVENTS",
    "QUICK",
    "QUICK_DEEP",
    "Numbers",
    "WrongResult",
    "answered",
    "check",
    "engine",
    "filled",
    "no_collections",
    "row",
    "split",
]

Numbers = npt.NDArray[np.int64]
BATCH = 1024
EVENTS = 64 * BATCH
QUICK = Profile(STD.seed, STD.resting, 100_000, STD.distance)
QUICK_DEEP = Profile(DEEP.seed, 200_000, 100_000, DEEP.distance)


class WrongResult(FksError):
    """The engine's result differs from the flow's, so its speed means nothing."""

    code = "execution.bench_wrong_result"


@contextmanager
def no_collections() -> Iterator[None]:
    """Keep the collector from walking millions of orders in the middle of a measurement."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def engine(flow: Flow) -> Matcher:
    """Return an engine with room for a flow, and nothing in it."""
    return Matcher(instruments=4, accounts=workload.ACCOUNTS + 1, orders=len(flow.filling) * 2)


def filled(flow: Flow) -> Matcher:
    """Return an engine with the flow's book in it."""
    matcher = engine(flow)
    events = np.zeros(EVENTS, EVENT)
    matcher.warm()
    for rows in (workload.opening(), flow.filling):
        for batch in split(rows, BATCH):
            matcher.apply_into(batch, 1, events)
    return matcher


def check(matcher: Matcher, flow: Flow, before: tuple[int, int, int]) -> None:
    """Raise WrongResult where the book is not what the flow leads to."""
    traded = [now - then for now, then in zip(matcher.facts(0), before, strict=True)]
    found = (*traded, matcher.live(), matcher.best(0, 0), matcher.best(0, 1))
    if found != flow.facts:
        raise WrongResult(f"the flow leads to {tuple(flow.facts)}, the engine to {found}")


def split(rows: npt.NDArray[Any], size: int) -> list[npt.NDArray[Any]]:
    """Return the rows in batches."""
    return [rows[at : at + size] for at in range(0, len(rows), size)]


def answered(flow: Flow) -> Numbers:
    """Return ns of each batch of reading a row and answering with 32 bytes, without any engine."""
    answers = np.zeros(BATCH * 32, np.uint8)
    batches = split(flow.measured.view(np.uint8), BATCH * 64)
    times = np.zeros(len(batches), np.int64)
    clock = time.perf_counter_ns
    for number, batch in enumerate(batches):
        began = clock()
        _floor.acknowledge(batch, answers)
        times[number] = clock() - began
    return times


def row(name: str, value: float, unit: str, at_most: float | None = None) -> Row:
    """Return a figure without a reference."""
    met = None if at_most is None else value <= at_most
    return Row(name=name, value=value, unit=unit, reference=None, ratio=None, goal=at_most, met=met)
