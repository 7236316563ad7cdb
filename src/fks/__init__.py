"""FKS: self-hosted systematic trading, as a program and as a library.

The names below are resolved at first use, so that `import fks` costs nothing, and that a module
which wants only the version does not come to stand on everything; `__init__.pyi` has their types.
"""

from __future__ import annotations

import importlib

__all__ = ["IndicatorSpec", "Strategy", "Trigger", "__version__", "backtest", "join", "load"]

__version__ = "0.1.0"

_HOMES = {
    "IndicatorSpec": "fks.contracts.transformer",
    "Strategy": "fks.contracts.engine",
    "Trigger": "fks.contracts.engine",
    "backtest": "fks.library",
    "join": "fks.library",
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
