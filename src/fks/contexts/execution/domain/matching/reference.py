"""The plain twin of the compiled matching engine: slow, small, and the one to read.

It follows `docs/explanation/matching.md` sentence by sentence and gives the same events, the same
snapshot and the same state hash as `_matching.Matcher` for every sequence of commands. Tests
compare the two; where they differ this one is right.
"""

from __future__ import annotations

import hashlib
from collections import deque

import numpy as np
import numpy.typing as npt

from fks.contexts.execution.domain.matching.layout import (
    COMMAND,
    EVENT,
    CommandKind,
    EventKind,
    OrderKind,
    Phase,
    Reason,
)
from fks.contexts.execution.domain.matching.ledger_accounts import Holding
from fks.contexts.execution.domain.matching.reference_auction import enter_phase
from fks.contexts.execution.domain.matching.reference_ledger import ReferenceLedger
from fks.contexts.execution.domain.matching.reference_links import end
from fks.contexts.execution.domain.matching.reference_orders import (
    add,
    cancel,
    cancel_all,
    refuse,
    replace,
)
from fks.contexts.execution.domain.matching.reference_settings import configured
from fks.contexts.execution.domain.matching.reference_settle import settle
from fks.contexts.execution.domain.matching.reference_snapshot import load, snapshot
from fks.contexts.execution.domain.matching.reference_state import (
    MARKET_PRICE,
    Command,
    Event,
    State,
)
from fks.contexts.execution.domain.matching.reference_venue import venue_done, venue_fill
from fks.kernel.errors import Invalid

__all__ = ["ReferenceMatcher"]

Rows = npt.NDArray[np.void]
Numbers = npt.NDArray[np.int64]
PLAIN = {
    CommandKind.ADD: add,
    CommandKind.CANCEL: cancel,
    CommandKind.REPLACE: replace,
    CommandKind.VENUE_FILL: venue_fill,
    CommandKind.VENUE_DONE: venue_done,
}


