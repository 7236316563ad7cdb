"""Each kind of difference with a venue: found, explained or told, and settled by its reports."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from fks.contexts.execution.domain.routing.beliefs import (
    Belief,
    DifferenceKind,
    OrderBelief,
    Reconciled,
    ReconcileTerms,
    Said,
)
from fks.contexts.execution.domain.routing.reconcile import reconcile
from fks.contracts.execution import (
    OrderState,
    VenueBalance,
    VenueFill,
    VenueOrderStatus,
    VenuePosition,
    VenueReportKind,
)
from fks.contracts.values import Instrument, Side

D = Decimal
SECOND = 1_000_000_000
NOW = 1_000 * SECOND
KIND, STATE = DifferenceKind, OrderState
GOLD = Instrument(id="GC", tick_size=D("0.1"))
ORDER = OrderBelief(
    client_order_id="fks-1-1",
    symbol="GC",
    side=Side.BUY,
    state=STATE.NEW,
    quantity=D(10),
    filled=D(0),
    sent_ts_ns=NOW - 60 * SECOND,
    updated_ts_ns=NOW - 50 * SECOND,
    price=D(100),
)
STATUS = VenueOrderStatus(
    client_order_id="fks-1-1",
    venue_order_id="v1",
    symbol="GC",
    side=Side.BUY,
    state="new",
    quantity=D(10),
    filled=D(0),
    ts_ns=NOW - SECOND,
    price=D(100),
)
FILL = VenueFill(
    trade_id="t1",
    client_order_id="fks-1-1",
    venue_order_id="v1",
    symbol="GC",
    side=Side.BUY,
    quantity=D(4),
    price=D(100),
    fee=D("0.1"),
    fee_currency="USD",
    ts_ns=NOW - SECOND,
)


def compared(
    order: OrderBelief | None = ORDER,
    status: VenueOrderStatus | None = STATUS,
    *,
    believed: dict[str, object] | None = None,
    **said: object,
) -> Reconciled:
    """Compare one order with what the venue says of it."""
    belief = Belief(
        account="a",
        prefix="fks-1-",
        orders=() if order is None else (order,),
        instruments={"GC": GOLD},
        trade_ids=frozenset(),
    )
    belief = msgspec.structs.replace(belief, **(believed or {}))
    answers = Said(asked_ts_ns=NOW, orders=() if status is None else (status,))
    answers = msgspec.structs.replace(answers, **said)
    return reconcile(belief, answers, ReconcileTerms(sure=True))


def but(given, **fields):  # type: ignore[no-untyped-def]
    """Return a value with other fields."""
    return msgspec.structs.replace(given, **fields)


def kinds(result: Reconciled) -> list[DifferenceKind]:
    """Return the kinds of the differences."""
    return [difference.kind for difference in result.differences]


def test_two_sides_that_agree_leave_nothing() -> None:
    """A comparison that cries wolf is switched off."""
    position = VenuePosition(symbol="GC", quantity=D(3), average_price=D(1))
    money = VenueBalance(currency="USD", total=D("10.001"), free=D(1))
    result = compared(
        believed={"positions": {"GC": D("3.0")}, "balances": {"USD": D("10.00")}},
        positions=(position,),
        balances=(money,),
    )
    assert result.agreed


def test_a_missed_fill_is_reported_with_the_venues_id_and_explains_the_position() -> None:
    """The venue's own id makes the late original a repeat."""
    status = but(STATUS, state="partially_filled", filled=D(4))
    position = VenuePosition(symbol="GC", quantity=D(4), average_price=D(100))
    result = compared(status=status, fills=(FILL,), positions=(position,))
    assert kinds(result) == [KIND.MISSED_FILL]
    assert [(r.trade_id, r.quantity, r.fee) for r in result.reports] == [("t1", D(4), D("0.1"))]
    assert result.gap == ""


