"""`fks bench matching`: messages through the engine, with every control of the ledger in force.

Every flow's result is checked before its time counts. What reading a row and answering it costs
without any engine is measured in the same rounds, in turns, so that the ratio to it means the same
on another machine. A flow is the same in every round, so each of its batches is timed by itself and
the best of its rounds counts: what other programs took from the machine falls out.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from fks.contexts.execution.domain.matching import _floor, workload
from fks.contexts.execution.domain.matching._matching import Matcher
from fks.contexts.execution.domain.matching.layout import COMMAND, EVENT, CommandKind, OrderKind
from fks.contexts.execution.domain.matching.workload import DEEP, STD, Flow
from fks.contexts.execution.service.bench_flow import (
    BATCH,
    EVENTS,
    QUICK,
    QUICK_DEEP,
    Numbers,
    WrongResult,
    answered,
    check,
    filled,
    no_collections,
    row,
    split,
)
from fks.kernel.benchmarks import Row

__all__ = ["WrongResult", "run"]

_THOUSAND = 1000
_GOALS = {"std": 0.217, "growth": 4.0, "single_ns": 100.0, "p999_ns": 400.0}
"""std: 24 ns where the floor is 5.2 ns, as a ratio; the others as they stand."""


def run(quick: bool) -> list[Row]:
    """Return the rows; `quick` takes a tenth of the messages and a fifth of the deep book."""
    with no_collections():
        std = workload.generate(QUICK if quick else STD)
        deep = workload.generate(QUICK_DEEP if quick else DEEP)
    rounds = 5 if quick else 9
    with no_collections():
        rows, std_ns = _batches(std, deep, rounds)
        rows += _latency(std, 3 if quick else 5)
        rows += _sizes(std, std_ns, 3 if quick else 5)
        rows += _calls(std, 3 if quick else 5)
        rows.append(_memory(deep))
    return rows


def _batched(flow: Flow, size: int, *, whole: bool = True) -> Numbers:
    """Return ns of each batch through `apply_into`; the result of a whole flow is checked."""
    matcher = filled(flow)
    before = matcher.facts(0)
    events, offsets = np.zeros(EVENTS, EVENT), np.zeros(size, np.int64)
    batches = split(flow.measured, size)
    times = np.zeros(len(batches), np.int64)
    clock = time.perf_counter_ns
    for number, batch in enumerate(batches):
        began = clock()
        matcher.apply_into(batch, 1, events, offsets)
        times[number] = clock() - began
    if whole:
        check(matcher, flow, before)
    return times


def _in_turns(rounds: int, *contestants: Callable[[], Numbers]) -> list[float]:
    """Return ns of each contestant: the best of each of its batches, all run once a round."""
    best = [contestant() for contestant in contestants]
    for _ in range(rounds - 1):
        best = [np.minimum(one, run()) for one, run in zip(best, contestants, strict=True)]
    return [float(one.sum()) for one in best]


def _batches(std: Flow, deep: Flow, rounds: int) -> tuple[list[Row], float]:
    """Measure both flows beside the floor."""
    found = _in_turns(
        rounds,
        lambda: answered(std),
        lambda: _batched(std, BATCH),
        lambda: _batched(deep, BATCH),
    )
    floor, std_ns, deep_ns = (ns / len(std.measured) for ns in found)
    resting = f"{len(std.filling):,}", f"{len(deep.filling):,}"
    goal = _GOALS["std"]
    ratio, growth = floor / std_ns, deep_ns / std_ns
    rows = [
        row("floor: read 64 bytes, answer 32", floor, "ns/message"),
        Row(
            name=f"{resting[0]} resting, batches of {BATCH}",
            value=std_ns,
            unit="ns/message",
            reference=floor,
            ratio=ratio,
            goal=goal,
            met=ratio >= goal,
        ),
        Row(
            name=f"{resting[1]} resting, batches of {BATCH}",
            value=deep_ns,
            unit="ns/message",
            reference=floor,
            ratio=floor / deep_ns,
            goal=None,
            met=None,
        ),
        row(f"growth {resting[0]} to {resting[1]} (at most)", growth, "x", _GOALS["growth"]),
    ]
    return rows, std_ns


def _latency(flow: Flow, rounds: int) -> list[Row]:
    """Measure each message alone, by the processor's clock; the cost of reading it is left in."""
    ticks = np.zeros(len(flow.measured), np.int64)
    events = np.zeros(EVENTS, EVENT)
    best = np.full(len(ticks), np.inf)
    for _ in range(rounds):
        matcher = filled(flow)
        before = matcher.facts(0)
        began, counted = time.perf_counter_ns(), _floor.ticks()
        for at in range(0, len(ticks), BATCH):
            matcher.measure(flow.measured[at : at + BATCH], 1, events, ticks[at : at + BATCH])
        a_tick = (time.perf_counter_ns() - began) / (_floor.ticks() - counted)
        check(matcher, flow, before)
        best = np.minimum(best, ticks * a_tick)
    p50, p99, p999 = np.percentile(best, (50, 99, 99.9)).tolist()
    return [
        row("one message in the core, p50", p50, "ns"),
        row("one message in the core, p99", p99, "ns"),
        row("one message in the core, p99.9 (at most)", p999, "ns", _GOALS["p999_ns"]),
    ]


