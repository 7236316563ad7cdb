"""Run random commands through a sanitized build of the engine; started by test_sanitized.py.

Arguments: the folder of the build, how many commands, the seed. A sanitizer that finds something
ends the process.
"""

from __future__ import annotations

import sys

sys.path.insert(0, sys.argv[1])

import _matching
import numpy as np
from tests.contexts.execution.matching.sanitized_scripts import played
from tests.properties.matching_scripts import SIZES

COMMAND = np.dtype(
    [
        *((name, "u1") for name in ("kind", "side", "type", "tif")),
        *((name, "<u2") for name in ("flags", "instrument")),
        *((name, "<u4") for name in ("account", "strategy")),
        *((name, "<i8") for name in ("id", "price", "stop")),
        *((name, "<u4") for name in ("quantity", "display")),
        *((name, "<i8") for name in ("expire_ns", "link")),
    ]
)
BATCH, IDS, ORDERS = 2_000, 300, 200
SHAPE = ("instruments", "accounts", "orders", "strategies")
UNLIMITED = 2**63 - 1
ADD, CANCEL, REPLACE, CANCEL_ALL, PHASE, REFERENCE, INSTRUMENT, ACCOUNT = 1, 2, 3, 4, 6, 7, 8, 9


def setup() -> np.ndarray:
    """Return the commands that give two books, a routed instrument and four accounts."""
    rows = [(INSTRUMENT, 0, at, 1, 2 if at == 2 else 1) for at in range(3)]
    terms = {
        2: 1000,
        3: 1,
        4: UNLIMITED,
        5: -500,
        6: 10**6,
        7: UNLIMITED,
        8: UNLIMITED,
        9: UNLIMITED,
    }
    terms |= {10: -1000, 11: 2000}
    rows += [(INSTRUMENT, 0, at, key, value) for at in range(3) for key, value in terms.items()]
    for account in range(1, 5):
        rows += [(ACCOUNT, account, at, key, UNLIMITED) for at in range(3) for key in range(3, 15)]
        rows.append((11, account, 0, 0, 10**15))
    rows.append((ACCOUNT, 1, 0, 2, 7))
    rows.append((ACCOUNT, 2, 0, 2, 7))
    made = np.zeros(len(rows), COMMAND)
    made["kind"], made["account"], made["instrument"], made["flags"], made["price"] = np.array(
        rows, np.int64
    ).T
    return made


def drawn(draw: np.random.Generator, now: int) -> np.ndarray:
    """Return a batch of commands, most of them sensible, some of them not at all."""
    rows = np.zeros(BATCH, COMMAND)
    kinds = [ADD, CANCEL, REPLACE, CANCEL_ALL, 5, PHASE, REFERENCE, INSTRUMENT, ACCOUNT, 13, 14, 99]
    odds = np.array([58, 12, 16, 0.3, 1, 3, 1, 0.7, 1, 4, 2, 1])
    rows["kind"] = draw.choice(kinds, BATCH, p=odds / odds.sum())
    rows["side"] = draw.choice([0, 1, 2, 3], BATCH, p=[0.48, 0.48, 0.03, 0.01])
    rows["type"] = draw.choice(10, BATCH, p=[0.06, 0.54, *[0.05] * 7, 0.05])
    rows["tif"] = draw.choice(8, BATCH, p=[0.6, 0.08, 0.06, 0.1, 0.06, 0.04, 0.04, 0.02])
    flags = draw.choice(
        [0, 1, 2, 4, 8, 16, 20, 24, 18, 6, 12, 200], BATCH, p=[0.5, *[0.05] * 9, 0.04, 0.01]
    )
    rows["flags"] = flags | draw.choice([0, 32, 64, 96], BATCH)
    rows["instrument"] = draw.choice([0, 1, 2, 3, 65535], BATCH, p=[0.6, 0.2, 0.15, 0.03, 0.02])
    rows["account"] = draw.choice([0, 1, 2, 3, 4, 77], BATCH, p=[0.2, 0.2, 0.2, 0.2, 0.19, 0.01])
    rows["account"][rows["kind"] == ADD] = draw.integers(1, 5, (rows["kind"] == ADD).sum())
    rows["id"] = draw.integers(1, IDS, BATCH)
    rows["link"] = np.where(draw.random(BATCH) < 0.5, draw.integers(1, IDS, BATCH), 1000)
    spread = draw.choice([8, 8, 8, 300, 200_000], BATCH)
    rows["price"] = 1000 + draw.integers(-spread, spread + 1)
    rows["stop"] = np.where(draw.random(BATCH) < 0.7, 1000 + draw.integers(-8, 9, BATCH), 3)
    rows["quantity"] = draw.choice(
        [1, 2, 5, 9, 30, 0, 2**32 - 1], BATCH, p=[0.2, 0.2, 0.2, 0.2, 0.18, 0.01, 0.01]
    )
    rows["display"] = draw.choice([0, 1, 3], BATCH, p=[0.9, 0.05, 0.05])
    rows["expire_ns"] = now + draw.integers(-2, 500, BATCH)
    wild = draw.random(BATCH) < 0.01
    for name in ("price", "stop", "expire_ns", "id"):
        rows[name][wild] = draw.integers(-(2**63), 2**63 - 1, wild.sum())
    setting = np.isin(rows["kind"], (INSTRUMENT, ACCOUNT))
    rows["flags"][setting] = draw.choice([1, 2, 3, 5, 6, 10], setting.sum())
    rows["price"][setting] = draw.choice([0, 1, 2, 7, 900, UNLIMITED], setting.sum())
    return rows


