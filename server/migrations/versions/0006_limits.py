"""Quotas and usage: compute that was spent, who stored a blob, the trace of a job."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("trace", sa.String(64)))
    op.add_column("project_blobs", sa.Column("by", sa.String(64)))
    op.create_index("ix_project_blobs_by", "project_blobs", ["by"])
    op.create_table(
        "compute_usage",
        sa.Column("job", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("project", sa.String(16), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("op", sa.String(64), nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("job", "attempt", name="pk_compute_usage"),
    )
    op.create_index("ix_compute_usage_project_at", "compute_usage", ["project", "at"])
    op.create_index("ix_compute_usage_by_at", "compute_usage", ["by", "at"])


def downgrade() -> None:
    op.drop_table("compute_usage")
    op.drop_index("ix_project_blobs_by", "project_blobs")
    op.drop_column("project_blobs", "by")
    op.drop_column("jobs", "trace")
