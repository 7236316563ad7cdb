"""The SQL of execution: sessions, and the projections of trading accounts."""

from fks.contexts.execution.store.sessions import SessionStore, Stored
from fks.contexts.execution.store.trading import Cursor, TradingStore

__all__ = ["Cursor", "SessionStore", "Stored", "TradingStore"]
