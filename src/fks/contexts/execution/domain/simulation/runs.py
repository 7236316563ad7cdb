"""Own orders sent into a recorded feed by order, at their times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy.typing as npt

from fks.contexts.execution.domain.simulation.events import L3Kind
from fks.contexts.execution.domain.simulation.fill_log import FillLog
from fks.contexts.execution.domain.simulation.orders import SimOrder
from fks.contexts.execution.domain.simulation.simulator import Simulator

__all__ = ["Planned", "run_feed"]

_TRADES = frozenset({L3Kind.EXECUTE, L3Kind.FILL})


class Planned(NamedTuple):
    """An order, when it is sent, and when its cancel is (None: never)."""

    order: SimOrder
    sent_ns: int
    cancel_ns: int | None = None


def run_feed(simulator: Simulator, events: npt.NDArray[Any], planned: Sequence[Planned]) -> FillLog:
    """Replay rows of `L3_EVENT` with own orders in front of them; return what happened to them.

    What is sent at the time of a row is sent before it. Orders planned for later than the last
    row are sent and wait in vain; reports that are still under way at the end are heard.
    """
    log = FillLog(simulator)
    actions = sorted(
        [(plan.sent_ns, 0, number) for number, plan in enumerate(planned)]
        + [
            (plan.cancel_ns, 1, number)
            for number, plan in enumerate(planned)
            if plan.cancel_ns is not None
        ]
    )
    at = 0
    for ts_ns, order_id, price, lots, kind, side, flags in events.tolist():
        while at < len(actions) and actions[at][0] <= ts_ns:
            _act(log, planned, actions[at])
            at += 1
        if at:
            log.before(ts_ns)
            if kind in _TRADES:
                log.traded(ts_ns, price, lots, 1 - side)
        log.after(ts_ns, simulator.on_l3(ts_ns, kind, side, order_id, price, lots, flags))
    for action in actions[at:]:
        _act(log, planned, action)
    while (due := simulator.next_due_ns) is not None:
        log.after(due, simulator.on_time(due))
        if simulator.next_due_ns == due:
            break
    return log


def _act(log: FillLog, planned: Sequence[Planned], action: tuple[int, int, int]) -> None:
    """Send an order or its cancel."""
    now_ns, what, number = action
    if what == 0:
        log.sent(planned[number].order, now_ns)
    else:
        log.cancel_sent(planned[number].order.id, now_ns)
    log.before(now_ns)
