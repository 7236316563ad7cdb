"""A trading room: our own matching engine with accounts that nothing limits.

The counterparties of this package put orders in and hear what became of each; strangers make the
market. Prices and quantities are decimals outside, ticks and lots inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec
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
from fks.contracts.values import Instrument, OrderType, Side, TimeInForce

__all__ = ["Entry", "Happened", "Refused", "Resting", "Room", "Wanted"]

_UNLIMITED_KEYS = [
    key
    for key in AccountKey
    if key not in (AccountKey.GATE, AccountKey.SELF_TRADE_GROUP, AccountKey.LIMITS_VERSION)
]
_OURS, _STRANGER = 1, 2


class Refused(Exception):
    """An order that is not taken in at all; `code` is FIX's OrdRejReason."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """An order as a counterparty understood it."""

    name: str
    symbol: str
    side: Side
    quantity: Decimal
    type: OrderType = OrderType.MARKET
    tif: TimeInForce = TimeInForce.GTC
    price: Decimal | None = None
    stop: Decimal | None = None
    expire_ns: int = 0
    shown: Decimal | None = None
    post_only: bool = False
    reduce_only: bool = False


class Entry(msgspec.Struct, frozen=True):
    """One fill of an order."""

    trade_id: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    ts_ns: int
    maker: bool


class Resting(msgspec.Struct, kw_only=True):
    """An order as the room holds it; `state` in the words of `VenueOrderStatus`."""

    wanted: Wanted
    number: int
    quantity: Decimal
    price: Decimal | None
    state: str = "new"
    filled: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    ts_ns: int = 0
    why: str = ""
    fills: list[Entry] = []

    @property
    def working(self) -> bool:
        """Tell whether it can still be filled."""
        return self.state in ("new", "partially_filled")

    @property
    def average(self) -> Decimal:
        """Return the average price of what was filled, 0 without."""
        return self.cost / self.filled if self.filled else Decimal(0)


class Happened(msgspec.Struct, frozen=True):
    """Something happened to an order: accepted, filled, cancelled, expired or replaced.

    `fill` comes with filled.
    """

    what: str
    order: Resting
    why: str = ""
    fill: Entry | None = None


