"""Tables beside the log itself: how far it is compacted, where a document was founded anew, and named versions.

Same rules as in `tables`: the migrations must end in exactly these.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from server.storage.tables import metadata

histories = Table(
    "histories",
    metadata,
    Column("branch", String(128), primary_key=True),
    Column("compacted", BigInteger, nullable=False),
)
"""Rows up to `compacted` have been through compaction."""

foundings = Table(
    "foundings",
    metadata,
    Column("branch", String(128), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("generation", Integer, nullable=False),
)
"""Rows that hold the whole document, founded anew as of `generation`: what comes after builds on nothing before."""

versions = Table(
    "versions",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("branch", String(128), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("name", String(256), nullable=False),
    Column("author", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_versions_branch_seq", "branch", "seq"),
)
"""Named moments: the document as it was after row `seq`."""