class Engine:
    """A sanitized engine that counts its events, and goes through snapshots now and then."""

    def __init__(self, draw: np.random.Generator, sizes: tuple[int, int, int, int]) -> None:
        self.draw, self.sizes, self.kinds = draw, sizes, np.zeros(13, np.int64)
        self.fresh()

    def fresh(self) -> None:
        """Begin anew."""
        self.matcher = _matching.Matcher(*self.sizes)

    def take(self, rows: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Apply commands through a buffer that may be far too small; return all events."""
        room, said, done = int(self.draw.choice([1, 7, 100, 5000])), [], 0
        events, offsets = np.zeros(room, _matching.EVENT), np.zeros(len(rows), np.int64)
        while done < len(rows):
            taken, written = self.matcher.apply_into(rows[done:], times[done:], events, offsets)
            said.append(events[:written].copy())
            done += taken
        while written := self.matcher.apply_into(rows[:0], 0, events)[1]:
            said.append(events[:written].copy())
        found = np.concatenate([*said, events[:0]])
        self.kinds += np.bincount(found["kind"], minlength=13)
        return found

    def come_back(self) -> None:
        """Go on from a snapshot."""
        kept = self.matcher.snapshot()
        self.fresh()
        self.matcher.restore(kept)
        assert self.matcher.snapshot() == kept


def main() -> None:
    """Apply wild batches and sensible scripts in turn, in all ways."""
    total, seed = int(sys.argv[2]), int(sys.argv[3])
    draw = np.random.default_rng(seed)
    wild = Engine(draw, (4, 6, ORDERS, 8))
    sound = Engine(draw, tuple(SIZES[name] for name in SHAPE))
    wild.take(setup(), np.zeros(len(setup()), np.int64))
    now = 0
    for number in range(max(1, total // BATCH)):
        if number % 4:
            sound.fresh()
            played(draw, seed * 100_000 + number, BATCH, sound.take)
            sound.come_back()
            continue
        times = now + np.cumsum(draw.integers(0, 3, BATCH))
        wild.take(drawn(draw, now), times)
        now = int(times[-1])
        wild.come_back()
        if number % 16 == 0:
            wild.fresh()
            wild.take(setup(), np.full(len(setup()), now))
        matcher = wild.matcher
        matcher.add(0, 1, 5, 0, 1, 0, 0, 1000, 3, ts_ns=now)
        matcher.replace(5, 1001, 4, ts_ns=now)
        matcher.cancel(5, ts_ns=now)
        matcher.last_events()
        matcher.depth(0, 3)
    sys.stdout.write(" ".join(str(int(count)) for count in wild.kinds + sound.kinds))


main()
