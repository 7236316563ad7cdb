"""One strategy, three tiers, compiled or not, in any chunks: the same orders and fills."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contexts.engine import kit

from fks.contexts.engine.domain.parameters import tiers_of
from fks.contexts.engine.domain.triggers import Triggers
from fks.contracts.columns import BarColumns, FeatureColumns
from fks.contracts.engine import Trigger

KINDS = {kind.name: kind for kind in kit.backtester().catalog.all()}
EXAMPLES = settings(max_examples=60, deadline=None)


@pytest.mark.parametrize("name", sorted(KINDS))
@EXAMPLES
@given(data=st.data(), bars=kit.bars(), fields=kit.REQUESTS)
def test_tiers_and_twins_give_the_same_orders_and_fills(
    name: str, data: st.DataObject, bars: BarColumns, fields: dict[str, Any]
) -> None:
    """Otherwise a faster tier would be another strategy."""
    params = data.draw(kit.PARAMS[name])
    chunk_bars = data.draw(st.sampled_from([1, 7, 64, 4096]))
    expected = None
    for tier in tiers_of(KINDS[name]):
        for compiled in (True, False):
            plan = kit.make_plan(name, bars, params, tier=tier, compiled=compiled, **fields)
            found = kit.driven(plan, chunk_bars)
            expected = expected or found
            assert found == expected, (tier, compiled)


@EXAMPLES
@given(
    rows=st.lists(
        st.tuples(*[st.sampled_from([np.nan, -1.0, 0.0, 0.5, 1.0, 2.0])] * 2),
        min_size=1,
        max_size=40,
    ),
    kind=st.sampled_from(["above", "below", "cross_above", "cross_below"]),
    tolerance=st.sampled_from([-0.5, 0.0, 0.5]),
    chunk=st.integers(1, 40),
)
def test_triggers_fire_as_their_definition_says_in_any_chunks(
    rows: list[tuple[float, float]], kind: str, tolerance: float, chunk: int
) -> None:
    """A chunk's edge must not swallow or invent a cross."""
    expected, before = [], False
    for left, right in rows:
        gap = left - right
        holds = gap > tolerance if kind.endswith("above") else gap < -tolerance
        expected.append(int(holds and not (kind.startswith("cross") and before)))
        before = holds
    triggers = Triggers(
        [Trigger(kind=kind, left="a", right="b", tolerance=tolerance)], names=("a", "b")
    )
    columns = tuple(np.array(column) for column in zip(*rows, strict=True))
    bars = kit.make_bars([1] * len(rows), 0)
    found: list[int] = []
    for begin in range(0, len(rows), chunk):
        part = slice(begin, begin + chunk)
        features = FeatureColumns(("a", "b"), tuple(column[part] for column in columns))
        found += triggers.update(bars[part], features).tolist()
    assert found == expected
