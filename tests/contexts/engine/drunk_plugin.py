"""A plugin that brings the drunk strategy, and one that fails late."""

from __future__ import annotations

from typing import Any

from tests.contexts.engine.drunk import Drunk

from fks.contracts.engine import Strategy
from fks.kernel.hooks import impl
from fks.kernel.manifest import Manifest


class Sober(Strategy):
    """Trade for a while, then fail."""

    name = "sober"
    summary = "Fails"

    def on_bar(self, bar: Any, values: Any, desk: Any) -> None:
        """Fail at the fiftieth bar."""
        desk.long()
        if bar.index == 50:
            raise ValueError("enough")


@impl
def fks_manifest() -> Manifest:
    """Name the plugin."""
    return Manifest(name="drunk", summary="For tests", uses=("engine",), extensions_only=True)


@impl
def fks_strategies() -> list[type[Strategy]]:
    """Bring both."""
    return [Drunk, Sober]
