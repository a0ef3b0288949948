"""Tables of the nodes: which are alive, and which of them owns a branch.

Same rules as in `tables`: the migrations must end in exactly these.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from server.storage.tables import metadata

clusters = Table(
    "clusters",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", String(16), nullable=False),
)
"""One row: the name under which the nodes of this database meet on a bus that others use too."""

nodes = Table(
    "nodes",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", String(256), nullable=False),
    Column("beat", BigInteger, nullable=False),
    Column("started", BigInteger, nullable=False),
)
"""A node lives as long as it has a row here. `beat` rises while it does; whoever sees it stand still for too long by
their own monotonic clock deletes the row. No two machines' wall clocks are compared."""

owners = Table(
    "owners",
    metadata,
    Column("branch", String(128), primary_key=True),
    Column("node", String(16), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Index("ix_owners_node", "node"),
)
"""Who may append to a branch. A branch whose `node` is not among the nodes is free; each new owner raises `epoch`."""
