"""Orders over a link that loses, repeats and mixes up: in the end we know what the venue knows."""

from __future__ import annotations

import os

import msgspec
import pytest

from fks.contexts.execution.domain.routing.beliefs import ReconcileTerms
from fks.contexts.execution.domain.routing.reconcile import reconcile
from fks.contexts.execution.domain.routing.routed import FINAL

from .routed_venue import INSTRUMENT, SECOND, World

SCALE = int(os.environ.get("FKS_TORTURE_SCALE", "1")) if os.environ.get("FKS_TORTURE") else 1
SEEDS = 5_000 * SCALE
ROUNDS = 6


def settled(world: World) -> list[str]:
    """Reconcile until both sides agree; return the gaps that were told on the way."""
    asked, gaps = (), []
    for _ in range(ROUNDS):
        for name, life in world.lives.items():
            world.book(name, life.tick(world.now_ns))
        result = world.reconcile(asked)
        asked = result.ask
        gaps.append(result.gap)
        if result.agreed:
            return gaps
    raise AssertionError(f"no agreement after {ROUNDS} rounds: {result}")


def compare(world: World) -> None:
    """Compare each order and the position with the truth."""
    for name, life in world.lives.items():
        order, it = world.held.get(name), life.record
        if order is None:
            assert (it.state in FINAL, it.filled_lots) == (True, 0), name
            continue
        assert it.filled_lots * INSTRUMENT.lot_size == order.filled, name
        if order.state in ("cancelled", "expired", "rejected", "filled"):
            assert life.open_lots == 0, name
            assert it.state in FINAL, name
        else:
            assert life.open_lots * INSTRUMENT.lot_size >= order.quantity - order.filled, name
    assert world.believed().positions["GC"] == world.true_position()
    assert len(world.submits) == len(set(world.submits)), "no order left twice"


def test_reports_of_a_comparison_applied_twice_change_nothing() -> None:
    """A crash between applying and remembering repeats them after the restart."""
    for seed in range(500 * SCALE):
        world = World(seed)
        for _ in range(30):
            world.step()
        world.now_ns += 30 * SECOND
        belief, said = world.believed(), world.said(())
        result = reconcile(belief, said, ReconcileTerms(sure=True))
        assert result == reconcile(belief, said, ReconcileTerms(sure=True)), f"seed {seed}"
        for report in result.reports:
            world.hear(report)
        before = world.position, [life.open_lots for life in world.lives.values()]
        for report in result.reports:
            world.hear(report)
        after = world.position, [life.open_lots for life in world.lives.values()]
        assert before == after, f"seed {seed}"


def test_a_fill_that_the_venue_hides_closes_the_gate_and_is_never_guessed_away() -> None:
    """Failing open would trade on a position that is not there."""
    told = 0
    for seed in range(300 * SCALE):
        world = World(seed)
        for _ in range(30):
            world.step()
        counted = {t for life in world.lives.values() for t in life.record.trades}
        hidden = [fill for fill in world.fills if fill.trade_id not in counted]
        if not hidden:
            continue
        told += 1
        world.now_ns += 30 * SECOND
        said = world.said(())
        kept = tuple(fill for fill in said.fills if fill is not hidden[0])
        said = msgspec.structs.replace(said, fills=kept)
        result = reconcile(world.believed(), said, ReconcileTerms(sure=True))
        assert result.gap, f"seed {seed}"
    assert told > 50


@pytest.mark.parametrize("history", [True, False])
def test_after_any_history_of_losses_and_repeats_our_orders_are_the_venues(
    history: bool,
) -> None:
    """A position that is not the venue's is the failure this whole part exists to prevent."""
    for seed in range(SEEDS):
        world = World(seed, history=history)
        try:
            for _ in range(world.random.randint(5, 40)):
                world.step()
            settled(world)
            compare(world)
            again = world.reconcile()
            assert not (again.reports or again.external or again.gap), "run again, nothing follows"
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, history {history}: {error}") from error
