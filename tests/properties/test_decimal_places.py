"""The decimal places of numbers, beside looking at each number alone."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fks.contexts.data.domain._precision import absolute_sum, places_of, whole_ticks
from fks.contexts.data.domain.precision import off_grid
from fks.contracts.columns import prices_to_ticks

DECIMALS = st.integers(0, 9).flatmap(
    lambda places: st.integers(-(10**12), 10**12).map(lambda steps: steps / 10**places)
)
ODD = st.sampled_from([float("nan"), float("inf"), -float("inf"), 1e9, -2e12, 1e300, 5e-324, -0.0])
ANY = DECIMALS | ODD | st.floats(-1e6, 1e6)


def slow(values: list[float], least: int) -> int:
    """Look at each usable number at every place."""
    places = least
    for value in values:
        if not abs(value) < 1e9:
            continue
        fits = [k for k in range(10) if not off_grid(np.array([value * 10.0**k]))[0]]
        if not fits:
            return -1
        places = max(places, fits[0])
    return places


@given(
    values=st.lists(ANY, max_size=40), least=st.integers(0, 9), pad=st.sampled_from([0, 1020, 2050])
)
def test_places_are_those_of_the_finest_number(values: list[float], least: int, pad: int) -> None:
    """Lost: a tick size that cannot write the prices, found out when the hash changes."""
    padded = [1.0] * pad + values + [0.5 if least else 2.0] * pad
    assert places_of(np.array(padded), least) == slow(values, least)


@given(values=st.lists(DECIMALS, max_size=40))
def test_a_sum_has_every_number(values: list[float]) -> None:
    """Lost: volumes that overflow when they are summed as whole units."""
    exact = sum(abs(value) for value in values)
    assert abs(absolute_sum(np.array(values, dtype=np.float64)) - exact) <= exact * 1e-12


@given(
    prices=st.lists(st.floats(-1e9, 1e9), max_size=60),
    tick=st.sampled_from(["0.01", "0.25", "1", "0.000005", "1E-9", "5"]),
)
def test_ticks_are_those_of_the_plain_computation(prices: list[float], tick: str) -> None:
    """Lost: a dataset that is another one by how it was opened."""
    values, size = np.array(prices, dtype=np.float64), Decimal(tick)
    numerator, denominator = size.as_integer_ratio()
    found = np.empty(len(values), dtype=np.int64)
    whole_ticks(values, float(denominator), float(numerator), found)
    steps = np.rint(values * denominator / numerator)
    assert found.tolist() == prices_to_ticks(values, size).tolist() == [int(k) for k in steps]
