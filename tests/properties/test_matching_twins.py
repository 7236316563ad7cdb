"""The compiled matching engine does what its plain twin does, whatever it is told."""

from __future__ import annotations

import pytest
from tests.properties.matching_scripts import (
    BATCH,
    PROFILES,
    SCALE,
    SIZES,
    differ,
    played,
    shown,
    shrunk,
    written,
)

from fks.contexts.execution.domain.matching._matching import Matcher
from fks.contexts.execution.domain.matching.reference import ReferenceMatcher

LENGTH = 400
SCRIPTS = 50 * SCALE  # of each profile: 200,000 commands in all at scale 1


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_both_engines_say_the_same_and_are_the_same(name: str) -> None:
    """Lost: the fast engine would do something nobody wrote down."""
    for seed in range(SCRIPTS):
        script, expected = written(seed, name, LENGTH)
        if played(Matcher, script) == expected:
            continue
        assert differ(ReferenceMatcher, Matcher, script) is not None, (
            f"seed {seed}: in batches only"
        )
        short = shrunk(ReferenceMatcher, Matcher, script)
        pytest.fail(f"seed {seed} of {name}\n{shown(ReferenceMatcher, Matcher, short)}")


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_an_engine_that_comes_back_has_the_same_future(name: str) -> None:
    """Lost: an engine that forgot something only its future shows."""
    for seed in range(2000, 2000 + 8 * SCALE):
        (commands, times), expected = written(seed, name, 300)
        cut = len(commands) * (seed % 7 + 1) // 8 // BATCH * BATCH
        first, rest = (commands[:cut], times[:cut]), (commands[cut:], times[cut:])
        for before, after in (
            (ReferenceMatcher, Matcher),
            (Matcher, ReferenceMatcher),
            (Matcher, Matcher),
        ):
            engine, other = before(**SIZES), after(**SIZES)
            engine.apply(*first)
            other.apply(*first)  # what it was before must not matter
            other.apply(*rest)
            other.restore(engine.snapshot())
            found = played(lambda again=other, **_: again, rest)
            assert found == expected[cut // BATCH * 2 :], f"seed {seed}, {before}, {after}"
