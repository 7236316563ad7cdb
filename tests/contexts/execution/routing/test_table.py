"""Every report in every state: what comes of it, written out once more and compared."""

from __future__ import annotations

import pytest

from fks.contexts.execution.domain.routing.effects import Ask, Difference
from fks.contexts.execution.domain.routing.table import TABLE, Step
from fks.contracts.execution import OrderState, VenueReportKind

from .lives import LOTS, START, in_state, letters, report

# The state after it (nothing: as before), and F filled, R released, Z resized, V revived,
# D difference, Q asked. A fill is of 3 lots of 10 and new.
_COLUMNS = (
    *("acknowledged", "rejected", "filled", "cancelled", "expired", "replaced"),
    *("cancel_rejected", "replace_rejected", "unknown", "unsent", "connected", "disconnected"),
)
_OUTCOMES = """
pending_new      new rejected+R partially_filled+F cancelled+R expired+R new . . unknown+Q rejected+R +Q unknown+Q
new              . rejected+R partially_filled+F cancelled+R expired+R . . . +Q +DQ . .
partially_filled . +DQ +F cancelled+R expired+R . . . +Q +DQ . .
pending_cancel   . rejected+R +F cancelled+R expired+R . new+Q +Q +Q new+ZQ +Q +Q
pending_replace  . rejected+R +F cancelled+R expired+R new+Z . new+ZQ +Q new+ZQ +Q +Q
held             +DQ +DQ partially_filled+DF +DQ +DQ +DQ . . +DQ . . .
unknown          new rejected+R partially_filled+F cancelled+R expired+R new +Q +Q . rejected+R +Q .
filled           . +DQ +FD . . . . . . . . .
cancelled        . . +F . . . . . . . . .
rejected         . . cancelled+FD . . . . . . . . .
expired          . . +F . . . . . . . . .
"""  # noqa: E501  # a table is read by its columns
CELLS = [
    (OrderState(name), VenueReportKind(column), outcome)
    for name, *outcomes in (line.split() for line in _OUTCOMES.strip().splitlines())
    for column, outcome in zip(_COLUMNS, outcomes, strict=True)
]


def given(kind: VenueReportKind):  # type: ignore[no-untyped-def]
    """Return a plain report of a kind."""
    filled = kind is VenueReportKind.FILLED
    return report(kind, 3 if filled else 0, "t9" if filled else "")


def test_every_state_and_every_report_is_in_the_table() -> None:
    """A cell without a meaning would be a report that is silently dropped."""
    assert len(CELLS) == len(TABLE) == len(OrderState) * len(VenueReportKind) == 132
    assert {(state, kind) for state, kind, _ in CELLS} == set(TABLE)
    assert set(TABLE.values()) == set(Step)


@pytest.mark.parametrize(("state", "kind", "outcome"), CELLS, ids=lambda v: getattr(v, "value", ""))
def test_a_report_has_exactly_the_outcome_of_its_cell(
    state: OrderState, kind: VenueReportKind, outcome: str
) -> None:
    """Each cell is a promise about money: exposure kept, released, or counted."""
    life = in_state(state)
    before = life.record
    effects = life.hear(given(kind), START + 10)
    after, _, said = outcome.lstrip(".").partition("+")
    assert life.state is (OrderState(after) if after else state)
    assert letters(effects) == said
    if not said and not after:
        assert (life.open_lots, life.record.trades) == (before.open_lots, before.trades)
    asked_or_told = {type(effect) for effect in effects} & {Ask, Difference}
    if life.state is OrderState.UNKNOWN:
        assert life.open_lots == LOTS, "what is unknown stays exposure"
    if TABLE[(state, kind)] is Step.WRONG:
        assert asked_or_told == {Ask, Difference}


@pytest.mark.parametrize(("state", "kind", "outcome"), CELLS, ids=lambda v: getattr(v, "value", ""))
def test_the_same_report_again_moves_no_lots(
    state: OrderState, kind: VenueReportKind, outcome: str
) -> None:
    """Venues repeat themselves after each reconnect; a repeat must not count."""
    life = in_state(state)
    life.hear(given(kind), START + 10)
    before = life.record
    again = life.hear(given(kind), START + 11)
    after = life.record
    assert not set(letters(again)) & set("FRV")
    assert (after.filled_lots, after.state, after.open_lots) == (
        before.filled_lots,
        before.state,
        before.open_lots,
    )
