"""Random scripts for the matching engines, and the shortest one that still tells them apart.

Prices, ids, links and times come from tiny ranges, so that orders cross, trigger, expire, reuse
ids and meet their siblings all the time. The plain engine runs along while a script is written, so
that most commands mean an order that is live. A script is two arrays: rows of COMMAND, and times.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from tests.contexts.execution.matching.kit import account_rows, instrument_rows, row

from fks.contexts.execution.domain.matching.layout import (
    COMMAND,
    EVENT,
    AccountKey,
    CommandKind,
    Flag,
    Gate,
    InstrumentKey,
    Kind,
    OrderKind,
    Phase,
    Tif,
)
from fks.contexts.execution.domain.matching.reference import ReferenceMatcher

SCALE = int(os.environ.get("FKS_TORTURE_SCALE", "1"))
SIZES = {"instruments": 4, "accounts": 8, "orders": 64, "strategies": 4}
Script = tuple[np.ndarray, np.ndarray]
Make = Callable[..., Any]
BATCH = 50

KINDS = {int(kind): kind.name for kind in CommandKind}
ABOUT_ONE = (
    CommandKind.CANCEL,
    CommandKind.REPLACE,
    CommandKind.VENUE_FILL,
    CommandKind.VENUE_DONE,
)

# What a script is made of: weights of commands, order types, times in force and flags.
COMMANDS = {
    CommandKind.ADD: 60,
    CommandKind.CANCEL: 12,
    CommandKind.REPLACE: 14,
    CommandKind.CANCEL_ALL: 1,
    CommandKind.TIME: 1,
    CommandKind.PHASE: 0,
    CommandKind.REFERENCE: 1,
    CommandKind.NEW_DAY: 0,
    CommandKind.VENUE_FILL: 0,
    CommandKind.VENUE_DONE: 0,
}
PLAIN = {OrderKind.LIMIT: 8, OrderKind.MARKET: 1, OrderKind.MARKET_TO_LIMIT: 1}
TRIGGERS = {OrderKind.LIMIT: 8} | {kind: 1 for kind in OrderKind if kind != OrderKind.LIMIT}
PROFILES: dict[str, dict[str, Any]] = {
    "plain": {"types": PLAIN, "flags": {Flag.POST_ONLY: 0.05}, "iceberg": 0.2},
    "own": {
        "types": PLAIN,
        "flags": {
            Flag.SELF_TRADE_LOW: 0.5,
            Flag.SELF_TRADE_HIGH: 0.5,
            Flag.REDUCE_ONLY: 0.2,
        },
        "iceberg": 0.3,
        "groups": True,
    },
    "triggers": {"types": TRIGGERS, "flags": {Flag.POST_ONLY: 0.02}, "iceberg": 0.1},
    "lists": {
        "types": TRIGGERS,
        "flags": {Flag.OCO: 0.15, Flag.OUO: 0.3, Flag.CHILD: 0.4, Flag.POST_ONLY: 0.02},
        "iceberg": 0.1,
        "tifs": {Tif.GTC: 9, Tif.GTD: 1, Tif.DAY: 1},
    },
    "auctions": {
        "types": PLAIN | {OrderKind.STOP: 1, OrderKind.TRAILING_STOP: 1},
        "flags": {Flag.REDUCE_ONLY: 0.1, Flag.OCO: 0.05, Flag.OUO: 0.05},
        "iceberg": 0.1,
        "tifs": dict.fromkeys(Tif, 2) | {Tif.GTC: 6},
        "commands": {CommandKind.PHASE: 6, CommandKind.REFERENCE: 2},
    },
    "routed": {
        "types": TRIGGERS,
        "flags": {Flag.REDUCE_ONLY: 0.1},
        "iceberg": 0.1,
        "commands": {CommandKind.VENUE_FILL: 30, CommandKind.VENUE_DONE: 8},
        "instruments": [1, 1, 1, 0],
    },
    "all": {
        "types": TRIGGERS,
        "flags": {flag: 0.12 for flag in Flag if flag != Flag.MAKER},
        "iceberg": 0.2,
        "groups": True,
        "garbage": 0.03,
        "limits": True,
        "commands": {
            CommandKind.PHASE: 2,
            CommandKind.REFERENCE: 2,
            CommandKind.NEW_DAY: 1,
            CommandKind.VENUE_FILL: 4,
            CommandKind.VENUE_DONE: 2,
        },
    },
}


def drawn(rng: np.random.Generator, weights: dict[Any, float], n: int) -> np.ndarray:
    """Draw `n` keys by weight."""
    keys = np.array([int(key) for key in weights])
    chances = np.array(list(weights.values()), dtype=float)
    return rng.choice(keys, n, p=chances / chances.sum())


def setup(profile: dict[str, Any]) -> np.ndarray:
    """Return the commands every script begins with."""
    rows = instrument_rows(0, Kind.BOOK, MIN_TICKS=90, MAX_TICKS=112)
    rows += instrument_rows(1, Kind.ROUTED, MIN_TICKS=90, MAX_TICKS=112)
    rows += instrument_rows(2, Kind.BOOK, MIN_TICKS=-5, MAX_TICKS=20, COLLAR_TICKS=4, MIN_LOTS=2)
    rows += [row(CommandKind.REFERENCE, instrument=2, price=3)]
    for account in range(1, 5):
        rows += account_rows(account, (0, 1, 2))
    configure = CommandKind.CONFIGURE_ACCOUNT
    if profile.get("groups"):
        key = AccountKey.SELF_TRADE_GROUP
        rows += [row(configure, account=one, flags=key, price=9) for one in (1, 2)]
        rows += [row(configure, account=3, flags=key, price=4)]
    if profile.get("limits"):
        for key, value in (
            (AccountKey.MAX_POSITION_LOTS, 20),
            (AccountKey.MAX_OPEN_ORDERS, 6),
            (AccountKey.MAX_ORDER_NANOS, 900_000),
            (AccountKey.MAX_GROSS_NANOS, 5_000_000),
            (AccountKey.ORDERS_PER_SECOND, 300),
            (AccountKey.CHECK_MARGIN, 1),
        ):
            rows += [row(configure, account=4, flags=key, price=value)]
        margin = InstrumentKey.INITIAL_MARGIN_PPB
        for one in range(3):
            fields = {"instrument": one, "flags": margin, "price": 10**9}
            rows += [row(CommandKind.CONFIGURE_INSTRUMENT, **fields)]
    return np.concatenate(rows)


def drawn_commands(seed: int, name: str, n: int) -> tuple[np.random.Generator, np.ndarray]:
    """Return `n` commands whose parts do not know of each other."""
    profile = PROFILES[name]
    rng = np.random.default_rng([seed, sorted(PROFILES).index(name)])
    c = np.zeros(n, COMMAND)
    c["kind"] = drawn(rng, COMMANDS | profile.get("commands", {}), n)
    c["side"] = rng.integers(0, 2, n)
    c["type"] = drawn(rng, profile["types"], n)
    c["tif"] = drawn(rng, profile.get("tifs", {Tif.GTC: 12} | dict.fromkeys(list(Tif)[1:], 1)), n)
    for flag, chance in profile["flags"].items():
        c["flags"] |= (rng.random(n) < chance).astype("u2") * np.uint16(flag)
    c["instrument"] = rng.choice(profile.get("instruments", [0, 0, 0, 0, 2, 1]), n)
    c["account"] = rng.integers(1, 5, n)
    c["strategy"] = rng.integers(0, 3, n)
    c["id"] = rng.integers(1, rng.choice([20, 60, 200]), n)
    c["price"] = rng.integers(96, 105, n)
    c["stop"] = rng.integers(95, 106, n)
    low = c["instrument"] == 2
    c["price"][low] -= 97
    c["stop"][low] -= 97
    trailing = np.isin(c["type"], (OrderKind.TRAILING_STOP, OrderKind.TRAILING_STOP_LIMIT))
    c["stop"][trailing] = rng.integers(1, 5, trailing.sum())
    c["price"][trailing] = rng.integers(0, 4, trailing.sum())
    c["quantity"] = rng.integers(1, 13, n)
    hidden = rng.random(n) < profile["iceberg"]
    c["display"][hidden] = rng.integers(1, 5, hidden.sum())
    listed = (c["flags"] & (Flag.OCO | Flag.OUO | Flag.CHILD)) != 0
    c["link"][listed] = rng.integers(1, 6, listed.sum())
    c["account"][listed] = 1 + c["link"][listed] % 2
    c["instrument"][listed & (rng.random(n) < 0.9)] = 0
    refine(rng, c)
    return rng, c


def written(seed: int, name: str, n: int) -> tuple[Script, list[bytes]]:
    """Return the script of a seed: the set-up, and `n` commands; and what comes of it.

    What comes of it are the events and the state hash after every BATCH commands.
    """
    rng, c = drawn_commands(seed, name, n)
    garbage = PROFILES[name].get("garbage", 0.0)
    begin = setup(PROFILES[name])
    times = np.cumsum(rng.integers(0, 4, n)).astype(np.int64) + 100
    c["expire_ns"] = times + rng.integers(-3, 60, n)
    commands = np.concatenate([begin, c])
    times = np.concatenate([np.zeros(len(begin), np.int64), times])
    if garbage:
        spoil(rng, c, garbage)
    luck = rng.random(len(commands))
    sound = rng.random(len(commands)) >= garbage

    def change(engine: ReferenceMatcher, at: int) -> None:
        if at >= len(begin) and sound[at]:
            aim(engine, commands, at, luck[at])

    return played_along(commands, times, change)


PRICES = [-(2**53), -(2**40), -7, -1, 0, 1, 2, 7, 1000, 10**6, 2**31, 2**40, 2**53 - 1, 2**53]
LOTS = [1, 1, 2, 3, 1000, 10**6, 2**31, 2**32 - 1]
UNITS = [1, 1, 1000, 10**6, 2**20, 2**31, 2**53]
FEES = [0, 0, 10**6, -(10**6), 10**9, -(10**9)]
CREDITS = [0, 10**15, 2**62, -(2**62), 2**63 - 1, -(2**63)]


def written_wide(seed: int, n: int) -> tuple[Script, list[bytes]]:
    """Return a script at the edges of what fits 64 bits, and what comes of it."""
    rng, c = drawn_commands(seed, "triggers", n)
    edge = {"MIN_TICKS": -(2**53), "MAX_TICKS": 2**53}
    rows = []
    for one, kind in ((0, Kind.BOOK), (1, Kind.ROUTED), (2, Kind.BOOK)):
        fees = {f"{name}_FEE_PPB": int(rng.choice(FEES)) for name in ("MAKER", "TAKER")}
        unit = int(rng.choice(UNITS))
        lot_fee = int(rng.choice([0, 10**13, -(10**13)]))
        rows += instrument_rows(one, kind, UNIT_NANOS=unit, LOT_FEE_NANOS=lot_fee, **edge, **fees)
    for account in range(1, 5):
        rows += account_rows(account, (0, 1, 2))
        credit = int(rng.choice(CREDITS))
        rows += [row(CommandKind.CREDIT, account=account, price=credit)]
    c["price"] = rng.choice(rng.choice(PRICES, 4), n)
    c["stop"] = rng.choice(rng.choice(PRICES, 4), n)
    c["quantity"] = rng.choice(rng.choice(LOTS, 3), n)
    c["display"] = np.where(rng.random(n) < 0.1, (c["quantity"] + 99) // 100, 0)
    c["instrument"] = rng.choice([0, 0, 0, 2, 1], n)
    extra = rng.random(n)
    c["kind"][extra < 0.03] = CommandKind.REFERENCE
    c["kind"][(extra >= 0.03) & (extra < 0.06)] = CommandKind.VENUE_FILL
    credit = (extra >= 0.06) & (extra < 0.08)
    c["kind"][credit] = CommandKind.CREDIT
    c["price"][credit] = rng.choice(CREDITS, credit.sum())
    begin = np.concatenate(rows)
    commands = np.concatenate([begin, c])
    times = np.arange(len(commands), dtype=np.int64)
    luck = rng.random(len(commands))

    def change(engine: ReferenceMatcher, at: int) -> None:
        if at >= len(begin):
            aim(engine, commands, at, luck[at])

    return played_along(commands, times, change)


def aim(engine: ReferenceMatcher, commands: np.ndarray, at: int, luck: float) -> None:
    """Let most commands mean live orders, and most new ones take an id that is free."""
    c = commands[at : at + 1]
    kind, live = c["kind"][0], engine.live_ids()
    if kind == CommandKind.ADD:
        if luck < 0.95:
            while int(c["id"][0]) in live:
                c["id"] = c["id"][0] % 250 + 1
        if c["flags"][0] & Flag.CHILD and live and luck < 0.9:
            leader = engine.order(live[int(luck * 1000) % len(live)])
            assert leader is not None
            c["link"] = leader["id"]
            c["account"], c["instrument"] = leader["account"], leader["instrument"]
    elif kind in ABOUT_ONE and live and luck < 0.9:
        c["id"] = live[int(luck * 1000) % len(live)]


def played_along(
    commands: np.ndarray, times: np.ndarray, change: Callable[[ReferenceMatcher, int], None]
) -> tuple[Script, list[bytes]]:
    """Let the plain engine take a script, each command changed right before; return both."""
    engine = ReferenceMatcher(**SIZES)
    found, events = [], []
    for at in range(len(commands)):
        change(engine, at)
        events.append(engine.apply(commands[at : at + 1], times[at : at + 1]).tobytes())
        if (at + 1) % BATCH == 0 or at + 1 == len(commands):
            found += [b"".join(events), engine.state_hash()]
            events = []
    return (commands, times), found


def refine(rng: np.random.Generator, c: np.ndarray) -> None:
    """Give the commands that are no orders what they need."""
    ask = np.isin(c["kind"], (CommandKind.CANCEL, CommandKind.REPLACE, CommandKind.CANCEL_ALL))
    c["account"][ask & (rng.random(len(c)) < 0.7)] = 0
    every = c["kind"] == CommandKind.CANCEL_ALL
    c["side"][every] = rng.integers(0, 3, every.sum())
    c["instrument"][every & (rng.random(len(c)) < 0.3)] = 65535
    phase = c["kind"] == CommandKind.PHASE
    kinds = [Phase.OPENING_AUCTION, Phase.CLOSING_AUCTION, Phase.CLOSED, Phase.HALTED]
    c["type"][phase] = rng.choice([Phase.CONTINUOUS] * 6 + kinds, phase.sum())
    fill = c["kind"] == CommandKind.VENUE_FILL
    c["stop"][fill] = rng.integers(-50, 100, fill.sum())
    c["flags"][fill] = rng.choice([0, Flag.MAKER], fill.sum())
    day = c["kind"] == CommandKind.NEW_DAY
    c["account"][day] = rng.integers(0, 5, day.sum())


EXTREMES = [0, 1, 2, 3, 7, 8, 255, 2**16 - 1, 2**31, 2**32 - 1, 2**53, 2**53 + 1, 2**62, 2**63 - 1]


def spoil(rng: np.random.Generator, c: np.ndarray, chance: float) -> None:
    """Make some of the commands senseless, and let some set numbers while orders are live."""
    for at in np.flatnonzero(rng.random(len(c)) < chance):
        name = rng.choice(COMMAND.names)
        value = EXTREMES[rng.integers(0, len(EXTREMES))]
        signed = name in ("price", "stop", "expire_ns")
        if signed and rng.random() < 0.5:
            value = -value
        bits = COMMAND[name].itemsize * 8
        c[name][at] = value if signed else value % 2**bits
    for at in np.flatnonzero(rng.random(len(c)) < chance / 2):
        c[at] = np.zeros(1, COMMAND)[0]
        c["kind"][at] = rng.integers(8, 11)
        c["flags"][at] = rng.integers(0, 17)
        c["instrument"][at] = rng.integers(0, 4)
        c["account"][at] = rng.integers(0, 9)
        c["strategy"][at] = rng.integers(0, 4)
        c["price"][at] = rng.choice([*Gate, 5, 100, 10**9, 2**63 - 1])


def played(make: Make, script: Script) -> list[bytes]:
    """Return events and state hash after each batch of a script."""
    commands, times = script
    engine = make(**SIZES)
    found = []
    for at in range(0, len(commands), BATCH):
        events = engine.apply(commands[at : at + BATCH], times[at : at + BATCH])
        assert events.dtype == EVENT
        found += [events.tobytes(), engine.state_hash()]
    return found


def differ(one: Make, other: Make, script: Script) -> int | None:
    """Return the index of the first command after which two engines differ, None if none."""
    commands, times = script
    left, right = one(**SIZES), other(**SIZES)
    for at in range(len(commands)):
        now = slice(at, at + 1)
        events = [engine.apply(commands[now], times[now]).tobytes() for engine in (left, right)]
        if events[0] != events[1] or left.state_hash() != right.state_hash():
            return at
    return None


def shrunk(one: Make, other: Make, script: Script) -> Script:
    """Return a script as short as can be had by leaving out, after which two engines differ."""
    end = differ(one, other, script)
    assert end is not None
    commands, times = script[0][: end + 1], script[1][: end + 1]
    size = max(1, len(commands) // 2)
    while size:
        at = 0
        while at < len(commands):
            keep = np.r_[0:at, min(at + size, len(commands)) : len(commands)]
            found = differ(one, other, (commands[keep], times[keep]))
            if found is None:
                at += size
            else:
                commands, times = commands[keep][: found + 1], times[keep][: found + 1]
        size //= 2
    return commands, times


def shown(one: Make, other: Make, script: Script) -> str:
    """Return a script line by line, and what each engine says to its last command."""
    commands, times = script
    lines = []
    for command, at in zip(commands, times, strict=True):
        names = [name for name in COMMAND.names or () if name != "kind" and command[name]]
        kind = KINDS.get(int(command["kind"]), "unknown")
        lines.append(f"  @{at} {kind} " + ", ".join(f"{name}={command[name]}" for name in names))
    for make in (one, other):
        engine = make(**SIZES)
        engine.apply(commands[:-1], times[:-1])
        lines.append(f"{make.__name__} says:")
        lines += [f"  {event}" for event in engine.apply(commands[-1:], times[-1:])]
        lines.append(f"  then {engine.state_hash().hex()[:16]}")
    return "\n".join(lines)
