"""Nothing decided at a bar may depend on a later one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contexts.engine import kit

from fks.contexts.engine.domain.parameters import tiers_of
from fks.contracts.columns import BarColumns
from fks.contracts.values import FillRule

KINDS = {kind.name: kind for kind in kit.backtester().catalog.all()}


def _corrupted(bars: BarColumns, upto: int, seed: int) -> BarColumns:
    """Return the same bars up to `upto`, and after it a quite different market."""
    draw = np.random.default_rng(seed)
    moves = draw.integers(-60, 61, len(bars)).tolist()
    other = kit.make_bars(moves, seed, start=int(bars.close_ticks[upto - 1]))
    joined = {
        name: np.concatenate([getattr(bars, name)[:upto], getattr(other, name)[upto:]])
        for name in ("open_ticks", "high_ticks", "low_ticks", "close_ticks", "volume")
    }
    return BarColumns(ts_ns=bars.ts_ns, tick_size=bars.tick_size, **joined)


def _past(found: dict[str, Any], last_ts_ns: int, upto: int) -> dict[str, Any]:
    """Return what was decided and done up to a bar; how an order ended may lie after it."""
    orders, fills = found["orders"], found["fills"]
    decided = sum(ts_ns <= last_ts_ns for ts_ns in orders["created_ts_ns"])
    filled = sum(ts_ns <= last_ts_ns for ts_ns in fills["ts_ns"])
    return {
        "orders": {
            name: column[:decided]
            for name, column in orders.items()
            if name not in ("status", "reason")
        },
        "fills": {name: column[:filled] for name, column in fills.items()},
        "equity": found["equity"][:upto],
        "position": found["position"][:upto],
    }


@pytest.mark.parametrize("rule", list(FillRule))
@pytest.mark.parametrize("name", sorted(KINDS))
@settings(max_examples=40, deadline=None)
@given(data=st.data(), bars=kit.bars())
def test_the_future_changes_no_past_decision(
    name: str, rule: FillRule, data: st.DataObject, bars: BarColumns
) -> None:
    """A backtest that looks ahead promises what live trading cannot keep."""
    params = data.draw(kit.PARAMS[name])
    upto = data.draw(st.integers(1, len(bars)))
    seed = data.draw(st.integers(0, 2**32 - 1))
    last_ts_ns = int(bars.ts_ns[upto - 1])
    for tier in tiers_of(KINDS[name]):
        pasts = [
            _past(
                kit.driven(kit.make_plan(name, known, params, tier=tier, fill_rule=rule)),
                last_ts_ns,
                upto,
            )
            for known in (bars, bars[:upto], _corrupted(bars, upto, seed))
        ]
        assert pasts[1] == pasts[0], f"{tier}: truncating the future changed the past"
        assert pasts[2] == pasts[0], f"{tier}: another future changed the past"
