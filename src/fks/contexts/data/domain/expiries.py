"""Futures contracts: what their names mean. Days are counted since 1970-01-01."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

from fks.kernel.errors import Invalid

__all__ = ["Contract", "contract_of", "third_friday"]

_EPOCH = date(1970, 1, 1)
_FRIDAY = 4
_MONTHS = "FGHJKMNQUVXZ"
_CODE = re.compile(rf"([A-Z0-9]{{1,4}})([{_MONTHS}])(\d{{1,2}})\Z")
_PLAIN = re.compile(r"([A-Z0-9]{1,4}?)(20\d\d)(0[1-9]|1[0-2])\Z")


class Contract(NamedTuple):
    """A product's contract for a delivery month; contracts of one product sort by time."""

    product: str
    year: int
    month: int

    @property
    def code(self) -> str:
        """Return how exchanges write it, with two digits of the year: ESZ13."""
        return f"{self.product}{_MONTHS[self.month - 1]}{self.year % 100:02d}"


def contract_of(symbol: str, last_year: int) -> Contract:
    """Return the contract of a name such as ESZ13, ESZ3 or ES201312.

    `last_year` is that of its last bar: a year of one digit is the next one that ends so. Raises
    `Invalid` for a name that is no contract's.
    """
    plain, code = _PLAIN.match(symbol), _CODE.match(symbol)
    if plain is not None:
        return Contract(plain[1], int(plain[2]), int(plain[3]))
    if code is None:
        raise Invalid(
            f"{symbol[:40]!r} is not a futures contract; import each contract under its code, such "
            "as --instrument ESZ13",
            code="data.not_a_contract",
        )
    digits = int(code[3])
    if len(code[3]) == 1:
        year = last_year + (digits - last_year) % 10
    else:
        year = digits + (1900 if digits >= 70 else 2000)
    return Contract(code[1], year, _MONTHS.index(code[2]) + 1)


def third_friday(year: int, month: int) -> int:
    """Return the day of a month's third Friday."""
    first = date(year, month, 1)
    third = first + timedelta((_FRIDAY - first.weekday()) % 7 + 14)
    return (third - _EPOCH).days
