"""The jobs of engine.

Revision ID: engine_0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "engine_0001"
down_revision = None
branch_labels = ("engine",)
depends_on = None


def upgrade() -> None:
    """Create the table of runs."""
    op.create_table(
        "engine_runs",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("start_key", sa.String(255), nullable=False, unique=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created_at_ns", sa.BigInteger, nullable=False),
        sa.Column("record", sa.LargeBinary, nullable=False),
    )
    op.create_index("engine_runs_status", "engine_runs", ["status"])


def downgrade() -> None:
    """Take it away."""
    op.drop_index("engine_runs_status", table_name="engine_runs")
    op.drop_table("engine_runs")
