"""The section [metatrader]."""

from __future__ import annotations

import msgspec


class MetaTraderSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the exports lie, and how far ahead of UTC the broker's clock runs."""

    folder: str = "."
    utc_offset_minutes: int = 0
