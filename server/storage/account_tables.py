"""Tables of identity: people, what they come in with, who is in which project, share links.

Times are milliseconds since 1970. No secret is kept: passwords as argon2id, everything else as a keyed hash.
"""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint

from server.storage.tables import metadata

users = Table(
    "users",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("email", String(320)),
    Column("password", Text),
    Column("color", String(7), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("standing", String(16), nullable=False),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("created", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    UniqueConstraint("email"),
    Index("ix_users_created", "created"),
)
"""email: normalised; NULL with the password for guests and holders of the key who have made no account."""

credentials = Table(
    "credentials",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("user", String(16)),
    Column("secret", String(64), nullable=False),
    Column("name", String(100), nullable=False, default=""),
    Column("scope", String(8), nullable=False, default="admin"),
    Column("operations", JSON(none_as_null=True)),
    Column("rotation", Integer, nullable=False, default=0),
    Column("agent", String(200), nullable=False, default=""),
    Column("created", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),
    Column("expires", BigInteger),
    Index("ix_credentials_user", "user"),
    Index("ix_credentials_expires", "expires"),
)
"""kind: session (a cookie), family (of refresh tokens; rotation counts them), key, peer, reset, ticket. A row that is
gone is revoked. user: NULL for peers."""

members = Table(
    "members",
    metadata,
    Column("project", String(16), primary_key=True),
    Column("user", String(16), primary_key=True),
    Column("link", String(16), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("expires", BigInteger),
    Column("at", BigInteger, nullable=False),
    Index("ix_members_user", "user"),
    Index("ix_members_link", "link"),
)
"""A role somebody has in a project: of their own (link is empty), or by a share link, whose role and end these are."""

links = Table(
    "links",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("project", String(16), nullable=False),
    Column("secret", String(64), nullable=False),
    Column("name", String(100), nullable=False),
    Column("role", String(16), nullable=False),
    Column("by", String(16), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger),
    Column("uses", Integer),
    Column("used", Integer, nullable=False, default=0),
    Index("ix_links_project", "project"),
)
