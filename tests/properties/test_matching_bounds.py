"""Money at the edge of 64 bits: nothing wraps, nothing is half done, nothing is a float."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.properties.matching_audit import Auditor
from tests.properties.matching_scripts import (
    SCALE,
    SIZES,
    differ,
    played,
    shown,
    shrunk,
    written_wide,
)

import fks.contexts.execution.domain.matching as package
from fks.contexts.execution.domain.matching._matching import Matcher
from fks.contexts.execution.domain.matching.layout import EVENT, EventKind, Reason
from fks.contexts.execution.domain.matching.reference import ReferenceMatcher

ENGINES = [pytest.param(ReferenceMatcher, id="reference"), pytest.param(Matcher, id="compiled")]


def test_both_engines_agree_at_the_edge_of_what_fits() -> None:
    """Lost: a product that wraps in C where the plain twin has no end."""
    for seed in range(40 * SCALE):
        script, expected = written_wide(seed, 300)
        if played(Matcher, script) == expected:
            continue
        assert differ(ReferenceMatcher, Matcher, script) is not None, (
            f"seed {seed}: in batches only"
        )
        short = shrunk(ReferenceMatcher, Matcher, script)
        pytest.fail(f"seed {seed}\n{shown(ReferenceMatcher, Matcher, short)}")


def test_the_edge_is_reached() -> None:
    """Lost: a fuzz that never comes near what it is about."""
    seen: dict[tuple[int, int], int] = {}
    for seed in range(40):
        _, found = written_wide(seed, 300)
        events = np.concatenate([np.frombuffer(one, EVENT) for one in found[::2]])
        for pair in zip(events["kind"].tolist(), events["reason"].tolist(), strict=True):
            seen[pair] = seen.get(pair, 0) + 1
    assert seen[EventKind.REJECTED, Reason.OVERFLOW] > 100
    assert seen[EventKind.CANCELLED, Reason.OVERFLOW] > 0
    assert seen[EventKind.TRADE, Reason.NONE] > 100


@pytest.mark.parametrize("make", ENGINES)
def test_nothing_is_lost_at_the_edge(make: Any) -> None:
    """Lost: lots or money in a trade that the ledger could not count."""
    for seed in range(500, 500 + 6 * SCALE):
        (commands, times), _ = written_wide(seed, 300)
        auditor = Auditor(make(**SIZES), SIZES)
        for at, ts_ns in enumerate(times.tolist()):
            try:
                auditor.apply(commands[at : at + 1], ts_ns)
                if at % 60 == 0:
                    auditor.check_accounts()
            except AssertionError as error:
                raise AssertionError(f"seed {seed}, command {at}: {error}") from error
        auditor.check_accounts()


def test_no_float_in_the_engine() -> None:
    """Lost: a cent, somewhere, some day."""
    folder = Path(package.__file__).parent
    kinds = ("engine_*.pxi", "_matching.pyx", "ledger*.h", "ledger*.py", "reference*.py")
    sources = [path for kind in kinds for path in folder.glob(kind)]
    assert len(sources) > 20
    for path in sources:
        text = path.read_text(encoding="utf-8")
        code = re.sub(r'(?s)""".*?"""|/\*.*?\*/|#[^\n]*', "", text)
        assert not re.search(r"\b(float|double|float32|float64)\b|\d\.\d", code), path.name
