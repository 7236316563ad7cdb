"""The tables of execution: integers only, scaled by the instrument of the session.

Prices are in ticks, quantities in lots, money in nanos (1e-9 of the currency). All 64 bit.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

__all__ = [
    "account_equity",
    "account_fills",
    "account_orders",
    "decisions",
    "equity",
    "fills",
    "metadata",
    "orders",
    "sessions",
    "snapshots",
    "stories",
    "trading_cursor",
]

metadata = MetaData()

sessions = Table(
    "execution_sessions",
    metadata,
    Column("id", String(64), primary_key=True),
    # The key of the command that started it: the same key again is the same session.
    Column("start_key", String(255), nullable=False, unique=True),
    Column("request_hash", String(64), nullable=False),
    # What does not change, as JSON: strategy, parameters, dataset, desk, times.
    Column("terms", LargeBinary, nullable=False),
    Column("status", String(16), nullable=False, index=True),
    Column("error", Text, nullable=False),
    Column("created_at_ns", BigInteger, nullable=False),
)

orders = Table(
    "execution_orders",
    metadata,
    Column("session_id", String(64), primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("signal_id", String(255), nullable=False),
    Column("side", String(8), nullable=False),
    Column("type", String(16), nullable=False),
    Column("lots", BigInteger, nullable=False),
    Column("limit_ticks", BigInteger),
    Column("stop_ticks", BigInteger),
    Column("status", String(16), nullable=False),
    Column("reason", String(32)),
    Column("created_ts_ns", BigInteger, nullable=False),
    Index("execution_orders_status", "session_id", "status"),
)

fills = Table(
    "execution_fills",
    metadata,
    Column("session_id", String(64), primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("order_id", BigInteger, nullable=False),
    Column("side", String(8), nullable=False),
    Column("lots", BigInteger, nullable=False),
    Column("price_ticks", BigInteger, nullable=False),
    Column("fee_nanos", BigInteger, nullable=False),
    Column("ts_ns", BigInteger, nullable=False),
    Column("position_lots", BigInteger, nullable=False),
    Column("realised_nanos", BigInteger, nullable=False),
)

equity = Table(
    "execution_equity",
    metadata,
    Column("session_id", String(64), primary_key=True),
    Column("bar_index", BigInteger, primary_key=True, autoincrement=False),
    Column("ts_ns", BigInteger, nullable=False),
    Column("equity_nanos", BigInteger, nullable=False),
    Column("position_lots", BigInteger, nullable=False),
)

# Where each session stands: one row a session, overwritten at every bar. Apart from the sessions,
# so that a bar touches one narrow row.
snapshots = Table(
    "execution_snapshots",
    metadata,
    Column("session_id", String(64), primary_key=True),
    # Counts the writes; a writer whose count is stale has been overtaken.
    Column("revision", BigInteger, nullable=False),
    Column("last_index", BigInteger, nullable=False),
    Column("last_ts_ns", BigInteger, nullable=False),
    Column("decided", Boolean, nullable=False),
    Column("last_ticks", BigInteger, nullable=False),
    Column("position_lots", BigInteger, nullable=False),
    Column("average_nanos", BigInteger, nullable=False),
    Column("equity_nanos", BigInteger, nullable=False),
    Column("realised_nanos", BigInteger, nullable=False),
    Column("orders", BigInteger, nullable=False),
    Column("fills", BigInteger, nullable=False),
    Column("desk", LargeBinary, nullable=False),
)

# --- trading accounts: projections of the journal, made anew from it where they are lost --------

account_orders = Table(
    "execution_account_orders",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("account", String(64), nullable=False),
    Column("client_order_id", String(64), nullable=False),
    Column("symbol", String(64), nullable=False),
    Column("working", Boolean, nullable=False),
    # The order as the contract shows it, as JSON.
    Column("body", LargeBinary, nullable=False),
    Index("execution_account_orders_client", "account", "client_order_id"),
    Index("execution_account_orders_working", "working", "id"),
)

account_fills = Table(
    "execution_account_fills",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("order_id", BigInteger, nullable=False, index=True),
    Column("account", String(64), nullable=False),
    Column("symbol", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("execution_account_fills_account", "account", "id"),
)

decisions = Table(
    "execution_decisions",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("account", String(64), nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("execution_decisions_account", "account", "id"),
)

stories = Table(
    "execution_stories",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("order_id", BigInteger, nullable=False, index=True),
    Column("account", String(64), nullable=False),
    Column("ts_ns", BigInteger, nullable=False),
    Column("what", String(32), nullable=False),
    Column("detail", Text, nullable=False),
)

# One row an account and minute: the last equity of it.
account_equity = Table(
    "execution_account_equity",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("minute", BigInteger, primary_key=True, autoincrement=False),
    Column("ts_ns", BigInteger, nullable=False),
    Column("equity_nanos", BigInteger, nullable=False),
)

# How far the projections are: one row.
trading_cursor = Table(
    "execution_trading_cursor",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("journal", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
)
