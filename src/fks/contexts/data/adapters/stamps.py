"""Read times: epochs in any unit, ISO, compact and US dates, with or without a zone.

Digits alone are an epoch whose unit follows from its size (seconds below 1e11, milliseconds
below 1e14, microseconds below 1e17, else nanoseconds). A naive time is taken in the zone given.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fks.contexts.data.domain.table import NO_TIME
from fks.contracts.columns import Int64
from fks.kernel.errors import Invalid

__all__ = ["local_to_utc", "read_times", "zone_of"]

_NS = 1_000_000_000
_HOUR_NS = 3600 * _NS
# Rewritten into ISO one after another; each matches the whole text.
_REWRITES = (
    (r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3"),
    (r"^(\d{4})(\d{2})(\d{2})[ T](\d{2})(\d{2})(\d{2})?$", r"\1-\2-\3 \4:\5:\6"),
    (r"^(\d{4})(\d{2})(\d{2})[ T](\d{2}:\d{2}.*)$", r"\1-\2-\3 \4"),
    (r"^(\d{4})[./](\d{2})[./](\d{2})(.*)$", r"\1-\2-\3\4"),
    (r"^(\d)/(\d{1,2}/\d{4}.*)$", r"0\1/\2"),
    (r"^(\d{2})/(\d)/(\d{4}.*)$", r"\1/0\2/\3"),
    (r"^(\d{2})/(\d{2})/(\d{4})(.*)$", r"\3-\1-\2\4"),
    (r":$", ""),
    (r"^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})$", r"\1 \2:00"),
    (r"([+-]\d{2})$", r"\1:00"),
)
_ZONED = r"(?:Z|[+-]\d{2}:?\d{2})$"
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


def read_times(texts: pa.Array, zone: ZoneInfo) -> Int64:
    """Return UTC nanoseconds of shape (n,), `NO_TIME` where a text is no time."""
    texts = pc.utf8_trim_whitespace(texts)
    digits = pc.match_substring_regex(texts, r"^\d{9,19}$")
    if pc.all(digits, min_count=0).as_py():
        return _epochs(texts)
    numbers = pc.fill_null(digits, False).to_numpy(zero_copy_only=False)
    found = np.full(len(texts), NO_TIME, dtype=np.int64)
    if numbers.any():
        found[numbers] = _epochs(texts.filter(pa.array(numbers)))
    dates = ~numbers
    if dates.any():
        found[dates] = _dates(texts.filter(pa.array(dates)), zone)
    return found


def _epochs(texts: pa.Array) -> Int64:
    """Read digits as epochs, each by its own size."""
    numbers = np.asarray(pc.cast(texts, pa.uint64()).to_numpy(zero_copy_only=False))
    scale = np.where(
        numbers < 10**11,
        _NS,
        np.where(numbers < 10**14, 10**6, np.where(numbers < 10**17, 1000, 1)),
    ).astype(np.uint64)
    large = numbers > 9_223_372_036_854_775_807 // scale
    return np.where(large, NO_TIME, (numbers * scale).astype(np.int64))


def _dates(texts: pa.Array, zone: ZoneInfo) -> Int64:
    """Read dates, rewritten into ISO where they are not."""
    if not pc.all(pc.match_substring_regex(texts, _ISO), min_count=0).as_py():
        for pattern, replacement in _REWRITES:
            texts = pc.replace_substring_regex(texts, pattern=pattern, replacement=replacement)
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
