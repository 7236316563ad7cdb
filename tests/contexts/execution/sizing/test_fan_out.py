"""One signal for many accounts: each sized, asked and limited for itself."""

from __future__ import annotations

from decimal import Decimal

from fks.contexts.execution.domain.matching.layout import Reason
from fks.contexts.execution.domain.risk.facts import OrderFacts, Verdict
from fks.contexts.execution.domain.risk.limits import DEFAULTS, parse_limits
from fks.contexts.execution.domain.risk.policies import Policies
from fks.contexts.execution.domain.sizing.fan_out import fan_out
from fks.contexts.execution.domain.sizing.sizes import (
    SizedOrder,
    SizingAccount,
    SizingInstrument,
    SizingSignal,
)
from fks.contracts.execution import PropRules, SizingRule

NANOS = 1_000_000_000
GOLD = SizingInstrument(unit_nanos=10 * NANOS)
SIGNAL = SizingSignal(symbol="GC", side=1, entry_ticks=20_000, stop_ticks=19_990)


def test_each_account_gets_what_its_own_money_and_limits_allow() -> None:
    """Lost: the smallest or most limited account would decide for all, or for none."""
    policies = Policies()
    accounts = []
    opened = {
        "large": (150_000, {}, None),
        "small": (10_000, {}, None),
        "poor": (5_000, {}, None),
        "prop": (150_000, {}, PropRules(max_contracts=Decimal(5))),
        "group": (150_000, {"max_correlated_exposure": "800000"}, None),
        "barred": (150_000, {"symbols": "ES"}, None),
    }
    for name, (money, limits, prop) in opened.items():
        policies.open_account(name, parse_limits(limits, DEFAULTS), prop, money * NANOS, 0)
        accounts.append(
            SizingAccount(account=name, rule=SizingRule(), equity_nanos=money * NANOS,
                          risk_cap_ppm=10_000)
        )  # fmt: skip
    policies.on_market(0, vix_milli=15_000)

    def ask(account: SizingAccount, order: SizedOrder) -> Verdict:
        facts = OrderFacts(
            account=account.account, symbol="GC", side=0, lots=order.lots, price_ticks=20_000,
            unit_nanos=10 * NANOS, stop_ticks=order.stop_ticks, client_order_id="x",
        )  # fmt: skip
        return policies.before_order(facts, 0)

    shares = fan_out(SIGNAL, GOLD, accounts, ask)
    assert [(share.account, share.order.lots) for share in shares] == [
        ("large", 15), ("small", 1), ("poor", 0), ("prop", 5), ("group", 4), ("barred", 0)
    ]  # fmt: skip
    found = {share.account: share for share in shares}
    assert "less than one lot" in found["poor"].reason
    assert found["barred"].code is Reason.RESTRICTED and found["barred"].reason
    assert found["prop"].order.risk_nanos == 5 * 100 * NANOS
    assert all(share.code is Reason.NONE for share in shares if share.order.lots)


def test_a_control_that_never_agrees_ends_in_a_refusal() -> None:
    """Lost: an account whose controls cap ever lower would be asked for ever."""
    asked = []

    def ask(account: SizingAccount, order: SizedOrder) -> Verdict:
        asked.append(order.lots)
        cap = order.lots - 1
        return Verdict(code=Reason.POSITION_LIMIT, text="no", cap_lots=cap)

    account = SizingAccount(account="a", rule=SizingRule(), equity_nanos=150_000 * NANOS)
    (share,) = fan_out(SIGNAL, GOLD, [account], ask)
    assert (share.order.lots, share.code) == (0, Reason.POSITION_LIMIT)
    assert len(asked) < 15 and asked == sorted(set(asked), reverse=True)
