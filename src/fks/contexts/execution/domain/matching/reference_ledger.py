"""What the plain matching engine asks of the ledger of limits, holds and positions.

The rules are in `ledger.py`; the engine knows these calls only.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["RiskLedger"]


class RiskLedger(Protocol):
    """What the engine asks of the ledger of limits, holds and positions (`ledger.py`)."""

    def configure_instrument(self, instrument: int, key: int, value: int) -> int:
        """See `ledger.py`."""
        ...

    def configure_account(self, account: int, instrument: int, key: int, value: int) -> int:
        """See `ledger.py`."""
        ...

    def configure_strategy(self, strategy: int, key: int, value: int) -> int:
        """See `ledger.py`."""
        ...

    def credit(self, account: int, nanos: int) -> int:
        """See `ledger.py`."""
        ...

    def new_day(self, account: int) -> int:
        """See `ledger.py`."""
        ...

    def check(
        self,
        now_ns: int,
        account: int,
        instrument: int,
        strategy: int,
        side: int,
        kind: int,
        flags: int,
        price: int,
        stop: int,
        lots: int,
        old_lots: int,
        old_price: int,
    ) -> int:
        """See `ledger.py`."""
        ...

    def hold_price(self, instrument: int, side: int, kind: int, price: int, stop: int) -> int:
        """See `ledger.py`."""
        ...

    def hold(
        self, account: int, instrument: int, strategy: int, side: int, lots: int, price: int
    ) -> None:
        """See `ledger.py`."""
        ...

    def release(
        self, account: int, instrument: int, strategy: int, side: int, lots: int, price: int
    ) -> None:
        """See `ledger.py`."""
        ...

    def opened(self, account: int, instrument: int, n: int) -> None:
        """See `ledger.py`."""
        ...

    def fill(
        self,
        account: int,
        instrument: int,
        side: int,
        lots: int,
        price: int,
        held_price: int,
        maker: bool,
    ) -> int:
        """See `ledger.py`."""
        ...

    def set_reference(self, instrument: int, ticks: int, now_ns: int) -> int:
        """See `ledger.py`."""
        ...

    def set_last(self, instrument: int, ticks: int) -> None:
        """See `ledger.py`."""
        ...

    def position(self, account: int, instrument: int) -> int:
        """See `ledger.py`."""
        ...

    def cash(self, account: int) -> int:
        """See `ledger.py`."""
        ...

    def known_account(self, account: int) -> bool:
        """See `ledger.py`."""
        ...

    def state(self) -> bytes:
        """See `ledger.py`."""
        ...

    def restore(self, data: bytes) -> None:
        """See `ledger.py`."""
        ...
