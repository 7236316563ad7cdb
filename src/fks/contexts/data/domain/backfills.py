"""Backfills as chains of pages: which of them stand, and what rows they make together.

A backfill is one chain for a provider, symbol, kind and start; it has no end, so that the next run
goes on where this one stopped. A page stands when it was full and all of its rows were complete
when it came; the last page of a chain usually is not, and is asked for again.
"""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import msgspec
import numpy as np

from fks.contexts.data.domain.table import Piece, RawTable, joined
from fks.contexts.data.domain.timeframes import DAY_NS, timeframe_ns
from fks.contracts.data.providers import DataQuery, Page
from fks.contracts.data.ticks import BarRows, Rows
from fks.kernel.ids import content_hash

__all__ = [
    "LeftOut",
    "Part",
    "bars_of",
    "begins_ns",
    "covers",
    "job_name",
    "kept",
    "rows_of",
    "seen_ns",
    "stands",
]

_NS = 1_000_000_000
_SETTLED_NS = 600 * _NS


class Part(NamedTuple):
    """The rows of a page, the id of its payload, and the time until which rows were complete.

    Rows before `begins_ns` are none of this page.
    """

    payload: str
    rows: Rows
    seen_ns: int
    begins_ns: int = -(2**63)


class LeftOut(NamedTuple):
    """Rows of pages that are not used: outside the span, still forming, from the future."""

    outside: int = 0
    forming: int = 0
    future: int = 0

    def told(self) -> str:
        """Return what was left out as part of a line; empty where it was nothing to tell."""
        parts = [f"{self.forming:,} still forming"] if self.forming else []
        parts += [f"{self.future:,} from the future"] if self.future else []
        return f"left out: {', '.join(parts)}" if parts else ""


def job_name(provider: str, base_url: str, query: DataQuery, attempt: int) -> str:
    """Return the name of a chain: readable, and another one for whatever makes other pages."""
    what = (provider, base_url, query.kind, query.symbol, query.timeframe, query.start_ns, attempt)
    digest = content_hash(msgspec.json.encode(what))[:12]
    words = "-".join(part for part in (query.symbol, query.timeframe or query.kind) if part)
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in words.lower())
    return f"{plain[:40]}-{digest}-{attempt}"


def seen_ns(received_at_ns: int, headers: Sequence[tuple[str, str]]) -> int:
    """Return when a page was made: by our clock or the provider's, whichever is earlier.

    A clock that is ahead would take a forming bar for a closed one.
    """
    for name, value in headers:
        if name.lower() == "date":
            try:
                told = parsedate_to_datetime(value)
                return min(received_at_ns, int(told.timestamp()) * _NS)
            except (ValueError, OverflowError):
                return received_at_ns
    return received_at_ns


def stands(query: DataQuery, page: Page, seen: int) -> bool:
    """Tell whether a page will be the same whenever it is asked for again.

    Its rows are settled: what has just closed may be corrected.
    """
    settled = seen - _settles_ns(query)
    if page.next is None or page.reached_ns > settled:
        return False
    return not bool((_complete_ns(query, page.rows) > settled).any())


def begins_ns(query: DataQuery, reached_ns: int) -> int:
    """Return when the first row of a page may be, where the pages before it reached so far.

    A day may be told by a window that begins later on it. Ticks of one time may be on two pages.
    """
    if query.kind != "bars":
        return -(2**63)
    step_ns = timeframe_ns(query.timeframe)
    return reached_ns - (step_ns if step_ns >= DAY_NS else 0)


def covers(query: DataQuery, page: Page, part: Part) -> bool:
    """Tell whether a page reaches the end of a query with settled rows, and none of the future."""
    if bool((page.rows.ts_ns > part.seen_ns).any()):
        return False
    return query.end_ns <= min(page.reached_ns, part.seen_ns - _settles_ns(query))


def kept(query: DataQuery, part: Part) -> tuple[Rows, LeftOut]:
    """Return the rows of a page that belong to a query and were complete."""
    ts_ns = part.rows.ts_ns
    inside = (ts_ns >= max(query.start_ns, part.begins_ns)) & (ts_ns < query.end_ns)
    future = inside & (ts_ns > part.seen_ns)
    forming = inside & ~future & (_complete_ns(query, part.rows) > part.seen_ns)
    usable = inside & ~future & ~forming
    left = LeftOut(int((~inside).sum()), int(forming.sum()), int(future.sum()))
    return (part.rows if bool(usable.all()) else _taken(part.rows, usable)), left


def bars_of(query: DataQuery, parts: Sequence[Part]) -> tuple[RawTable, tuple[Piece, ...], LeftOut]:
    """Return the bars of all pages as one table to check; pieces are named by payload."""
    tables: list[RawTable] = []
    pieces: list[Piece] = []
    count, left = 0, LeftOut()
    for part in parts:
        rows, out = kept(query, part)
        assert isinstance(rows, BarRows), f"a page of {query.kind} is no page of bars"
        left = LeftOut(*(a + b for a, b in zip(left, out, strict=True)))
        pieces.append(Piece(f"payload {part.payload[:16]}", count))
        row = np.arange(count + 1, count + len(rows.ts_ns) + 1, dtype=np.int64)
        tables.append(RawTable(row, *rows))
        count += len(rows.ts_ns)
    return joined(tables), tuple(pieces), left


def rows_of(query: DataQuery, parts: Sequence[Part]) -> tuple[Rows, LeftOut]:
    """Return the rows of all pages one after the other. There is at least one page."""
    found = [kept(query, part) for part in parts]
    left = LeftOut(*(sum(one[1][k] for one in found) for k in range(3)))
    kind: Any = type(found[0][0])
    return kind(
        *(np.concatenate(columns) for columns in zip(*(one[0] for one in found), strict=True))
    ), left


def _settles_ns(query: DataQuery) -> int:
    """Return how long what closed may change: as long as a bar, from ten minutes to a day."""
    step_ns = timeframe_ns(query.timeframe) if query.kind == "bars" else 0
    return min(max(step_ns, _SETTLED_NS), DAY_NS)


def _complete_ns(query: DataQuery, rows: Rows) -> Any:
    """Return from when on each row is complete: a bar when it closes, the others at once."""
    return rows.ts_ns + (timeframe_ns(query.timeframe) if query.kind == "bars" else 0)


def _taken(rows: Rows, which: Any) -> Rows:
    """Return the chosen rows."""
    kind: Any = type(rows)
    made: Rows = kind(*(column[which] for column in rows))
    return made
