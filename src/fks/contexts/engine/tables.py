"""The table of engine: jobs that came over the bus, from the wish to the end.

It knows what is queued, what runs, and which command began it. The results are files (see
`adapters/run_files.py`).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, String, Table

__all__ = ["metadata", "runs"]

metadata = MetaData()

runs = Table(
    "engine_runs",
    metadata,
    Column("id", String(26), primary_key=True),
    # The key of the command that started it: the same key again is the same run.
    Column("start_key", String(255), nullable=False, unique=True),
    Column("status", String(16), nullable=False),
    Column("created_at_ns", BigInteger, nullable=False),
    # contracts.engine.Run as JSON
    Column("record", LargeBinary, nullable=False),
    Index("engine_runs_status", "status"),
)
