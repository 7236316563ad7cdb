"""What made an adjusted dataset, as it is kept beside its bars: each ex-date and its factors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from fks.contexts.data.domain.actions import Step, factors_before

__all__ = ["FILE", "AdjustmentRow", "AdjustmentTable", "encoded", "rows_of_steps"]

FILE = "adjustment.json"
_EPOCH = date(1970, 1, 1)


class AdjustmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """An ex-date. `ratio` is exact; prices before it are multiplied by `price_factor` in all, and
    volumes by `volume_factor` (both rounded here, exact in the bars).
    """

    ex_date: str
    ratio: str
    dividend: str
    close: str
    price_factor: float
    volume_factor: float


class AdjustmentTable(msgspec.Struct, frozen=True, kw_only=True):
    """How a dataset was adjusted: of which one, by what, as known on which day.

    `later` counts actions after that day, `unused` those without a bar before them.
    """

    dataset: str
    how: str
    as_of: str
    source: str
    rows: tuple[AdjustmentRow, ...]
    later: int = 0
    unused: int = 0


def rows_of_steps(steps: Sequence[Step]) -> tuple[AdjustmentRow, ...]:
    """Return the steps for people, by ex-date."""
    return tuple(
        AdjustmentRow(
            ex_date=(_EPOCH + timedelta(step.day)).isoformat(),
            ratio=str(step.ratio),
            dividend=f"{float(step.dividend):.10g}" if step.dividend else "",
            close="" if step.close is None else f"{float(step.close):.10g}",
            price_factor=float(price),
            volume_factor=float(volume),
        )
        for step, (_, price, volume) in zip(sorted(steps), factors_before(steps), strict=True)
    )


def encoded(table: AdjustmentTable) -> bytes:
    """Return a table as readable JSON."""
    return msgspec.json.format(msgspec.json.encode(table), indent=1) + b"\n"
