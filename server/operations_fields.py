"""The settings of transport, logs, metrics, traces and crash reports."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator
from pydantic_settings import BaseSettings


def _networks(texts: list[str]) -> list[str]:
    for text in texts:
        ipaddress.ip_network(text, strict=False)
    return texts


def _origins(texts: list[str]) -> list[str]:
    for text in texts:
        scheme, _, rest = text.partition("://")
        if scheme not in ("http", "https") or not rest or "/" in rest or "*" in rest:
            raise ValueError(f"{text!r} is no origin; https://studio.example is one")
    return [text.lower() for text in texts]


def _traces(text: str) -> str:
    if text and not text.startswith(("file:", "http://", "https://")):
        raise ValueError("file:PATH or the http(s) address of an OTLP collector is expected")
    return text


Networks = Annotated[list[str], AfterValidator(_networks)]
Origins = Annotated[list[str], AfterValidator(_origins)]
Traces = Annotated[str, AfterValidator(_traces)]


class OperationsFields(BaseSettings):
    tls_cert: Path | None = Field(None, description="Certificate chain (PEM): serve https and wss; with tls_key.")
    tls_key: Path | None = Field(None, description="Private key of tls_cert (PEM).")
    cors_origins: Origins = Field(
        [], description="Origins whose pages may use this server besides its own (JSON list)."
    )
    trusted_proxies: Networks = Field(
        [], description="Addresses or networks whose X-Forwarded-For and -Proto are believed (JSON list)."
    )
    metrics_allowed: Networks = Field(
        ["127.0.0.0/8", "::1"], description="Addresses or networks that may read /metrics and why /readyz fails."
    )
    metrics_token: str = Field("", description="A bearer token that may read /metrics and /readyz from anywhere.")
    access_log: bool = Field(True, description="Log every HTTP request: route, status, time; never its query.")
    log_file: Path | None = Field(None, description="File to log to, as JSON lines, instead of stderr.")
    log_file_mb: int = Field(100, ge=1, description="Size in MiB at which the log file is rotated.")
    log_files: int = Field(5, ge=1, le=1000, description="Rotated log files that are kept.")
    traces: Traces = Field("", description="Where OpenTelemetry traces go: file:PATH or an OTLP address; empty: none.")
    trace_batches: float = Field(0.01, ge=0, le=1, description="Share of a room's batches that is traced.")
    crash_reports: Path | None = Field(
        None, description="Folder for reports of the server's own mistakes, on this machine only; empty: none."
    )

    @model_validator(mode="after")
    def _whole_tls(self) -> OperationsFields:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key belong together")
        return self