def test_a_missed_end_comes_after_the_fills_before_it() -> None:
    """Ending first would release lots that were filled."""
    status = but(STATUS, state="cancelled", filled=D(4))
    result = compared(status=None, fills=(FILL,), found={"fks-1-1": status})
    assert [r.kind.value for r in result.reports] == ["filled", "cancelled"]
    assert kinds(result) == [KIND.MISSED_FILL, KIND.MISSED_END]


def test_an_unknown_order_at_the_venue_is_resolved_and_one_never_had_is_ended() -> None:
    """Both ways out of the doubt need the venue's word."""
    unknown = but(ORDER, state=STATE.UNKNOWN, acknowledged=False)
    assert [r.kind.value for r in compared(unknown).reports] == ["acknowledged"]
    assert compared(unknown, None).ask == (("fks-1-1", "GC"),)
    result = compared(unknown, None, found={"fks-1-1": None})
    assert kinds(result) == [KIND.NEVER_ARRIVED]
    assert result.reports[0].kind is VenueReportKind.UNSENT
    young = but(unknown, sent_ts_ns=NOW - 9 * SECOND)
    again = compared(young, None, found={"fks-1-1": None})
    assert (again.reports, again.ask) == ((), (("fks-1-1", "GC"),))


def test_a_venue_that_is_not_sure_never_ends_an_unknown_order() -> None:
    """Nautilus' users lost orders that were ended for want of an answer."""
    unknown = but(ORDER, state=STATE.UNKNOWN, acknowledged=False)
    belief = Belief(
        account="a",
        prefix="fks-1-",
        orders=(unknown,),
        instruments={"GC": GOLD},
        trade_ids=frozenset(),
    )
    said = Said(asked_ts_ns=NOW, orders=(), found={"fks-1-1": None})
    result = reconcile(belief, said, ReconcileTerms(sure=False))
    assert (result.reports, result.ask) == ((), (("fks-1-1", "GC"),))


def test_a_fill_without_history_is_concluded_once_with_an_id_that_repeats() -> None:
    """A random id would count it again after each restart."""
    status = but(STATUS, state="filled", filled=D(10), average_price=D("100.04"))
    order = but(ORDER, filled=D(4), cost=D(400))
    first, second = (compared(order, status, complete=False) for _ in range(2))
    assert first == second
    report = first.reports[0]
    assert (report.trade_id, report.quantity) == ("rec:fks-1-1:10", D(6))
    assert report.price == D("100.1"), "the nearest tick to the average of what lacks, 100.067"


@pytest.mark.parametrize(
    ("order", "status", "said", "kind"),
    [
        (ORDER, but(STATUS, filled=D(2)), {}, KIND.FILL_GAP),
        (
            but(ORDER, filled=D(4)),
            None,
            {"found": {"fks-1-1": but(STATUS, state="cancelled", filled=D(2))}},
            KIND.LESS_FILLED,
        ),
        (ORDER, None, {"found": {"fks-1-1": None}}, KIND.VANISHED),
        (but(ORDER, state=STATE.CANCELLED), STATUS, {}, KIND.STILL_WORKING),
        (None, but(STATUS, client_order_id="fks-1-9"), {}, KIND.LOST_ORDER),
    ],
)
def test_what_no_missed_report_explains_is_a_gap(order, status, said, kind) -> None:  # type: ignore[no-untyped-def]
    """Each is a contradiction that only a person, or time, can solve: the gate closes."""
    result = compared(order, status, **said)
    assert kinds(result) == [kind]
    assert result.gap
    assert not result.agreed
    assert not result.reports


