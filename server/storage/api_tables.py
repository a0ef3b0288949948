"""Tables of the HTTP half: jobs, the blobs of each project, decoded copies, and stored answers.

Times are milliseconds since 1970. Same rules as in `tables`: the migrations must end in exactly these.
"""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Index, Integer, String, Table, Text, UniqueConstraint

from server.storage.tables import metadata

_Sequence = BigInteger().with_variant(Integer, "sqlite")
_Json = JSON(none_as_null=True)

jobs = Table(
    "jobs",
    metadata,
    Column("sequence", _Sequence, primary_key=True, autoincrement=True),
    Column("id", String(16), nullable=False),
    Column("project", String(16), nullable=False),
    Column("op", String(64), nullable=False),
    Column("target", _Json, nullable=False),
    Column("params", _Json, nullable=False),
    Column("by", String(64), nullable=False),
    Column("state", String(16), nullable=False, default="queued"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("causes", _Json, nullable=False, default=[]),
    Column("worker", String(64), nullable=False, default=""),
    Column("lease", String(64)),
    Column("expires", BigInteger),
    Column("cancelling", Boolean, nullable=False, default=False),
    Column("progress", Float, nullable=False, default=0.0),
    Column("message", Text, nullable=False, default=""),
    Column("result", _Json),
    Column("error", _Json),
    Column("at", BigInteger, nullable=False),
    Column("started", BigInteger),
    Column("finished", BigInteger),
    Column("trace", String(64)),
    UniqueConstraint("id"),
    Index("ix_jobs_project_sequence", "project", "sequence"),
    Index("ix_jobs_state_at", "state", "at"),
    Index("ix_jobs_by_started", "by", "started"),
)
"""The durable queue. `sequence` is the order of asking; `lease` stays after success: a repeated result is
known. `trace` is the W3C traceparent of the span under which the job was asked for."""

project_blobs = Table(
    "project_blobs",
    metadata,
    Column("project", String(16), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("bytes", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", String(64)),
    Index("ix_project_blobs_by", "by"),
)
"""Which project may read which blob, and who stored it there. The store itself holds each blob once."""

plain_blobs = Table(
    "plain_blobs",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("plain", String(64), nullable=False),
)
"""The decoded copy of a compressed geometry, made by a peer once."""

answers = Table(
    "answers",
    metadata,
    Column("user", String(64), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", _Json, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_answers_at", "at"),
)
"""What was answered under an Idempotency-Key."""
