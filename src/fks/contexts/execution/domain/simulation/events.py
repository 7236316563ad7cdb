"""One row of a recorded order feed, whoever recorded it.

The kinds are what a feed *says*, not what somebody asks: nothing here is matched. `EXECUTE` is a
resting order that traded and shrank by it; `FILL` is the same trade told by feeds that announce
the shrinking as an event of its own (`CANCEL` or `MODIFY`). `TRADE` is the aggressor's side of a
trade, or one against an order that the feed does not show.
"""

from __future__ import annotations

import enum
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["BUY", "L3_EVENT", "LAST", "SELL", "SNAPSHOT", "UNSURE", "L3Kind", "rows"]

BUY = 0
SELL = 1

LAST = 1  # flag: the feed's event ends here, the book may be looked at
SNAPSHOT = 2  # flag: the state of the book, not something that happens now
UNSURE = 4  # flag: the recorder says that its book may be wrong

L3_EVENT = np.dtype(
    [
        ("ts_ns", "<i8"),  # the venue's time, UTC
        ("id", "<u8"),  # of the resting order; 0 where there is none
        ("price", "<i8"),  # ticks
        ("lots", "<i8"),  # ADD, MODIFY: open lots; CANCEL, EXECUTE, FILL, TRADE: lots gone
        ("kind", "u1"),  # L3Kind
        ("side", "u1"),  # of the resting order; TRADE: of the aggressor; 2: none
        ("flags", "u1"),
    ]
)


class L3Kind(enum.IntEnum):
    """What a row of a feed says."""

    ADD = 1
    CANCEL = 2  # lots given up, the order's last ones or not
    MODIFY = 3  # new price and open lots; keeps its place at the same price with no more lots
    EXECUTE = 4
    FILL = 5
    TRADE = 6
    CLEAR = 7  # nothing rests any more, or nothing on `side`
    HALT = 8
    RESUME = 9
    HIDDEN = 10  # a trade with an order that the feed never shows; `side`: the aggressor's


def rows(count: int) -> npt.NDArray[Any]:
    """Return `count` rows of zeros."""
    return np.zeros(count, L3_EVENT)
