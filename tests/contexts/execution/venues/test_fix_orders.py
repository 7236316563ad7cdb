"""Orders over FIX: sent, filled, amended, cancelled, refused, found again."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from fks.contexts.execution.adapters.venues.fix.venue import make
from fks.contracts.values import OrderType, Side, TimeInForce
from fks.kernel.errors import Invalid, Unavailable

from .fix_desk import KIND, fix_desk, order

D = Decimal


async def test_an_order_is_acknowledged_filled_and_its_fee_and_side_told(tmp_path: Path) -> None:
    """The plain way must be right before any fault is looked at."""
    async with fix_desk(tmp_path) as desk:
        desk.acceptor.room.stranger("GC", Side.SELL, D(4), D("1999.9"))
        await desk.venue.submit(order("o1"))
        await desk.until_heard("o1", KIND.ACKNOWLEDGED, KIND.FILLED)
        fill = desk.reports[-1]
        assert (fill.quantity, fill.price, fill.side) == (D(4), D("1999.9"), Side.BUY)
        assert (fill.maker, fill.symbol) == (False, "GC")
        assert fill.trade_id
        desk.acceptor.room.stranger("GC", Side.SELL, D(6), D("1999.9"))
        await desk.until_heard("o1", KIND.ACKNOWLEDGED, KIND.FILLED, KIND.FILLED)
        assert (desk.reports[-1].price, desk.reports[-1].maker) == (D("2000.0"), True)


async def test_amended_twice_and_cancelled_each_request_names_the_one_before(
    tmp_path: Path,
) -> None:
    """FIX renames an order at each amendment; a request under an old name is refused."""
    async with fix_desk(tmp_path) as desk:
        await desk.venue.submit(order("o1"))
        await desk.until_heard("o1", KIND.ACKNOWLEDGED)
        await desk.venue.amend("o1", "GC", D(12), D("1999.5"))
        await desk.until_heard("o1", KIND.ACKNOWLEDGED, KIND.REPLACED)
        await desk.venue.amend("o1", "GC", D(5), D("1999.0"))
        await desk.until_heard("o1", KIND.ACKNOWLEDGED, KIND.REPLACED, KIND.REPLACED)
        assert (desk.reports[-1].quantity, desk.reports[-1].price) == (D(5), D("1999.0"))
        await desk.venue.cancel("o1", "GC")
        await desk.until(lambda: desk.heard("o1")[-1] is KIND.CANCELLED)
        asked = [m for m in desk.acceptor.received if m[35] in ("D", "G", "F")]
        assert [m[41] for m in asked[1:]] == [m[11] for m in asked[:-1]]
        assert len({m[11] for m in asked}) == 4


async def test_refusals_are_told_with_the_venues_words(tmp_path: Path) -> None:
    """An order that was refused without a reason cannot be corrected."""
    async with fix_desk(tmp_path) as desk:
        await desk.venue.submit(order("o1", price=None))
        await desk.until(lambda: desk.heard("o1")[-1:] == [KIND.CANCELLED])
        assert "liquidity" in desk.reports[-1].text
        await desk.venue.submit(order("o2"))
        await desk.until_heard("o2", KIND.ACKNOWLEDGED)
        await desk.venue.submit(order("o2"))
        await desk.until_heard("o2", KIND.ACKNOWLEDGED, KIND.REJECTED)
        assert desk.reports[-1].code == "6"
        await desk.venue.cancel("never", "GC")
        await desk.until_heard("never", KIND.CANCEL_REJECTED)
        assert desk.reports[-1].code == "UNKNOWN_ORDER"


async def test_a_cancel_of_a_filled_order_is_refused(tmp_path: Path) -> None:
    """The race between a fill and a cancel is every day's."""
    async with fix_desk(tmp_path) as desk:
        await desk.venue.submit(order("o1"))
        await desk.until_heard("o1", KIND.ACKNOWLEDGED)
        desk.acceptor.hide = 1
        desk.acceptor.room.stranger("GC", Side.SELL, D(10), D("2000.0"))
        await desk.venue.cancel("o1", "GC")
        await desk.until(lambda: {KIND.CANCEL_REJECTED, KIND.FILLED} <= set(desk.heard("o1")))
        status = await desk.venue.find_order("o1", "GC")
        assert status is not None
        assert (status.state, status.filled) == ("filled", D(10))


