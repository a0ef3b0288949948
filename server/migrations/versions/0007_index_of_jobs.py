"""The index of the log by job holds the rows that have one."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("updates") as table:
        table.drop_constraint("uq_updates_branch_job", type_="unique")
    of_a_job = sa.text("job IS NOT NULL")
    op.create_index(
        "uq_updates_branch_job", "updates", ["branch", "job"], unique=True, sqlite_where=of_a_job,
        postgresql_where=of_a_job,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("uq_updates_branch_job", "updates")
    with op.batch_alter_table("updates") as table:
        table.create_unique_constraint("uq_updates_branch_job", ["branch", "job"])
