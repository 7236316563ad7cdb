"""A plugin with strategies that wait and that fail, to see what jobs do with them."""

from __future__ import annotations

import threading
from typing import Any

from fks.contracts.engine import Strategy
from fks.kernel.hooks import impl
from fks.kernel.manifest import Manifest

GATE = threading.Event()


class Waiting(Strategy):
    """Wait at every bar until the gate is open."""

    name = "waiting"
    summary = "Waits"

    def on_bar(self, bar: Any, values: Any, desk: Any) -> None:
        """Wait."""
        GATE.wait(30)
        desk.long()


class Failing(Strategy):
    """Fail at the hundredth bar."""

    name = "failing"
    summary = "Fails"

    def on_bar(self, bar: Any, values: Any, desk: Any) -> None:
        """Fail in time."""
        if bar.index == 100:
            raise ZeroDivisionError("one hundred")


@impl
def fks_manifest() -> Manifest:
    """Name the plugin."""
    return Manifest(name="stubborn", summary="For tests", uses=("engine",), extensions_only=True)


@impl
def fks_strategies() -> list[type[Strategy]]:
    """Bring both."""
    return [Waiting, Failing]
