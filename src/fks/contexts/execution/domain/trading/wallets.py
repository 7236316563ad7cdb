"""The money that an account's venue must hold by our count, so that it can be compared.

Fills move it exactly as the venue does; what moves it otherwise (funding, deposits) is told by
the venue or adopted by a person. It is no measure of risk: what an account may lose is what it
was opened with and what it earned, wherever somebody moves the rest.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from msgspec import UNSET

from fks.contexts.execution.domain.matching.layout import CommandKind
from fks.contexts.execution.domain.trading.effects import Told
from fks.contexts.execution.domain.trading.floor import Floor
from fks.contexts.execution.domain.trading.inputs import CashMoved, MoneyAdopted
from fks.contexts.execution.domain.trading.scales import money, nanos_of
from fks.contexts.execution.domain.trading.state import AccountRecord, Money
from fks.contracts.values import Instrument

__all__ = ["Paid", "Wallets", "base_of"]

_SEEN = 1000
COSTS = ("funding", "interest", "insurance", "fee")  # what moves equity too


class Paid(NamedTuple):
    """A fee as it was paid."""

    amount: Decimal = Decimal(0)
    currency: str = ""


class Wallets:
    """Keep the money of accounts at their venues."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    def filled(
        self, account: AccountRecord, number: int, signed: int, ticks: int, gained: int, paid: Paid
    ) -> None:
        """Move the money as a fill of signed lots does; `gained` nanos were realised by it."""
        held = account.money
        if held is UNSET:
            return
        instrument, scale = self._floor.by_number[number].instrument, self._floor.scales[number]
        if held.exchange:
            quantity = scale.quantity(signed)
            worth = quantity * scale.price(ticks) * instrument.multiplier
            _move(held, base_of(instrument), quantity)
            _move(held, instrument.currency, -worth)
        else:
            _move(held, instrument.currency, money(gained))
        if paid.amount:
            _move(held, paid.currency or instrument.currency, -paid.amount)

    def moved(self, given: CashMoved) -> None:
        """Take word of money that moved by no fill; one that nobody adopted waits."""
        account, cash = self._floor.accounts[given.account], given.cash
        held = account.money
        if held is UNSET or cash.id in held.seen or cash.ts_ns < held.since_ns:
            return
        held.seen.append(cash.id)
        del held.seen[:-_SEEN]
        what = f"{cash.what} of {cash.amount} {cash.currency}"
        if not given.adopted:
            held.pending[cash.currency] = held.pending.get(cash.currency, Decimal(0)) + cash.amount
            self._tell(account, "cash moved", f"{what}, not adopted")
            return
        _move(held, cash.currency, cash.amount)
        if cash.what in COSTS and cash.currency == account.currency:
            nanos = nanos_of(cash.amount)
            account.cash_nanos += nanos
            self._floor.govern(CommandKind.CREDIT, account=account.number, price=nanos)
            self._floor.to_mark.add(account.id)
        self._tell(account, "cash moved", what)

    def adopt(self, given: MoneyAdopted) -> None:
        """Take over a venue's first balances, or what a person says may differ."""
        account = self._floor.accounts[given.account]
        held = account.money
        if held is UNSET:
            held = account.money = Money(
                exchange=given.exchange, whole=given.whole, since_ns=given.asked_ts_ns
            )
        for currency, amount in sorted(given.amounts.items()):
            if given.opening:
                held.wallets[currency] = amount
            else:
                held.wallets[currency] = held.wallets.get(currency, Decimal(0)) + amount
                held.pending.pop(currency, None)
        words = ", ".join(f"{amount} {name}" for name, amount in sorted(given.amounts.items()))
        what = "money to begin with" if given.opening else f"money adopted by {given.person}"
        self._tell(account, what, f"{words} {given.reason}".strip() or "none")

    def _tell(self, account: AccountRecord, what: str, detail: str) -> None:
        self._floor.emit(Told(account.id, 0, what, detail))


def base_of(instrument: Instrument) -> str:
    """Return the asset that an instrument of a spot market trades: its id without the currency."""
    return instrument.id.removesuffix(instrument.currency).rstrip("-/_:")


def _move(held: Money, currency: str, amount: Decimal) -> None:
    """Move a wallet, one that is open."""
    if held.whole or currency in held.wallets:
        held.wallets[currency] = held.wallets.get(currency, Decimal(0)) + amount
