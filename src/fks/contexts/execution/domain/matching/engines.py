"""The matching engine that trading runs on: the compiled one."""

from __future__ import annotations

from typing import Any

__all__ = ["engine"]

_INSTRUMENTS, _ACCOUNTS, _ORDERS = 256, 256, 1 << 16


def engine() -> Any:
    """Return a fresh engine with room for a desk: 256 instruments and accounts, 65,536 orders."""
    from fks.contexts.execution.domain.matching._matching import Matcher

    return Matcher(instruments=_INSTRUMENTS, accounts=_ACCOUNTS, orders=_ORDERS)
