"""How many strangers' lots stand ahead of an own order, and what a cancel among them changes.

Lots ahead are counted in thousandths, so that a share of a cancel is not lost to rounding; all
rounding is against the own order. The probabilistic models are those of the literature (a cancel
of `gone` lots takes gone * F(ahead) / (F(ahead) + F(behind)) from ahead), used in steps small
enough that of two orders the later one never comes to stand ahead: the published single step can
turn them around when much of a level goes at once and n is above 1. Sources: R. Cont and others
on the queue-reactive book; Rigtorp, "Estimating order queue position" (2013).
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from functools import lru_cache
from itertools import pairwise

from fks.contexts.execution.domain.simulation.models import QueueKind, QueueModel

__all__ = ["MILLI", "after_cancel"]

MILLI = 1000  # thousandths of a lot
_CELLS = 1024
_ONE = 1 << 30


def after_cancel(model: QueueModel, ahead: int, level: int, gone: int) -> int:
    """Return what is ahead after strangers gave up `gone` of the `level` (all in thousandths).

    The model decides alone; the result is between what certainly remains ahead and `ahead`.
    """
    left = max(level - gone, 0)
    if left == 0 or ahead <= 0:
        return 0
    ahead = min(ahead, level)
    if model.kind is QueueKind.POWER:
        return min(_power(model.exponent_milli, ahead, level, gone), left)
    if model.kind is QueueKind.LOG:
        share = _log(ahead)
        return _less(ahead, level, gone, gone * share // max(share + _log(level - ahead), 1))
    return min(ahead, left)


def _less(ahead: int, level: int, gone: int, share: int) -> int:
    """Take a share off, and what cannot have stood behind in any case."""
    return max(ahead - max(share, gone - (level - ahead)), 0)


def _power(exponent_milli: int, ahead: int, level: int, gone: int) -> int:
    """Take a cancel off in steps over which nobody can overtake."""
    table, steepest = _shares(exponent_milli)
    while gone > 0 and ahead > 0:
        step = min(gone, max(level // steepest, 1))
        cell, part = divmod(ahead * _CELLS, level)
        share = table[cell]
        if part:
            share += (table[cell + 1] - table[cell]) * part // level
        ahead = _less(ahead, level, step, step * share // _ONE)
        level -= step
        gone -= step
    return ahead


@lru_cache(maxsize=32)
def _shares(exponent_milli: int) -> tuple[tuple[int, ...], int]:
    """Return r**n / (r**n + (1 - r)**n) over r = 0..1 as parts of 2**30, and its steepest slope.

    Computed in decimals, so that it is the same on every machine.
    """
    with localcontext() as context:
        context.prec = 30
        exponent = Decimal(exponent_milli) / 1000
        powers = [
            (Decimal(cell) / _CELLS) ** exponent if cell else Decimal(0) for cell in range(1025)
        ]
        table = tuple(
            int(powers[cell] / (powers[cell] + powers[_CELLS - cell]) * _ONE)
            for cell in range(_CELLS + 1)
        )
    rise = max(after - before for before, after in pairwise(table))
    return table, -(-rise * _CELLS // _ONE)


def _log(milli_lots: int) -> int:
    """Return log2(1 + lots) as parts of 2**16, by squaring: no library's rounding enters."""
    value = ((MILLI + milli_lots) << 32) // MILLI
    whole = value.bit_length() - 33
    value = value >> whole if whole >= 0 else value
    found = whole << 16
    for bit in range(15, -1, -1):
        value = value * value >> 32
        if value >> 33:
            value >>= 1
            found |= 1 << bit
    return found
