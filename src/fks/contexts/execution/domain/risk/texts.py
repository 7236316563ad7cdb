"""Figures as people read them in a reason."""

from __future__ import annotations

__all__ = ["amount", "percent", "share_of", "span"]

_SECOND_NS = 1_000_000_000


def amount(nanos: int) -> str:
    """Return money with two digits, cut towards zero: 1500.00."""
    sign = "-" if nanos < 0 else ""
    cents = abs(nanos) // 10_000_000
    return f"{sign}{cents // 100}.{cents % 100:02d}"


def percent(ppm: int) -> str:
    """Return parts per million as a percentage: 2.5 %."""
    return f"{ppm // 10_000}.{ppm % 10_000:04d}".rstrip("0").rstrip(".") + " %"


def share_of(part: int, whole: int) -> int:
    """Return parts per million, rounded down; a whole of nothing is all of it."""
    return part * 1_000_000 // whole if whole > 0 else 1_000_000 * (part > 0)


def span(ns: int) -> str:
    """Return a duration in whole seconds, or minutes where it is a multiple."""
    seconds = ns // _SECOND_NS
    return f"{seconds // 60} min" if seconds and seconds % 60 == 0 else f"{seconds} s"
