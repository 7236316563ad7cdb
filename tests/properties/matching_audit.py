"""A second pair of eyes on a matching engine: it knows the events only, and what must hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from fks.contexts.execution.domain.matching.layout import (
    CommandKind,
    EventKind,
    InstrumentKey,
    Kind,
    OrderKind,
    Phase,
)
from fks.contexts.execution.domain.matching.reference import ReferenceMatcher

LIMITED = (
    OrderKind.LIMIT,
    OrderKind.STOP_LIMIT,
    OrderKind.LIMIT_IF_TOUCHED,
    OrderKind.MARKET_TO_LIMIT,
    OrderKind.TRAILING_STOP_LIMIT,
)
ENDS = (EventKind.CANCELLED, EventKind.EXPIRED)


class Auditor:
    """Follows an engine event by event.

    Args:
        matcher: the engine.
        sizes: its sizes.
    """

    def __init__(self, matcher: Any, sizes: dict[str, int]) -> None:
        self.matcher, self.sizes = matcher, sizes
        self.orders: dict[int, dict[str, int]] = {}
        self.kinds: dict[int, int] = {}
        self.units: dict[int, int] = {}
        self.routed: set[int] = set()  # instruments that ever were
        self.phases: dict[int, int] = {}
        self.position: dict[tuple[int, int], int] = {}
        self.cash: dict[int, int] = {}

    def apply(self, command: np.ndarray, ts_ns: int) -> np.ndarray:
        """Apply one command and check all that can be seen at once."""
        before = self.heads()
        events = self.matcher.apply(command, ts_ns)
        assert len(events), "a command without an answer"
        for event in events:
            self.hear(event, command[0])
        self.check_turn(command[0], events, before)
        self.check_books()
        return events

    def heads(self) -> dict[tuple[int, int], int]:
        """Return the order that has to trade next, for each side of each book."""
        found = {}
        for one, kind in self.kinds.items():
            if kind == Kind.BOOK:
                for side, ids in enumerate(self.matcher.open_ids(one)):
                    if len(ids):
                        found[one, side] = int(ids[0])
        return found

    def hear(self, event: Any, command: Any) -> None:
        """Follow one event."""
        kind, key = EventKind(int(event["kind"])), int(event["id"])
        if kind in (EventKind.ACCEPTED, EventKind.ROUTED):
            self.born(event, command)
        elif kind == EventKind.TRADE:
            self.traded(event)
        elif kind == EventKind.VENUE_TRADE:
            self.filled_elsewhere(event)
        elif kind == EventKind.PHASE:
            self.phases[int(event["instrument"])] = Phase(int(event["flags"]))
        elif kind in ENDS:
            order = self.orders.pop(key)
            assert (order["open"], event["leaves"]) == (event["quantity"], 0), (
                "lots lost at the end"
            )
        elif kind in (EventKind.REPLACED, EventKind.RESTATED, EventKind.TRIGGERED):
            order = self.orders[key]
            shrinks = kind == EventKind.RESTATED
            assert not shrinks or event["leaves"] <= order["open"], "lots out of nothing"
            assert kind != EventKind.TRIGGERED or event["leaves"] == order["open"]
            order["open"] = int(event["leaves"])
            if not shrinks:
                order["price"] = int(event["price"])
        elif kind == EventKind.DONE:
            self.configured(int(event["flags"]), event, command)

    def configured(self, kind: int, event: Any, command: Any) -> None:
        """Follow what instruments and accounts are."""
        one, account, value = (int(event[name]) for name in ("instrument", "account", "price"))
        if kind == CommandKind.CREDIT:
            self.cash[account] = self.cash.get(account, 0) + value
        elif kind == CommandKind.CONFIGURE_INSTRUMENT and command["flags"] == InstrumentKey.KIND:
            self.kinds[one] = value
            self.phases.setdefault(one, Phase.CONTINUOUS)
            if value == Kind.ROUTED:
                self.routed.add(one)
        elif (
            kind == CommandKind.CONFIGURE_INSTRUMENT
            and command["flags"] == InstrumentKey.UNIT_NANOS
        ):
            self.units[one] = value

    def born(self, event: Any, command: Any) -> None:
        """Take a new order."""
        key = int(event["id"])
        assert key not in self.orders, "one id, two live orders"
        assert 0 < event["quantity"] == event["leaves"] <= command["quantity"]
        self.orders[key] = {name: int(event[name]) for name in ("side", "account", "instrument")}
        self.orders[key] |= {"open": int(event["leaves"]), "price": int(event["price"])}
        self.orders[key]["limited"] = int(command["type"]) in LIMITED

    def traded(self, event: Any) -> None:
        """Take lots off both sides of a trade, and look at its price."""
        lots, price, auction = int(event["quantity"]), int(event["price"]), event["flags"] & 4
        taker, maker = self.orders[int(event["id"])], self.orders[int(event["other"])]
        assert lots > 0
        assert taker["side"] != maker["side"], "a trade of two buyers"
        assert taker["instrument"] == maker["instrument"] == event["instrument"]
        assert (taker["account"], maker["account"]) == (event["account"], event["other_account"])
        assert auction or price == maker["price"], "not at the resting price"
        for order, done, fee in ((maker, 1, "other_fee_nanos"), (taker, 2, "fee_nanos")):
            better = price <= order["price"] if order["side"] == 0 else price >= order["price"]
            assert better or not order["limited"], "worse than the limit"
            order["open"] -= lots
            assert order["open"] >= 0, "more traded than was open"
            assert bool(event["flags"] & done) == (order["open"] == 0)
            self.book(order, lots, price, int(event[fee]))
        assert taker["open"] == event["leaves"]
        for name in ("id", "other"):
            if not self.orders[int(event[name])]["open"]:
                del self.orders[int(event[name])]

    def filled_elsewhere(self, event: Any) -> None:
        """Take a venue's fill, of a live order, or of one that is over or was placed elsewhere."""
        lots, key = int(event["quantity"]), int(event["id"])
        stranger = {name: int(event[name]) for name in ("side", "account", "instrument")}
        order = self.orders.get(key, stranger | {"open": 0})
        order["open"] = max(0, order["open"] - lots)
        assert order["open"] == event["leaves"]
        self.book(order, lots, int(event["price"]), int(event["fee_nanos"]))
        if not order["open"]:
            self.orders.pop(key, None)

    def book(self, order: dict[str, int], lots: int, price: int, fee: int) -> None:
        """Move position and cash of a fill as if all of it were paid at once."""
        signed = lots if order["side"] == 0 else -lots
        where = order["account"], order["instrument"]
        self.position[where] = self.position.get(where, 0) + signed
        self.cash[order["account"]] -= signed * price * self.units[order["instrument"]] + fee

    def check_turn(
        self, command: Any, events: np.ndarray, before: dict[tuple[int, int], int]
    ) -> None:
        """Check that a new order traded with the one whose turn it was."""
        kinds = events["kind"][:2].tolist()
        if command["kind"] == CommandKind.ADD and kinds == [EventKind.ACCEPTED, EventKind.TRADE]:
            side = 1 - int(command["side"])
            assert before[int(command["instrument"]), side] == events["other"][1], "not its turn"

    def check_books(self) -> None:
        """Check what is true between any two commands."""
        assert self.matcher.live() == len(self.orders), "an order lost, or one too many"
        for one, kind in self.kinds.items():
            if kind != Kind.BOOK:
                continue
            held = [self.matcher.position(account, one) for account in self.cash]
            assert one in self.routed or sum(held) == 0, "lots out of nothing"
            buy, sell = self.matcher.best(one, 0), self.matcher.best(one, 1)
            if self.phases[one] == Phase.CONTINUOUS and buy is not None and sell is not None:
                assert buy < sell, "crossed"

    def check_accounts(self) -> None:
        """Check orders, positions, cash and holds against what was heard."""
        for key, order in self.orders.items():
            known = self.matcher.order(key)
            assert known is not None and known["open"] == order["open"]
            assert not order["limited"] or known["price"] == order["price"]
        for (account, one), lots in self.position.items():
            assert self.matcher.position(account, one) == lots
        for account, cash in self.cash.items():
            if not any(self.position.get((account, one)) for one in self.kinds):
                assert self.matcher.cash(account) == cash, "money out of nothing"
        self.check_holds()

    def check_holds(self) -> None:
        """Check that the ledger holds exactly what is open, order by order."""
        twin = ReferenceMatcher(**self.sizes)
        twin.restore(self.matcher.snapshot())
        found: dict[tuple[int, int], list[int]] = {}
        for key in self.orders:
            order = twin.order(key)
            assert order is not None
            sums = found.setdefault((order["account"], order["instrument"]), [0] * 5)
            worth = abs(order["held_price"]) * order["open"] * self.units[order["instrument"]]
            sums[order["side"]] += order["open"]
            sums[2 + order["side"]] += worth
            sums[4] += 1
        for account, one in {*self.position, *found}:
            row = twin.holding(account, one)
            held = [row.open_buy, row.open_sell, row.held_buy, row.held_sell, row.open_orders]
            assert held == found.get((account, one), [0] * 5), "held is not what is open"
