"""What a plugin says of itself before anything of it is started."""

from __future__ import annotations

import msgspec

__all__ = ["Manifest"]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Name a context and what it stands on.

    `requires` must be loaded; `uses` may be absent. `extensions_only` marks a plugin that brings
    code for others (strategies, providers) and runs nothing of its own.
    """

    name: str
    summary: str
    requires: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    extensions_only: bool = False
