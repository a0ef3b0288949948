"""The shared documents of Maquette: schema, edits, protocol and the Python client.

Rules are in SPEC.md, the wire in PROTOCOL.md. The rest is imported from its module (`crdt.nodes`, `crdt.undo`, …).
"""

from crdt.client import join
from crdt.document import SceneDocument, SessionDocument
from crdt.errors import (
    ConnectionRefused,
    InvalidEdit,
    MaquetteError,
    ProtocolError,
    UnknownRecord,
    UpdateRefused,
)

__all__ = [
    "ConnectionRefused",
    "InvalidEdit",
    "MaquetteError",
    "ProtocolError",
    "SceneDocument",
    "SessionDocument",
    "UnknownRecord",
    "UpdateRefused",
    "join",
]
