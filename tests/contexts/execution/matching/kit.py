"""A small venue around either engine, and its events in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from fks.contexts.execution.domain.matching.layout import (
    COMMAND,
    UNLIMITED,
    AccountKey,
    CommandKind,
    EventKind,
    Flag,
    InstrumentKey,
    Kind,
    OrderKind,
    Phase,
    Reason,
    SelfTrade,
    Tif,
)
from fks.contexts.execution.domain.matching.reference import ReferenceMatcher

SIZES = {"instruments": 4, "accounts": 8, "orders": 512}
BOOK, AWAY = 0, 1  # the instruments of the venue
MIN_TICKS, MAX_TICKS = 1, 1_000_000
CASH = 10**15

INSTRUMENT = {
    InstrumentKey.UNIT_NANOS: 1000,
    InstrumentKey.MIN_LOTS: 1,
    InstrumentKey.MAX_LOTS: UNLIMITED,
    InstrumentKey.MIN_TICKS: MIN_TICKS,
    InstrumentKey.MAX_TICKS: MAX_TICKS,
    InstrumentKey.COLLAR_TICKS: UNLIMITED,
    InstrumentKey.STALE_NS: UNLIMITED,
    InstrumentKey.INITIAL_MARGIN_PPB: UNLIMITED,
    InstrumentKey.MAKER_FEE_PPB: -1_000_000,
    InstrumentKey.TAKER_FEE_PPB: 2_000_000,
}
UNLIMITED_KEYS = [
    key
    for key in AccountKey
    if key not in (AccountKey.GATE, AccountKey.SELF_TRADE_GROUP, AccountKey.LIMITS_VERSION)
]


def row(kind: CommandKind, **fields: int) -> np.ndarray:
    """Return one command."""
    made = np.zeros(1, COMMAND)
    made["kind"] = kind
    for name, value in fields.items():
        made[name] = value
    return made


def instrument_rows(instrument: int, kind: Kind, **changed: int) -> list[np.ndarray]:
    """Return the commands that set an instrument up."""
    numbers = {InstrumentKey.KIND: int(kind)} | INSTRUMENT
    numbers |= {InstrumentKey[name]: value for name, value in changed.items()}
    return [
        row(CommandKind.CONFIGURE_INSTRUMENT, instrument=instrument, flags=key, price=value)
        for key, value in numbers.items()
    ]


def account_rows(account: int, instruments: tuple[int, ...] = (BOOK, AWAY)) -> list[np.ndarray]:
    """Return the commands that let an account trade without limits."""
    return [
        row(
            CommandKind.CONFIGURE_ACCOUNT,
            account=account,
            instrument=instrument,
            flags=key,
            price=UNLIMITED,
        )
        for key in UNLIMITED_KEYS
        for instrument in instruments
    ] + [row(CommandKind.CREDIT, account=account, price=CASH)]


def told(event: Any) -> str:
    """Return an event in words."""
    kind = EventKind(int(event["kind"]))
    key, lots, leaves = int(event["id"]), int(event["quantity"]), int(event["leaves"])
    other, price = int(event["other"]), int(event["price"])
    why = Reason(int(event["reason"])).name
    cause = f" by {other}" if other else ""
    if kind == EventKind.TRADE:
        return f"{key} takes {lots} of {other} at {price}"
    if kind == EventKind.VENUE_TRADE:
        return f"{key} filled {lots} at {price}, {leaves} left"
    if kind == EventKind.PHASE:
        return f"phase {Phase(int(event['flags'])).name}" + (f" {lots} at {price}" if lots else "")
    if kind == EventKind.DONE:
        return f"done {CommandKind(int(event['flags'])).name} {lots}"
    if kind == EventKind.REJECTED:
        return f"{key} rejected {why}"
    if kind in (EventKind.CANCELLED, EventKind.EXPIRED):
        return f"{key} {kind.name.lower()} {lots} {why}{cause}"
    if kind == EventKind.RESTATED:
        active = f" ({lots} active)" if lots != leaves else ""
        return f"{key} has {leaves}{active} {why}{cause}"
    return f"{key} {kind.name.lower()} {lots}" + (f" at {price}" if price else "")


class Venue:
    """An engine with two instruments and six accounts without limits, and a clock that ticks."""

    def __init__(self, matcher: Any) -> None:
        self.matcher = matcher
        self.now_ns = 0
        rows = instrument_rows(BOOK, Kind.BOOK) + instrument_rows(AWAY, Kind.ROUTED)
        for account in range(1, 7):
            rows += account_rows(account)
        for event in self.apply(np.concatenate(rows)):
            assert event["kind"] == EventKind.DONE, told(event)

    def apply(self, commands: np.ndarray) -> np.ndarray:
        """Apply commands one ns later."""
        self.now_ns += 1
        return self.matcher.apply(commands, self.now_ns)

    def send(self, kind: CommandKind, **fields: int) -> list[str]:
        """Apply one command; return what happened, in words."""
        return [told(event) for event in self.apply(row(kind, **fields))]

    def apply_one(self, kind: CommandKind, **fields: int) -> Any:
        """Apply one command; return its last event as it is."""
        return self.apply(row(kind, **fields))[-1]

    def add(self, key: int, side: int, price: int, lots: int, **fields: int) -> list[str]:
        """Ask for an order of account 1, a limit order unless told."""
        given = {"account": 1, "type": OrderKind.LIMIT} | fields
        return self.send(CommandKind.ADD, id=key, side=side, price=price, quantity=lots, **given)

    def buy(self, key: int, price: int, lots: int, **fields: int) -> list[str]:
        """Ask to buy."""
        return self.add(key, 0, price, lots, **fields)

    def sell(self, key: int, price: int, lots: int, **fields: int) -> list[str]:
        """Ask to sell."""
        return self.add(key, 1, price, lots, **fields)

    def cancel(self, key: int, **fields: int) -> list[str]:
        """Ask to cancel."""
        return self.send(CommandKind.CANCEL, id=key, **fields)

    def replace(self, key: int, price: int, lots: int, **fields: int) -> list[str]:
        """Ask to change an order."""
        return self.send(CommandKind.REPLACE, id=key, price=price, quantity=lots, **fields)

    def phase_events(self, phase: Phase) -> np.ndarray:
        """Move the book to a phase; return the events as they are."""
        return self.apply(row(CommandKind.PHASE, type=phase))

    def phase(self, phase: Phase, instrument: int = BOOK) -> list[str]:
        """Move an instrument to a phase."""
        return self.send(CommandKind.PHASE, type=phase, instrument=instrument)

    def print(self, price: int) -> None:
        """Let account 5 and 6 make `price` the last trade, and nothing else."""
        self.sell(10**9, price, 1, account=5)
        assert f"takes 1 of {10**9} at {price}" in self.buy(10**9 + 1, price, 1, account=6)[1]

    def at(self, ts_ns: int) -> list[str]:
        """Let time come to a point."""
        self.now_ns = ts_ns - 1
        return self.send(CommandKind.TIME)

    def group(self, account: int, group: int) -> None:
        """Put an account into a self-trade group."""
        self.send(
            CommandKind.CONFIGURE_ACCOUNT,
            account=account,
            flags=AccountKey.SELF_TRADE_GROUP,
            price=group,
        )

    def send_instrument(self, instrument: int) -> None:
        """Set up one more book, in which account 1 may trade."""
        rows = instrument_rows(instrument, Kind.BOOK) + account_rows(1, (instrument,))
        self.apply(np.concatenate(rows))

    def reference(self, price: int) -> None:
        """Give the book a reference price."""
        self.send(CommandKind.REFERENCE, price=price)

    def position(self, account: int) -> int:
        """Return the position in the book."""
        return self.matcher.position(account, BOOK)

    def book(self) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
        """Return what is shown: (price, lots, orders), buys and sells."""
        buys, sells = self.matcher.depth(BOOK, 100)
        return [tuple(one) for one in buys.tolist()], [tuple(one) for one in sells.tolist()]

    def queue(self) -> tuple[list[int], list[int]]:
        """Return the ids in the book."""
        buys, sells = self.matcher.open_ids(BOOK)
        return list(map(int, buys)), list(map(int, sells))


def mode(how: SelfTrade) -> int:
    """Return the flags of a self-trade mode."""
    return int(how) << 5


__all__ = [
    "AWAY", "BOOK", "CASH", "MAX_TICKS", "MIN_TICKS", "SIZES", "AccountKey", "CommandKind", "Flag",
    "InstrumentKey", "OrderKind", "Phase", "Reason", "ReferenceMatcher", "SelfTrade", "Tif",
    "Venue", "account_rows", "instrument_rows", "mode", "row", "told",
]  # fmt: skip
