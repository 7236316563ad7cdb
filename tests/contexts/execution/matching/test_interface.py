"""One call, a batch, a snapshot: three ways to the same engine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.contexts.execution.matching.kit import BOOK, SIZES, Tif, Venue, told

from fks.contexts.execution.domain.matching.layout import COMMAND, EVENT
from fks.kernel.errors import Invalid

BENCH = Path(__file__).resolve().parents[4].parent / "shared" / "bench"


def flow(orders: int, messages: int, seed: int = 7) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the commands of a benchmark's order flow, and what they must come to."""
    if not BENCH.exists():
        pytest.skip("the order flow of the benchmarks is not here")
    sys.path.insert(0, str(BENCH))
    try:
        import orderflow
    finally:
        sys.path.remove(str(BENCH))
    rows, facts = orderflow.generate(seed, orders, messages, 20.0)
    made = np.zeros(len(rows), COMMAND)
    names = {"kind": "kind", "side": "side", "tif": "tif", "quantity": "qty", "id": "oid"}
    for name, given in {**names, "price": "price"}.items():
        made[name] = rows[given]
    made["type"] = 1
    made["account"] = 1
    return made, facts


def test_the_order_flow_of_the_benchmarks_comes_to_what_it_must(make: Any) -> None:
    """Lost: a fast engine that is wrong."""
    commands, facts = flow(500, 10_000)
    venue = Venue(make(**SIZES | {"orders": 4096}))
    first = facts["n_preload"]
    venue.apply(commands[:first])
    before = venue.matcher.facts(BOOK)
    venue.apply(commands[first:])
    found = [int(a - b) for a, b in zip(venue.matcher.facts(BOOK), before, strict=True)]
    assert found == [facts["trades"], facts["volume"], facts["notional"]]
    assert venue.matcher.live() == facts["live"]
    best = venue.matcher.best(BOOK, 0), venue.matcher.best(BOOK, 1)
    assert best == (facts["best_bid"], facts["best_ask"])
    levels = [len(side) for side in venue.matcher.depth(BOOK, 10**6)]
    assert levels == facts["levels"]


def test_a_batch_is_the_same_as_one_by_one(make: Any) -> None:
    """Lost: a batch that depends on where it was cut."""
    commands, _ = flow(50, 400)
    times = np.arange(len(commands), dtype=np.int64) + 5
    whole, single, called = (Venue(make(**SIZES)) for _ in range(3))
    events = whole.matcher.apply(commands, times)
    parts = [single.matcher.apply(commands[k : k + 1], times[k : k + 1]) for k in range(len(times))]
    assert events.tobytes() == np.concatenate(parts).tobytes()
    heard = []
    for c, at in zip(commands, times.tolist(), strict=True):
        key, price, lots = int(c["id"]), int(c["price"]), int(c["quantity"])
        if c["kind"] == 1:
            side, tif = int(c["side"]), int(c["tif"])
            if tif:
                n = called.matcher.add(BOOK, 1, key, side, 1, tif, 0, price, lots, ts_ns=at)
            else:
                n = called.matcher.limit(BOOK, 1, key, side, price, lots, at)
        elif c["kind"] == 2:
            n = called.matcher.cancel(key, ts_ns=at)
        else:
            n = called.matcher.replace(key, price, lots, ts_ns=at)
        heard.append(called.matcher.last_events())
        assert len(heard[-1]) == n
    assert np.concatenate(heard).tobytes() == events.tobytes()
    hashes = {venue.matcher.state_hash() for venue in (whole, single, called)}
    assert len(hashes) == 1


def test_one_call_takes_every_field(venue: Venue) -> None:
    """Lost: an order type that only a batch can place."""
    at = venue.now_ns + 10
    given = {"stop": 105, "display": 2, "expire_ns": at + 99, "link": 7, "strategy": 3}
    assert venue.matcher.add(BOOK, 1, 5, 0, 3, Tif.GTD, 4, 106, 9, ts_ns=at, **given) == 1
    order = venue.matcher.order(5)
    expected = given | {"id": 5, "price": 106, "open": 9, "type": 3, "tif": 3, "flags": 4}
    assert {name: order[name] for name in expected} == expected
    assert venue.matcher.replace(5, 107, 8, ts_ns=at, account=1, stop=104, display=1) == 1
    assert told(venue.matcher.last_events()[0]) == "5 replaced 8 at 107"
    assert venue.matcher.cancel(5, ts_ns=at, account=2) == 1
    assert told(venue.matcher.last_events()[0]) == "5 rejected UNKNOWN_ORDER"


