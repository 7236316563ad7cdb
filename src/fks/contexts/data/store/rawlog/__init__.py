"""The raw log: what providers sent, byte for byte, before anything was made of it."""

from __future__ import annotations

from fks.contexts.data.store.rawlog.index import JobHead, Listed
from fks.contexts.data.store.rawlog.log import RawLog
from fks.contexts.data.store.rawlog.records import RawRecord
from fks.contexts.data.store.rawlog.verifying import Verified

__all__ = ["JobHead", "Listed", "RawLog", "RawRecord", "Verified"]
