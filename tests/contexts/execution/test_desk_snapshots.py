"""A desk as bytes: taken within a bar, damaged, forged, or of another instrument."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.execution.domain.desks import DeskMaker
from fks.contexts.execution.domain.orders import Row
from fks.contexts.execution.domain.state import Scalars, pack, scale_of, unpack
from fks.contexts.execution.domain.terms import terms_of
from fks.contracts.execution import CostModel, Desk, DeskConfig, RiskLimits
from fks.contracts.values import FillRule, Instrument
from fks.kernel.errors import Invalid

both = pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])


def config(tick: str = "0.01") -> DeskConfig:
    """Return a desk of ten units without limits."""
    return DeskConfig(
        instrument=Instrument(id="X", tick_size=Decimal(tick)),
        cash=1_000_000.0,
        quantity=10.0,
        fill_rule=FillRule.NEXT_OPEN,
        costs=CostModel(),
        limits=RiskLimits(
            max_order_quantity=None, max_position_quantity=None, max_order_notional=None
        ),
    )


def resting() -> Desk:
    """Return a desk on which a limit and a stop order rest, in the middle of a bar."""
    desk = DeskMaker().make(config())
    desk.on_bar(0, 10_000, 10_000, 10_000, 10_000)
    desk.end_bar()
    desk.buy(5, limit=99.0)
    desk.sell(5, stop=98.0)
    desk.target(3)
    desk.on_bar(1, 10_000, 10_000, 10_000, 10_000)
    return desk


@both
def test_a_snapshot_taken_within_a_bar_goes_on_within_it(compiled: bool) -> None:
    """Lost: a session that stops between matching and deciding would trade otherwise."""
    one = resting()
    two = DeskMaker().make(config(), compiled=compiled)
    two.restore(one.snapshot())
    assert two.position == one.position == 3.0
    for desk in (one, two):
        desk.flat()
        desk.end_bar()
        desk.on_bar(2, 9_950, 9_950, 9_750, 9_750)
        desk.end_bar()
    assert one.state_hash() == two.state_hash()
    assert two.fills() == one.fills_after(1)
    assert two.position_lots().tolist() == one.position_lots().tolist()[1:]


def test_a_snapshot_cut_short_or_drawn_out_is_refused() -> None:
    """Lost: half a file would be taken for an account."""
    state = resting().snapshot()
    for damaged in (b"", state[:7], state[:-1], state + b"x", state * 2):
        with pytest.raises(Invalid, match="intact"):
            DeskMaker().make(config()).restore(damaged)


@given(place=st.integers(0, 10_000), change=st.integers(1, 255))
@settings(max_examples=100, deadline=None)
def test_a_snapshot_with_any_byte_changed_is_refused(place: int, change: int) -> None:
    """Lost: a desk would start from a damaged account."""
    state = bytearray(resting().snapshot())
    state[place % len(state)] ^= change
    with pytest.raises(Invalid):
        DeskMaker().make(config()).restore(bytes(state))


def test_a_snapshot_that_no_desk_can_be_in_is_refused_whatever_its_checksum() -> None:
    """Lost: compiled code would act on an order of no side, type or size."""
    scale = scale_of(terms_of(config()))
    scalars, rows = unpack(resting().snapshot(), scale)
    forged: list[tuple[Scalars, tuple[Row, ...]]] = [
        (scalars._replace(**change), rows)
        for change in (
            {"order_count": 1},
            {"bars": -1},
            {"cash_nanos": -(2**63)},
            {"tried_refused": 2},
        )
    ]
    wrong: list[dict[str, int]] = [
        *({"side": 0}, {"type": 7}, {"lots": 0}, {"status": 1}, {"reason": 3}, {"id": 0}),
        *({"limit_ticks": 0}, {"stop_ticks": 5}, {"number": 9}),
    ]
    forged += [(scalars, (rows[0]._replace(**change), *rows[1:])) for change in wrong]
    forged += [(scalars, rows[::-1])]
    for state in forged:
        with pytest.raises(Invalid, match="intact"):
            DeskMaker().make(config()).restore(pack(*state, scale))
    with pytest.raises(Invalid, match="another tick size"):
        DeskMaker().make(config("0.05")).restore(resting().snapshot())
