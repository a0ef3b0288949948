"""Named versions, re-foundings, and what compaction leaves of the log."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COMPACTED = ("packed", "inside", "entry", "last", "began")


def upgrade() -> None:
    op.add_column("updates", sa.Column("packed", sa.SmallInteger, nullable=False, server_default=sa.text("0")))
    op.add_column("updates", sa.Column("inside", sa.Boolean, nullable=False, server_default=sa.false()))
    for name in ("entry", "last", "began"):
        op.add_column("updates", sa.Column(name, sa.BigInteger))
    op.create_table(
        "histories",
        sa.Column("branch", sa.String(128), nullable=False),
        sa.Column("compacted", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("branch", name="pk_histories"),
    )
    op.create_table(
        "foundings",
        sa.Column("branch", sa.String(128), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("branch", "seq", name="pk_foundings"),
    )
    op.create_table(
        "versions",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("branch", sa.String(128), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(256), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_versions"),
    )
    op.create_index("ix_versions_branch_seq", "versions", ["branch", "seq"])


def downgrade() -> None:
    for table in ("versions", "foundings", "histories"):
        op.drop_table(table)
    for name in COMPACTED:
        op.drop_column("updates", name)