def test_events_are_written_where_they_are_wanted(venue: Venue) -> None:
    """Lost: a batch without allocation."""
    commands, _ = flow(50, 200)
    out, offsets = np.zeros(4096, EVENT), np.zeros(len(commands), np.int64)
    done, written = venue.matcher.apply_into(commands, 10, out, offsets)
    assert done == len(commands)
    assert offsets[-1] == written
    assert (np.diff(offsets) >= 1).all()
    starts = np.r_[0, offsets[:-1]]
    assert (out["id"][starts] == commands["id"]).all()


@pytest.mark.parametrize("room", [1, 2, 3, 7, 64])
def test_a_small_place_for_events_loses_none(make: Any, room: int) -> None:
    """Lost: events that found no room."""
    commands, _ = flow(50, 200)
    whole, small = Venue(make(**SIZES)), Venue(make(**SIZES))
    events = whole.matcher.apply(commands, 10)
    out, at, heard = np.zeros(room, EVENT), 0, []
    while True:
        done, written = small.matcher.apply_into(commands[at:], 10, out)
        at += done
        heard.append(out[:written].copy())
        if not written:
            break
    assert at == len(commands)
    assert np.concatenate(heard).tobytes() == events.tobytes()
    assert small.matcher.state_hash() == whole.matcher.state_hash()


def test_nothing_to_do_is_nothing_done(venue: Venue) -> None:
    """Lost: a crash on an empty batch."""
    before = venue.matcher.snapshot()
    assert len(venue.matcher.apply(np.zeros(0, COMMAND), 5)) == 0
    assert venue.matcher.snapshot() == before


def test_a_snapshot_is_the_engine(make: Any, venue: Venue) -> None:
    """Lost: an engine that comes back as another."""
    venue.group(1, 9)
    venue.print(100)
    venue.buy(1, 99, 9, display=2)
    venue.sell(2, 0, 5, type=7, stop=3)
    venue.sell(3, 120, 5, flags=16 | 8, link=1)
    venue.buy(4, 90, 5, tif=Tif.AT_CLOSE)
    venue.buy(5, 90, 5, tif=Tif.GTD, expire_ns=5000)
    kept = venue.matcher.snapshot()
    other = make(**SIZES)
    other.restore(kept)
    assert other.snapshot() == kept
    assert other.state_hash() == venue.matcher.state_hash()
    twin = Venue.__new__(Venue)
    twin.matcher, twin.now_ns = other, venue.now_ns
    for one in (venue, twin):
        one.heard = one.sell(7, 99, 4, account=2) + one.phase(3) + one.at(6000) + one.phase(0)
    assert venue.heard == twin.heard
    assert other.snapshot() == venue.matcher.snapshot()


def test_a_damaged_snapshot_is_refused_and_nothing_changes(make: Any, venue: Venue) -> None:
    """Lost: an engine half restored."""
    venue.buy(1, 99, 9)
    kept = venue.matcher.snapshot()
    other = Venue(make(**SIZES))
    other.sell(5, 101, 1)
    before = other.matcher.snapshot()
    damaged = [
        b"",
        kept[:20],
        kept[:-1],
        kept + b"\0",
        b"X" + kept[1:],
        kept[:8] + b"\2" + kept[9:],
    ]
    for data in damaged:
        with pytest.raises(Invalid):
            other.matcher.restore(data)
        assert other.matcher.snapshot() == before


def test_the_state_hash_tells_engines_apart(make: Any) -> None:
    """Lost: a hash that does not see a difference in place, time or price."""
    seen = set()
    for script in ([(1, 100), (2, 100)], [(2, 100), (1, 100)], [(1, 101), (2, 100)]):
        venue = Venue(make(**SIZES))
        for key, price in script:
            venue.buy(key, price, 5)
        seen.add(venue.matcher.state_hash())
    assert len(seen) == 3


def test_a_snapshot_with_a_flipped_bit_is_refused_or_is_the_engine(make: Any, venue: Venue) -> None:
    """Lost: an engine that is not what its bytes say, or a crash while reading them."""
    venue.print(100)
    venue.buy(1, 99, 9, display=2)
    venue.sell(2, 0, 5, type=7, stop=3)
    venue.sell(3, 120, 5, flags=16 | 8, link=1)
    venue.buy(4, 90, 5, tif=Tif.GTD, expire_ns=5000)
    kept = venue.matcher.snapshot()
    taken = 0
    for at in range(len(kept)):
        flipped = bytearray(kept)
        flipped[at] ^= 1 << (at % 8)
        other = make(**SIZES)
        try:
            other.restore(bytes(flipped))
        except Invalid:
            continue
        taken += 1
        assert other.snapshot() == bytes(flipped), f"byte {at}"
    assert 0 < taken < len(kept)
