"""When a contract was last traded, and when the next one is in front: rules over business days.

The exchange's business days are those on which the stock exchange in New York is open, but for
days on which only one of them was: the stock exchange was shut for a hurricane on 29 and 30 October
2012; NYMEX and COMEX counted no Friday after Thanksgiving up to 2010. Rules that name London need
its days too.
"""

from __future__ import annotations

import re
from datetime import date

from fks.contexts.data.adapters.calendars import expected_stamps
from fks.contexts.data.domain.expiries import Contract
from fks.contexts.data.domain.registry.last_days import LONDON_TOO, last_day
from fks.contexts.data.domain.registry.products import MONTHS, Product
from fks.contexts.data.domain.timeframes import DAY_NS
from fks.kernel.errors import Invalid

__all__ = [
    "check_month",
    "last_trading_day",
    "roll_day",
    "sessions_before",
    "sessions_between",
]

_EPOCH = date(1970, 1, 1)
_NEW_YORK, _LONDON = "XNYS", "XLON"
_OPEN_THOUGH = frozenset((date(2012, 10, 29), date(2012, 10, 30)))
_FRIDAYS_SHUT = ("NYMEX", "COMEX")
_FRIDAYS_UNTIL = 2010


def last_trading_day(product: Product, contract: Contract) -> int:
    """Return the last trading day of a contract, in days since 1970-01-01.

    What the user set for it holds, else the product's rule. Raises `Invalid` where there is none.
    """
    told = product.expiries.get(contract.code)
    if told is not None:
        return (told - _EPOCH).days
    if not product.last_day:
        raise Invalid(
            f"the last trading day of {contract.code} is not known: fks instruments set "
            f"{contract.product} expiries.{contract.code}=YYYY-MM-DD",
            code="data.unknown_expiry",
        )
    return last_day(
        product.last_day,
        contract.year,
        contract.month,
        lambda first, last: _business_days(first, last, product),
    )


def roll_day(product: Product, contract: Contract) -> int:
    """Return the first day on which a contract is not in front any more.

    Raises `Invalid` where that cannot be told beforehand, or its last trading day is not known.
    """
    if product.roll == "first-of-month":
        return (date(contract.year, contract.month, 1) - _EPOCH).days
    rule = re.fullmatch(r"expiry:(\d{1,2})", product.roll)
    if rule is None:
        said = f"by {product.roll}" if product.roll else "by no rule"
        raise Invalid(
            f"{contract.product} rolls {said}, which no calendar tells: set roll to expiry:5",
            code="data.unknown_expiry",
        )
    return sessions_before(product, contract, int(rule[1]), product.calendar)


def sessions_before(product: Product, contract: Contract, count: int, calendar: str) -> int:
    """Return the day so many sessions of a calendar before the last trading day."""
    last = last_trading_day(product, contract)
    return sessions_between(last - 14 - 2 * count, last, calendar)[-1 - count]


def check_month(product: Product, contract: Contract) -> None:
    """Raise `Invalid` for a month in which a product has no contract."""
    if product.months and MONTHS[contract.month - 1] not in product.months:
        raise Invalid(
            f"{contract.code}: {contract.product} has contracts for {' '.join(product.months)} "
            "only; fks instruments set changes its months",
            code="data.no_such_month",
        )


def sessions_between(first: int, last: int, calendar: str) -> list[int]:
    """Return the days with a session, both ends included."""
    found: list[int] = (
        expected_stamps(first * DAY_NS, last * DAY_NS, DAY_NS, calendar) // DAY_NS
    ).tolist()
    return found


def _business_days(first: int, last: int, product: Product) -> list[int]:
    """Return the business days of the exchange of a product, both ends included."""
    days = set(sessions_between(first, last, _NEW_YORK))
    days |= {d for one in _OPEN_THOUGH if first <= (d := (one - _EPOCH).days) <= last}
    if product.last_day in LONDON_TOO:
        days &= set(sessions_between(first, last, _LONDON))
    if product.venue in _FRIDAYS_SHUT:
        days = {day for day in days if not _shut_friday(day)}
    return sorted(days)


def _shut_friday(day: int) -> bool:
    """Tell whether a day is a Friday after Thanksgiving that was no business day of NYMEX."""
    on = date.fromordinal(day + _EPOCH.toordinal())
    return on.year <= _FRIDAYS_UNTIL and on.month == 11 and on.weekday() == 4 and 23 <= on.day <= 29
