"""FKS, one call a message or rows of 1,024 messages, with every control of the ledger in force."""

import sys
from pathlib import Path

import numpy as np
from stream import ADD, CANCEL, folder, messages, tell, timed

from fks.contexts.execution.domain.matching import _floor, workload
from fks.contexts.execution.domain.matching._matching import Matcher
from fks.contexts.execution.domain.matching.layout import COMMAND, EVENT

BATCH = 1024


def rows_of(path: Path) -> np.ndarray:
    """Return rows of COMMAND."""
    return np.fromfile(path, COMMAND)


def single(matcher: Matcher, flow: list[tuple[int, ...]]) -> None:
    """Send each message by a call of its own."""
    limit, cancel, replace = matcher.limit, matcher.cancel, matcher.replace
    for kind, key, side, price, lots, account in flow:
        if kind == ADD:
            limit(0, account, key, side, price, lots, 1)
        elif kind == CANCEL:
            cancel(key, 1)
        else:
            replace(key, price, lots, 1)


def batches(matcher: Matcher, rows: np.ndarray, events: np.ndarray) -> None:
    """Send rows of messages; what they cause is written into `events`."""
    for at in range(0, len(rows), BATCH):
        matcher.apply_into(rows[at : at + BATCH], 1, events)


def nothing(flow: list[tuple[int, ...]]) -> None:
    """Call what does nothing for each message: what any engine called like this costs at least."""
    call = _floor.nothing
    for kind, key, side, price, lots, account in flow:
        if kind:
            call(key, side, price, lots, account, 1)


def main() -> None:
    """Run the contestant that the second argument names."""
    where, name = folder(), sys.argv[2]
    filling, measured = rows_of(where / "filling.rows"), rows_of(where / "measured.rows")
    matcher = Matcher(instruments=1, accounts=workload.ACCOUNTS + 1, orders=2 * len(filling))
    matcher.warm()
    events = np.zeros(64 * BATCH, EVENT)
    batches(matcher, workload.opening(), events)
    batches(matcher, filling, events)
    before = matcher.facts(0)
    if name == "fks-batch":
        seconds = timed(lambda: batches(matcher, measured, events))
    else:
        flow = messages(where)[1]
        if name == "loop":
            tell(timed(lambda: nothing(flow)))
            return
        seconds = timed(lambda: single(matcher, flow))
    trades, volume, notional = (n - b for n, b in zip(matcher.facts(0), before, strict=True))
    tell(
        seconds,
        trades=trades,
        volume=volume,
        notional=notional,
        live=matcher.live(),
        best_bid=matcher.best(0, 0),
        best_ask=matcher.best(0, 1),
    )


main()
