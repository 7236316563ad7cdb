"""A desk's configuration in whole numbers: what both desks compute with.

Prices become ticks, quantities lots, money nanos (1e-9 of the account's currency), rates parts
in 1e9. What cannot be expressed exactly is refused here, before anything is traded.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from fks.contracts.execution import DeskConfig
from fks.contracts.values import NANOS, FillRule, Instrument
from fks.kernel.errors import Invalid

__all__ = ["INT64_MAX", "Terms", "terms_of"]

INT64_MAX = 2**63 - 1
_BPS = Decimal(10_000)
_MOST_COUNT = 10**9


class Terms(NamedTuple):
    """Whole numbers only; `INT64_MAX` in a limit means that it is waived.

    A price is `ticks * tick_numerator / tick_denominator`, a quantity likewise of lots.
    """

    tick_value_nanos: int
    tick_numerator: int
    tick_denominator: int
    lot_numerator: int
    lot_denominator: int
    cash_nanos: int
    quantity_lots: int
    same_close: bool
    fee_rate_e9: int
    fee_per_lot_nanos: int
    fee_minimum_nanos: int
    slippage_ticks: int
    slippage_rate_e9: int
    max_order_lots: int
    max_position_lots: int
    max_notional_nanos: int
    max_open_orders: int
    allow_short: bool


def terms_of(config: DeskConfig) -> Terms:
    """Return the whole numbers of a configuration.

    Raises `Invalid` when the instrument cannot be traded exactly, when the quantity is not a
    positive whole number of lots, or when a cost or limit is negative or beyond int64.
    """
    instrument, costs, limits = config.instrument, config.costs, config.limits
    tick, lot = _positive(instrument)
    unit = lot * instrument.multiplier
    for name in ("fee_bps", "fee_per_unit", "fee_minimum", "slippage_ticks", "slippage_bps"):
        if not getattr(costs, name) >= 0:
            raise Invalid(f"{name} must not be negative", code="execution.bad_config")
    counts = (costs.slippage_ticks, costs.spread_ticks, limits.max_open_orders)
    if not 0 <= min(counts) <= max(counts) <= _MOST_COUNT:
        raise Invalid(
            "slippage_ticks, spread_ticks and max_open_orders must be from 0 to a billion",
            code="execution.bad_config",
        )
    return Terms(
        tick_value_nanos=_tick_value(instrument, tick * unit),
        tick_numerator=tick.as_integer_ratio()[0],
        tick_denominator=tick.as_integer_ratio()[1],
        lot_numerator=lot.as_integer_ratio()[0],
        lot_denominator=lot.as_integer_ratio()[1],
        cash_nanos=_nanos(config.cash, "cash"),
        quantity_lots=_lots(config.quantity, lot, "quantity"),
        same_close=config.fill_rule is FillRule.SAME_CLOSE,
        fee_rate_e9=_rate(costs.fee_bps),
        fee_per_lot_nanos=_nanos(float(_exact(costs.fee_per_unit) * lot), "fee_per_unit"),
        fee_minimum_nanos=_nanos(costs.fee_minimum, "fee_minimum"),
        slippage_ticks=costs.slippage_ticks + (costs.spread_ticks + 1) // 2,
        slippage_rate_e9=_rate(costs.slippage_bps),
        max_order_lots=_limit_lots(limits.max_order_quantity, lot),
        max_position_lots=_limit_lots(limits.max_position_quantity, lot),
        max_notional_nanos=(
            INT64_MAX
            if limits.max_order_notional is None
            else _nanos(limits.max_order_notional, "max_order_notional")
        ),
        max_open_orders=limits.max_open_orders,
        allow_short=limits.allow_short,
    )


def _positive(instrument: Instrument) -> tuple[Decimal, Decimal]:
    """Return tick and lot size; all three sizes must be positive and finite."""
    for name in ("tick_size", "lot_size", "multiplier"):
        value: Decimal = getattr(instrument, name)
        if not value.is_finite() or value <= 0:
            raise Invalid(
                f"{instrument.id}: {name} must be positive, not {value}",
                code="execution.bad_instrument",
            )
    return instrument.tick_size, instrument.lot_size


def _tick_value(instrument: Instrument, value: Decimal) -> int:
    """Return what one tick of one lot is worth, which must be a whole number of nanos."""
    nanos = value * NANOS
    if nanos > 2**53:
        raise Invalid(
            f"{instrument.id}: a tick on a lot is worth {value:g} {instrument.currency}; "
            f"more than nine million is too coarse to trade: take a smaller lot size",
            code="execution.bad_instrument",
        )
    if nanos == nanos.to_integral_value() and nanos >= 1:
        return int(nanos)
    per_unit = instrument.tick_size * instrument.multiplier
    numerator, denominator = per_unit.as_integer_ratio()
    works = Decimal(1)
    while (works * numerator * NANOS) % denominator and works < 10**9:
        works *= 10
    while works > Decimal("1e-9") and not (works / 10 * numerator * NANOS) % denominator:
        works /= 10
    raise Invalid(
        f"{instrument.id}: a tick of {instrument.tick_size} on a lot of {instrument.lot_size} is "
        f"worth {value} {instrument.currency}, not a whole number of 1e-9; "
        f"a lot size of {works.normalize():f} works",
        code="execution.bad_instrument",
    )


def _exact(value: float) -> Decimal:
    """Return the decimal a person meant by a float: its shortest text."""
    number = Decimal(repr(float(value)))
    if not number.is_finite():
        raise Invalid(f"{value} is not a number to trade with", code="execution.bad_config")
    return number


def _nanos(value: float, name: str) -> int:
    """Return money in nanos, rounded to the nearest."""
    nanos = int((_exact(value) * NANOS).to_integral_value(ROUND_HALF_EVEN))
    if abs(nanos) > INT64_MAX:
        raise Invalid(
            f"{name} of {value:g} is beyond 9.22 billion, the most an account can hold",
            code="execution.bad_config",
        )
    return nanos


def _rate(bps: float) -> int:
    """Return basis points as parts in 1e9."""
    rate = int((_exact(bps) * NANOS / _BPS).to_integral_value(ROUND_HALF_EVEN))
    if rate > NANOS:
        raise Invalid(f"{bps:g} bps is more than the whole", code="execution.bad_config")
    return rate


def _lots(quantity: float, lot: Decimal, name: str) -> int:
    """Return a positive quantity in whole lots."""
    lots = _exact(quantity) / lot
    nearest = int(lots.to_integral_value(ROUND_HALF_EVEN))
    if nearest < 1 or abs(lots - nearest) > Decimal("1e-9") * nearest or nearest > 2**53:
        raise Invalid(
            f"{name} {quantity:g} is not a positive multiple of the lot size {lot}",
            code="execution.bad_config",
        )
    return nearest


def _limit_lots(quantity: float | None, lot: Decimal) -> int:
    """Return a limit in lots, rounded down; waived is `INT64_MAX`."""
    if quantity is None:
        return INT64_MAX
    if not quantity >= 0:
        raise Invalid("a limit must not be negative", code="execution.bad_config")
    return min(int(_exact(quantity) / lot), INT64_MAX)
