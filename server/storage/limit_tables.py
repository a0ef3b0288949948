"""What was used up. Times are milliseconds since 1970; same rules as in `tables`."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table

from server.storage.tables import metadata

compute_usage = Table(
    "compute_usage",
    metadata,
    Column("job", String(16), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("project", String(16), nullable=False),
    Column("by", String(64), nullable=False),
    Column("op", String(64), nullable=False),
    Column("seconds", Float, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_compute_usage_project_at", "project", "at"),
    Index("ix_compute_usage_by_at", "by", "at"),
)
"""One row for each attempt at a job that ended, however it did: a peer's time was spent."""
