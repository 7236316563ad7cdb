"""The compiled matching engine does what its plain twin does, whatever it is told."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import pytest
from tests.properties.matching_scripts import (
    PROFILES,
    SCALE,
    differ,
    played,
    shown,
    shrunk,
    written,
)

from fks.contexts.execution.domain.matching.reference import ReferenceMatcher

MODULE = "fks.contexts.execution.domain.matching._matching"
LENGTH = 400
SCRIPTS = 70 * SCALE  # of each profile: 200,000 commands in all at scale 1


def compiled() -> Any:
    """Return the compiled engine."""
    if importlib.util.find_spec(MODULE) is None:
        pytest.skip("_matching is not built")
    return importlib.import_module(MODULE).Matcher


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_both_engines_say_the_same_and_are_the_same(name: str) -> None:
    """Lost: the fast engine would do something nobody wrote down."""
    fast = compiled()
    for seed in range(SCRIPTS):
        script, expected = written(seed, name, LENGTH)
        if played(fast, script) == expected:
            continue
        assert differ(ReferenceMatcher, fast, script) is not None, f"seed {seed}: in batches only"
        short = shrunk(ReferenceMatcher, fast, script)
        pytest.fail(f"seed {seed} of {name}\n{shown(ReferenceMatcher, fast, short)}")
