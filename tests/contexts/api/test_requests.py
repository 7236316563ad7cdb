"""What callers may write: specs and periods are read exactly or refused with the way out."""

from __future__ import annotations

import pytest

from fks.contexts.api.domain.requests import parse_period_s, parse_specs
from fks.kernel.errors import Invalid


def test_specs_are_named_by_their_own_text() -> None:
    """Lost: a chart could not tell which column belongs to which indicator."""
    specs = parse_specs(["sma:period=20", "ema:period=9,source=high", "ao"])
    assert specs["sma:period=20"].params == {"period": 20.0}
    assert specs["ema:period=9,source=high"].source == "high"
    assert specs["ao"].params == {}


@pytest.mark.parametrize("text", ["", "SMA", "sma:period", "sma:period=x", "x" * 40, "sma;drop"])
def test_a_spec_that_cannot_be_read_is_refused(text: str) -> None:
    """Lost: a typing error would draw the wrong line."""
    with pytest.raises(Invalid, match="write"):
        parse_specs([text])


def test_periods_are_days_weeks_months_years_or_all() -> None:
    """Lost: `2y` of the old path would mean something else."""
    assert parse_period_s("30d") == 30 * 86_400
    assert parse_period_s("2y") == 2 * 31_557_600
    assert parse_period_s("max") is None
    with pytest.raises(Invalid, match="6mo"):
        parse_period_s("2 years")
