"""Sessions with their orders, fills, equity and snapshots."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "execution_0001"
down_revision = None
branch_labels = ("execution",)
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "execution_sessions",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("start_key", sa.String(255), nullable=False, unique=True),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("terms", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("created_at_ns", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_execution_sessions_status", "execution_sessions", ["status"])
    op.create_table(
        "execution_orders",
        sa.Column("session_id", sa.String(64), primary_key=True),
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("signal_id", sa.String(255), nullable=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("type", sa.String(16), nullable=False),
        sa.Column("lots", sa.BigInteger, nullable=False),
        sa.Column("limit_ticks", sa.BigInteger),
        sa.Column("stop_ticks", sa.BigInteger),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(32)),
        sa.Column("created_ts_ns", sa.BigInteger, nullable=False),
    )
    op.create_index("execution_orders_status", "execution_orders", ["session_id", "status"])
    op.create_table(
        "execution_fills",
        sa.Column("session_id", sa.String(64), primary_key=True),
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("order_id", sa.BigInteger, nullable=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("lots", sa.BigInteger, nullable=False),
        sa.Column("price_ticks", sa.BigInteger, nullable=False),
        sa.Column("fee_nanos", sa.BigInteger, nullable=False),
        sa.Column("ts_ns", sa.BigInteger, nullable=False),
        sa.Column("position_lots", sa.BigInteger, nullable=False),
        sa.Column("realised_nanos", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "execution_equity",
        sa.Column("session_id", sa.String(64), primary_key=True),
        sa.Column("bar_index", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("ts_ns", sa.BigInteger, nullable=False),
        sa.Column("equity_nanos", sa.BigInteger, nullable=False),
        sa.Column("position_lots", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "execution_snapshots",
        sa.Column("session_id", sa.String(64), primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("last_index", sa.BigInteger, nullable=False),
        sa.Column("last_ts_ns", sa.BigInteger, nullable=False),
        sa.Column("decided", sa.Boolean, nullable=False),
        sa.Column("last_ticks", sa.BigInteger, nullable=False),
        sa.Column("position_lots", sa.BigInteger, nullable=False),
        sa.Column("average_nanos", sa.BigInteger, nullable=False),
        sa.Column("equity_nanos", sa.BigInteger, nullable=False),
        sa.Column("realised_nanos", sa.BigInteger, nullable=False),
        sa.Column("orders", sa.BigInteger, nullable=False),
        sa.Column("fills", sa.BigInteger, nullable=False),
        sa.Column("desk", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Take the tables away."""
    for name in ("snapshots", "equity", "fills", "orders", "sessions"):
        op.drop_table(f"execution_{name}")
