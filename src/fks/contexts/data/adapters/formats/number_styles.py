"""How a table writes its numbers: 1,234.5 or 1.234,5, with a currency before or a K behind.

What one cell means may be open (1,234 is a thousand or one and a bit), so that the prices of the
first block say it for the table; where they do not either, the table is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from fks.kernel.errors import Invalid

__all__ = ["NumberStyle", "plain_numbers", "style_of"]

_LOOKED_AT = 20_000
_CURRENCY = "[$\u20ac\u00a3\u00a5\\s\u00a0\u202f]"
_ODD = "[,$\u20ac\u00a3\u00a5\u00a0\u202f]|\\d [\\d]|\\d[KMB]$|\\.\\d+\\."
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}([.,])\d{3}\Z")
_POWERS = (("K", "e3"), ("M", "e6"), ("B", "e9"))


class NumberStyle(NamedTuple):
    """What stands before the fraction, and what between thousands."""

    point: str
    thousands: str


_POINT, _COMMA = NumberStyle(".", ","), NumberStyle(",", ".")


def style_of(prices: Sequence[pa.Array], volume: pa.Array | None, name: str) -> NumberStyle | None:
    """Return how cells are written, None for plain numbers.

    Raises `Invalid` where a comma among the prices could be either.
    """
    looked_at = [column[:_LOOKED_AT] for column in (*prices, *([] if volume is None else [volume]))]
    if not any(_odd(column) for column in looked_at):
        return None
    cells = [
        re.sub(_CURRENCY, "", cell)
        for column in looked_at[: len(prices)]
        for cell in column.to_pylist()
    ]
    return _told(cell for cell in cells if "," in cell or "." in cell) or _of_commas(cells, name)


def _odd(column: pa.Array) -> bool:
    """Tell whether some cell is no plain number for a reason that is known here."""
    return bool(pc.any(pc.match_substring_regex(column, _ODD), min_count=0).as_py())


def _told(cells: Iterable[str]) -> NumberStyle | None:
    """Return the style by the first cell that can be read in one way only."""
    for cell in cells:
        last = max(cell.rfind(","), cell.rfind("."))
        mark, count = cell[last], cell.count(cell[last])
        both = "," in cell and "." in cell
        if both or count > 1:
            fraction = mark if count == 1 else ("," if mark == "." else ".")
            return _COMMA if fraction == "," else _POINT
        if not _GROUPED.match(cell):
            return _COMMA if mark == "," else _POINT
    return None


def _of_commas(cells: Sequence[str], name: str) -> NumberStyle | None:
    """Return the style where every cell could be either: with points alone they are fractions.

    A comma in a few cells only costs their rows.
    """
    commas = [cell for cell in cells if "," in cell]
    if not commas or any("." in cell for cell in cells):
        return _POINT
    if 2 * len(commas) < len(cells):
        return None
    raise Invalid(
        f"{name}: {commas[0][:20]} may be a thousand or a fraction; write prices with a point and "
        "without a mark between thousands",
        code="data.bad_table",
    )


def plain_numbers(texts: pa.Array, style: NumberStyle) -> pa.Array:
    """Return cells as plain numbers where they are written in a style; others as they are."""
    point, mark = re.escape(style.point), re.escape(style.thousands)
    bare = pc.replace_substring_regex(texts, pattern=_CURRENCY, replacement="")
    for letter, power in _POWERS:
        bare = pc.replace_substring_regex(bare, pattern=f"(?i){letter}$", replacement=power)
    groups = rf"\d{{1,3}}(?:{mark}\d{{2,3}})*{mark}\d{{3}}"
    form = rf"^[+-]?(?:\d+|{groups})(?:{point}\d*)?(?:[eE][+-]?\d+)?$"
    good = pc.match_substring_regex(bare, form)
    plain = pc.replace_substring(bare, pattern=style.thousands, replacement="")
    plain = pc.replace_substring(plain, pattern=style.point, replacement=".")
    return pc.if_else(good, plain, texts)
