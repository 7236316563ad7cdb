"""The session layer of FIX: numbers, gaps, repeats, heartbeats, breaks and restarts."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal
from pathlib import Path

import pytest

from fks.contexts.execution.adapters.venues.fix.codec import Codec, Received, stamp, stamped_ns
from fks.contexts.execution.adapters.venues.fix.numbers import Numbers
from fks.contexts.execution.adapters.venues.fix.session import Dropped, Session, SessionTerms
from fks.contexts.execution.adapters.venues.fix.venue import make
from fks.contracts.values import Side
from fks.kernel.errors import Denied, Invalid, Unavailable
from fks.testing.fix import FixAcceptor

from .fix_desk import GOLD, KIND, Desk, fix_desk, order

D = Decimal
SECOND = 1_000_000_000


async def test_hidden_reports_are_asked_for_and_come_in_order(tmp_path: Path) -> None:
    """A lost report is a lost fill, unless the gap in the numbers is noticed."""
    async with fix_desk(tmp_path) as desk:
        await desk.venue.submit(order("o1"))
        await desk.until_heard("o1", KIND.ACKNOWLEDGED)
        desk.acceptor.hide = 2
        for lots in (1, 2, 3):
            desk.acceptor.room.stranger("GC", Side.SELL, D(lots), D("2000.0"))
        await desk.until(lambda: len(desk.heard("o1")) == 4)
        fills = [report.quantity for report in desk.reports if report.kind is KIND.FILLED]
        assert fills == [D(1), D(2), D(3)]
        assert len([m for m in desk.acceptor.received if m[35] == "2"]) == 1


async def test_a_report_that_comes_twice_under_one_number_is_taken_once(tmp_path: Path) -> None:
    """PossDup marks what was taken in before."""
    async with fix_desk(tmp_path) as desk:
        desk.acceptor.repeat = True
        await desk.venue.submit(order("o1"))
        desk.acceptor.room.stranger("GC", Side.SELL, D(4), D("2000.0"))
        await desk.until(lambda: KIND.FILLED in desk.heard("o1"))
        await asyncio.sleep(0.05)
        assert desk.heard("o1") == [KIND.ACKNOWLEDGED, KIND.FILLED]


async def test_what_happened_while_the_link_was_cut_comes_after_it_is_back(tmp_path: Path) -> None:
    """Numbers go on over connections, so the venue sends what we missed."""
    async with fix_desk(tmp_path) as desk:
        await desk.venue.submit(order("o1"))
        await desk.until_heard("o1", KIND.ACKNOWLEDGED)
        desk.acceptor.cut()
        desk.acceptor.room.stranger("GC", Side.SELL, D(4), D("2000.0"))
        await desk.until(lambda: KIND.FILLED in desk.heard("o1"))
        assert desk.heard() == [KIND.CONNECTED, KIND.DISCONNECTED, KIND.CONNECTED]


async def test_an_order_cut_off_or_unanswered_is_unknown_and_never_sent_again(
    tmp_path: Path,
) -> None:
    """Sending it again could trade twice; forgetting it could trade unseen."""
    async with fix_desk(tmp_path) as desk:
        desk.acceptor.deaf = 2
        await desk.venue.submit(order("o1"))
        await desk.until_heard("o1", KIND.UNKNOWN)
        await desk.venue.submit(order("o2"))
        await desk.until(lambda: desk.acceptor.deaf == 0)
        desk.acceptor.cut()
        await desk.until_heard("o2", KIND.UNKNOWN)
        await desk.until(lambda: desk.heard().count(KIND.CONNECTED) == 2)
        assert await desk.venue.find_order("o1", "GC") is None
        assert await desk.venue.find_order("o2", "GC") is None
        sent = [m[11] for m in desk.acceptor.received if m[35] == "D"]
        assert sent == ["o1", "o2"]


async def test_without_a_session_orders_are_unsent_and_cancels_refused(tmp_path: Path) -> None:
    """What certainly did not leave need not be looked for."""
    async with fix_desk(tmp_path) as desk:
        await desk.venue.submit(order("o1"))
        await desk.until_heard("o1", KIND.ACKNOWLEDGED)
        await desk.acceptor.stop()
        await desk.until(lambda: desk.heard()[-1] is KIND.DISCONNECTED)
        await desk.venue.submit(order("o2"))
        await desk.venue.cancel("o1", "GC")
        assert desk.heard("o2") == [KIND.UNSENT]
        assert desk.heard("o1")[-1] is KIND.CANCEL_REJECTED
        assert desk.reports[-1].code == "NOT_SENT"
        await desk.acceptor.start()
        await desk.until(lambda: desk.heard()[-1] is KIND.CONNECTED)


async def test_our_requests_that_got_lost_are_filled_as_a_gap_and_not_sent_again(
    tmp_path: Path,
) -> None:
    """An order that arrives minutes late trades at a price nobody wanted."""
    async with fix_desk(tmp_path) as desk:
        desk.acceptor.expected -= 1  # as if the counterparty had lost our last message
        await desk.venue.submit(order("o1"))
        await desk.until(lambda: any(m[35] == "4" for m in desk.acceptor.received))
        fill = next(m for m in desk.acceptor.received if m[35] == "4")
        assert (fill[123], fill[43]) == ("Y", "Y")
        assert desk.acceptor.expected == int(fill[36])
        await desk.until_heard("o1", KIND.UNKNOWN)
        assert [m[11] for m in desk.acceptor.received if m[35] == "D"] == ["o1"]
        assert await desk.venue.find_order("o1", "GC") is None


async def test_a_restart_goes_on_with_the_numbers_and_hears_what_it_missed(tmp_path: Path) -> None:
    """Without the file a restart would be refused for numbers that are too low."""
    acceptor = FixAcceptor([GOLD])
    await acceptor.start()
    first = Desk(tmp_path, acceptor)
    await first.venue.connect(first.reports.append)
    await first.venue.submit(order("o1"))
    await first.until_heard("o1", KIND.ACKNOWLEDGED)
    await first.venue.close()
    acceptor.room.stranger("GC", Side.SELL, D(10), D("2000.0"))
    second = Desk(tmp_path, acceptor)
    await second.venue.connect(second.reports.append)
    await second.until(lambda: second.heard("o1") == [KIND.FILLED])
    numbers = [int(m[34]) for m in acceptor.received if m.get(43) != "Y"]
    assert numbers == sorted(set(numbers))
    await second.venue.close()
    await acceptor.stop()


async def test_a_log_on_that_is_refused_is_denied_with_the_reason(tmp_path: Path) -> None:
    """Wrong credentials are for a person, not for a retry."""
    acceptor = FixAcceptor([GOLD])
    acceptor.refusal = "unknown user"
    await acceptor.start()
    (tmp_path / "password").write_text("wrong")
    password = str(tmp_path / "password")
    with pytest.raises(Invalid, match="chmod 600"):
        Desk(tmp_path, acceptor, username="me", password_file=password)
    (tmp_path / "password").chmod(0o600)
    desk = Desk(tmp_path, acceptor, username="me", password_file=password)
    with pytest.raises(Denied, match="unknown user"):
        await desk.venue.connect(desk.reports.append)
    logon = acceptor.received[0]
    assert (logon[553], logon[554]) == ("me", "wrong")
    await desk.venue.close()
    await acceptor.stop()


async def test_a_first_log_on_that_failed_can_be_tried_again(tmp_path: Path) -> None:
    """A counterparty that is away at the start must not stay away."""
    acceptor = FixAcceptor([GOLD])
    await acceptor.start()
    desk = Desk(tmp_path, acceptor)
    await acceptor.stop()
    for _ in range(2):
        with pytest.raises(Unavailable, match="no FIX session"):
            await desk.venue.connect(desk.reports.append)
    await acceptor.start()
    await desk.venue.connect(desk.reports.append)
    assert desk.heard() == [KIND.CONNECTED]
    await desk.venue.close()
    await acceptor.stop()


async def test_reset_begins_both_sides_at_one(tmp_path: Path) -> None:
    """Counterparties that reset each day need it."""
    async with fix_desk(tmp_path, reset=True) as desk:
        await desk.venue.submit(order("o1"))
        await desk.until_heard("o1", KIND.ACKNOWLEDGED)
        desk.acceptor.cut()
        await desk.until(lambda: desk.heard().count(KIND.CONNECTED) == 2)
        logons = [m for m in desk.acceptor.received if m[35] == "A"]
        assert [(m[34], m[141]) for m in logons] == [("1", "Y"), ("1", "Y")]


class Wire:
    """A session without a socket: what it wrote, and messages for it to read."""

    def __init__(self, folder: Path, **terms: object) -> None:
        self.ours = Codec("FKS", "VENUE")
        self.theirs = Codec("VENUE", "FKS")
        self.numbers = Numbers(folder / "n")
        self.written: list[Received] = []
        self.messages: list[Received] = []
        terms_ = SessionTerms(heartbeat_s=30, **terms)  # type: ignore[arg-type]
        self.session = Session(self.ours, self.numbers, terms_, time.time_ns, self.messages.append)
        self.session.begin(self.write, 0)

    def write(self, data: bytes) -> None:
        """Take what the session writes."""
        self.written += [m for m in self.theirs.feed(data) if isinstance(m, Received)]

    def read(self, kind: str, seq: int, *fields: tuple[int, str], now_ns: int = 0) -> None:
        """Let a message come in."""
        self.session.feed(self.theirs.encode(kind, seq, fields, time.time_ns()), now_ns)


def test_silence_is_tested_and_then_the_link_is_given_up(tmp_path: Path) -> None:
    """A dead connection looks exactly like a quiet one."""
    wire = Wire(tmp_path)
    wire.read("A", 1, (108, "30"))
    wire.session.tick(30 * SECOND)
    wire.session.tick(36 * SECOND)
    assert [m.kind for m in wire.written] == ["A", "0", "1"]
    wire.read("0", 2, (112, wire.written[-1].fields[112]), now_ns=37 * SECOND)
    wire.session.tick(72 * SECOND)
    assert wire.written[-1].kind == "0"
    wire.session.tick(74 * SECOND)
    assert wire.written[-1].kind == "1"
    with pytest.raises(Dropped, match="test request"):
        wire.session.tick(104 * SECOND)


def test_a_number_too_low_ends_the_session_and_a_marked_repeat_does_not(tmp_path: Path) -> None:
    """Two counterparts that count differently must not go on as if nothing were."""
    wire = Wire(tmp_path)
    wire.read("A", 1, (108, "30"))
    wire.read("8", 2, (150, "0"))
    wire.read("8", 2, (150, "0"), (43, "Y"))
    assert len(wire.messages) == 2
    with pytest.raises(Dropped, match="too low, expecting 3 but received 2"):
        wire.read("8", 2, (150, "0"))
    assert wire.written[-1].kind == "5"


def test_gaps_are_asked_for_once_and_gap_fills_and_resets_are_followed(tmp_path: Path) -> None:
    """Asking again for each message behind a gap would flood the counterparty."""
    wire = Wire(tmp_path)
    wire.read("A", 1, (108, "30"))
    for seq in (5, 6, 7):
        wire.read("8", seq, (150, "0"))
    asked = [m.fields[7] for m in wire.written if m.kind == "2"]
    assert asked == ["2"]
    wire.read("4", 2, (43, "Y"), (123, "Y"), (36, "5"))
    wire.read("8", 5, (43, "Y"), (150, "0"))
    assert wire.numbers.expected == 6
    wire.read("4", 99, (36, "50"))
    assert wire.numbers.expected == 50
    wire.read("4", 50, (36, "3"))
    assert wire.written[-1].kind == "3"
    assert wire.numbers.expected == 50


def test_a_request_that_lay_in_the_other_sides_gap_is_asked_again(tmp_path: Path) -> None:
    """Both sides missed something: each could wait for the other until a heartbeat is over."""
    wire = Wire(tmp_path)
    wire.read("A", 1, (108, "30"))
    wire.read("8", 4, (150, "0"))  # we miss 2 and 3, and ask
    wire.read("2", 5, (7, "1"), (16, "0"))  # they miss 1 and 2, the latter was our request
    assert [m.kind for m in wire.written] == ["A", "2", "4", "2"]
    assert wire.written[-1].fields[7] == "2"


def test_garbled_messages_are_skipped_and_strangers_shown_the_door(tmp_path: Path) -> None:
    """A damaged figure must never be traded on."""
    wire = Wire(tmp_path)
    wire.read("A", 1, (108, "30"))
    good = wire.theirs.encode("8", 2, [(150, "F"), (32, "10")], time.time_ns())
    wire.session.feed(good.replace(b"32=10", b"32=90"), 0)
    assert wire.numbers.expected == 2
    wire.session.feed(good[:20], 0)
    wire.session.feed(good[20:], 0)
    assert wire.messages[-1].fields[32] == "10"
    stranger = Codec("OTHER", "FKS").encode("0", 3, [], time.time_ns())
    with pytest.raises(Dropped, match="CompID"):
        wire.session.feed(stranger, 0)


def test_before_the_log_on_nothing_else_is_taken(tmp_path: Path) -> None:
    """Reports of a session that is not set up cannot be ordered."""
    with pytest.raises(Dropped, match="no Logon"):
        Wire(tmp_path).read("8", 1, (150, "0"))


def test_numbers_are_never_used_twice_whatever_was_lost(tmp_path: Path) -> None:
    """A number used twice ends the session, or hides a message."""
    path = tmp_path / "n"
    numbers = Numbers(path)
    used = [numbers.take() for _ in range(150)]
    numbers.expect(42)
    crashed = Numbers(path)
    assert crashed.take() > max(used)
    assert crashed.expected == 42
    taken = crashed.take()
    crashed.close()
    assert Numbers(path).take() == taken + 1
    path.write_text("what is this")
    with pytest.raises(Invalid, match="no sequence numbers"):
        Numbers(path)


def test_times_are_read_with_and_without_fractions() -> None:
    """Fills are ordered by them."""
    wall_ns = 1_700_000_000_123_000_000
    assert stamped_ns(stamp(wall_ns)) == wall_ns
    assert stamped_ns("20231114-22:13:20") == 1_700_000_000 * SECOND
    assert stamped_ns("20231114-22:13:20.123456789") == 1_700_000_000_123_456_789
    assert stamped_ns("yesterday") == 0


async def test_the_extra_that_is_missing_is_named(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """An ImportError tells a user nothing."""
    import sys

    acceptor = FixAcceptor([GOLD])
    desk = Desk(tmp_path, acceptor)
    monkeypatch.setitem(sys.modules, "simplefix", None)
    with pytest.raises(Unavailable, match=r"install fks\[fix\]"):
        make(desk.context)
    await desk.venue.close()
