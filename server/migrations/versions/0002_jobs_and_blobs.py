"""Jobs, the blobs of each project, decoded copies, stored answers."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False, autoincrement=True),
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("project", sa.String(16), nullable=False),
        sa.Column("op", sa.String(64), nullable=False),
        sa.Column("target", sa.JSON, nullable=False),
        sa.Column("params", sa.JSON, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("causes", sa.JSON, nullable=False),
        sa.Column("worker", sa.String(64), nullable=False),
        sa.Column("lease", sa.String(64)),
        sa.Column("expires", sa.BigInteger),
        sa.Column("cancelling", sa.Boolean, nullable=False),
        sa.Column("progress", sa.Float, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("result", sa.JSON),
        sa.Column("error", sa.JSON),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("started", sa.BigInteger),
        sa.Column("finished", sa.BigInteger),
        sa.PrimaryKeyConstraint("sequence", name="pk_jobs"),
        sa.UniqueConstraint("id", name="uq_jobs_id"),
    )
    op.create_index("ix_jobs_project_sequence", "jobs", ["project", "sequence"])
    op.create_index("ix_jobs_state_at", "jobs", ["state", "at"])
    op.create_index("ix_jobs_by_started", "jobs", ["by", "started"])
    op.create_table(
        "project_blobs",
        sa.Column("project", sa.String(16), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project", "sha256", name="pk_project_blobs"),
    )
    op.create_table(
        "plain_blobs",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("plain", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_plain_blobs"),
    )
    op.create_table(
        "answers",
        sa.Column("user", sa.String(64), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user", "key", name="pk_answers"),
    )
    op.create_index("ix_answers_at", "answers", ["at"])


def downgrade() -> None:
    for table in ("answers", "plain_blobs", "project_blobs", "jobs"):
        op.drop_table(table)
