"""`fks bench execution`: risk, match and journal in one run, over the flow of `fks bench matching`.

Four contestants take turns: the bare floor, the engine with its controls, the engine with a journal
that is written but not synced, and the engine with a commit (write and sync) every 10,000 messages
while the next ones are matched. Each run's book is compared with what the flow leads to, and all
engines must have the same state, before a time counts. At the end the journal of the last run is
read to its last byte and replayed to the same state.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt

from fks.contexts.execution.adapters.journal.opening import Durability
from fks.contexts.execution.domain.matching import workload
from fks.contexts.execution.domain.matching.layout import EVENT
from fks.contexts.execution.domain.matching.workload import STD, Flow
from fks.contexts.execution.service.bench_flow import (
    BATCH,
    EVENTS,
    QUICK,
    WrongResult,
    answered,
    check,
    filled,
    no_collections,
    row,
    split,
)
from fks.contexts.execution.service.bench_journaled import (
    Checked,
    JournaledEngine,
    checked,
    own_folder,
)
from fks.kernel.benchmarks import Measured, Row

__all__ = ["run"]

Times = npt.NDArray[np.float64]
_COMMIT = 10_000
_BARE_BYTES = 1 << 20
_SIZES = (1, 8, 32, 128)
_FLOOR_NS = 5.2  # of the machine for which the goals were set
_GOALS_NS = {"written": 45.0, "synced": 110.0}


def run(quick: bool, folder: str = "") -> Measured:
    """Return the rows; `quick` takes a tenth of the messages and fewer rounds and submits."""
    with no_collections(), own_folder(folder) as place:
        flow = workload.generate(QUICK if quick else STD)
        rows, found = _throughput(flow, place, 3 if quick else 9, small=quick)
        rows += _submits(flow, place, 50 if quick else 500, small=quick)
    facts: dict[str, str | int | float] = {
        "state": found.state,
        "journal_records": found.records,
        "journal_groups": found.groups,
        "journal_bytes": found.bytes,
    }
    return Measured(rows, facts)


class _States:
    """The hashes of all engines, which must be one."""

    def __init__(self) -> None:
        self.known = b""

    def same(self, state: bytes) -> None:
        """Raise `WrongResult` for another hash than the first."""
        self.known = self.known or state
        if state != self.known:
            raise WrongResult("the engine with a journal has another state than the one without")


def _throughput(flow: Flow, place: Path, rounds: int, *, small: bool) -> tuple[list[Row], Checked]:
    """Measure all contestants in turns; check the journal of the last round."""
    states, last = _States(), place / f"synced-{rounds - 1}"
    found: list[Checked] = []

    def journaled(name: str, number: int, durability: Durability) -> tuple[float, float]:
        where = place / f"{name}-{number}"
        with_journal = JournaledEngine(flow, where, durability, small=small)
        began, worked = time.perf_counter_ns(), time.thread_time_ns()
        for rows in split(flow.measured, _COMMIT):
            with_journal.take(rows)
        with_journal.settle()
        taken, worked = time.perf_counter_ns() - began, time.thread_time_ns() - worked
        with_journal.check()
        with_journal.close()
        states.same(with_journal.matcher.state_hash())
        if where == last:
            found.append(checked(flow, where, with_journal.matcher, with_journal.journal.seq))
        shutil.rmtree(where)
        return float(taken), float(worked)

    contestants: list[Callable[[int], tuple[float, ...]]] = [
        lambda _: (float(answered(flow).sum()),),
        lambda _: (_matched(flow, states),),
        lambda number: journaled("written", number, "unsafe-backtest"),
        lambda number: journaled("synced", number, "group"),
    ]
    times = np.array(
        [[ns for one in contestants for ns in one(number)] for number in range(rounds)]
    )
    return _rows(times / len(flow.measured)), found[0]


def _matched(flow: Flow, states: _States) -> float:
    """Return ns of the flow through the engine alone."""
    matcher = filled(flow)
    before, events = matcher.facts(0), np.zeros(EVENTS, EVENT)
    began = time.perf_counter_ns()
    for batch in split(flow.measured, BATCH):
        matcher.apply_into(batch, 1, events)
    taken = time.perf_counter_ns() - began
    check(matcher, flow, before)
    states.same(matcher.state_hash())
    return float(taken)


def _rows(times: Times) -> list[Row]:
    """Return the medians of the rounds, and their ratios to the floor of the same round."""
    floor, matched, written, written_own, synced, synced_own = times.T
    name = "risk, match and journal"
    return [
        row("floor: read 64 bytes, answer 32", median(floor), "ns/message"),
        *_beside("risk and match", matched, floor),
        *_beside(f"{name}, not synced", written, floor, _GOALS_NS["written"]),
        row(f"{name}, not synced: the engine's own thread", median(written_own), "ns/message"),
        *_beside(f"{name}, a commit every {_COMMIT:,}", synced, floor, _GOALS_NS["synced"]),
        row(f"{name}, committed: the engine's own thread", median(synced_own), "ns/message"),
    ]


def _beside(name: str, taken: Times, floor: Times, goal_ns: float | None = None) -> list[Row]:
    """Return the median beside that of the floor, and the best round."""
    ratio = median(floor / taken)
    goal = None if goal_ns is None else _FLOOR_NS / goal_ns
    return [
        Row(
            name=name,
            value=median(taken),
            unit="ns/message",
            reference=median(floor),
            ratio=ratio,
            goal=goal,
            met=None if goal is None else ratio >= goal,
        ),
        row(f"{name}, best round", float(taken.min()), "ns/message"),
    ]


def _submits(flow: Flow, place: Path, count: int, *, small: bool) -> list[Row]:
    """Measure submits that wait for the disk, beside a bare write and sync of as many bytes."""
    where, bare = place / "submits", place / "bare"
    with_journal = JournaledEngine(flow, where, small=small)
    handle = _file_of_zeros(bare)
    times = np.zeros((len(_SIZES), 2, count))
    assert count * sum(_SIZES) <= len(flow.measured)
    at = 0
    for number in range(count):
        for index, size in enumerate(_SIZES):
            rows = flow.measured[at : at + size]
            at += size
            data, clock = rows.tobytes(), time.perf_counter_ns
            began = clock()
            os.pwrite(handle, data, at * 64 % _BARE_BYTES)
            os.fdatasync(handle)
            between = clock()
            with_journal.take(rows)
            with_journal.settle()
            times[index, :, number] = between - began, clock() - between
    os.close(handle)
    with_journal.close()
    checked(flow, where, with_journal.matcher, with_journal.journal.seq)
    shutil.rmtree(where)
    return [
        line for size, pair in zip(_SIZES, times, strict=True) for line in _quantiles(size, pair)
    ]


def _quantiles(size: int, pair: Times) -> list[Row]:
    """Return three quantiles of the durable submit beside those of the bare sync, in us."""
    return [
        Row(
            name=f"durable submit of {size}: {name}",
            value=float(np.percentile(pair[1], share)) / 1000,
            unit="us",
            reference=float(np.percentile(pair[0], share)) / 1000,
            ratio=float(np.percentile(pair[0], share) / np.percentile(pair[1], share)),
            goal=None,
            met=None,
        )
        for name, share in (("p50", 50), ("p99", 99), ("p99.9", 99.9))
    ]


def _file_of_zeros(path: Path) -> int:
    """Return a handle of a durable file that a sync need not grow."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    os.pwrite(handle, bytes(2 * _BARE_BYTES), 0)
    os.fsync(handle)
    return handle
