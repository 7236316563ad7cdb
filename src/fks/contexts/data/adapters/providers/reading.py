"""Reading the JSON of providers: exact numbers, and one clear line for what is none of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
import numpy as np

from fks.contracts.columns import Float64, Int64
from fks.contracts.data.ticks import CLEAR, LAST, NO_ID, SET, SNAPSHOT, BarRows, DepthRows
from fks.kernel.errors import Invalid, Unavailable

__all__ = [
    "bar_rows",
    "book_rows",
    "decoded",
    "fitting_ticks",
    "floats",
    "malformed",
    "needs",
    "refused",
    "stamps",
]

Kind = TypeVar("Kind")
_Level = tuple[float, float]
_MOST_LEVELS = 20_000
_FIRST_NS, _LAST_NS = -2_208_988_800_000_000_000, 4_102_444_800_000_000_000  # 1900 to 2100


def malformed(provider: str, why: str) -> Unavailable:
    """Return that a payload is not what its provider documents."""
    return Unavailable(
        f"{provider} sent what it does not document: {why[:160]}; nothing of it is used",
        code="data.malformed_payload",
    )


def refused(provider: str, words: str) -> Unavailable:
    """Return that a provider refused a request with status 200, in its own words."""
    plain = "".join(c if c.isprintable() else " " for c in words)[:160]
    return Unavailable(f"{provider} refuses: {plain}", code="data.provider_refuses")


def decoded(provider: str, body: bytes, kind: type[Kind]) -> Kind:
    """Return a payload as a type; numbers may stand in quotes. Raises as `malformed` says."""
    try:
        return msgspec.json.decode(body, type=kind, strict=False)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise malformed(provider, str(error)) from None


def stamps(provider: str, values: Sequence[int | float], unit_ns: int) -> Int64:
    """Return times in nanoseconds. Raises as `malformed` says for one outside 1900 to 2100."""
    try:
        # Whole numbers stay whole; seconds with a fraction are rounded to microseconds.
        found = [
            value * unit_ns if isinstance(value, int) else round(value * 1e6) * (unit_ns // 10**6)
            for value in values
        ]
    except (OverflowError, ValueError):
        raise malformed(provider, "a time that is no number") from None
    if found and not (min(found) >= _FIRST_NS and max(found) < _LAST_NS):
        raise malformed(provider, "a time before 1900 or after 2100")
    return np.array(found, dtype=np.int64)


def floats(values: Sequence[Any]) -> Float64:
    """Return numbers as float64; None is NaN."""
    return np.array([np.nan if one is None else one for one in values], dtype=np.float64)


def bar_rows(ts_ns: Int64, rows: Sequence[Sequence[Any]], places: Sequence[int]) -> BarRows:
    """Return bars of rows: open, high, low, close and volume stand at the given places."""
    first, high, low, last, volume = (floats([row[place] for row in rows]) for place in places)
    return BarRows(ts_ns, first, high, low, last, volume)


def book_rows(
    provider: str, ts_ns: int, sequence: int, bids: Sequence[_Level], asks: Sequence[_Level]
) -> DepthRows:
    """Return the rows of a snapshot: the book emptied, then each level set, best ones first.

    Raises as `malformed` says for a book that cannot be; half a book is worth nothing.
    """
    if len(bids) + len(asks) > _MOST_LEVELS:
        raise malformed(provider, f"a book of {len(bids) + len(asks):,} levels")
    levels = np.array([*bids, *asks], dtype=np.float64).reshape(-1, 2)
    price, quantity = levels[:, 0], levels[:, 1]
    if not (np.isfinite(levels).all() and (price > 0).all() and (quantity > 0).all()):
        raise malformed(provider, "a level without a positive price and quantity")
    own, other = price[: len(bids)], price[len(bids) :]
    if (np.diff(own) >= 0).any() or (np.diff(other) <= 0).any():
        raise malformed(provider, "a book whose levels are out of order, or there twice")
    if len(own) and len(other) and own[0] >= other[0]:
        raise malformed(provider, "a crossed book")
    count = 1 + len(levels)
    flags = np.full(count, SNAPSHOT, dtype=np.int8)
    flags[-1] |= LAST
    side = np.repeat(np.array([0, 1, -1], dtype=np.int8), (1, len(bids), len(asks)))
    action = np.full(count, SET, dtype=np.int8)
    action[0] = CLEAR
    return DepthRows(
        np.full(count, ts_ns, dtype=np.int64),
        np.full(count, sequence, dtype=np.int64),
        action,
        side,
        np.concatenate(([0.0], price)),
        np.concatenate(([0.0], quantity)),
        np.full(count, NO_ID, dtype=np.int64),
        flags,
    )


def fitting_ticks(provider: str, what: str, text: str) -> Decimal:
    """Return a tick or lot size. Raises as `malformed` says for what is no positive number."""
    try:
        size = Decimal(text)
    except ArithmeticError:
        raise malformed(provider, f"{what} {text[:20]!r}") from None
    if not size.is_finite() or not 0 < size <= 10**9:
        raise malformed(provider, f"{what} {text[:20]!r}")
    return size.normalize() if size.as_tuple().exponent < 0 else size  # type: ignore[operator]  # finite


def needs(provider: str, symbol: str, allowed: str) -> str:
    """Return a symbol made of allowed characters. Raises `Invalid` for others."""
    if not 0 < len(symbol) <= 32 or not set(symbol) <= set(allowed) or ".." in symbol:
        raise Invalid(
            f"{symbol[:40]!r} is not written as {provider} writes symbols", code="data.bad_symbol"
        )
    return symbol
