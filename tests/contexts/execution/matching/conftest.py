"""Both engines, one after the other, for every test of the rules."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import pytest
from tests.contexts.execution.matching.kit import SIZES, ReferenceMatcher, Venue

MODULE = "fks.contexts.execution.domain.matching._matching"


@pytest.fixture(params=["reference", "compiled"])
def make(request: pytest.FixtureRequest) -> Any:
    """Return what makes an engine."""
    if request.param == "reference":
        return ReferenceMatcher
    if importlib.util.find_spec(MODULE) is None:
        pytest.skip("_matching is not built")
    return importlib.import_module(MODULE).Matcher


@pytest.fixture
def matcher(make: Any) -> Any:
    """Return an empty engine."""
    return make(**SIZES)


@pytest.fixture
def venue(matcher: Any) -> Venue:
    """Return an engine with instruments and accounts."""
    return Venue(matcher)
