"""What must hold for every sequence of commands, whatever the rules say in detail."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tests.contexts.execution.matching.kit import row
from tests.properties.matching_audit import Auditor
from tests.properties.matching_scripts import PROFILES, SCALE, SIZES, setup, written

from fks.contexts.execution.domain.matching._matching import Matcher
from fks.contexts.execution.domain.matching.layout import (
    AccountKey,
    CommandKind,
    Flag,
    OrderKind,
    Phase,
    Tif,
)
from fks.contexts.execution.domain.matching.reference import ReferenceMatcher

ENGINES = [pytest.param(ReferenceMatcher, id="reference"), pytest.param(Matcher, id="compiled")]


def audited(make: Any) -> Auditor:
    """Return an auditor of an empty engine."""
    return Auditor(make(**SIZES), SIZES)


@pytest.mark.parametrize("profile", sorted(PROFILES))
@pytest.mark.parametrize("make", ENGINES)
def test_nothing_is_lost_or_made_by_a_script(make: Any, profile: str) -> None:
    """Lost: lots, money, holds or turns, in a corner that no example has."""
    for seed in range(1000, 1000 + 8 * SCALE):
        (commands, times), _ = written(seed, profile, 250)
        auditor = audited(make)
        for at, ts_ns in enumerate(times.tolist()):
            try:
                auditor.apply(commands[at : at + 1], ts_ns)
                if at % 50 == 0:
                    auditor.check_accounts()
            except AssertionError as error:
                raise AssertionError(f"seed {seed}, command {at}: {error}") from error
        auditor.check_accounts()


class Trading(RuleBasedStateMachine):
    """Anything that four accounts, a venue and an operator may do."""

    make: Any = ReferenceMatcher

    @initialize()
    def begin(self) -> None:
        """Set the engine up."""
        self.auditor = audited(self.make)
        self.now_ns = 0
        for one in range(len(rows := setup({"groups": True}))):
            self.auditor.apply(rows[one : one + 1], 0)

    def apply(self, command: np.ndarray) -> None:
        """Apply one command at the present time."""
        self.auditor.apply(command, self.now_ns)

    def live(self, pick: int) -> int:
        """Return the id of a live order, or of none."""
        live = list(self.auditor.orders)
        return live[pick % len(live)] if live else 7

    @rule(
        key=st.integers(1, 40),
        side=st.integers(0, 1),
        kind=st.sampled_from(OrderKind),
        tif=st.sampled_from(Tif),
        flags=st.sampled_from([0, 0, 0, *Flag, Flag.CHILD | Flag.OUO, Flag.CHILD | Flag.OCO]),
        where=st.sampled_from([0, 0, 0, 1, 2]),
        account=st.integers(1, 4),
        price=st.integers(-1, 5),
        stop=st.integers(-1, 6),
        quantity=st.integers(1, 9),
        display=st.sampled_from([0, 0, 0, 1, 2]),
        life=st.integers(0, 9),
        pick=st.integers(0, 99),
    )
    def add(self, **drawn: Any) -> None:
        """Ask for an order."""
        low = 0 if drawn["where"] == 2 else 97
        trailing = drawn["kind"] in (OrderKind.TRAILING_STOP, OrderKind.TRAILING_STOP_LIMIT)
        low = 0 if trailing else low
        link = self.live(drawn["pick"]) if drawn["flags"] & Flag.CHILD else drawn["pick"] % 3 + 1
        self.apply(
            row(
                CommandKind.ADD,
                id=drawn["key"],
                side=drawn["side"],
                type=drawn["kind"],
                tif=drawn["tif"],
                flags=int(drawn["flags"]),
                instrument=drawn["where"],
                account=drawn["account"],
                price=low + drawn["price"],
                stop=low + drawn["stop"],
                quantity=drawn["quantity"],
                display=drawn["display"],
                expire_ns=self.now_ns + drawn["life"],
                link=link,
            )
        )

    @rule(pick=st.integers(0, 99))
    def cancel(self, pick: int) -> None:
        """Cancel an order."""
        self.apply(row(CommandKind.CANCEL, id=self.live(pick)))

    @rule(
        pick=st.integers(0, 99),
        price=st.integers(-1, 103),
        stop=st.integers(-1, 103),
        quantity=st.integers(0, 12),
        display=st.integers(0, 2),
    )
    def replace(self, pick: int, **drawn: int) -> None:
        """Change an order."""
        self.apply(row(CommandKind.REPLACE, id=self.live(pick), **drawn))

    @rule(phase=st.sampled_from(Phase), where=st.sampled_from([0, 2]))
    def phase(self, phase: Phase, where: int) -> None:
        """Move an instrument to a phase, and on to continuous trading."""
        self.apply(row(CommandKind.PHASE, type=phase, instrument=where))

    @rule(where=st.sampled_from([0, 2]))
    def trade_on(self, where: int) -> None:
        """Go back to continuous trading."""
        self.apply(row(CommandKind.PHASE, type=Phase.CONTINUOUS, instrument=where))

    @rule(by=st.integers(0, 6))
    def wait(self, by: int) -> None:
        """Let time pass."""
        self.now_ns += by
        self.apply(row(CommandKind.TIME))

    @rule(side=st.integers(0, 2), account=st.integers(0, 4))
    def cancel_all(self, side: int, account: int) -> None:
        """Cancel many."""
        self.apply(row(CommandKind.CANCEL_ALL, side=side, account=account, instrument=65535))

    @rule(pick=st.integers(0, 99), quantity=st.integers(1, 9), done=st.booleans())
    def venue(self, pick: int, quantity: int, done: bool) -> None:
        """Let the venue report."""
        kind = CommandKind.VENUE_DONE if done else CommandKind.VENUE_FILL
        self.apply(row(kind, id=self.live(pick), quantity=quantity, price=100, stop=3))

    @rule(account=st.integers(1, 4), group=st.integers(0, 2))
    def regroup(self, account: int, group: int) -> None:
        """Change who belongs together."""
        key = AccountKey.SELF_TRADE_GROUP
        self.apply(row(CommandKind.CONFIGURE_ACCOUNT, account=account, flags=key, price=group))

    @rule()
    def come_back(self) -> None:
        """Go on from a snapshot."""
        other = type(self).make(**SIZES)
        other.restore(self.auditor.matcher.snapshot())
        assert other.state_hash() == self.auditor.matcher.state_hash()
        self.auditor.matcher = other

    @invariant()
    def accounts_agree(self) -> None:
        """Nothing is lost or made."""
        if hasattr(self, "auditor"):
            self.auditor.check_accounts()


@pytest.mark.parametrize("make", ENGINES)
def test_nothing_is_lost_or_made_by_anybody(make: Any) -> None:
    """Lost: lots, money, holds or turns, in a corner that no script has."""
    machine = type("Machine", (Trading,), {"make": make})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=50 * SCALE,
            stateful_step_count=60,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_auditor_sees_what_is_wrong() -> None:
    """Lost: an audit that nods at everything."""
    (commands, times), _ = written(3, "plain", 200)
    auditor = audited(ReferenceMatcher)
    for at, ts_ns in enumerate(times.tolist()):
        auditor.apply(commands[at : at + 1], ts_ns)
    auditor.check_accounts()
    assert auditor.orders
    key = next(iter(auditor.orders))
    auditor.orders[key]["open"] += 1
    with pytest.raises(AssertionError):
        auditor.check_accounts()
