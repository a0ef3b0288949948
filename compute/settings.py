"""Settings of a compute peer, read once from arguments and `MAQUETTE_PEER_*` variables into a frozen value."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from compute.engine.base import Limits
from compute.operations.registry import OPERATIONS


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MAQUETTE_PEER_", frozen=True, extra="ignore")

    server: str = Field("http://127.0.0.1:8000", description="URL of the server to work for.")
    token_file: Path = Field(Path("data/peer.token"), description="File with the peer token.")
    name: Annotated[str, StringConstraints(max_length=64)] = Field("", description="Shown to people; empty: this host.")
    ops: list[str] = Field([], description="Operations to offer (JSON list); empty: all.")
    workers: int = Field(1, ge=1, le=256, description="Jobs at the same time.")
    memory_mb: int = Field(8192, ge=512, description="Memory that one job may use, in MiB.")
    job_seconds: float = Field(3600.0, gt=0, description="Time that one job may take.")
    log: Literal["debug", "info", "warning", "error"] = Field("info", description="Lowest level that is logged.")

    log_file: Path | None = Field(None, description="File to log to, as JSON lines, instead of stderr.")
    traces: str = Field("", description="Where traces go: file:PATH or an OTLP address; empty: none.")

    @field_validator("ops")
    @classmethod
    def _known(cls, ops: list[str]) -> list[str]:
        unknown = sorted(set(ops) - set(OPERATIONS))
        if unknown:
            raise ValueError(f"unknown operations {', '.join(unknown)}; known: {', '.join(OPERATIONS)}")
        return ops

    @property
    def peer_name(self) -> str:
        return self.name or f"{socket.gethostname()[:48]}-{os.getpid()}"

    @property
    def offered(self) -> list[str]:
        return self.ops or list(OPERATIONS)

    @property
    def limits(self) -> Limits:
        return Limits(self.memory_mb << 20, self.job_seconds)
