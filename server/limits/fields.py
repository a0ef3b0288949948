"""The settings of rates and quotas. Every limit is off in local mode unless it is set; `0` or an empty text: no limit.

A rate reads `100/minute`, `5/hour`, `20/10 second`. Plans are nobody's business here: an operator writes the numbers of
theirs, for example `MAQUETTE_RATE_JOBS='{"generate": "5/hour"}'` (or 20, or 100) for each server or group of users.
"""

from __future__ import annotations

from typing import Annotated

from limits import parse
from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings


def _checked(rate: str) -> str:
    if rate:
        parse(rate)
    return rate


def _all_checked(rates: dict[str, str]) -> dict[str, str]:
    return {name: _checked(rate) for name, rate in rates.items()}


Rate = Annotated[str, AfterValidator(_checked)]
Rates = Annotated[dict[str, str], AfterValidator(_all_checked)]
Quota = Annotated[int, Field(ge=0)]


class LimitFields(BaseSettings):
    """None: the default of the mode, see `server.limits.values`."""

    rate_user: Rate | None = Field(None, description="HTTP requests of one user (1200/minute; local mode: no limit).")
    rate_address: Rate | None = Field(
        None, description="HTTP requests from one address (3000/minute; local mode: no limit)."
    )
    rate_handshakes: Rate | None = Field(
        None, description="Sockets that one address may open (1200/minute; local mode: no limit)."
    )
    rate_jobs: Rates = Field(
        {}, description='Jobs that one user may ask for, by operation (JSON: {"generate": "20/hour", "*": "600/hour"}).'
    )
    socket_messages: Quota | None = Field(
        None,
        description="Messages a second of one user's sockets before they are read slower (5000; local: any).",
    )
    socket_bytes: Quota | None = Field(
        None, description="Bytes a second of one user's sockets before they are read slower (32 MB; local: any)."
    )
    quota_user_connections: Quota | None = Field(None, description="Open sockets of one user (200; local: any).")
    quota_address_connections: Quota | None = Field(None, description="Open sockets of one address (2000; local: any).")
    quota_project_connections: Quota | None = Field(None, description="Open sockets of one project (2000; local: any).")
    quota_project_jobs: Quota = Field(0, description="Jobs that one project may have waiting or running; 0: any.")
    quota_project_compute: Quota = Field(0, description="Seconds of compute of one project in 24 hours; 0: any.")
    quota_user_compute: Quota = Field(0, description="Seconds of compute of one user in 24 hours; 0: any.")
    quota_project_storage: Quota = Field(0, description="Bytes of blobs of one project; 0: any.")
    quota_user_storage: Quota = Field(0, description="Bytes of blobs that one user stored; 0: any.")
