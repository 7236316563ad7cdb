"""The open interest of contracts by session, from files that tell it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from fks.contexts.data.adapters.calendars import session_spans
from fks.contexts.data.adapters.open_interest import Told, read_open_interest
from fks.contexts.data.domain.expiries import Contract
from fks.contexts.data.domain.timeframes import DAY_NS
from fks.contexts.data.service.expiring import sessions_between
from fks.contexts.data.store.stored import StoredDataset
from fks.contracts.columns import Float64, Int64
from fks.kernel.errors import Invalid

__all__ = ["check_files", "interests"]

_EPOCH = date(1970, 1, 1)


def check_files(wanted: bool, files: Sequence[Path]) -> None:
    """Raise `Invalid` where open interest is needed and not given, or the other way round."""
    if wanted == bool(files):
        return
    raise Invalid(
        "--roll open-interest needs --open-interest FILE: LEAN's daily zip, or CSV or Parquet with "
        "date, contract, open_interest"
        if wanted
        else "--open-interest goes with --roll open-interest",
        code="data.bad_roll",
    )


def interests(
    contracts: Sequence[Contract],
    datasets: Sequence[StoredDataset],
    files: Sequence[Path],
    days: Int64,
) -> list[tuple[Int64, Float64]]:
    """Return the sessions in which the open interest of each contract was told, and how much.

    Raises `Invalid` where a file tells none of a contract, or two tell the same one.
    """
    calendar = datasets[0].info.instrument.calendar
    last = max(one.info.last_ts_ns for one in datasets)
    found: dict[Contract, Told] = {}
    for path in files:
        read = read_open_interest(path, (_EPOCH + timedelta(last // DAY_NS)).year)
        for contract in contracts:
            if contract in found and contract in read:
                raise Invalid(f"two files tell {contract.code}", code="data.bad_open_interest")
            if contract in read:
                found[contract] = read[contract]
    lacking = [one.code for one in contracts if one not in found]
    if lacking:
        raise Invalid(
            f"no open interest of {', '.join(lacking[:8])} in {files[0].name}; each contract needs "
            "some",
            code="data.bad_open_interest",
        )
    return [_by_session(found[one], calendar, days) for one in contracts]


def _by_session(told: Told, calendar: str, days: Int64) -> tuple[Int64, Float64]:
    """Return what was told last in each session; a date without one belongs to the next."""
    if told.dates:
        dates = told.ts_ns // DAY_NS
        sessions = np.array(
            sessions_between(int(dates[0]), int(dates[-1]) + 14, calendar), dtype=np.int64
        )
        session = sessions[np.searchsorted(sessions, dates)]
    else:
        spans = session_spans(int(told.ts_ns[0]), int(told.ts_ns[-1]), calendar)
        place = np.searchsorted(spans.begins, told.ts_ns, side="right")
        first = int(spans.stamps[0]) // DAY_NS if len(spans.stamps) else int(days[0])
        session = np.append(first - 1, spans.stamps // DAY_NS)[place]
    last = np.append(session[1:] != session[:-1], True)
    return session[last], told.interest[last]