@pytest.mark.parametrize(
    ("fields", "tags"),
    [
        (
            {"type": OrderType.STOP, "stop_price": D("2010.5"), "price": None},
            {40: "3", 99: "2010.5"},
        ),
        (
            {"type": OrderType.STOP_LIMIT, "stop_price": D(2010), "post_only": False},
            {40: "4", 99: "2010", 44: "2000"},
        ),
        ({"post_only": True, "reduce_only": True}, {18: "6 E"}),
        ({"display_quantity": D(2)}, {111: "2"}),
        (
            {"time_in_force": TimeInForce.GTD, "expire_ts_ns": 2_000_000_000 * 10**9},
            {59: "6", 126: "20330518-03:33:20.000"},
        ),
    ],
)
async def test_the_terms_of_an_order_are_said_in_fix(tmp_path: Path, fields, tags) -> None:  # type: ignore[no-untyped-def]
    """A term left out makes another order of it."""
    async with fix_desk(tmp_path) as desk:
        await desk.venue.submit(order("o1", **fields))
        await desk.until(lambda: any(m[35] == "D" for m in desk.acceptor.received))
        sent = next(m for m in desk.acceptor.received if m[35] == "D")
        assert {tag: sent.get(tag) for tag in tags} == tags


async def test_statuses_are_found_and_strangers_ids_are_none(tmp_path: Path) -> None:
    """None must mean never had, for an unknown order is ended on that word."""
    async with fix_desk(tmp_path) as desk:
        assert await desk.venue.find_order("o1", "GC") is None
        assert await desk.venue.open_orders() == ()
        for name, price in (("o1", "1990.0"), ("o2", "1991.0")):
            await desk.venue.submit(order(name, price=price))
        await desk.until(lambda: len(desk.heard("o2")) == 1)
        desk.acceptor.room.stranger("GC", Side.SELL, D(3), D("1991.0"))
        found = {status.client_order_id: status for status in await desk.venue.open_orders()}
        assert (found["o1"].state, found["o1"].price) == ("new", D("1990.0"))
        assert (found["o2"].state, found["o2"].filled) == ("partially_filled", D(3))
        assert found["o2"].average_price == D("1991.0")
        assert abs(await desk.venue.clock_offset_ns()) < 50_000_000


async def test_an_order_of_a_former_life_can_be_amended_and_cancelled(tmp_path: Path) -> None:
    """After a restart nothing is remembered here; the counterparty is asked."""
    async with fix_desk(tmp_path) as desk:
        await desk.venue.submit(order("o1", Side.SELL, price="2005.0"))
        await desk.until_heard("o1", KIND.ACKNOWLEDGED)
        await desk.venue.close()
        again = make(desk.context)
        await again.connect(desk.reports.append)
        await again.amend("o1", "GC", D(7), D("2006.0"))
        await desk.until(lambda: desk.heard("o1")[-1] is KIND.REPLACED)
        await again.cancel("o1", "GC")
        await desk.until(lambda: desk.heard("o1")[-1] is KIND.CANCELLED)
        await again.close()
        desk.venue = make(desk.context)
        await desk.venue.connect(desk.reports.append)


async def test_settings_that_cannot_be_and_ports_nobody_serves_are_told(tmp_path: Path) -> None:
    """A wrong setting must not look like a venue that is away."""
    async with fix_desk(tmp_path) as desk:
        bad = dict(desk.context.settings) | {"heartbeat_s": "often"}
        with pytest.raises(Invalid, match="heartbeat_s"):
            make(type(desk.context)(**_fields(desk.context, settings=bad)))
        away = dict(desk.context.settings) | {"port": 1, "numbers": str(tmp_path / "x")}
        with pytest.raises(Unavailable, match="no FIX session"):
            await make(type(desk.context)(**_fields(desk.context, settings=away))).connect(print)


def _fields(context, **changed):  # type: ignore[no-untyped-def]
    kept = {name: getattr(context, name) for name in context.__struct_fields__}
    return kept | changed
