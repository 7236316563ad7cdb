"""The stream of orders that matching engines are compared by, and what a correct one makes of it.

A flow is drawn from one PCG64: a book is filled around a middle of 100,000 ticks, then each message
is, by chance, a replace of a random live order (5 %), an order priced through the best opposite
price (5 %, one in 50 of them large), or a passive order or a cancel of a random live one, so that
the number of live orders stays near the target. A plain book plays along, since each message
depends on what is live; its trades and what it holds at the end are the result to reach.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fks.contexts.execution.domain.matching.layout import (
    COMMAND,
    UNLIMITED,
    AccountKey,
    CommandKind,
    InstrumentKey,
    Kind,
    OrderKind,
)

__all__ = [
    "ACCOUNTS",
    "DEEP",
    "KNOWN",
    "MIDDLE",
    "STD",
    "Facts",
    "Flow",
    "Profile",
    "generate",
    "opening",
    "scattered",
]

MIDDLE = 100_000  # ticks
ACCOUNTS = 8  # the orders of a flow belong to accounts 1 to 8 in turn
_REPLACED, _CROSSING = 0.05, 0.10  # cumulative shares


class Profile(NamedTuple):
    """How a flow is drawn: messages that fill the book, messages after it, ticks from the best."""

    seed: int
    resting: int
    messages: int
    distance: float


STD = Profile(20240607, 10_000, 1_000_000, 20.0)
DEEP = Profile(20240608, 1_000_000, 1_000_000, 400.0)


class Facts(NamedTuple):
    """What the messages after the filling lead to; prices in ticks."""

    trades: int
    volume: int
    notional: int
    live: int
    best_bid: int | None
    best_ask: int | None


KNOWN = {
    STD: Facts(119_332, 3_620_509, 362_054_606_736, 9_905, 99_990, 99_992),
    DEEP: Facts(89_964, 2_866_100, 286_608_479_706, 996_028, 99_987, 99_988),
}
"""The results of both profiles, computed elsewhere too."""


@dataclass(frozen=True)
class Flow:
    """Rows of COMMAND: first those that fill the book, then those that are measured."""

    filling: npt.NDArray[np.void]
    measured: npt.NDArray[np.void]
    facts: Facts


class _Resting:
    """One order of the plain book; `at` is its place among the live ones."""

    __slots__ = ("at", "id", "lots", "price", "side")

    def __init__(self, key: int, side: int, price: int, lots: int) -> None:
        self.id, self.side, self.price, self.lots, self.at = key, side, price, lots, 0


class _Book:
    """Price, then time, by ordered dictionaries and heaps of prices that may be stale."""

    def __init__(self) -> None:
        self.levels: tuple[dict[int, OrderedDict[int, _Resting]], ...] = ({}, {})
        self.prices: tuple[list[int], list[int]] = ([], [])  # buys negated
        self.live: list[_Resting] = []
        self.trades = self.volume = self.notional = 0

    def best(self, side: int) -> int | None:
        """Return the best price of a side."""
        prices, levels = self.prices[side], self.levels[side]
        while prices:
            price = prices[0] if side else -prices[0]
            if levels.get(price):
                return price
            heapq.heappop(prices)
            levels.pop(price, None)
        return None

    def rest(self, order: _Resting) -> None:
        """Put an order last at its price, and last among the live ones."""
        levels = self.levels[order.side]
        level = levels.get(order.price)
        if not level:
            level = levels[order.price] = OrderedDict()
            heapq.heappush(self.prices[order.side], order.price if order.side else -order.price)
        level[order.id] = order
        order.at = len(self.live)
        self.live.append(order)

    def forget(self, order: _Resting) -> None:
        """Take an order out; the last of the live ones takes its place."""
        del self.levels[order.side][order.price][order.id]
        last = self.live.pop()
        if last is not order:
            self.live[order.at] = last
            last.at = order.at

    def meet(self, order: _Resting) -> None:
        """Trade an order as far as it goes; what is left of it rests."""
        other = 1 - order.side
        while order.lots:
            best = self.best(other)
            if best is None or (best < order.price if order.side else best > order.price):
                break
            maker = next(iter(self.levels[other][best].values()))
            lots = min(order.lots, maker.lots)
            self.trades += 1
            self.volume += lots
            self.notional += lots * best
            order.lots -= lots
            maker.lots -= lots
            if not maker.lots:
                self.forget(maker)
        if order.lots:
            self.rest(order)


class _Draws:
    """All random numbers of a flow, in the order in which they are drawn."""

    def __init__(self, profile: Profile) -> None:
        n = profile.resting + profile.messages
        draw = np.random.Generator(np.random.PCG64(profile.seed))
        self.what: list[float] = draw.random(n).tolist()
        self.passive: list[float] = draw.random(n).tolist()
        self.which: list[float] = draw.random(n).tolist()
        self.side: list[int] = draw.integers(0, 2, n).tolist()
        self.away: list[int] = draw.geometric(1.0 / profile.distance, n).tolist()
        self.lots: list[int] = draw.integers(1, 101, n).tolist()
        self.through: list[int] = draw.integers(1, 6, n).tolist()
        self.small: list[int] = draw.integers(0, 50, n).tolist()  # 0: a large one
        self.large: list[int] = draw.integers(500, 2001, n).tolist()


def generate(profile: Profile) -> Flow:
    """Return the flow of a profile, the same everywhere; a million messages take some seconds."""
    draws, book = _Draws(profile), _Book()
    rows: list[tuple[int, int, int, int, int]] = []
    fresh = 0
    least = max(4, profile.resting // 20)
    for i in range(profile.resting + profile.messages):
        if i == profile.resting:
            book.trades = book.volume = book.notional = 0
        filling = i < profile.resting
        what = draws.what[i]
        live = len(book.live)
        if filling or live < least:
            what = 1.0
        if what < _REPLACED:
            rows.append(_replace(book, draws, i))
            continue
        target = profile.resting
        share = min(0.95, max(0.05, 0.5 + 4.0 * (target - live) / target)) if not filling else 1.0
        if live < least or filling or what < _CROSSING or draws.passive[i] < share:
            fresh += 1
            rows.append(_add(book, draws, i, fresh, filling, what < _CROSSING))
        else:
            order = book.live[int(draws.which[i] * live)]
            book.forget(order)
            rows.append((CommandKind.CANCEL, order.side, order.id, 0, 0))
    commands = _commands(rows)
    facts = (book.trades, book.volume, book.notional, len(book.live), book.best(0), book.best(1))
    return Flow(commands[: profile.resting], commands[profile.resting :], Facts(*facts))


def _add(
    book: _Book, draws: _Draws, i: int, key: int, filling: bool, crossing: bool
) -> tuple[int, int, int, int, int]:
    """Draw a new order, around the middle while filling, else from the best opposite price."""
    side, lots = draws.side[i], draws.lots[i]
    best = None if filling else book.best(1 - side)
    away = -draws.through[i] if crossing else draws.away[i]
    price = (MIDDLE if best is None else best) + (away if side else -away)
    if crossing and draws.small[i] == 0:
        lots = draws.large[i]
    price = max(1, price)
    book.meet(_Resting(key, side, price, lots))
    return CommandKind.ADD, side, key, price, lots


def _replace(book: _Book, draws: _Draws, i: int) -> tuple[int, int, int, int, int]:
    """Draw a new price and quantity of a live order; it never crosses and never stays."""
    order = book.live[int(draws.which[i] * len(book.live))]
    best = book.best(1 - order.side)
    away = draws.away[i] if order.side else -draws.away[i]
    price = (MIDDLE if best is None else best) + away
    if price == order.price:
        price += 1 if order.side else -1
    book.forget(order)
    order.price, order.lots = max(1, price), draws.lots[i]
    book.rest(order)
    return CommandKind.REPLACE, order.side, order.id, order.price, order.lots


def _commands(rows: list[tuple[int, int, int, int, int]]) -> npt.NDArray[np.void]:
    """Return rows of COMMAND; ids are scattered over 63 bits, as clients choose them."""
    columns = np.array(rows, dtype=np.int64)
    made = np.zeros(len(rows), COMMAND)
    for name, column in zip(("kind", "side", "id", "price", "quantity"), columns.T, strict=True):
        made[name] = column
    made["type"] = OrderKind.LIMIT
    made["account"] = 1 + made["id"] % ACCOUNTS
    made["id"] = scattered(made["id"])
    return made


def scattered(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return another number below 2**63 for each (the mixing steps of splitmix64)."""
    mixed = numbers.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    result: npt.NDArray[np.uint64] = (mixed ^ (mixed >> np.uint64(31))) & np.uint64(2**63 - 1)
    return result