class Room:
    """One book an instrument, one account of ours, one of all strangers."""

    def __init__(
        self,
        instruments: Iterable[Instrument],
        wall_ns: Callable[[], int],
        tell: Callable[[Happened], None],
        taker_fee_ppb: int = 0,
    ) -> None:
        from fks.contexts.execution.domain.matching._matching import Matcher

        self.instruments = {instrument.id: instrument for instrument in instruments}
        self._numbers = {symbol: number for number, symbol in enumerate(self.instruments)}
        self._wall_ns = wall_ns
        self._tell = tell
        self._matcher = Matcher(instruments=16, accounts=4, orders=1 << 12)
        self._count = 0
        self._trades = 0
        self.orders: dict[str, Resting] = {}
        self._used: set[str] = set()
        self._by_number: dict[int, Resting] = {}
        for symbol, number in self._numbers.items():
            self._set_up(self.instruments[symbol], number, taker_fee_ppb)

    def _set_up(self, instrument: Instrument, number: int, fee_ppb: int) -> None:
        unit = instrument.tick_size * instrument.lot_size * instrument.multiplier * 10**9
        settings = {
            InstrumentKey.KIND: int(Kind.BOOK),
            InstrumentKey.UNIT_NANOS: int(unit),
            InstrumentKey.MIN_LOTS: 1,
            InstrumentKey.MAX_LOTS: UNLIMITED,
            InstrumentKey.MIN_TICKS: 1,
            InstrumentKey.MAX_TICKS: min(10**9, 10**15 // int(unit)),  # a market order's worth
            InstrumentKey.COLLAR_TICKS: UNLIMITED,
            InstrumentKey.STALE_NS: UNLIMITED,
            InstrumentKey.INITIAL_MARGIN_PPB: UNLIMITED,
            InstrumentKey.TAKER_FEE_PPB: fee_ppb,
        }
        for key, value in settings.items():
            self._apply(CommandKind.CONFIGURE_INSTRUMENT, instrument=number, flags=key, price=value)
        for account in (_OURS, _STRANGER):
            for own in _UNLIMITED_KEYS:
                self._apply(
                    CommandKind.CONFIGURE_ACCOUNT,
                    account=account,
                    instrument=number,
                    flags=own,
                    price=UNLIMITED,
                )

    def stranger(self, symbol: str, side: Side, quantity: Decimal, price: Decimal) -> None:
        """Let somebody else's limit order come in."""
        self._count += 1
        wanted = Wanted(
            name="", symbol=symbol, side=side, quantity=quantity, price=price, type=OrderType.LIMIT
        )
        self._hear(self._apply(CommandKind.ADD, **self._fields(wanted, self._count, _STRANGER)))

    def place(self, wanted: Wanted) -> Resting:
        """Take an order of ours in. Raises `Refused` for a name used, and for what is off grid."""
        if wanted.name in self._used:
            raise Refused("6", "the id was used before")
        if wanted.symbol not in self.instruments:
            raise Refused("1", f"unknown symbol {wanted.symbol}")
        instrument = self.instruments[wanted.symbol]
        prices = [price for price in (wanted.price, wanted.stop) if price is not None]
        if any(price % instrument.tick_size for price in prices):
            raise Refused("99", "the price is no multiple of the tick")
        if wanted.quantity % instrument.lot_size:
            raise Refused("13", "the quantity is no multiple of the lot")
        self._used.add(wanted.name)
        self._count += 1
        order = Resting(
            wanted=wanted,
            number=self._count,
            quantity=wanted.quantity,
            price=wanted.price,
            ts_ns=self._wall_ns(),
        )
        self.orders[wanted.name] = self._by_number[self._count] = order
        self._hear(self._apply(CommandKind.ADD, **self._fields(wanted, self._count, _OURS)))
        if order.state == "rejected":
            del self.orders[wanted.name]
            raise Refused("99", order.why)
        return order

    def cancel(self, name: str) -> bool:
        """Cancel an order of ours; False when it does not work."""
        order = self.orders.get(name)
        if order is None or not order.working:
            return False
        self._hear(self._apply(CommandKind.CANCEL, id=order.number, account=_OURS))
        return True

    def amend(self, name: str, quantity: Decimal, price: Decimal | None) -> bool:
        """Amend an order of ours to so much in all; False when that cannot be."""
        order = self.orders.get(name)
        if order is None or not order.working or quantity <= order.filled:
            return False
        instrument = self.instruments[order.wanted.symbol]
        asked = price if price is not None else order.price
        before = order.quantity, order.price
        order.quantity, order.price = quantity, asked
        events = self._apply(
            CommandKind.REPLACE,
            id=order.number,
            account=_OURS,
            price=0 if asked is None else int(asked / instrument.tick_size),
            quantity=int((quantity - order.filled) / instrument.lot_size),
            stop=_ticks(order.wanted.stop, instrument),
        )
        if int(events[0]["kind"]) == EventKind.REJECTED:
            order.quantity, order.price = before
            return False
        if not any(int(event["kind"]) == EventKind.REPLACED for event in events):
            self._tell(Happened("replaced", order))
        self._hear(events)
        return True

    def position(self, symbol: str) -> Decimal:
        """Return our position."""
        lots = self._matcher.position(_OURS, self._numbers[symbol])
        return lots * self.instruments[symbol].lot_size

    # --- inside ---

    def _fields(self, wanted: Wanted, number: int, account: int) -> Mapping[str, int]:
        instrument = self.instruments[wanted.symbol]
        flags = (Flag.POST_ONLY if wanted.post_only else 0) | (
            Flag.REDUCE_ONLY if wanted.reduce_only else 0
        )
        return {
            "id": number,
            "instrument": self._numbers[wanted.symbol],
            "account": account,
            "side": int(wanted.side is Side.SELL),
            "type": int(OrderKind[wanted.type.name]),
            "tif": int(Tif[wanted.tif.name]),
            "flags": int(flags),
            "price": _ticks(wanted.price, instrument),
            "stop": _ticks(wanted.stop, instrument),
            "quantity": int(wanted.quantity / instrument.lot_size),
            "display": 0 if wanted.shown is None else int(wanted.shown / instrument.lot_size),
            "expire_ns": wanted.expire_ns,
        }

    def _apply(self, kind: CommandKind, **fields: int) -> Any:
        row = np.zeros(1, COMMAND)
        row["kind"] = kind
        for name, value in fields.items():
            row[name] = value
        return self._matcher.apply(row, self._wall_ns()).copy()

    def _hear(self, events: Any) -> None:
        """Tell what happened to our orders, in order."""
        for event in events:
            kind = EventKind(int(event["kind"]))
            if kind is EventKind.TRADE:
                self._trades += 1
                self._traded(event, "id", "fee_nanos", maker=False)
                self._traded(event, "other", "other_fee_nanos", maker=True)
                continue
            order = self._by_number.get(int(event["id"]))
            if order is None:
                continue
            why = Reason(int(event["reason"])).name.lower()
            order.ts_ns = self._wall_ns()
            if kind is EventKind.ACCEPTED:
                self._tell(Happened("accepted", order))
            elif kind is EventKind.REJECTED:
                order.state, order.why = "rejected", why
            elif kind is EventKind.REPLACED:
                self._tell(Happened("replaced", order))
            elif kind in (EventKind.CANCELLED, EventKind.EXPIRED):
                order.state = "cancelled" if kind is EventKind.CANCELLED else "expired"
                self._tell(Happened(order.state, order, why))

    def _traded(self, event: Any, party: str, fee: str, *, maker: bool) -> None:
        order = self._by_number.get(int(event[party]))
        if order is None:
            return
        instrument = self.instruments[order.wanted.symbol]
        quantity = int(event["quantity"]) * instrument.lot_size
        price = int(event["price"]) * instrument.tick_size
        order.filled += quantity
        order.cost += quantity * price
        order.state = "filled" if order.filled >= order.quantity else "partially_filled"
        order.ts_ns = self._wall_ns()
        fill = Entry(
            f"T{self._trades}{'m' if maker else ''}",
            quantity,
            price,
            Decimal(int(event[fee])) / 10**9,
            order.ts_ns,
            maker,
        )
        order.fills.append(fill)
        self._tell(Happened("filled", order, fill=fill))


def _ticks(price: Decimal | None, instrument: Instrument) -> int:
    return 0 if price is None else int(price / instrument.tick_size)
