"""The two markers of the plugin system, and nothing else.

They live apart from `hookspecs` because contracts need them, and `hookspecs` names types of
heavy libraries in its signatures.
"""

from __future__ import annotations

import pluggy

__all__ = ["PROJECT", "impl", "spec"]

PROJECT = "fks"

spec = pluggy.HookspecMarker(PROJECT)
impl = pluggy.HookimplMarker(PROJECT)
