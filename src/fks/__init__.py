"""FKS: self-hosted systematic trading, as a program and as a library.

The names below are resolved at first use, so that `import fks` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fks.contracts.engine import Strategy, Trigger
    from fks.contracts.transformer import IndicatorSpec
    from fks.library import backtest, load

__all__ = ["IndicatorSpec", "Strategy", "Trigger", "__version__", "backtest", "load"]

__version__ = "0.1.0"

_HOMES = {
    "IndicatorSpec": "fks.contracts.transformer",
    "Strategy": "fks.contracts.engine",
    "Trigger": "fks.contracts.engine",
    "backtest": "fks.library",
    "load": "fks.library",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'fks' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