class ReferenceMatcher:
    """A matching engine over rows of COMMAND and EVENT; see `docs/explanation/matching.md`.

    Args:
        instruments: how many instruments there may be; they are numbered from 0.
        accounts: how many accounts there may be, 0 included, which is none.
        orders: how many orders may be live at once.
        strategies: how many strategies may have a gate or a rate, 0 included, which is all.
    """

    def __init__(
        self,
        instruments: int = 64,
        accounts: int = 1024,
        orders: int = 1 << 20,
        strategies: int = 4096,
    ) -> None:
        ledger = ReferenceLedger(instruments, accounts, strategies)
        self._state = State(ledger, instruments, accounts, orders)
        self._sizes = (instruments, accounts, orders, strategies)
        self._events: list[Event] = []
        self._unread: deque[Event] = deque()

    def apply(self, commands: Rows, ts_ns: Numbers | int) -> Rows:
        """Apply rows of COMMAND in order; return all their events.

        Args:
            commands: structured array of COMMAND, one dimension.
            ts_ns: UTC ns, one for each command or one for all.
        """
        self._events = []
        times = ts_ns.tolist() if isinstance(ts_ns, np.ndarray) else [ts_ns] * len(commands)
        for row, at in zip(commands.tolist(), times, strict=True):
            self._events += self._step(Command(*row), at)
        return self.last_events()

    def apply_into(
        self,
        commands: Rows,
        ts_ns: Numbers | int,
        events_out: Rows,
        offsets_out: Numbers | None = None,
    ) -> tuple[int, int]:
        """Apply commands as long as there is room for their events.

        A command that was begun is done; those of its events that found no room are written first
        by the next call, which may come with no commands.

        Args:
            commands: structured array of COMMAND, one dimension.
            ts_ns: UTC ns, one for each command or one for all.
            events_out: structured array of EVENT to write into.
            offsets_out: int64, one for each command: the events written up to its last one.

        Returns:
            (commands done, events written).
        """
        written = done = 0
        while self._unread and written < len(events_out):
            events_out[written] = self._unread.popleft()
            written += 1
        times = ts_ns.tolist() if isinstance(ts_ns, np.ndarray) else [ts_ns] * len(commands)
        for row, at in zip(commands.tolist(), times, strict=True):
            if self._unread or written == len(events_out):
                break
            for event in self._step(Command(*row), at):
                if written < len(events_out):
                    events_out[written] = event
                    written += 1
                else:
                    self._unread.append(event)
            if offsets_out is not None:
                offsets_out[done] = written
            done += 1
        return done, written

    def _step(self, command: Command, ts_ns: int) -> list[Event]:
        """Apply one command and all that follows from it."""
        state = self._state
        state.events = []
        state.now_ns = max(state.now_ns, ts_ns)
        for order in state.due():
            if order.live:
                end(state, order, Reason.EXPIRED, kind=EventKind.EXPIRED)
        settle(state)
        self._dispatch(command)
        settle(state)
        return state.events

    def _dispatch(self, c: Command) -> None:
        """Do what a command asks, before what follows from it."""
        state = self._state
        if c.kind in PLAIN:
            PLAIN[CommandKind(c.kind)](state, c)
        elif c.kind == CommandKind.PHASE:
            book = state.books.get(c.instrument)
            if book is None:
                refuse(state, c, Reason.UNKNOWN_INSTRUMENT)
            elif c.type > Phase.HALTED:
                refuse(state, c, Reason.INVALID_ORDER)
            else:
                enter_phase(state, book, c.type)
        elif c.kind == CommandKind.CANCEL_ALL:
            named = cancel_all(state, c)
            if named is not None:
                self._done(c, named)
        elif reason := configured(state, c):
            refuse(state, c, reason)
        else:
            self._done(c, 0)

    def _done(self, c: Command, quantity: int) -> None:
        """Say that a command was applied."""
        self._state.events.append(
            Event(
                kind=EventKind.DONE,
                flags=c.kind,
                instrument=c.instrument,
                account=c.account,
                id=c.id,
                price=c.price,
                quantity=quantity,
            )
        )

    def _one(self, command: Command, ts_ns: int) -> int:
        """Apply one command; return how many events it gave."""
        self._events = self._step(command, ts_ns)
        return len(self._events)

    def add(
        self,
        instrument: int,
        account: int,
        id: int,  # noqa: A002 - named as in the rows
        side: int,
        kind: int,
        tif: int,
        flags: int,
        price: int,
        quantity: int,
        *,
        ts_ns: int,
        stop: int = 0,
        display: int = 0,
        expire_ns: int = 0,
        link: int = 0,
        strategy: int = 0,
    ) -> int:
        """Ask for a new order; return the number of events (`last_events`)."""
        where = (flags, instrument, account, strategy, id)
        what = (price, stop, quantity, display, expire_ns, link)
        return self._one(Command(CommandKind.ADD, side, kind, tif, *where, *what), ts_ns)

    def limit(
        self,
        instrument: int,
        account: int,
        id: int,  # noqa: A002 - named as in the rows
        side: int,
        price: int,
        quantity: int,
        ts_ns: int,
        /,
    ) -> int:
        """Ask for a limit order, good till cancelled, in as few arguments as there can be."""
        return self.add(
            instrument, account, id, side, OrderKind.LIMIT, 0, 0, price, quantity, ts_ns=ts_ns
        )

    def cancel(
        self,
        id: int,  # noqa: A002 - named as in the rows
        ts_ns: int,
        account: int = 0,
    ) -> int:
        """Ask to end an order; return the number of events."""
        row = Command(CommandKind.CANCEL, *(0,) * 5, account, 0, id, *(0,) * 6)
        return self._one(row, ts_ns)

    def replace(
        self,
        id: int,  # noqa: A002 - named as in the rows
        price: int,
        quantity: int,
        ts_ns: int,
        account: int = 0,
        stop: int = 0,
        display: int = 0,
    ) -> int:
        """Ask to change an order; return the number of events."""
        what = (price, stop, quantity, display, 0, 0)
        return self._one(Command(CommandKind.REPLACE, *(0,) * 5, account, 0, id, *what), ts_ns)

    def last_events(self) -> Rows:
        """Return the events of the last call, rows of EVENT."""
        return np.array(self._events, dtype=EVENT)

    def depth(self, instrument: int, levels: int) -> tuple[Numbers, Numbers]:
        """Return the buys and the sells: int64 rows of (price, lots shown, orders), best first."""
        sides = self._state.books[instrument].sides
        found = []
        for side in sides:
            prices = [price for price in side.best_first() if price not in MARKET_PRICE]
            rows = [
                (price, sum(one.shown for one in level.values()), len(level))
                for price in prices[:levels]
                for level in (side.levels[price],)
            ]
            found.append(np.array(rows, dtype=np.int64).reshape(-1, 3))
        return found[0], found[1]

    def best(self, instrument: int, side: int) -> int | None:
        """Return the best limit price of a side, ticks."""
        return self._state.books[instrument].sides[side].best()

    def order(self, id: int) -> dict[str, int] | None:  # noqa: A002 - named as in the rows
        """Return what is known of a live order."""
        one = self._state.orders.get(id)
        if one is None:
            return None
        names = "id instrument account strategy side tif flags price stop open waiting shown"
        more = "display expire_ns link accepted traded trigger has_trigger held_price place"
        found = {name: int(getattr(one, name)) for name in f"{names} {more}".split()}
        return {**found, "type": int(one.kind)}

    def open_ids(self, instrument: int) -> tuple[list[int], list[int]]:
        """Return the ids in the book, buys and sells, in price-time order."""
        buys, sells = (side.orders() for side in self._state.books[instrument].sides)
        return [one.id for one in buys], [one.id for one in sells]

    def position(self, account: int, instrument: int) -> int:
        """Return an account's position in lots."""
        return self._state.ledger.position(account, instrument)

    def what_if(self, now_ns: int, *fields: int) -> list[tuple[int, int, int, bool]]:
        """Return what every control says to an order, changing nothing.

        The fields are those of the ledger's `what_if`; each line is reason, used, limit, passes.
        """
        found = self._state.ledger.what_if(now_ns, *fields)
        return [(int(one.reason), one.used, one.limit, one.passes) for one in found]

    def use(self, account: int, instrument: int) -> list[tuple[int, int, int, bool]]:
        """Return what an account uses of each limit, likewise."""
        found = self._state.ledger.use(account, instrument)
        return [(int(one.reason), one.used, one.limit, one.passes) for one in found]

    def cash(self, account: int) -> int:
        """Return an account's cash in nanos."""
        return self._state.ledger.cash(account)

    def holding(self, account: int, instrument: int) -> Holding:
        """Return what the ledger knows of an account in an instrument."""
        return self._state.ledger.holding(account, instrument)

    def facts(self, instrument: int) -> tuple[int, int, int]:
        """Return trades, lots traded, and the sum of price times lots."""
        book = self._state.books[instrument]
        return book.trades, book.volume, book.notional

    def live(self) -> int:
        """Return how many orders are live."""
        return len(self._state.orders)

    def live_ids(self) -> list[int]:
        """Return the ids of all live orders, in order of acceptance."""
        return [one.id for one in self._state.by_acceptance()]

    def snapshot(self) -> bytes:
        """Return the canonical bytes of the state; `reference_snapshot` says how they lie."""
        return snapshot(self._state)

    def restore(self, data: bytes) -> None:
        """Become what a snapshot says.

        Raises:
            Invalid: not a snapshot of an engine of this size; the engine stays as it was.
        """
        instruments, accounts, orders, strategies = self._sizes
        ledger = ReferenceLedger(instruments, accounts, strategies)
        fresh = State(ledger, instruments, accounts, orders)
        try:
            load(fresh, data)
        except ValueError as error:
            raise Invalid(str(error), code="execution.snapshot_unreadable") from error
        self._state = fresh

    def state_hash(self) -> bytes:
        """Return 32 bytes of BLAKE2b over the snapshot."""
        return hashlib.blake2b(self.snapshot(), digest_size=32).digest()


assert COMMAND.names is not None and Command._fields == COMMAND.names
assert EVENT.names is not None and Event._fields == EVENT.names
