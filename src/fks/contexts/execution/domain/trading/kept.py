"""The orders of a desk, and a digest of them all that costs only what changed since the last.

The journal notes the hash of the state every so many groups, in the engine's thread. Most of the
state are orders that ended within a day and that nobody touches any more; encoding them all each
time stops the desk for as long as there are many.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from fks.contexts.execution.domain.trading.state import OrderRecord

__all__ = ["Orders", "WorkingOrders"]

_ENCODER = msgspec.msgpack.Encoder()
_BYTES = 32
_ALL = 1 << (8 * _BYTES)
T = TypeVar("T")


class Orders(dict[int, OrderRecord]):
    """Orders by id. Whoever changes one gets it here by its id, or found it among the working.

    Those two ways are all there are, so what was got or worked since the last digest is all that
    can be different. `values` and `items` are for reading.
    """

    def __init__(self, orders: Iterable[OrderRecord] = ()) -> None:
        super().__init__((order.id, order) for order in orders)
        self._digests: dict[int, int] = {}
        self._sum = 0
        self._touched: set[int] = set(self)
        self._worked: set[int] = set()

    def __getitem__(self, number: int) -> OrderRecord:
        self._touched.add(number)
        return super().__getitem__(number)

    def __setitem__(self, number: int, order: OrderRecord) -> None:
        self._touched.add(number)
        super().__setitem__(number, order)

    def __delitem__(self, number: int) -> None:
        self._touched.add(number)
        super().__delitem__(number)

    def get(self, number: int, default: T | None = None) -> OrderRecord | T | None:  # type: ignore[override]  # ids are numbers
        """Return an order, or the default."""
        self._touched.add(number)
        return super().get(number, default)

    def digest(self, working: Iterable[int]) -> bytes:
        """Return the sum of all orders' digests, modulo 2^256; `working` are at work now.

        Each is BLAKE2b-256 over the order as a snapshot holds it, its id included. The sum does not
        depend on the order of changes; it is against accidents, the journal's digests and anchors
        are against forgers.
        """
        now = set(working)
        for number in self._touched | self._worked | now:
            order = super().get(number)
            new = 0 if order is None else _digest(order)
            self._sum += new - self._digests.get(number, 0)
            if order is None:
                self._digests.pop(number, None)
            else:
                self._digests[number] = new
        self._sum %= _ALL
        self._touched.clear()
        self._worked = now
        return self._sum.to_bytes(_BYTES, "little")


class WorkingOrders(dict[int, OrderRecord]):
    """Orders that are not over, by id; those of one account in one instrument at hand.

    Every new order asks what else of its account is open in its instrument.
    """

    def __init__(self, orders: Iterable[OrderRecord] = ()) -> None:
        super().__init__()
        self._near: dict[tuple[str, int], dict[int, OrderRecord]] = {}
        for order in orders:
            self[order.id] = order

    def __setitem__(self, number: int, order: OrderRecord) -> None:
        super().__setitem__(number, order)
        self._near.setdefault((order.request.account, order.instrument), {})[number] = order

    def __delitem__(self, number: int) -> None:
        order = self[number]
        super().__delitem__(number)
        del self._near[order.request.account, order.instrument][number]

    def of(self, account: str, instrument: int) -> Iterable[OrderRecord]:
        """Return the working orders of an account in an instrument, by when they began to work."""
        return self._near.get((account, instrument), {}).values()

    def count(self, account: str) -> int:
        """Return how many orders of an account work."""
        return sum(len(near) for (whose, _), near in self._near.items() if whose == account)


def _digest(order: OrderRecord) -> int:
    data = _ENCODER.encode(order)
    return int.from_bytes(hashlib.blake2b(data, digest_size=_BYTES).digest(), "little")
