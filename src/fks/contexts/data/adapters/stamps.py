"""Read times: epochs in any unit, ISO, compact and US dates, with or without a zone.

Digits alone are an epoch whose unit follows from its size (seconds below 1e11, milliseconds
below 1e14, microseconds below 1e17, else nanoseconds). A naive time is taken in the zone given.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fks.contexts.data.adapters.odd_stamps import rewritten, zones_apart
from fks.contexts.data.domain.table import NO_TIME
from fks.contracts.columns import Int64
from fks.kernel.errors import Invalid

__all__ = ["local_to_utc", "plain_epochs_ns", "read_times", "zone_of"]

_NS = 1_000_000_000
_HOUR_NS = 3600 * _NS
# What 12 and 14 digits of a date from 1970 to 2039 are as numbers.
_MAYBE_DATES = ((1970 * 10**8, 2040 * 10**8), (1970 * 10**10, 2040 * 10**10))
# From where and below what an epoch is of a unit, and none of it overflows.
_EPOCHS = ((0, 9 * 10**9, _NS), (10**11, 9 * 10**12, 10**6), (10**14, 9 * 10**15, 1000))
_SLASHED = r"^(\d{2})/(\d{2})/(\d{4})(.*)$"
# Rewritten into ISO one after another; slashed dates in the order asked for.
_REWRITES = (
    (r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3"),
    (r"^(\d{4})(\d{2})(\d{2})[ T]?(\d{2})(\d{2})(\d{2})?$", r"\1-\2-\3 \4:\5:\6"),
    (r"^(\d{4})(\d{2})(\d{2})[ T](\d{2}:\d{2}.*)$", r"\1-\2-\3 \4"),
    (r"^(\d{4})[./](\d{2})[./](\d{2})(.*)$", r"\1-\2-\3\4"),
    (r"^(\d)([/.]\d{1,2}[/.]\d{4}.*)$", r"0\1\2"),
    (r"^(\d{2}[/.])(\d)([/.]\d{4}.*)$", r"\10\2\3"),
    (r"^(\d{2})\.(\d{2})\.(\d{4})(.*)$", r"\3-\2-\1\4"),
    (_SLASHED, ""),
    (r":$", ""),
    (r" ?(?:UTC|GMT)$", "Z"),
    (r"^([\d-]+[ T])(\d:.*)$", r"\10\2"),
    (r"^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})(Z?)$", r"\1 \2:00\3"),
    (r"(:\d{2}(?:\.\d+)?[+-]\d{2})$", r"\1:00"),
)
_MONTH_FIRST, _DAY_FIRST = r"\3-\1-\2\4", r"\3-\2-\1\4"
_EPOCH = r"^\d{9,19}(?:\.0*)?$"
# 12 or 14 digits that begin with a date of 1970 to 2039: as milliseconds they would lie in 1976
# or beyond 2600, as a date they make sense.
_COMPACT = (
    r"^(?:19[7-9]|20[0-3])\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    r"[0-2]\d[0-5]\d(?:[0-5]\d)?$"
)
_ISO = r"^\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)?$"
_ISO_ZONED = r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})$"


def zone_of(name: str) -> ZoneInfo:
    """Return an IANA time zone. Raises `Invalid` for an unknown one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(
            f"no time zone {name[:40]!r}; use an IANA name such as UTC or America/New_York",
            code="data.unknown_timezone",
        ) from None


def read_times(texts: pa.Array, zone: ZoneInfo, *, day_first: bool = False) -> Int64:
    """Return UTC nanoseconds of shape (n,), `NO_TIME` where a text is no time.

    `day_first` reads 03/04/2020 as the third of April.
    """
    numbers = _plain_epochs(texts)
    if numbers is not None:
        return _scaled(numbers)
    texts = pc.utf8_trim_whitespace(texts)
    digits = pc.match_substring_regex(texts, _EPOCH)
    digits = pc.and_not(digits, pc.match_substring_regex(texts, _COMPACT))
    numbers = pc.fill_null(digits, False).to_numpy(zero_copy_only=False)
    found = np.full(len(texts), NO_TIME, dtype=np.int64)
    if numbers.any():
        found[numbers] = _epochs(texts.filter(pa.array(numbers)))
    dates = ~numbers
    if dates.any():
        found[dates] = _any_dates(texts.filter(pa.array(dates)), zone, day_first=day_first)
    return found


def _any_dates(texts: pa.Array, zone: ZoneInfo, *, day_first: bool) -> Int64:
    """Read dates, and those that cannot be read once more as people write them."""
    found = _dates(texts, zone, day_first=day_first)
    unread = np.flatnonzero(found == NO_TIME)
    if len(unread):
        rest, zones = zones_apart(texts.take(pa.array(unread)))
        rest = rewritten(rest)
        found[unread] = _dates(rest, zone, day_first=day_first)
        for name in pc.unique(zones).drop_null().to_pylist():
            own = pc.fill_null(pc.equal(zones, name), False)
            where = unread[own.to_numpy(zero_copy_only=False)]
            try:
                found[where] = _dates(rest.filter(own), zone_of(name), day_first=day_first)
            except Invalid:  # no such zone: no time
                found[where] = NO_TIME
    return found