def test_a_position_or_money_that_nothing_explains_is_a_gap() -> None:
    """Control 24: any quantity, and money by more than a tick."""
    position = VenuePosition(symbol="GC", quantity=D(-65), average_price=D(1))
    result = compared(believed={"positions": {"GC": D(75)}}, positions=(position,))
    assert result.gap == "position of GC: 75 here, -65 at the venue"
    for total, gap in (("99.99", False), ("99.98", True), ("100.02", True)):
        money = VenueBalance(currency="USD", total=D(total), free=D(0))
        believed = {"balances": {"USD": D(100)}}
        once = compared(believed=believed, balances=(money,))
        assert (once.gap, once.agreed) == ("", not gap)  # told when it is seen again
        result = compared(believed={**believed, "apart": once.apart}, balances=(money,))
        assert bool(result.gap) is gap


def test_a_deposit_is_named_and_waits_to_be_adopted() -> None:
    """A person who is told what came decides in a moment; one who is told a number searches."""
    money = VenueBalance(currency="USD", total=D(600), free=D(0))
    believed = {
        "balances": {"USD": D(100)}, "pending": {"USD": D(500)}, "apart": {"USD": D(500)},
    }  # fmt: skip
    result = compared(believed=believed, balances=(money,))
    assert kinds(result) == [KIND.EXTERNAL_CASH]
    assert result.gap == "USD: +500 came or went at the venue and was not adopted"


def test_the_first_money_that_a_venue_tells_is_what_it_begins_with() -> None:
    """Compared with nothing, every account would begin with a gap."""
    money = VenueBalance(currency="USD", total=D(600), free=D(0))
    result = compared(balances=(money,))
    assert (result.opening, result.gap, result.agreed) == ({"USD": D(600)}, "", False)


def test_money_is_compared_once_the_fills_are_booked() -> None:
    """A missed fill explains money too; telling a gap first would be a false alarm."""
    money = VenueBalance(currency="USD", total=D(1), free=D(0))
    status = but(STATUS, state="partially_filled", filled=D(4))
    result = compared(status=status, fills=(FILL,), balances=(money,))
    assert result.gap == ""
    assert not result.agreed


def test_strangers_orders_and_fills_are_recognised_and_booked_apart() -> None:
    """A trade by hand at the venue moves our position and is nobody's mistake."""
    status = but(STATUS, client_order_id="web-7", venue_order_id="v7")
    fill = but(FILL, client_order_id="web-7", trade_id="t7")
    position = VenuePosition(symbol="GC", quantity=D(4), average_price=D(1))
    result = compared(None, status, fills=(fill,), positions=(position,))
    assert kinds(result) == [KIND.EXTERNAL, KIND.EXTERNAL]
    assert result.gap == ""
    assert [(r.client_order_id, r.trade_id) for r in result.external] == [("web-7", "t7")]
    known = {"strangers": frozenset({"v7"}), "trade_ids": frozenset({"t7"})}
    position_known = known | {"positions": {"GC": D(4)}}
    assert compared(
        None, status, believed=position_known, fills=(fill,), positions=(position,)
    ).agreed


def test_an_order_amended_elsewhere_takes_the_venues_size_and_price() -> None:
    """The venue trades what it has, not what we remember."""
    result = compared(status=but(STATUS, quantity=D(12), price=D(99)))
    assert kinds(result) == [KIND.MISSED_CHANGE]
    assert (result.reports[0].quantity, result.reports[0].price) == (D(12), D(99))


def test_what_changed_while_the_venue_was_asked_waits_for_the_next_round() -> None:
    """Answers of different instants disagree without anything being wrong."""
    moving = but(ORDER, updated_ts_ns=NOW + 1, state=STATE.CANCELLED)
    assert compared(moving).moving == ("fks-1-1",)
    position = VenuePosition(symbol="GC", quantity=D(4), average_price=D(1))
    result = compared(believed={"moved": {"GC": NOW}}, positions=(position,))
    assert (result.gap, result.moving) == ("", ("GC",))
    late = but(FILL, ts_ns=NOW + 1)
    result = compared(fills=(late,), positions=(), status=but(STATUS, filled=D(4)))
    assert (result.gap, result.moving) == ("", ("GC",))
