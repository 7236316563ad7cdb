"""Last trading days, against calendars that exchanges and brokers published.

Crude oil, natural gas, heating oil and copper: a broker's table of August 2008 for 2009 and 2010.
Gold: that table, and the exchange's own calendar of 2014 to 2016. Bitcoin: the exchange's
announcement of December 2017. The others: dates that were in the news or that traders know. One
date of the table is left out: it ends GCZ10 on 28 December, taking the 31st for a holiday.
"""

from __future__ import annotations

from datetime import date

import pytest

from fks.contexts.data.domain.registry.last_days import LAST_DAYS
from fks.contexts.data.domain.registry.registry import BUILT_IN
from fks.contexts.data.service.instruments import resolved

MONTHS = "FGHJKMNQUVXZ"
TABLES = {
    "CL": (
        "12-19 01-20 02-20 03-20 04-21 05-19 06-22 07-21 08-20 09-22 10-20 11-20",
        "12-21 01-20 02-22 03-22 04-20 05-20 06-22 07-20 08-20 09-21 10-20 11-19",
    ),
    "NG": (
        "12-29 01-28 02-25 03-27 04-28 05-27 06-26 07-29 08-27 09-28 10-28 11-24",
        "12-29 01-27 02-24 03-29 04-28 05-26 06-28 07-28 08-27 09-28 10-27 11-24",
    ),
    "HO": (
        "12-31 01-30 02-27 03-31 04-30 05-29 06-30 07-31 08-31 09-30 10-30 11-30",
        "12-31 01-29 02-26 03-31 04-30 05-28 06-30 07-30 08-31 09-30 10-29 11-30",
    ),
}
"""Contracts of January to December 2009, then 2010; those of January end in the year before."""
SINGLE = {
    "GC": (
        "G09 2009-02-25, J09 2009-04-28, M09 2009-06-26, Q09 2009-08-27, V09 2009-10-28, "
        "Z09 2009-12-29, G10 2010-02-24, J10 2010-04-28, M10 2010-06-28, Q10 2010-08-27, "
        "J14 2014-04-28, M14 2014-06-26, Q14 2014-08-27, V14 2014-10-29, "
        "Z14 2014-12-29, G15 2015-02-25, J15 2015-04-28, M15 2015-06-26, Q15 2015-08-27, "
        "V15 2015-10-28, Z15 2015-12-29, G16 2016-02-25, G25 2025-02-26, Z24 2024-12-27, "
        "V12 2012-10-29"
    ),
    "HG": (
        "H09 2009-03-27, K09 2009-05-27, N09 2009-07-29, U09 2009-09-28, Z09 2009-12-29, "
        "H10 2010-03-29, K10 2010-05-26, N10 2010-07-28"
    ),
    "SI": "H21 2021-03-29, K21 2021-05-26",
    "PL": "J21 2021-04-28",
    "CL": "K20 2020-04-21, M20 2020-05-19, F25 2024-12-19, G25 2025-01-21, Z22 2022-11-21",
    "MCL": "G25 2025-01-17",
    "NG": "Z19 2019-11-26, Z25 2025-11-25, G25 2025-01-29",
    "RB": "H26 2026-02-27",
    "BTC": "F18 2018-01-26, G18 2018-02-23, H18 2018-03-29, M18 2018-06-29, H26 2026-03-27",
    "MBT": "J26 2026-04-24",
    "6E": "H24 2024-03-18, M21 2021-06-14, Z20 2020-12-14, M24 2024-06-17",
    "6C": "H24 2024-03-19",
    "ZN": "H25 2025-03-20, H24 2024-03-19, M21 2021-06-21, H20 2020-03-20",
    "ZB": "M21 2021-06-21",
    "ZC": "H25 2025-03-14, Z20 2020-12-14",
    "ZS": "X20 2020-11-13",
}


def expiry(code: str) -> str:
    """Return the last trading day that the registry tells of a contract."""
    found = resolved(BUILT_IN, code, date(2015, 1, 15))
    assert found.unknown == "", (code, found.unknown)
    return found.expires


@pytest.mark.parametrize("symbol", TABLES)
def test_two_years_of_contracts_end_when_the_table_says(symbol: str) -> None:
    """Lost: a position would be carried into delivery; a series would roll on another day."""
    wrong = []
    for year, days in zip((2009, 2010), TABLES[symbol], strict=True):
        for letter, day in zip(MONTHS, days.split(), strict=True):
            code = f"{symbol}{letter}{year % 100:02d}"
            of = year - 1 if letter == "F" else year
            if expiry(code) != f"{of}-{day}":
                wrong.append((code, expiry(code), day))
    assert wrong == []


@pytest.mark.parametrize("symbol", SINGLE)
def test_contracts_end_on_the_dates_that_were_published(symbol: str) -> None:
    """Lost: as above, for the rules that no table of whole years is known of."""
    told = [one.split() for one in SINGLE[symbol].split(", ")]
    assert [(code, expiry(symbol + code)) for code, _ in told] == [tuple(one) for one in told]


def test_every_rule_is_checked_by_some_date() -> None:
    """Lost: a rule of the registry that nobody ever compared with anything."""
    checked = {BUILT_IN.products[symbol].last_day for symbol in (*TABLES, *SINGLE)}
    used = {one.last_day for one in BUILT_IN.products.values() if one.last_day}
    assert used - checked == {"third-friday"}  # compared with LEAN's contracts of ES
    assert used <= set(LAST_DAYS)
    assert not any("last_day" in one.unverified for one in BUILT_IN.products.values())


def test_a_holiday_of_london_moves_bitcoin_only() -> None:
    """Lost: a bitcoin contract that ends on Boxing Day, when its reference rate is not made."""
    assert expiry("BTCZ25") == "2025-12-24"
    assert expiry("ESZ25") == "2025-12-19"
