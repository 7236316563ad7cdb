"""See whether a provider still says of the past what it said: a few pages are asked for again.

Nothing of a dataset changes by it. The answers are kept in the raw log under a job of their own, so
that both are there: what was said then, and what is said now.
"""

from __future__ import annotations

import random
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from fks.contexts.data.domain.quality import iso
from fks.contexts.data.service.asking import Source, ask
from fks.contexts.data.store.rawlog import RawLog
from fks.contracts.data import Finding
from fks.contracts.data.providers import DataQuery, PageRequest
from fks.contracts.data.ticks import Rows
from fks.kernel.errors import FksError

__all__ = ["REWRITTEN", "Rewritten", "recheck"]

REWRITTEN = "data.history_rewritten"
_MOST_EXAMPLES = 5


class Rewritten(NamedTuple):
    """Rows of a page that a provider tells otherwise now, from the first to the last of them."""

    number: int
    rows: int
    from_ts_ns: int
    to_ts_ns: int

    def finding(self, provider: str) -> Finding:
        """Return it as a finding of a quality report."""
        return Finding(
            rule="history rewritten",
            severity="warning",
            count=self.rows,
            message=f"{provider} says otherwise now of rows of page {self.number}; fetch --afresh "
            "makes a version of what it says today",
            examples=(iso(self.from_ts_ns), iso(self.to_ts_ns)),
            code=REWRITTEN,
            spans=((self.from_ts_ns, self.to_ts_ns + 1),),
        )


async def recheck(
    source: Source, query: DataQuery, log: RawLog, job: str, pages: int, most: int, seed: str
) -> tuple[Rewritten, ...]:
    """Ask again for the last of some pages that stand and for others at random, `most` in all.

    A page that cannot be had now is no news.
    """
    chance = random.Random(seed)  # noqa: S311  # it picks pages, nothing else
    others = chance.sample(range(1, pages), min(most - 1, pages - 1)) if most > 1 else []
    found = []
    for number in (pages, *others)[:most]:
        with suppress(FksError):
            found += await _page(source, query, log, job, number)
    return tuple(found)


async def _page(
    source: Source, query: DataQuery, log: RawLog, job: str, number: int
) -> list[Rewritten]:
    """Ask for one page again, and compare."""
    wire = source.wire
    heads = [head for head in log.heads(source.name, job, number, number) if head.status == 200]
    then = log.read(heads[-1].id)
    request = PageRequest(path=then.path, params=then.params, weight=wire.first_page(query).weight)

    now = (await ask(source, log, f"{job}-again", number, request)).record
    before = wire.read_page(query, request, then.body).rows
    after = wire.read_page(query, request, now.body).rows
    times = _differing(before, after)
    if not times:
        return []
    return [Rewritten(number, len(times), min(times), max(times))]


def _differing(before: Rows, after: Rows) -> list[int]:
    """Return the times at which two pages do not have the same rows."""
    told = [set(_rows(one)) for one in (before, after)]
    return sorted({row[0] for row in told[0] ^ told[1]})


def _rows(rows: Rows) -> list[tuple[int, ...]]:
    """Return rows as times and the bits of what they say, so that no number differs from itself."""
    bits = [
        np.nan_to_num(column, nan=-0.125).view(np.int64) if column.dtype.kind == "f" else column
        for column in rows
    ]
    return list(zip(*(column.tolist() for column in bits), strict=True))
