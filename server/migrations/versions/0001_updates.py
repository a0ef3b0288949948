"""Projects, the log of updates, snapshots and bound client ids."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "projects",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("name", sa.String(256), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("trashed", sa.Boolean, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
    )
    op.create_index("ix_projects_changed", "projects", ["changed"])
    op.create_table(
        "updates",
        sa.Column("branch", sa.String(128), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("via", sa.String(32), nullable=False),
        sa.Column("job", sa.String(16)),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("branch", "seq", name="pk_updates"),
        sa.UniqueConstraint("branch", "job", name="uq_updates_branch_job"),
    )
    op.create_table(
        "snapshots",
        sa.Column("branch", sa.String(128), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("branch", "seq", name="pk_snapshots"),
    )
    op.create_table(
        "client_ids",
        sa.Column("branch", sa.String(128), nullable=False),
        sa.Column("client", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("user", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("branch", "client", name="pk_client_ids"),
    )


def downgrade() -> None:
    for table in ("client_ids", "snapshots", "updates", "projects"):
        op.drop_table(table)
