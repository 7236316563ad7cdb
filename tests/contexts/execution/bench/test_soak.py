"""`fks bench soak`: orders for ever, and not one of them lost."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fks.cli import main
from fks.contexts.execution.domain.matching import workload
from fks.contexts.execution.domain.matching.layout import CommandKind, EventKind
from fks.contexts.execution.domain.steady import SteadyFlow
from fks.contexts.execution.service.soak_engine import RESTING, Soak, matcher, reopened
from fks.contexts.execution.service.soak_vitals import Delays
from fks.kernel.errors import FksError


def test_a_soak_tells_delays_what_grew_and_what_was_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lost: nobody would know whether the engine can be left alone for a day."""
    command = ["bench", "soak", "--rate", "2000", "--quick", "--minutes", "0.01", "--json"]
    assert main([*command, "--folder", str(tmp_path)]) == 0
    said = json.loads(capsys.readouterr().out)
    rows = {row["name"]: row["value"] for row in said["rows"]}
    assert rows["acknowledged, not found after re-opening"] == 0
    assert 0 < rows["due to durable: p50"] <= rows["due to durable: p99.9 (at most)"]
    assert {"growth (at most)", "more threads at the end (at most)"} <= set(rows)
    facts = said["facts"]
    assert facts["orders"] == 1_200
    assert facts["replayed_commands"] == 1_200 + RESTING + len(workload.opening())
    assert list(tmp_path.iterdir()) == []


def test_a_soak_through_the_writer_of_accounts_loses_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lost: what the engine alone bears says little about a trading account."""
    command = [
        "bench",
        "soak",
        "--rate",
        "300",
        "--quick",
        "--minutes",
        "0.01",
        "--through",
        "writer",
    ]
    assert main([*command, "--json", "--folder", str(tmp_path)]) == 0
    said = json.loads(capsys.readouterr().out)
    rows = {row["name"]: row["value"] for row in said["rows"]}
    assert rows["acknowledged, not found after re-opening"] == 0
    facts = said["facts"]
    assert facts["orders"] == 180 and facts["flat_out_rate"] > 0
    assert facts["replayed_commands"] > facts["kept_orders"] > facts["working"]
    assert facts["working"] > 20


def test_a_lost_record_is_seen(tmp_path: Path) -> None:
    """Lost: the count of what was lost would be nought whatever happened."""
    soak = Soak(tmp_path / "j", small=True)
    assert soak.run(1_000, 0.2)[0] == 200
    soak.close()
    again = reopened(tmp_path / "j", soak.journal.seq)
    assert again.commands == soak.acknowledged
    assert again.state == soak.matcher.state_hash()
    with pytest.raises(FksError):
        reopened(tmp_path / "j", soak.journal.seq + 1_000)


def test_a_rate_or_length_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Lost: a soak that never began would count as one that went well."""
    assert main(["bench", "soak", "--rate", "0"]) == 2
    assert main(["bench", "soak", "--minutes", "0"]) == 2
    assert main(["bench", "soak", "--through", "nothing"]) == 2
    assert "at least one order a second" in capsys.readouterr().err


def test_the_book_of_the_flow_stays_as_large_as_it_is() -> None:
    """Lost: growth of the flow would be taken for growth of the engine."""
    flow, engine = SteadyFlow(3, 500), matcher()
    engine.apply(workload.opening(), 1)
    flow.hear(engine.apply(flow.filling(), 1))
    kinds = np.zeros(4)
    refused = 0
    for _ in range(400):
        rows = flow.rows(50)
        kinds += np.bincount(rows["kind"], minlength=4)[:4]
        events = engine.apply(rows, 1)
        refused += int((events["kind"] == EventKind.REJECTED).sum())
        flow.hear(events)
        assert flow.live == engine.live()
    assert 300 < engine.live() < 800
    shares = kinds / kinds.sum()
    wanted = {CommandKind.ADD: 0.55, CommandKind.CANCEL: 0.35, CommandKind.REPLACE: 0.1}
    assert all(abs(shares[kind] - share) < 0.02 for kind, share in wanted.items())
    assert refused < 0.1 * kinds.sum()
    assert engine.facts(0)[0] > 1_000


def test_delays_are_counted_from_when_an_order_was_due() -> None:
    """Lost: one pause would count once, not for every order that it held up."""
    delays = Delays()
    assert delays.quantile_us(0.99) == 0
    for _ in range(98):
        delays.add(5_000)
    delays.add(70_000)
    delays.add(3_000_000_000)
    assert [delays.quantile_us(share) for share in (0.5, 0.98, 0.99, 1.0)] == [5, 5, 70, 999_999]
    assert (delays.count, delays.most_us) == (100, 3_000_000)
