"""Rules of quality, and the parts of a score.

A rule is an extension: it is given bars and what the calendar expected of them, and returns which
bars it doubts. It is pure: the same bars give the same answer, wherever it runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import msgspec

from fks.contracts.columns import BarColumns, Int64
from fks.contracts.values import Instrument

__all__ = ["Marked", "QualityContext", "QualityRule", "ScorePart"]


class ScorePart(msgspec.Struct, frozen=True, kw_only=True):
    """What one fault cost: points of a hundred, in whole hundredths, and why.

    The points of all parts and the score add up to 100 (but for what rounds away beyond the
    second place of a float).
    """

    name: str
    points_lost: float
    reason: str


class QualityContext(NamedTuple):
    """What a rule knows beside the bars.

    `expected`, `missing` and `gaps` count slots of the calendar between the first and the last
    bar; `first_missing_ns` are the first slots of the first gaps; `unchecked` says why nothing was
    compared, where nothing was. `opens_ns` and `closes_ns` are the sessions of an exchange's
    calendar that reach into the bars' span, ascending (for daily and longer bars midnights UTC of
    the days with a session); None for calendars without sessions. `out_of_order` and `rounded`
    count rows that were moved and rounded when they were read. `below_zero` says that prices of
    zero and below can be, as those of futures.
    """

    instrument: Instrument
    timeframe: str
    step_ns: int
    expected: int = 0
    missing: int = 0
    gaps: int = 0
    first_missing_ns: tuple[int, ...] = ()
    unchecked: str = ""
    opens_ns: Int64 | None = None
    closes_ns: Int64 | None = None
    out_of_order: int = 0
    rounded: int = 0
    below_zero: bool = False


@dataclass(frozen=True, eq=False)
class Marked:
    """What a rule doubts: the indexes of the bars (ascending, none twice), and in words.

    `count` is what the finding counts, where that is not the bars (runs, sessions, rows moved),
    and `charged` how many bars cost points, where not all of them do. Examples and spans
    (`[from, to)` in UTC ns) are optional: those of the bars are made otherwise.
    """

    rows: Int64
    message: str
    count: int = -1
    charged: int = -1
    examples: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


class QualityRule(Protocol):
    """One thing that may be wrong with bars.

    `code` names it for programs, `title` for people; `severity` is `info`, `warning` or `error`
    (an error alerts). A doubtful bar costs `weight` hundredths of its share of all bars; all
    doubts together cost at most ten points.
    """

    @property
    def code(self) -> str:
        """Return a stable name: lower case, digits, underscores; strangers' begin with theirs."""
        ...

    @property
    def title(self) -> str:
        """Return two or three words."""
        ...

    @property
    def severity(self) -> str:
        """Return `info`, `warning` or `error`."""
        ...

    @property
    def weight(self) -> float:
        """Return 0 for what costs no points, 1 for a doubtful bar."""
        ...

    def check(self, bars: BarColumns, context: QualityContext) -> Marked | None:
        """Return what is doubtful, or None. Must not change the bars, read a clock or a file."""
        ...
