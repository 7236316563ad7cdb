"""One signal for many accounts: each is sized, asked and limited for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from fks.contexts.execution.domain.matching.layout import Reason
from fks.contexts.execution.domain.risk.facts import Verdict
from fks.contexts.execution.domain.sizing.sizes import (
    SizedOrder,
    SizingAccount,
    SizingInstrument,
    SizingSignal,
    size,
)

__all__ = ["Ask", "Share", "fan_out"]

Ask = Callable[[SizingAccount, SizedOrder], Verdict]
_TRIES = 8  # as many controls as may cap a quantity, one after the other


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """An account's part in a signal: a sized order, or why there is none (`lots` 0)."""

    account: str
    order: SizedOrder
    code: Reason = Reason.NONE
    reason: str = ""


def fan_out(
    signal: SizingSignal,
    instrument: SizingInstrument,
    accounts: Iterable[SizingAccount],
    ask: Ask,
) -> tuple[Share, ...]:
    """Return a share for each account, in the order given.

    `ask` says what the account's controls think of a size; a size that a control would cap is
    asked again at the cap, so that a smaller order goes rather than none.
    """
    return tuple(_share(signal, instrument, account, ask) for account in accounts)


def _share(
    signal: SizingSignal, instrument: SizingInstrument, account: SizingAccount, ask: Ask
) -> Share:
    order = size(account, instrument, signal)
    if not order.lots:
        return Share(account=account.account, order=order, reason=order.why)
    verdict = ask(account, order)
    for _ in range(_TRIES):
        if verdict.passed or not 0 < verdict.cap_lots < order.lots:
            break
        order = SizedOrder(
            lots=verdict.cap_lots,
            risk_nanos=order.risk_nanos * verdict.cap_lots // order.lots,
            stop_ticks=order.stop_ticks,
            why=f"{order.why}; {verdict.text}",
        )
        verdict = ask(account, order)
    if verdict.passed:
        return Share(account=account.account, order=order)
    none = SizedOrder(lots=0, risk_nanos=0, stop_ticks=order.stop_ticks, why=order.why)
    return Share(account=account.account, order=none, code=verdict.code, reason=verdict.text)
