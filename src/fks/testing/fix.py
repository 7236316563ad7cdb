"""A FIX 4.4 counterparty that accepts one session and matches with our own engine.

Its frames and its session layer are its own, so that a mistake of the venue's is not answered by
the same mistake here. It keeps what it sent and sends it again when asked, as a venue does.
Faults are set from outside: what it hides, repeats, refuses or cuts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal

from fks.contracts.values import Instrument, OrderType, Side, TimeInForce
from fks.testing.room import Happened, Resting, Room, Wanted

__all__ = ["FixAcceptor"]

_SOH = b"\x01"
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
    "rejected": "8",
    "expired": "C",
}
_EXEC = {
    "accepted": "0",
    "rejected": "8",
    "filled": "F",
    "cancelled": "4",
    "expired": "C",
    "replaced": "5",
}
Fields = list[tuple[int, str]]


class FixAcceptor:
    """A venue that speaks FIX 4.4 on a local port."""

    def __init__(
        self,
        instruments: Iterable[Instrument],
        sender: str = "VENUE",
        target: str = "FKS",
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.room = Room(instruments, wall_ns, self._happened)
        self.port = 0
        self.received: list[dict[int, str]] = []
        self.sent: list[tuple[str, Fields, str] | None] = []  # by number - 1; None: of the session
        self.expected = 1
        self.hide = 0  # so many messages are numbered and never put on the wire
        self.repeat = False  # each report goes out twice
        self.deaf = 0  # so many requests about orders are taken in and forgotten
        self.mute = False  # it answers nothing at all
        self.refusal = ""  # what a log-on is answered with
        self._ids = (sender, target)
        self._wall_ns = wall_ns
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._names: dict[str, str] = {}  # ClOrdID of each request -> the first of its order
        self._current: dict[str, str] = {}  # first ClOrdID -> the one that holds now
        self._request = ""  # ClOrdID of the request that is being served
        self._executions = 0

    # --- running ---

    async def start(self) -> None:
        """Listen, on the same port as before after a stop."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop to listen and cut the connection."""
        self.cut()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def cut(self) -> None:
        """Cut the connection without a word."""
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        buffer = b""
        try:
            while data := await reader.read(65_536):
                buffer += data
                while (end := buffer.find(_SOH + b"10=")) >= 0 and len(buffer) >= end + 8:
                    frame, buffer = buffer[: end + 8], buffer[end + 8 :]
                    self._take(_parsed(frame))
        except (ConnectionError, _Over):
            pass
        finally:
            writer.close()
            if self._writer is writer:
                self._writer = None

    # --- session ---

    def _take(self, fields: dict[int, str]) -> None:
        self.received.append(fields)
        number, kind = int(fields[34]), fields[35]
        if kind == "A":
            self._logon(fields, number)
            return
        if number > self.expected and kind != "4":
            self.send("2", [(7, str(self.expected)), (16, "0")])
            return
        if kind == "4":
            self.expected = int(fields[36])
            return
        if number < self.expected:
            if fields.get(43) == "Y":
                return
            text = f"MsgSeqNum too low, expecting {self.expected} but received {number}"
            self.send("5", [(58, text)])
            raise _Over
        self.expected = number + 1
        if self.mute:
            return
        if kind == "1":
            self.send("0", [(112, fields[112])])
        elif kind == "2":
            self._resend(int(fields[7]), int(fields[16]))
        elif kind == "5":
            self.send("5", [])
            raise _Over
        elif kind in ("D", "F", "G") and self.deaf:
            self.deaf -= 1
        elif kind not in ("0", "3"):
            self._serve_request(kind, fields)

    def _logon(self, fields: dict[int, str], number: int) -> None:
        if self.refusal:
            self.send("5", [(58, self.refusal)])
            raise _Over
        reset = fields.get(141) == "Y"
        if reset:
            self.sent, self.expected = [], 1
        gap = number > self.expected
        if number < self.expected:
            text = f"MsgSeqNum too low, expecting {self.expected} but received {number}"
            self.send("5", [(58, text)])
            raise _Over
        self.send("A", [(98, "0"), (108, fields[108])] + ([(141, "Y")] if reset else []))
        if gap:
            self.send("2", [(7, str(self.expected)), (16, "0")])
        else:
            self.expected = number + 1

    def _resend(self, first: int, last: int) -> None:
        """Send reports again, marked as such, and fill what was of the session."""
        last = last or len(self.sent)
        number = first
        while number <= last:
            kept = self.sent[number - 1]
            if kept is not None:
                kind, fields, stamp = kept
                self._write(kind, number, [(43, "Y"), (122, stamp), *fields])
                number += 1
                continue
            after = number
            while after <= last and self.sent[after - 1] is None:
                after += 1
            self._write("4", number, [(43, "Y"), (123, "Y"), (36, str(after))])
            number = after

    def send(self, kind: str, fields: Fields) -> None:
        """Send a message under the next number; reports are kept to be sent again."""
        number = len(self.sent) + 1
        keep = kind in ("8", "9", "j")
        self.sent.append((kind, fields, self._now()) if keep else None)
        if self.hide and keep:
            self.hide -= 1
            return
        self._write(kind, number, fields)
        if self.repeat and kind == "8":
            self._write(kind, number, [(43, "Y"), (122, self._now()), *fields])

    def _write(self, kind: str, number: int, fields: Fields) -> None:
        if self._writer is None or self._writer.is_closing():
            return
        pairs = [(35, kind), (49, self._ids[0]), (56, self._ids[1]), (34, str(number))]
        pairs += [(52, self._now()), *fields]
        body = b"".join(f"{tag}={value}".encode("latin-1") + _SOH for tag, value in pairs)
        frame = b"8=FIX.4.4" + _SOH + f"9={len(body)}".encode() + _SOH + body
        self._writer.write(frame + f"10={sum(frame) % 256:03d}".encode() + _SOH)

    def _now(self) -> str:
        wall_ns = self._wall_ns()
        at = datetime.fromtimestamp(wall_ns // 10**9, UTC)
        return f"{at:%Y%m%d-%H:%M:%S}.{wall_ns // 10**6 % 1000:03d}"

    # --- requests ---

    def _serve_request(self, kind: str, fields: dict[int, str]) -> None:
        name = fields.get(11, "")
        if kind == "D":
            self._place(fields, name)
        elif kind in ("F", "G"):
            self._change(kind, fields, name)
        elif kind == "H":
            self._tell_status(fields, name)
        elif kind == "AF":
            working = [order for order in self.room.orders.values() if order.working]
            for place, order in enumerate(working, 1):
                last = "Y" if place == len(working) else "N"
                mass = [(584, fields[584]), (911, str(len(working))), (912, last)]
                self.send("8", self._report(order, "I", mass))
            if not working:
                none = [(37, "NONE"), (17, "0"), (150, "I"), (39, "8"), (103, "5")]
                self.send("8", [*none, (584, fields[584]), (911, "0"), (14, "0"), (151, "0")])
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
            expire_ns=_instant_ns(fields[126]) if 126 in fields else 0,
            shown=Decimal(fields[111]) if 111 in fields else None,
            post_only="6" in words,
            reduce_only="E" in words,
        )
        if name in self.room.orders:
            refusal = [(37, "NONE"), (17, "0"), (11, name), (150, "8"), (39, "8"), (103, "6")]
            self.send("8", [*refusal, (55, fields[55]), (54, fields[54]), (14, "0"), (151, "0")])
            return
        self._names[name] = self._current[name] = name
        self._request = name
        self.room.place(wanted)
        self._request = ""

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

    # --- reports ---

    def _happened(self, what: Happened) -> None:
        if what.what == "rejected" and what.order.why:
            self.send("8", self._report(what.order, "8", [(103, "99"), (58, what.why)]))
            return
        extra: Fields = []
        if what.fill is not None:
            extra = [(32, str(what.fill.quantity)), (31, str(what.fill.price))]
            extra += [(12, str(what.fill.fee)), (13, "3"), (851, "1" if what.fill.maker else "2")]
        elif what.why:
            extra = [(58, what.why)]
        self.send("8", self._report(what.order, _EXEC[what.what], extra, what))

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
            (60, self._now()),
        ]
        fields += [(41, first)] if answered and answered != first else []
        fields += [(44, str(order.price))] if order.price is not None else []
        return fields + extra


class _Over(Exception):
    """The session was ended by one side."""


def _parsed(frame: bytes) -> dict[int, str]:
    pairs = (part.partition(b"=") for part in frame.split(_SOH) if part)
    fields = {int(tag): value.decode("latin-1") for tag, _, value in pairs}
    body = frame[frame.index(_SOH + b"35=") + 1 : frame.rindex(_SOH + b"10=") + 1]
    assert int(fields[9]) == len(body), "BodyLength"
    assert int(fields[10]) == sum(frame[: frame.rindex(b"10=")]) % 256, "CheckSum"
    return fields


def _instant_ns(text: str) -> int:
    at = datetime.strptime(text[:17], "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC)
    return int(at.timestamp()) * 10**9
