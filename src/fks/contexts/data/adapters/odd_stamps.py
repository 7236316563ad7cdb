"""Times as people and spreadsheets write them, rewritten into what `read_times` reads.

Asked only of texts that could not be read: `01/02/2024 09:30 AM`, `Jan 2, 2024`, `02-Jan-2024`,
`15-01-2024`, `1/2/24`, `2024/1/2`, `20240102T093000Z`, `20240102 09:30:00 US/Eastern`.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["rewritten", "zones_apart"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = r"(?i)\b{}[a-z]*\.?"
_REWRITES = (
    (r"^(?i:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? ", ""),
    (r"[, ] +|,", " "),
    (r"^m(\d\d) (\d{1,2}) (\d{4})(.*)$", r"\3-\1-\2\4"),
    (r"^(\d{1,2})[- ]m(\d\d)[- ](\d{4})(.*)$", r"\3-\2-\1\4"),
    (r"^(\d{1,2})[- ]m(\d\d)[- ](\d{2})( .*)?$", r"\2/\1/\3\4"),
    (r"^(\d{1,2})-(\d{1,2})-(\d{4})(.*)$", r"\1/\2/\3\4"),
    (r"^(\d{1,2}/\d{1,2}/)([7-9]\d)( .*)?$", r"\119\2\3"),
    (r"^(\d{1,2}/\d{1,2}/)([0-6]\d)( .*)?$", r"\120\2\3"),
    (r"^(\d{4})[-/.](\d)([-/.].*)$", r"\1-0\2\3"),
    (r"^(\d{4})[-/.](\d\d)[-/.](\d)( .*)?$", r"\1-\2-0\3\4"),
    (r"^(\d{4})[-/.](\d\d)[-/.](\d\d)( .*)?$", r"\1-\2-\3\4"),
    (r"^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(Z?)$", r"\1-\2-\3 \4:\5:\6\7"),
    (r" EST$", "-05:00"),
    (r" EDT$", "-04:00"),
)
_HALF_DAY = (
    r"^(?P<date>.*) (?P<hour>\d{1,2})(?P<rest>:\d{2}(?::\d{2}(?:\.\d+)?)?)"
    r" ?(?P<half>[AaPp])\.?[Mm]\.?$"
)
_WITH_ZONE = r"^(?P<time>.*\d) (?P<zone>[A-Z][A-Za-z]+/[A-Za-z_/]{2,40})$"


def rewritten(texts: pa.Array) -> pa.Array:
    """Return texts of which those of the kinds above are dates in figures, with 24 hours."""
    for number, name in enumerate(_MONTHS, start=1):
        texts = pc.replace_substring_regex(
            texts, pattern=_NAMED.format(name), replacement=f"m{number:02d}"
        )
    for pattern, replacement in _REWRITES:
        texts = pc.replace_substring_regex(texts, pattern=pattern, replacement=replacement)
    return _whole_days(texts)


def _whole_days(texts: pa.Array) -> pa.Array:
    """Return texts with hours of 24 in place of those before and after noon."""
    parts = pc.extract_regex(texts, pattern=_HALF_DAY)
    halved = pc.is_valid(parts)
    if not pc.any(halved, min_count=0).as_py():
        return texts
    date, hour, rest, half = (pc.struct_field(parts, k) for k in range(4))
    twelfth = pc.cast(hour, pa.int64())
    after = pc.match_substring_regex(half, "[Pp]")
    noon = pc.if_else(pc.equal(twelfth, 12), 0, twelfth)
    hours = pc.cast(pc.add(noon, pc.if_else(after, 12, 0)), pa.string())
    clock = pc.binary_join_element_wise(pc.utf8_lpad(hours, 2, "0"), rest, "")
    # An hour of 13 before or after noon is none: its text stays, and cannot be read.
    told = pc.and_(halved, pc.and_(pc.greater(twelfth, 0), pc.less_equal(twelfth, 12)))
    return pc.if_else(
        pc.fill_null(told, False), pc.binary_join_element_wise(date, clock, " "), texts
    )


def zones_apart(texts: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return texts without the names of zones at their ends, and these, null for none."""
    parts = pc.extract_regex(texts, pattern=_WITH_ZONE)
    time, zone = pc.struct_field(parts, 0), pc.struct_field(parts, 1)
    return pc.coalesce(time, texts), zone
