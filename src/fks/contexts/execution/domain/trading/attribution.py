"""Why two accounts that hear the same signals do not earn the same, exact to the nano.

Orders are matched by the signal that caused them. Where both traded, what each paid away from
the price that it saw is its latency (and slippage), a difference of the prices seen is data; lots
that only one traded are worth their way to the last price, and belong to the queue, a refusal, or
a signal that one of them never took.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

__all__ = ["PARTS", "Share", "Traded", "attributed", "total_of"]

PARTS = ("signal", "data", "latency", "queue", "fee", "reject")


class Traded(msgspec.Struct, kw_only=True):
    """What an account did on one signal in one instrument.

    `lots` are signed; `cost_ticks` the sum of signed lots times ticks; `seen_ticks` the same at
    the price seen when each order was decided. `orders` counts orders, `refused` those refused.
    """

    lots: int = 0
    cost_ticks: int = 0
    seen_ticks: int = 0
    fee_nanos: int = 0
    orders: int = 0
    refused: int = 0


class Share(msgspec.Struct, frozen=True):
    """A part of the difference: signal, instrument, cause, nanos."""

    signal: str
    instrument: str
    cause: str
    nanos: int


Key = tuple[str, str]


def attributed(
    ours: Mapping[Key, Traded],
    theirs: Mapping[Key, Traded],
    last_ticks: Mapping[str, int],
    unit_nanos: Mapping[str, int],
) -> list[Share]:
    """Return the parts of `ours` less `theirs`, by (signal, instrument); they add up exactly.

    `last_ticks` is the price at which open lots are valued, `unit_nanos` a tick of a lot.
    """
    shares: list[Share] = []
    none = Traded()
    for key in sorted({*ours, *theirs}):
        one, other = ours.get(key, none), theirs.get(key, none)
        signal, instrument = key
        last, unit = last_ticks[instrument], unit_nanos[instrument]
        total = _earned(one, last, unit) - _earned(other, last, unit)
        fee = other.fee_nanos - one.fee_nanos
        if one.lots == other.lots and one.orders and other.orders:
            data = (other.seen_ticks - one.seen_ticks) * unit
            parts = {"data": data, "fee": fee, "latency": total - fee - data}
        else:
            parts = {_cause(one, other): total - fee, "fee": fee}
        shares += [Share(signal, instrument, name, nanos) for name, nanos in parts.items() if nanos]
    return shares


def _earned(traded: Traded, last: int, unit: int) -> int:
    """Return what was earned, open lots at the last price."""
    return (traded.lots * last - traded.cost_ticks) * unit - traded.fee_nanos


def _cause(one: Traded, other: Traded) -> str:
    """Return why the two did not trade the same lots."""
    if not one.orders or not other.orders:
        return "signal"
    if one.refused != other.refused:
        return "reject"
    return "queue"


def total_of(shares: Iterable[Share]) -> dict[str, int]:
    """Return the sum of each part, in nanos."""
    found = dict.fromkeys(PARTS, 0)
    for share in shares:
        found[share.cause] += share.nanos
    return found
