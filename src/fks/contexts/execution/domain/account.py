"""The arithmetic of a fill, in whole numbers: price against the trader, fee, account.

The compiled desk has the same rules in C; these are the ones to read. Python's integers do not
wrap, so a result is checked against int64 once, before anything changes.
"""

from __future__ import annotations

from typing import NamedTuple

from fks.contexts.execution.domain.terms import INT64_MAX, Terms

__all__ = ["Account", "fee_nanos", "fits", "settle", "slipped_ticks"]

_E9 = 1_000_000_000


class Account(NamedTuple):
    """Cash, signed position, its signed cost, and realised profit after fees.

    `cash_nanos = starting cash + realised_nanos - cost_nanos` always holds exactly.
    """

    cash_nanos: int
    position_lots: int
    cost_nanos: int
    realised_nanos: int


def fits(*values: int) -> bool:
    """Tell whether all values are int64 (the most negative one excepted)."""
    return all(-INT64_MAX <= value <= INT64_MAX for value in values)


def slipped_ticks(terms: Terms, side: int, price_ticks: int) -> int:
    """Return the price of a market or stop fill: moved against the trader, and kept in int64.

    The part in bps is rounded up to a whole tick, so that slippage is never understated. It does
    not move a positive price below one tick.
    """
    share = -(-abs(price_ticks) * terms.slippage_rate_e9 // _E9)
    moved = price_ticks + side * (terms.slippage_ticks + share)
    least = 1 if price_ticks > 0 else -INT64_MAX
    return min(max(moved, least), INT64_MAX)


def fee_nanos(terms: Terms, lots: int, notional_nanos: int) -> int:
    """Return the fee: rate (rounded half up) plus per lot, and at least the minimum.

    What trades below zero is worth as much to those who take a share of it.
    """
    share = (abs(notional_nanos) * terms.fee_rate_e9 + _E9 // 2) // _E9
    return max(share + lots * terms.fee_per_lot_nanos, terms.fee_minimum_nanos)


def settle(
    terms: Terms, account: Account, side: int, lots: int, price_ticks: int
) -> tuple[Account, int] | None:
    """Return the account after a fill and the fee; None where int64 does not hold the result.

    What closes takes its share of the cost, rounded toward zero; what opens adds to it.
    """
    notional = price_ticks * lots * terms.tick_value_nanos
    fee = fee_nanos(terms, lots, notional)
    held = account.position_lots
    closing = min(abs(held), lots) if held * side < 0 else 0
    closed_notional = price_ticks * closing * terms.tick_value_nanos
    freed = _toward_zero(account.cost_nanos * closing, abs(held)) if closing else 0
    realised = account.realised_nanos - side * closed_notional - freed - fee
    cost = account.cost_nanos - freed + side * (notional - closed_notional)
    after = Account(account.cash_nanos - side * notional - fee, held + side * lots, cost, realised)
    return (after, fee) if fits(*after, notional, fee) else None


def _toward_zero(numerator: int, denominator: int) -> int:
    """Divide as C does."""
    quotient = abs(numerator) // denominator
    return quotient if numerator >= 0 else -quotient
