"""Trading accounts: projections of the journal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "execution_0002"
down_revision = "execution_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "execution_account_orders",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("client_order_id", sa.String(64), nullable=False),
        sa.Column("symbol", sa.String(64), nullable=False),
        sa.Column("working", sa.Boolean, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index(
        "execution_account_orders_client",
        "execution_account_orders",
        ["account", "client_order_id"],
    )
    op.create_index(
        "execution_account_orders_working", "execution_account_orders", ["working", "id"]
    )
    op.create_table(
        "execution_account_fills",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("order_id", sa.BigInteger, nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("symbol", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_execution_account_fills_order_id", "execution_account_fills", ["order_id"])
    op.create_index("execution_account_fills_account", "execution_account_fills", ["account", "id"])
    op.create_table(
        "execution_decisions",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("execution_decisions_account", "execution_decisions", ["account", "id"])
    op.create_table(
        "execution_stories",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("order_id", sa.BigInteger, nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("ts_ns", sa.BigInteger, nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("ix_execution_stories_order_id", "execution_stories", ["order_id"])
    op.create_table(
        "execution_account_equity",
        sa.Column("account", sa.String(64), primary_key=True),
        sa.Column("minute", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("ts_ns", sa.BigInteger, nullable=False),
        sa.Column("equity_nanos", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "execution_trading_cursor",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("journal", sa.String(64), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables."""
    for name in (
        "trading_cursor",
        "account_equity",
        "stories",
        "decisions",
        "account_fills",
        "account_orders",
    ):
        op.drop_table(f"execution_{name}")
