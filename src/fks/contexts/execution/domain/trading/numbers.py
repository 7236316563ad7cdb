"""Order ids: the journal's sequence number of what caused an order, and which of its orders.

They grow with time and stay below 2**53, so that a browser counts them exactly.
"""

from __future__ import annotations

__all__ = ["MOST_CHILDREN", "MOST_PLACES", "child_of", "order_id", "seq_of"]

_CHILD_BITS = 8
_PLACE_BITS = 9
MOST_CHILDREN = (1 << _CHILD_BITS) - 1
MOST_PLACES = (1 << _PLACE_BITS) - 1


def order_id(seq: int, *, place: int = 0, child: int = 0) -> int:
    """Return the id of the `place`-th order of an input, or of the n-th child of that order."""
    assert child <= MOST_CHILDREN and place <= MOST_PLACES
    return (((seq << _PLACE_BITS) + place) << _CHILD_BITS) + child


def child_of(number: int) -> int:
    """Return which child an order is; 0 for none."""
    return number & MOST_CHILDREN


def seq_of(number: int) -> int:
    """Return the sequence number of the input that made an order."""
    return number >> (_PLACE_BITS + _CHILD_BITS)
