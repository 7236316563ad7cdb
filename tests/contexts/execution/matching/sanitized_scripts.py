"""Sensible scripts at full speed, for the sanitized engine: nobody checks what it answers.

Wild commands are nearly all refused at the door; these are the scripts of the twins, aimed at
orders that are live by the events of the engine itself, so that books fill, trade and empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from tests.properties.matching_scripts import ABOUT_ONE, PROFILES, drawn_commands, setup, spoil

from fks.contexts.execution.domain.matching.layout import CommandKind, EventKind, Flag

CHUNK = 50
NAMES = sorted(PROFILES)
Take = Callable[[np.ndarray, np.ndarray], np.ndarray]


def script(number: int, count: int) -> tuple[np.ndarray, Iterator[tuple[np.ndarray, np.ndarray]]]:
    """Return the set-up of a script, and its `count` commands with times, chunk by chunk."""
    name = NAMES[number % len(NAMES)]
    rng, rows = drawn_commands(number, name, count)
    times = np.cumsum(rng.integers(0, 4, count)).astype(np.int64) + 100
    rows["expire_ns"] = times + rng.integers(-3, 400, count)
    fresh = (rows["kind"] == CommandKind.ADD) & (rng.random(count) < 0.95)
    rows["id"][fresh] = 1_000 + np.flatnonzero(fresh)
    if number % 3 == 0:
        spoil(rng, rows, 0.002)
    chunks = ((rows[at : at + CHUNK], times[at : at + CHUNK]) for at in range(0, count, CHUNK))
    return setup(PROFILES[name]), chunks


def aim(draw: np.random.Generator, rows: np.ndarray, born: np.ndarray) -> None:
    """Let most commands mean one of the orders that were born last."""
    if not len(born):
        return
    chosen = born[draw.integers(0, len(born), len(rows))]
    meant = np.isin(rows["kind"], ABOUT_ONE) & (draw.random(len(rows)) < 0.95)
    rows["id"][meant] = chosen["id"][meant]
    child = (rows["kind"] == CommandKind.ADD) & ((rows["flags"] & Flag.CHILD) != 0)
    for name, source in (("link", "id"), ("account", "account"), ("instrument", "instrument")):
        rows[name][child] = chosen[source][child]


def played(draw: np.random.Generator, number: int, count: int, take: Take) -> None:
    """Give a script to an engine; `take` returns the events of a chunk."""
    begin, chunks = script(number, count)
    take(begin, np.zeros(len(begin), np.int64))
    born = take(begin[:0], np.zeros(0, np.int64))
    for rows, times in chunks:
        aim(draw, rows, born)
        events = take(rows, times)
        new = events[np.isin(events["kind"], (EventKind.ACCEPTED, EventKind.ROUTED))]
        born = np.concatenate([born, new])[-40:]