def _sizes(flow: Flow, large_ns: float, rounds: int) -> list[Row]:
    """Measure smaller batches, on a tenth of the messages."""
    part = Flow(flow.filling, flow.measured[: len(flow.measured) // 10], flow.facts)
    sizes = (1, 8, 64)
    runs = [partial(_batched, part, size, whole=False) for size in sizes]
    rows = [
        row(f"from Python, batches of {size}", ns / len(part.measured), "ns/message")
        for size, ns in zip(sizes, _in_turns(rounds, *runs), strict=True)
    ]
    return [*rows, row(f"from Python, batches of {BATCH}", large_ns, "ns/message")]


def _calls(flow: Flow, rounds: int) -> list[Row]:
    """Measure one call a message, beside a loop that calls a function doing nothing."""
    names = ["kind", "id", "side", "price", "quantity", "account"]
    messages = [tuple(int(row[name]) for name in names) for row in flow.measured[:200_000]]
    found = _in_turns(rounds, lambda: _call_nothing(messages), lambda: _call_engine(flow, messages))
    empty, single = (ns / len(messages) for ns in found)
    goal = _GOALS["single_ns"]
    return [
        row("bare Python loop, a call with six numbers", empty, "ns/message"),
        Row(
            name="one call a message (at most)",
            value=single,
            unit="ns/message",
            reference=empty,
            ratio=empty / single,
            goal=goal,
            met=single <= goal,
        ),
    ]


def _call_nothing(messages: list[Any]) -> Numbers:
    """Return ns of each thousand messages of a loop that calls what does nothing."""
    call, times = _floor.nothing, []
    for at in range(0, len(messages), _THOUSAND):
        some = messages[at : at + _THOUSAND]
        began = time.perf_counter_ns()
        for kind, key, side, price, lots, account in some:
            if kind:
                call(key, side, price, lots, account, 1)
        times.append(time.perf_counter_ns() - began)
    return np.array(times)


def _call_engine(flow: Flow, messages: list[Any]) -> Numbers:
    """Return ns of each thousand messages of a loop that calls the engine for each."""
    matcher, times = filled(flow), []
    limit, cancel, replace = matcher.limit, matcher.cancel, matcher.replace
    for at in range(0, len(messages), _THOUSAND):
        some = messages[at : at + _THOUSAND]
        began = time.perf_counter_ns()
        for kind, key, side, price, lots, account in some:
            if kind == 1:
                limit(0, account, key, side, price, lots, 1)
            elif kind == 2:
                cancel(key, 1)
            else:
                replace(key, price, lots, 1)
        times.append(time.perf_counter_ns() - began)
    return np.array(times)


def _memory(flow: Flow) -> Row:
    """Return what a resting order takes: memory touched while the book is filled."""
    rows = np.zeros(len(flow.filling), COMMAND)
    rows["kind"], rows["type"], rows["quantity"] = CommandKind.ADD, OrderKind.LIMIT, 1
    rows["account"], rows["price"] = 1, workload.MIDDLE - 1 - np.arange(len(rows)) % 5000
    rows["id"] = workload.scattered(np.arange(1, len(rows) + 1, dtype=np.uint64))
    events = np.zeros(EVENTS, EVENT)
    matcher = Matcher(instruments=1, accounts=workload.ACCOUNTS + 1, orders=len(rows) * 2)
    matcher.apply_into(workload.opening(), 1, events)
    before = _resident()
    for at in range(0, len(rows), BATCH):
        matcher.apply_into(rows[at : at + BATCH], 1, events)
    return row("memory of a resting order", (_resident() - before) / matcher.live(), "bytes")


def _resident() -> int:
    """Return the bytes of memory in use now, or the most ever where the system tells only that."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
