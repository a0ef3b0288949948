"""Settings, read once from arguments and `MAQUETTE_*` variables into a frozen value.

Every field is an option of `maquette serve` or a variable named in `maquette serve --help`.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from server.limits.fields import LimitFields
from server.operations_fields import OperationsFields
from server.sockets import Layer

_MB = 1024 * 1024

_SQLITE, _POSTGRES = "sqlite+aiosqlite", "postgresql+asyncpg"
_DRIVERS = {
    "sqlite": _SQLITE, _SQLITE: _SQLITE, "postgres": _POSTGRES, "postgresql": _POSTGRES, _POSTGRES: _POSTGRES,
}  # fmt: skip

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

Mode = Literal["local", "accounts"]
SignUp = Literal["open", "invited", "closed"]
Bytes = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Settings(LimitFields, OperationsFields):
    model_config = SettingsConfigDict(env_prefix="MAQUETTE_", frozen=True, extra="ignore")

    host: str = Field("127.0.0.1", description="Address to listen on. Loopback: local mode; anything else: accounts.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    data: Path = Field(Path("data"), description="Folder of the database, blobs, key and token.")
    database: str = Field(
        "", description="postgresql://user@host/name or sqlite:///path; empty: SQLite in the data folder."
    )
    redis: str = Field("", description="redis://host: several servers on one database act as one; empty: one alone.")
    node_lease_seconds: Seconds = Field(
        4.0, description="A server that is silent for this long is replaced by another."
    )
    blobs: str = Field("", description="Blob store URL (file:, memory:, s3:); empty: a folder in the data folder.")
    peer: bool = Field(True, description="Start one compute peer in a child process.")
    open: bool = Field(False, description="Open the start page in a browser.")
    public_url: str = Field("", description="How others reach this server, for the invitation link.")
    accounts: bool = Field(False, description="Accounts and roles also on loopback.")
    sign_up: SignUp = Field("invited", description="Who may make an account: anybody, the invited (key, link), nobody.")
    secret: str = Field("", description="Shared by several servers: what their tokens are made with; empty: a file.")
    allowed_hosts: list[str] = Field([], description="Host names accepted in local mode besides loopback (JSON list).")
    log: Literal["debug", "info", "warning", "error"] = Field("info", description="Lowest level that is logged.")
    max_upload: Bytes = Field(1024 * _MB, description="Largest import, all files together, in bytes.")
    max_blob: Bytes = Field(1024 * _MB, description="Largest single blob, in bytes.")
    max_json: Bytes = Field(16 * _MB, description="Largest JSON body, in bytes.")
    max_message: Bytes = Field(64 * _MB, description="Largest WebSocket message, in bytes.")
    sockets: Layer = Field("direct", description="WebSocket layer: direct, picows, websockets-sansio or wsproto.")
    lease_seconds: Seconds = Field(30.0, description="A peer that is silent for this long loses its job.")
    job_attempts: int = Field(3, ge=1, le=100, description="How often a job is tried before it fails.")
    job_quota: int = Field(100, ge=1, description="Jobs that one user may have waiting or running.")
    session_days: Seconds = Field(30.0, description="How long a sign-in lasts, from its last use.")
    room_idle_seconds: Seconds = Field(60.0, description="An empty room is unloaded after this long.")
    shutdown_seconds: Seconds = Field(10.0, description="How long a stopping server waits for open requests.")

    @property
    def mode(self) -> Mode:
        return "accounts" if self.accounts or not is_loopback(self.host) else "local"

    @field_validator("database")
    @classmethod
    def _name_the_driver(cls, url: str) -> str:
        """`postgresql://…` and `sqlite:///…`, as people write them, with the driver that we use."""
        scheme, separator, rest = url.partition("://")
        if url and scheme not in _DRIVERS:
            raise ValueError("postgresql://user@host/name or sqlite:///path is expected")
        return f"{_DRIVERS[scheme]}{separator}{rest}" if url else ""

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite+aiosqlite:///{self.data.resolve() / 'maquette.db'}"

    @property
    def blobs_url(self) -> str:
        return self.blobs or (self.data.resolve() / "blobs").as_uri()


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reachable from this machine only."""
    if host in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
