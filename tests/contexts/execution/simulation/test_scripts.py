"""Simulated fills do not change: native orders of every kind give what is recorded."""

from __future__ import annotations

import json

import pytest
from tests.contexts.execution.simulation.scripts import CASES, RECORDED


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_script_gives_what_is_recorded(name: str) -> None:
    """A fill that moves without anybody having meant it makes paper accounts incomparable."""
    assert CASES[name]() == json.loads(RECORDED.read_text())[name]


def test_the_record_is_of_these_scripts_and_each_of_them_trades() -> None:
    """A script that fills nothing holds nothing fast."""
    recorded = json.loads(RECORDED.read_text())
    assert list(recorded) == list(CASES)
    assert not [name for name, seen in recorded.items() if "FILLED" not in seen["reports"]]