def opening() -> npt.NDArray[np.void]:
    """Return the commands that set up instrument 0 and the accounts, with all controls on."""
    wide = 10**18
    instrument = {
        InstrumentKey.KIND: Kind.BOOK,
        InstrumentKey.UNIT_NANOS: 1000,
        InstrumentKey.MIN_LOTS: 1,
        InstrumentKey.MAX_LOTS: 10**6,
        InstrumentKey.MIN_TICKS: 1,
        InstrumentKey.MAX_TICKS: 10**9,
        InstrumentKey.COLLAR_TICKS: 10**6,
        InstrumentKey.STALE_NS: UNLIMITED,
        InstrumentKey.INITIAL_MARGIN_PPB: 10**8,
        InstrumentKey.MAINTENANCE_MARGIN_PPB: 5 * 10**7,
        InstrumentKey.MAKER_FEE_PPB: -1000,
        InstrumentKey.TAKER_FEE_PPB: 2000,
    }
    account = {
        AccountKey.MAX_ORDER_LOTS: 10**6,
        AccountKey.MAX_ORDER_NANOS: 10**15,
        AccountKey.MAX_POSITION_LOTS: 10**10,
        AccountKey.MAX_GROSS_NANOS: wide,
        AccountKey.MAX_NET_NANOS: wide,
        AccountKey.MAX_OPEN_ORDERS: 10**8,
        AccountKey.MAX_OPEN_ORDERS_INSTRUMENT: 10**8,
        AccountKey.ORDERS_PER_SECOND: 10**9,
        AccountKey.MAX_DAY_NANOS: wide,
        AccountKey.MAX_DAY_LOTS: 10**15,
        AccountKey.MAX_CONCENTRATION_PPB: 10**12,
        AccountKey.CHECK_MARGIN: 1,
    }
    rows: list[tuple[int, int, int, int]] = [
        (CommandKind.CONFIGURE_INSTRUMENT, 0, key, value) for key, value in instrument.items()
    ]
    rows.append((CommandKind.REFERENCE, 0, 0, MIDDLE))
    for number in range(1, ACCOUNTS + 1):
        rows += [(CommandKind.CONFIGURE_ACCOUNT, number, key, n) for key, n in account.items()]
        rows.append((CommandKind.CREDIT, number, 0, wide))
    made = np.zeros(len(rows), COMMAND)
    columns = np.array(rows, dtype=np.int64)
    for name, column in zip(("kind", "account", "flags", "price"), columns.T, strict=True):
        made[name] = column
    return made
