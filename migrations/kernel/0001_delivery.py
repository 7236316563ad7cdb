"""Outbox, inbox and dead letters: what the kernel stores about messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "kernel_0001"
down_revision = None
branch_labels = ("kernel",)
depends_on = None

_POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "kernel_outbox",
        sa.Column("position", _POSITION, sa.Identity(), primary_key=True),
        sa.Column("message_id", sa.String(64), nullable=False, unique=True),
        sa.Column("process", sa.String(200), nullable=False),
        sa.Column("at_ns", sa.BigInteger, nullable=False),
        sa.Column("topic", sa.String(200), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("meta", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "kernel_inbox",
        sa.Column("handler", sa.String(200), primary_key=True),
        sa.Column("message_id", sa.String(200), primary_key=True),
        sa.Column("at_ns", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_kernel_inbox_at_ns", "kernel_inbox", ["at_ns"])
    op.create_table(
        "kernel_dead_letters",
        sa.Column("position", _POSITION, sa.Identity(), primary_key=True),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("handler", sa.String(200), nullable=False),
        sa.Column("process", sa.String(200), nullable=False),
        sa.Column("at_ns", sa.BigInteger, nullable=False),
        sa.Column("topic", sa.String(200), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("meta", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("code", sa.String(200), nullable=False),
        sa.Column("error", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("kernel_dead_letters")
    op.drop_index("ix_kernel_inbox_at_ns", table_name="kernel_inbox")
    op.drop_table("kernel_inbox")
    op.drop_table("kernel_outbox")
