"""Nodes of a cluster, and which of them owns a branch."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clusters",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("id", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_clusters"),
    )
    op.create_table(
        "nodes",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("name", sa.String(256), nullable=False),
        sa.Column("beat", sa.BigInteger, nullable=False),
        sa.Column("started", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_nodes"),
    )
    op.create_table(
        "owners",
        sa.Column("branch", sa.String(128), nullable=False),
        sa.Column("node", sa.String(16), nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("branch", name="pk_owners"),
    )
    op.create_index("ix_owners_node", "owners", ["node"])


def downgrade() -> None:
    for table in ("owners", "nodes", "clusters"):
        op.drop_table(table)
