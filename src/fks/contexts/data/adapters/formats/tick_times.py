"""Times of ticks: what `read_times` reads, and what only ticks have.

Fractions of epoch seconds (`1585180700.0647`), and compact dates with fractions of a second, such
as `20200101 170014552`, `20130101 21:59:59.999` or `20240102 093000 1234567`. All are read as
whole numbers: a nanosecond stays a nanosecond.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fks.contexts.data.adapters.stamps import local_to_utc, read_times
from fks.contexts.data.domain.table import NO_TIME
from fks.contracts.columns import Int64

__all__ = ["read_tick_times", "seconds_ns"]

_NS = 1_000_000_000
_SECONDS = r"^\d{1,11}(?:\.\d{1,12})?$"
_EPOCH_WITH_FRACTION = r"^\d{9,10}\.\d{1,12}$"
_COMPACT = r"^\d{8}[ T]\d{2}:?\d{2}:?\d{2}(?:[. ]?\d{1,9})?$"
_OFFSET = r" GMT([+-]\d{2}):?(\d{2})$"


def read_tick_times(texts: pa.Array, zone: ZoneInfo, *, day_first: bool = False) -> Int64:
    """Return UTC nanoseconds of shape (n,), `NO_TIME` where a text is no time."""
    if len(texts) == 0:
        return np.empty(0, dtype=np.int64)
    first = texts[0].as_py()
    if " GMT" in first:
        texts = pc.replace_substring_regex(texts, pattern=_OFFSET, replacement=r"\1:\2")
    if first[:8].isdigit() and (first[8:9] in (" ", "T")):
        return _mixed(texts, _COMPACT, zone, day_first=day_first)
    if first.partition(".")[0].isdigit() and _some_fraction(texts):
        return _mixed(texts, _EPOCH_WITH_FRACTION, zone, day_first=day_first)
    return read_times(texts, zone, day_first=day_first)


def _some_fraction(texts: pa.Array) -> bool:
    """Tell whether some text has a point."""
    return bool(pc.any(pc.match_substring(texts, "."), min_count=0).as_py())


def _mixed(texts: pa.Array, pattern: str, zone: ZoneInfo, *, day_first: bool) -> Int64:
    """Read the texts of a pattern the fast way, and the others one by one as any time."""
    ours = np.asarray(
        pc.fill_null(pc.match_substring_regex(texts, pattern), False).to_numpy(zero_copy_only=False)
    )
    fast = seconds_ns if pattern is _EPOCH_WITH_FRACTION else _compact_ns
    found = np.full(len(texts), NO_TIME, dtype=np.int64)
    if ours.any():
        read = fast(texts.filter(pa.array(ours)))
        if fast is _compact_ns:
            good = read != NO_TIME
            read[good] = local_to_utc(read[good], zone)
        found[ours] = read
    if not ours.all():
        found[~ours] = read_times(texts.filter(pa.array(~ours)), zone, day_first=day_first)
    return found


def seconds_ns(texts: pa.Array) -> Int64:
    """Return nanoseconds of seconds with up to twelve decimals, cut to nine; else `NO_TIME`."""
    plain = pc.fill_null(pc.match_substring_regex(texts, _SECONDS), False)
    texts = pc.if_else(plain, texts, "0")
    whole = pc.replace_substring_regex(texts, pattern=r"\..*$", replacement="")
    rest = pc.replace_substring_regex(texts, pattern=r"^\d+\.?", replacement="")
    seconds = pc.cast(whole, pa.int64()).to_numpy(zero_copy_only=False)
    found = np.asarray(seconds * _NS + _fraction_ns(rest))
    good = np.asarray(plain.to_numpy(zero_copy_only=False)) & (seconds <= 2**63 // _NS - 1)
    return np.where(good, found, NO_TIME)


def _fraction_ns(digits: pa.Array) -> Int64:
    """Return nanoseconds of the digits after a point."""
    nine = pc.utf8_slice_codeunits(pc.utf8_rpad(digits, 9, "0"), 0, 9)
    return np.asarray(pc.cast(nine, pa.int64()).to_numpy(zero_copy_only=False))


def _compact_ns(texts: pa.Array) -> Int64:
    """Return nanoseconds, as on the clock they were read from, of texts of the compact pattern."""
    day = _whole(pc.utf8_slice_codeunits(texts, 0, 8))
    rest = pc.replace_substring_regex(
        pc.utf8_slice_codeunits(texts, 9), pattern="[:. ]", replacement=""
    )
    clock = _whole(pc.utf8_slice_codeunits(rest, 0, 6))
    hour, minute, second = clock // 10_000, clock // 100 % 100, clock % 100
    days, real = _days(day)
    good = real & (hour < 24) & (minute < 60) & (second < 60)
    into_day = (hour * 3600 + minute * 60 + second) * _NS + _fraction_ns(
        pc.utf8_slice_codeunits(rest, 6)
    )
    return np.where(good, days * 86_400 * _NS + into_day, NO_TIME)


def _whole(texts: pa.Array) -> Int64:
    """Return int64 of digits."""
    return np.asarray(pc.cast(texts, pa.int64()).to_numpy(zero_copy_only=False))


def _days(day: Int64) -> tuple[Int64, np.ndarray]:
    """Return days since 1970 of dates such as 20240131, and which of them exist."""
    year, month, date = day // 10_000, day // 100 % 100, day % 100
    real = (year >= 1700) & (year < 2200) & (month >= 1) & (month <= 12) & (date >= 1)
    months = np.where(real, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    first = months.astype("datetime64[D]").astype(np.int64)
    following = (months + 1).astype("datetime64[D]").astype(np.int64)
    found = first + date - 1
    return found, real & (found < following)
