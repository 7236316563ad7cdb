"""The truth of the local exchange: users, wallets, orders and trades around the matching engine.

It matches nothing itself: rows go into the engine, its events come back as `Happened`. It knows
no wire and no clock of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
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
    Reason,
    Tif,
)
from fks.testing.exchange.listings import Listing, Market
from fks.testing.exchange.orders import Happened, Order, Refusal, Trade, User, settle

__all__ = ["DEALER", "Book"]

DEALER = 1  # the account of everybody who is not a user
_OTHER_DEALER = 2  # the one the dealer prints trades with
_FIRST_USER = 3
_DEALER_IDS = 1 << 48
_INSTRUMENT = {
    InstrumentKey.KIND: int(Kind.BOOK),
    InstrumentKey.UNIT_NANOS: 1,  # money is kept here, in the assets themselves
    InstrumentKey.MIN_LOTS: 1,
    InstrumentKey.MAX_LOTS: UNLIMITED,
    InstrumentKey.MIN_TICKS: 1,
    InstrumentKey.COLLAR_TICKS: UNLIMITED,
    InstrumentKey.STALE_NS: UNLIMITED,
    InstrumentKey.INITIAL_MARGIN_PPB: UNLIMITED,
}
_WAIVED = [
    key
    for key in AccountKey
    if key not in (AccountKey.GATE, AccountKey.SELF_TRADE_GROUP, AccountKey.LIMITS_VERSION)
]


class Book:
    """All orders of one exchange. Every change returns what happened to users' orders."""

    def __init__(self, market: Market, listings: Iterable[Listing], matcher: Any) -> None:
        self.market = market
        self.listings = {one.symbol: one for one in listings}
        self.users: dict[str, User] = {}  # by API key
        self.orders: dict[int, Order] = {}
        self.trades: list[Trade] = []
        self.quotes: dict[str, tuple[int, int]] = {}  # ticks, lots: a dealer for both sides
        self._numbers = {symbol: number for number, symbol in enumerate(self.listings)}
        self._engine = matcher
        self._open: dict[int, dict[int, Order]] = {}  # by user
        self._named: dict[tuple[int, str, str], Order] = {}  # the newest of a name
        self._dealt = _DEALER_IDS
        self._now_ns = 0
        for symbol, number in self._numbers.items():
            keys = _INSTRUMENT | {InstrumentKey.MAX_TICKS: self.listings[symbol].max_ticks}
            for key, value in keys.items():
                self._configure(CommandKind.CONFIGURE_INSTRUMENT, key, value, instrument=number)
        for account in (DEALER, _OTHER_DEALER):
            self._open_account(account)

    # --- users -----------------------------------------------------------------------------

    def add_user(self, name: str, secret: tuple[str, str], wallet: dict[str, Decimal]) -> User:
        """Open an account with keys and money."""
        user = User(name, _FIRST_USER + len(self.users), *secret, dict(wallet))
        self.users[user.api_key] = user
        self._open_account(user.number)
        self._configure(
            CommandKind.CONFIGURE_ACCOUNT,
            AccountKey.SELF_TRADE_GROUP,
            user.number,
            account=user.number,
        )
        return user

    def working(self, user: User) -> list[Order]:
        """Return a user's working orders, oldest first."""
        held = self._open.get(user.number, {})
        for order in [one for one in held.values() if not one.open]:
            del held[order.id]
        return list(held.values())

    def find(self, user: User, symbol: str, order_id: int, client_id: str) -> Order | None:
        """Return an order by its number, else the newest of a name."""
        if not order_id:
            return self._named.get((user.number, symbol, client_id))
        order = self.orders.get(order_id)
        mine = order is not None and order.user is user and order.listing.symbol == symbol
        return order if mine else None

    def rename(self, order: Order, client_id: str) -> None:
        """Let an order have another name."""
        order.client_id = client_id
        self._named[(order.user.number, order.listing.symbol, client_id)] = order

    def locked(self, user: User, asset: str) -> Decimal:
        """Return how much of an asset working orders hold."""
        return sum((self._needs(one, asset) for one in self.working(user)), Decimal(0))

    def free(self, user: User, asset: str) -> Decimal:
        """Return how much of an asset is free; of futures the margin of positions is not."""
        held = self.locked(user, asset)
        for symbol, (quantity, entry) in user.positions.items():
            listing = self.listings[symbol]
            if asset == listing.quote:
                held += abs(quantity) * entry / listing.leverage
        return max(Decimal(0), user.wallet.get(asset, Decimal(0)) - held)

    # --- orders ----------------------------------------------------------------------------

    def place(self, order: Order, now_ms: int) -> list[Happened]:
        """Take an order to the market; raises Refusal."""
        order.created_ms = order.updated_ms = now_ms
        listing = order.listing
        asset = listing.base if self._spot and order.side == "SELL" else listing.quote
        if self._needs(order, asset) > self.free(order.user, asset):
            raise Refusal(Reason.BUYING_POWER)
        happened = self.pass_time(now_ms) + self._deal(order, now_ms)
        self._engine.add(
            self._numbers[listing.symbol],
            order.user.number,
            order.id,
            int(order.side == "SELL"),
            int(order.kind),
            int(Tif[order.tif]),
            order.flags,
            order.price,
            order.lots,
            ts_ns=self._at(now_ms),
            stop=order.stop,
            display=order.shown,
            expire_ns=order.gtd_ms * 1_000_000,
        )
        events = self._engine.last_events()
        reason = Reason(int(events[0]["reason"]))
        refused = events[0]["kind"] == EventKind.REJECTED
        if refused and reason is not Reason.NOT_FILLABLE:
            self._withdraw(order, now_ms)
            raise Refusal(reason)
        self.orders[order.id] = order
        self._open.setdefault(order.user.number, {})[order.id] = order
        self.rename(order, order.client_id)
        happened += [Happened("NEW", order)]
        if refused:
            order.status = "EXPIRED"
            happened.append(Happened("EXPIRED", order))
        else:
            happened += self._took(events, now_ms)
        self._withdraw(order, now_ms)
        return happened

    def cancel(self, order: Order, now_ms: int) -> list[Happened]:
        """End an order; raises Refusal."""
        happened = self.pass_time(now_ms)
        self._engine.cancel(order.id, ts_ns=self._at(now_ms), account=order.user.number)
        return happened + self._changed(now_ms)

    def replace(self, order: Order, lots: int, price: int, now_ms: int) -> list[Happened]:
        """Change the total quantity and the price of an order; raises Refusal."""
        happened = self.pass_time(now_ms)
        self._engine.replace(
            order.id,
            price,
            lots - order.filled,
            ts_ns=self._at(now_ms),
            account=order.user.number,
            stop=order.stop,
        )
        found = self._engine.last_events()
        if found[0]["kind"] != EventKind.REJECTED:
            order.lots, order.price = lots, price
        return happened + self._changed(now_ms)

    def pass_time(self, now_ms: int) -> list[Happened]:
        """Let orders that are due expire."""
        row = np.zeros(1, COMMAND)
        row["kind"] = CommandKind.TIME
        return self._took(self._engine.apply(row, self._at(now_ms)), now_ms)

    # --- the dealer: everybody who is not a user ---------------------------------------------

    def deal(
        self, symbol: str, side: str, ticks: int, lots: int, now_ms: int, tif: Tif = Tif.GTC
    ) -> list[Happened]:
        """Let the dealer send a limit order."""
        self._dealt += 1
        where = (self._numbers[symbol], DEALER, self._dealt, int(side == "SELL"))
        self._engine.add(
            *where, int(OrderKind.LIMIT), int(tif), 0, ticks, lots, ts_ns=self._at(now_ms)
        )
        return self._took(self._engine.last_events(), now_ms)

    def undeal(self, symbol: str, now_ms: int) -> list[Happened]:
        """Take back all the dealer's orders of a symbol."""
        row = np.zeros(1, COMMAND)
        row["kind"], row["side"], row["account"] = CommandKind.CANCEL_ALL, 2, DEALER
        row["instrument"] = self._numbers[symbol]
        return self._took(self._engine.apply(row, self._at(now_ms)), now_ms)

    def print_trade(self, symbol: str, ticks: int, now_ms: int) -> list[Happened]:
        """Let one lot trade at a price where the book allows it, which moves the last price."""
        happened = self.deal(symbol, "SELL", ticks, 1, now_ms)
        self._dealt += 1
        where = (self._numbers[symbol], _OTHER_DEALER, self._dealt, 0)
        self._engine.add(
            *where, int(OrderKind.LIMIT), int(Tif.IOC), 0, ticks, 1, ts_ns=self._at(now_ms)
        )
        return happened + self._took(self._engine.last_events(), now_ms)

    def depth(self, symbol: str, levels: int) -> tuple[list[list[int]], list[list[int]]]:
        """Return bids and asks as (ticks, lots, orders), best first."""
        buys, sells = self._engine.depth(self._numbers[symbol], levels)
        return buys.tolist(), sells.tolist()

    # --- inside ----------------------------------------------------------------------------

    @property
    def _spot(self) -> bool:
        return self.market is Market.SPOT

    def _at(self, now_ms: int) -> int:
        self._now_ns = max(self._now_ns + 1, now_ms * 1_000_000)
        return self._now_ns

    def _configure(self, kind: CommandKind, key: int, value: int, **fields: int) -> None:
        row = np.zeros(1, COMMAND)
        row["kind"], row["flags"], row["price"] = kind, key, value
        for name, number in fields.items():
            row[name] = number
        done = self._engine.apply(row, 0)
        assert done[-1]["kind"] == EventKind.DONE, "the engine takes its configuration"

    def _open_account(self, account: int) -> None:
        for key in _WAIVED:
            for number in self._numbers.values():
                self._configure(
                    CommandKind.CONFIGURE_ACCOUNT,
                    key,
                    UNLIMITED,
                    account=account,
                    instrument=number,
                )

    def _needs(self, order: Order, asset: str) -> Decimal:
        """Return what the open lots of an order hold of an asset."""
        listing, lots = order.listing, order.lots - order.filled
        if self._spot and order.side == "SELL":
            return listing.quantity(lots) if asset == listing.base else Decimal(0)
        if asset != listing.quote:
            return Decimal(0)
        ticks = order.price or order.stop or self._best(order)
        if not self._spot:  # what closes a position needs no margin
            held = order.user.positions.get(listing.symbol, (Decimal(0),))[0]
            closes = held > 0 if order.side == "SELL" else held < 0
            reducing = order.flags & Flag.REDUCE_ONLY
            most = int(abs(held) / listing.lot) if closes else 0
            lots = 0 if reducing else max(0, lots - most)
        worth = listing.price(ticks) * listing.quantity(lots)
        return worth if self._spot else worth / listing.leverage

    def _best(self, order: Order) -> int:
        side = int(order.side == "BUY")
        best = self._engine.best(self._numbers[order.listing.symbol], side)
        quoted = self.quotes.get(order.listing.symbol, (0, 0))[0]
        return best or quoted

    def _deal(self, order: Order, now_ms: int) -> list[Happened]:
        """Where a dealer quotes, let it stand ready at its price, on the side that is needed."""
        quote = self.quotes.get(order.listing.symbol)
        if quote is None:
            return []
        other = "SELL" if order.side == "BUY" else "BUY"
        return self.deal(order.listing.symbol, other, *quote, now_ms)

    def _withdraw(self, order: Order, now_ms: int) -> None:
        if order.listing.symbol in self.quotes:
            self.undeal(order.listing.symbol, now_ms)

    def _changed(self, now_ms: int) -> list[Happened]:
        events = self._engine.last_events()
        if events[0]["kind"] == EventKind.REJECTED:
            raise Refusal(Reason(int(events[0]["reason"])))
        return self._took(events, now_ms)

    def _took(self, events: Any, now_ms: int) -> list[Happened]:
        """Apply the engine's events; return what happened to users' orders."""
        happened: list[Happened] = []
        for event in events:
            kind = EventKind(int(event["kind"]))
            if kind is EventKind.TRADE:
                happened += self._traded(event, now_ms)
                continue
            order = self.orders.get(int(event["id"]))
            if order is None:
                continue
            order.updated_ms = now_ms
            if kind is EventKind.CANCELLED:
                asked = int(event["reason"]) == Reason.REQUESTED
                if not asked and not int(event["leaves"]) and order.filled == order.lots:
                    continue
                order.status = "CANCELED" if asked else "EXPIRED"
                happened.append(Happened(order.status, order))
            elif kind is EventKind.EXPIRED:
                order.status = "EXPIRED"
                happened.append(Happened("EXPIRED", order))
            elif kind is EventKind.TRIGGERED and order.algo:
                order.triggered = True
                happened.append(Happened("TRIGGERED", order))
            elif kind is EventKind.REPLACED:
                happened.append(Happened("REPLACED", order))
            elif kind in (EventKind.ACCEPTED, EventKind.RESTATED):
                order.lots = order.filled + int(event["leaves"])  # a reduce-only cut
        return happened

    def _traded(self, event: Any, now_ms: int) -> list[Happened]:
        happened: list[Happened] = []
        trade_id = len(self.trades) + 1
        for key, maker in (("other", True), ("id", False)):
            order = self.orders.get(int(event[key]))
            if order is None:
                continue
            trade = settle(self.market, order, event, trade_id, maker, now_ms)
            self.trades.append(trade)
            happened.append(Happened("TRADE", order, trade))
        return happened
