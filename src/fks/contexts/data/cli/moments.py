"""Reading the times that a user writes."""

from __future__ import annotations

from datetime import UTC, datetime

from fks.kernel.errors import Invalid

__all__ = ["moment_ns"]


def moment_ns(text: str | None, otherwise: int) -> int:
    """Return a UTC date or time in nanoseconds. Raises `Invalid` for what is none."""
    if text is None:
        return otherwise
    try:
        stamp = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(f"cannot read the time {text[:40]!r}: write 2020-01-31[THH:MM]") from None
    return int(stamp.replace(tzinfo=stamp.tzinfo or UTC).timestamp()) * 1_000_000_000
