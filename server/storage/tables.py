"""The database's tables. Times are milliseconds since 1970; a branch is `{project}/scene`, `{project}/session` or
`{project}/scene@{name}`. The migrations in `server/migrations/versions` end in exactly these: a test compares them.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    false,
    text,
)

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMES)

_OF_A_JOB = text("job IS NOT NULL")

projects = Table(
    "projects",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", String(256), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("trashed", Boolean, nullable=False, default=False),
    Column("generation", Integer, nullable=False, default=0),
    Index("ix_projects_changed", "changed"),
)

updates = Table(
    "updates",
    metadata,
    Column("branch", String(128), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("author", String(64), nullable=False),
    Column("via", String(32), nullable=False),
    Column("job", String(16)),
    Column("payload", LargeBinary, nullable=False),
    Column("packed", SmallInteger, nullable=False, server_default=text("0")),
    Column("inside", Boolean, nullable=False, server_default=false()),
    Column("entry", BigInteger),
    Column("last", BigInteger),
    Column("began", BigInteger),
    Index("uq_updates_branch_job", "branch", "job", unique=True, sqlite_where=_OF_A_JOB, postgresql_where=_OF_A_JOB),
)
"""The log. The primary key is the guard against two writers of one branch, (branch, job) the one against a job that
takes effect twice. That index holds nothing of rows without a job, nearly all: each would be a page more to write.

What compaction leaves (server/history): packed: how the payload is compressed; inside: the document right after this
row is no moment that there ever was, because rows of others at the same time come behind it; entry and last: the
numbers of the first row of its entry, and of the last one that is merged into it; began: the time of the first."""

snapshots = Table(
    "snapshots",
    metadata,
    Column("branch", String(128), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)
"""The whole document as one update, as it was after row `seq` of the log. Only a shortcut for loading."""

client_ids = Table(
    "client_ids",
    metadata,
    Column("branch", String(128), primary_key=True),
    Column("client", BigInteger, primary_key=True, autoincrement=False),
    Column("user", String(64), nullable=False),
)
"""Which user first wrote under a Yjs client id."""
