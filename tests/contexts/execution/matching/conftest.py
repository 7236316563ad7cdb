"""Both engines, one after the other, for every test of the rules."""

from __future__ import annotations

from typing import Any

import pytest
from tests.contexts.execution.matching.kit import SIZES, ReferenceMatcher, Venue

from fks.contexts.execution.domain.matching._matching import Matcher


@pytest.fixture(params=[ReferenceMatcher, Matcher], ids=["reference", "compiled"])
def make(request: pytest.FixtureRequest) -> Any:
    """Return what makes an engine."""
    return request.param


@pytest.fixture
def matcher(make: Any) -> Any:
    """Return an empty engine."""
    return make(**SIZES)


@pytest.fixture
def venue(matcher: Any) -> Venue:
    """Return an engine with instruments and accounts."""
    return Venue(matcher)
