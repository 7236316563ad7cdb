"""A FIX 4.4 counterparty that accepts one session and matches with our own engine.

It serves orders, statuses, trades, positions and collateral. The faults of the session are in
`fix_session`; here are those of the reports: `refuse` orders, tell each fill twice (`double`), and
tell a fill before its acknowledgement (`reverse`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from decimal import Decimal

from fks.contracts.values import Instrument, OrderType, Side, TimeInForce
from fks.testing.fix_session import Fields, FixSide, instant_ns, stamp
from fks.testing.room import Entry, Happened, Refused, Resting, Room, Wanted

__all__ = ["FixAcceptor"]

_TYPES = {
    "1": OrderType.MARKET,
    "2": OrderType.LIMIT,
    "3": OrderType.STOP,
    "4": OrderType.STOP_LIMIT,
    "J": OrderType.MARKET_IF_TOUCHED,
    "K": OrderType.MARKET_TO_LIMIT,
}
_TIFS = {
    "0": TimeInForce.DAY,
    "1": TimeInForce.GTC,
    "2": TimeInForce.AT_OPEN,
    "3": TimeInForce.IOC,
    "4": TimeInForce.FOK,
    "6": TimeInForce.GTD,
    "7": TimeInForce.AT_CLOSE,
}
_STATUS = {
    "new": "0",
    "partially_filled": "1",
    "filled": "2",
    "cancelled": "4",
    "expired": "C",
}
_EXEC = {
    "accepted": "0",
    "filled": "F",
    "cancelled": "4",
    "expired": "C",
    "replaced": "5",
}


class FixAcceptor(FixSide):
    """A venue that speaks FIX 4.4 on a local port."""

    def __init__(
        self,
        instruments: Iterable[Instrument],
        sender: str = "VENUE",
        target: str = "FKS",
        wall_ns: Callable[[], int] = time.time_ns,
        taker_fee_ppb: int = 0,
        cash: Decimal = Decimal(1_000_000),
    ) -> None:
        super().__init__(sender, target, wall_ns)
        self.room = Room(instruments, wall_ns, self._happened, taker_fee_ppb)
        self.cash = cash
        self._names: dict[str, str] = {}  # ClOrdID of each request -> the first of its order
        self._current: dict[str, str] = {}  # first ClOrdID -> the one that holds now
        self._request = ""  # ClOrdID of the request that is being served
        self._executions = 0
        self._held: list[Fields] | None = None  # reports that wait to be told in reverse

    def heal(self) -> None:
        """End all faults."""
        super().heal()
        self.refuse = 0
        self.double = self.reverse = False

    # --- requests ---

    def serve(self, kind: str, fields: dict[int, str]) -> None:
        """Serve a request."""
        name = fields.get(11, "")
        if kind == "D":
            self._place(fields, name)
        elif kind in ("F", "G"):
            self._change(kind, fields, name)
        elif kind == "H":
            self._tell_status(fields, name)
        elif kind == "AF":
            self._tell_working(fields)
        elif kind == "AD":
            self._tell_trades(fields)
        elif kind == "AN":
            self._tell_positions(fields)
        elif kind == "BB":
            money = [(15, self._currency()), (900, str(self.cash)), (899, str(self.cash))]
            self.send("BA", [(908, "C"), (909, fields[909]), (911, "1"), (912, "Y"), *money])
        else:
            self.send("j", [(45, fields[34]), (372, kind), (380, "3"), (58, "not supported")])

    def _place(self, fields: dict[int, str], name: str) -> None:
        words = fields.get(18, "").split()
        wanted = Wanted(
            name=name,
            symbol=fields[55],
            side=Side.BUY if fields[54] == "1" else Side.SELL,
            quantity=Decimal(fields[38]),
            type=_TYPES[fields[40]],
            tif=_TIFS[fields.get(59, "0")],
            price=Decimal(fields[44]) if 44 in fields else None,
            stop=Decimal(fields[99]) if 99 in fields else None,
            expire_ns=instant_ns(fields[126]) if 126 in fields else 0,
            shown=Decimal(fields[111]) if 111 in fields else None,
            post_only="6" in words,
            reduce_only="E" in words,
        )
        self._names[name] = self._current[name] = name
        self._request = name
        self._held = [] if self.reverse else None
        try:
            if self.refuse:
                self.refuse -= 1
                raise Refused("99", "not today")
            self.room.place(wanted)
        except Refused as refused:
            refusal = [(37, "NONE"), (17, "0"), (11, name), (150, "8"), (39, "8"), (151, "0")]
            refusal += [(103, refused.code), (58, refused.text), (55, wanted.symbol), (14, "0")]
            self.send("8", [*refusal, (54, fields[54])])
        held, self._held, self._request = self._held or [], None, ""
        for report in reversed(held):
            self.send("8", report)

    def _change(self, kind: str, fields: dict[int, str], name: str) -> None:
        first = self._names.get(fields[41], "")
        self._names[name] = first
        self._request = name
        if kind == "F":
            done = self.room.cancel(first)
        else:
            before = self._current.get(first, "")
            self._current[first] = name
            price = Decimal(fields[44]) if 44 in fields else None
            done = self.room.amend(first, Decimal(fields[38]), price)
            if not done:
                self._current[first] = before
        self._request = ""
        if not done:
            order = self.room.orders.get(first)
            answer = [(37, f"V{order.number}" if order else "NONE"), (11, name), (41, fields[41])]
            answer += [(39, _STATUS[order.state] if order else "8")]
            reason = "0" if order else "1"
            self.send("9", [*answer, (434, "1" if kind == "F" else "2"), (102, reason)])

    def _tell_status(self, fields: dict[int, str], name: str) -> None:
        order = self.room.orders.get(self._names.get(name, ""))
        asked = [(790, fields[790])] if 790 in fields else []
        if order is None:
            answer = [(37, "NONE"), (17, "0"), (11, name), (150, "I"), (39, "8"), (103, "5")]
            self.send("8", [*answer, *asked, (14, "0"), (151, "0")])
            return
        self.send("8", self._report(order, "I", asked))

    def _tell_working(self, fields: dict[int, str]) -> None:
        working = [order for order in self.room.orders.values() if order.working]
        for place, order in enumerate(working, 1):
            last = "Y" if place == len(working) else "N"
            mass = [(584, fields[584]), (911, str(len(working))), (912, last)]
            self.send("8", self._report(order, "I", mass))
        if not working:
            none = [(37, "NONE"), (17, "0"), (150, "I"), (39, "8"), (103, "5")]
            self.send("8", [*none, (584, fields[584]), (911, "0"), (14, "0"), (151, "0")])

    def _tell_trades(self, fields: dict[int, str]) -> None:
        start_ns, symbol = instant_ns(fields[60]), fields[55]
        trades = [
            (order, fill)
            for order in self.room.orders.values()
            for fill in order.fills
            if order.wanted.symbol == symbol and fill.ts_ns >= start_ns
        ]
        total = (748, str(len(trades)))
        if not trades:
            self.send("AQ", [(568, fields[568]), total, (749, "0"), (750, "0")])
        for place, (order, fill) in enumerate(trades, 1):
            last = "Y" if place == len(trades) else "N"
            report = [(571, fill.trade_id), (568, fields[568]), total, (912, last)]
            side = "1" if order.wanted.side is Side.BUY else "2"
            report += [(17, fill.trade_id), (55, symbol), (60, stamp(fill.ts_ns)), (552, "1")]
            report += [(54, side), (37, f"V{order.number}"), (11, order.wanted.name)]
            self.send("AE", report + _traded(fill))

    def _tell_positions(self, fields: dict[int, str]) -> None:
        held = [(symbol, self.room.position(symbol)) for symbol in self.room.instruments]
        held = [(symbol, quantity) for symbol, quantity in held if quantity]
        total = (727, str(len(held)))
        if not held:
            self.send("AO", [(721, "P"), (710, fields[710]), total, (728, "2")])
        for symbol, quantity in held:
            long, short = max(quantity, Decimal(0)), max(-quantity, Decimal(0))
            report = [(721, "P"), (710, fields[710]), total, (55, symbol), (702, "1")]
            self.send("AP", [*report, (703, "TOT"), (704, str(long)), (705, str(short))])

    # --- reports ---

    def _happened(self, what: Happened) -> None:
        extra: Fields = []
        if what.fill is not None:
            extra = _traded(what.fill)
        elif what.why:
            extra = [(103, "99"), (58, what.why)]
        report = self._report(what.order, _EXEC[what.what], extra, what)
        if self._held is not None:
            self._held.append(report)
            return
        self.send("8", report)
        if self.double and what.fill is not None:
            self.send("8", [(97, "Y"), *report])

    def _report(
        self, order: Resting, kind: str, extra: Fields, what: Happened | None = None
    ) -> Fields:
        self._executions += 1
        first = order.wanted.name
        answered = self._request if kind in ("4", "5") else ""
        execution = what.fill.trade_id if what is not None and what.fill else f"E{self._executions}"
        wanted = order.wanted
        fields = [
            (37, f"V{order.number}"),
            (11, answered or self._current[first]),
            (17, execution),
            (150, kind),
            (39, _STATUS[order.state]),
            (55, wanted.symbol),
            (54, "1" if wanted.side is Side.BUY else "2"),
            (38, str(order.quantity)),
            (40, next(word for word, type_ in _TYPES.items() if type_ is wanted.type)),
            (59, next(word for word, tif in _TIFS.items() if tif is wanted.tif)),
            (151, str(order.quantity - order.filled if order.working else Decimal(0))),
            (14, str(order.filled)),
            (6, str(order.average)),
            (60, stamp(what.fill.ts_ns if what and what.fill else self._wall_ns())),
        ]
        fields += [(41, first)] if answered and answered != first else []
        fields += [(44, str(order.price))] if order.price is not None else []
        return fields + extra

    def _currency(self) -> str:
        return next(iter(self.room.instruments.values())).currency


def _traded(fill: Entry) -> Fields:
    money = [(12, str(fill.fee)), (13, "3"), (851, "1" if fill.maker else "2")]
    return [(32, str(fill.quantity)), (31, str(fill.price)), *money]
