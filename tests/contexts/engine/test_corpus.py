"""Backtests do not change: each strategy of the corpus gives what is recorded, to the last digit.

What is recorded changes by `python -m tests.contexts.engine.corpus --record` alone, which prints
what it changes; CONTRIBUTING.md says when that is right.
"""

from __future__ import annotations

import json

import pytest
from tests.contexts.engine.corpus.trial import EXPECTED, case_of, names, observe, paths_of


@pytest.mark.parametrize("name", names())
def test_a_strategy_gives_what_is_recorded_in_every_way_it_can_run(name: str) -> None:
    """A figure that moves without anybody having meant it would pass for a better strategy."""
    case = case_of(name)
    market = case.market()
    if market is None:
        pytest.skip("its recorded bars lie in the shared data folder, which is not here")
    recorded = json.loads((EXPECTED / f"{name}.json").read_text())
    for tier, compiled in paths_of(case):
        seen = observe(case, market, tier, compiled=compiled)
        assert seen == recorded, f"{name}: {tier}, {'compiled' if compiled else 'plain'}"


def test_every_record_has_its_strategy() -> None:
    """A record left behind by a strategy that went would look like one that is checked."""
    assert sorted(path.stem for path in EXPECTED.glob("*.json")) == names()
    assert len(names()) >= 30


def test_the_corpus_ends_in_every_way_a_run_can_end() -> None:
    """Runs that fail, are cancelled, refused or trade nothing must not change either."""
    recorded = [json.loads(path.read_text()) for path in EXPECTED.glob("*.json")]
    assert {found["status"] for found in recorded} == {"done", "failed", "cancelled"}
    figures = [found["statistics"] for found in recorded if "statistics" in found]
    assert any(int(found["rejected"]) for found in figures)
    assert any(found["fills"] == "0" for found in figures)
    hashes = [found["orders_hash"] for found in recorded if found.get("orders_hash")]
    assert len(set(hashes)) >= len(hashes) - 1, "two cases that trade alike show one thing"