def _plain_epochs(texts: pa.Array) -> Any:
    """Return uint64 where all texts are epochs for certain (the usual case, made fast)."""
    try:
        numbers = np.asarray(pc.cast(texts, pa.uint64()).to_numpy(zero_copy_only=False))
    except pa.ArrowInvalid:
        return None
    return numbers if _certain(numbers) else None


def plain_epochs_ns(numbers: Any) -> Int64 | None:
    """Return UTC nanoseconds of whole numbers that are epochs for certain, all of them; or None.

    `numbers` is uint64 of shape (n,), as texts of digits alone are read.
    """
    return _scaled(numbers) if _certain(numbers) else None


def _certain(numbers: Any) -> bool:
    """Tell whether no number could be a date: too small, or of 12 or 14 digits that look so."""
    if not len(numbers):
        return True
    least, most = int(numbers.min()), int(numbers.max())
    if least < 10**8:
        return False
    return all(
        most < begin or least >= end or not ((numbers >= begin) & (numbers < end)).any()
        for begin, end in _MAYBE_DATES
    )


def _epochs(texts: pa.Array) -> Int64:
    """Read digits as epochs."""
    if _any(texts, r"\."):
        texts = pc.replace_substring_regex(texts, pattern=r"\.0*$", replacement="")
    return _scaled(np.asarray(pc.cast(texts, pa.uint64()).to_numpy(zero_copy_only=False)))


def _scaled(numbers: Any) -> Int64:
    """Return nanoseconds of epochs, each in the unit that its size says."""
    least, largest = (int(numbers.min()), int(numbers.max())) if len(numbers) else (0, 0)
    for begin, end, unit in _EPOCHS:
        # All of one unit, the usual case: nothing is chosen row by row.
        if begin <= least and largest < end:
            return np.asarray(numbers * np.uint64(unit)).astype(np.int64)
    scale = np.where(
        numbers < 10**11,
        _NS,
        np.where(numbers < 10**14, 10**6, np.where(numbers < 10**17, 1000, 1)),
    ).astype(np.uint64)
    large = numbers > 9_223_372_036_854_775_807 // scale
    return np.where(large, NO_TIME, (numbers * scale).astype(np.int64))


def _any(texts: pa.Array, pattern: str) -> bool:
    """Tell whether some text matches."""
    return bool(pc.any(pc.match_substring_regex(texts, pattern), min_count=0).as_py())


def _dates(texts: pa.Array, zone: ZoneInfo, *, day_first: bool) -> Int64:
    """Read dates, rewritten into ISO where they are not."""
    if not pc.all(pc.match_substring_regex(texts, _ISO), min_count=0).as_py():
        slashed = _DAY_FIRST if day_first else _MONTH_FIRST
        for pattern, replacement in _REWRITES:
            texts = pc.replace_substring_regex(
                texts, pattern=pattern, replacement=slashed if pattern is _SLASHED else replacement
            )
    found = np.full(len(texts), NO_TIME, dtype=np.int64)
    naive = pc.fill_null(pc.match_substring_regex(texts, _ISO), False)
    zoned = pc.fill_null(pc.match_substring_regex(texts, _ISO_ZONED), False)
    for mask, kind in ((naive, pa.timestamp("ns")), (zoned, pa.timestamp("ns", tz="UTC"))):
        where = mask.to_numpy(zero_copy_only=False)
        if not where.any():
            continue
        stamps = _cast(texts.filter(mask), kind)
        if mask is naive:
            readable = stamps != NO_TIME
            stamps[readable] = local_to_utc(stamps[readable], zone)
        found[where] = stamps
    return found


def _cast(texts: pa.Array, kind: pa.DataType) -> Int64:
    """Cast at once, or one by one where some date does not exist (the 31st of June)."""
    try:
        return np.asarray(pc.cast(pc.cast(texts, kind), pa.int64()).to_numpy()).copy()
    except pa.ArrowInvalid:
        if len(texts) == 1:
            return np.array([NO_TIME], dtype=np.int64)
        half = len(texts) // 2
        return np.concatenate((_cast(texts[:half], kind), _cast(texts[half:], kind)))


def local_to_utc(naive_ns: Int64, zone: ZoneInfo) -> Int64:
    """Return UTC for local times; one that occurs twice is the earlier, one that never does is
    read with the offset before the change.
    """
    if zone.key == "UTC" or len(naive_ns) == 0:
        return naive_ns
    hours, place = np.unique(naive_ns // _HOUR_NS, return_inverse=True)
    offsets = np.array([_offset_ns(int(hour), zone) for hour in hours], dtype=np.int64)
    return naive_ns - offsets[place]


def _offset_ns(hour: int, zone: ZoneInfo) -> int:
    """Return how far local time is ahead of UTC in the hour that begins at this local hour."""
    local = datetime.fromtimestamp(hour * 3600, UTC).replace(tzinfo=zone)
    offset = local.utcoffset()
    assert offset is not None
    return int(offset.total_seconds()) * _NS
