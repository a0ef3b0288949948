"""The limits that hold, once the mode has filled in what the settings leave open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

_MB = 1024 * 1024


class LimitSettings(Protocol):
    """The part of the settings that limits are read from."""

    @property
    def mode(self) -> str: ...
    @property
    def rate_user(self) -> str | None: ...
    @property
    def rate_address(self) -> str | None: ...
    @property
    def rate_handshakes(self) -> str | None: ...
    @property
    def socket_messages(self) -> int | None: ...
    @property
    def socket_bytes(self) -> int | None: ...
    @property
    def quota_user_connections(self) -> int | None: ...
    @property
    def quota_address_connections(self) -> int | None: ...
    @property
    def quota_project_connections(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class RateValues:
    """Rates as text; empty: none."""

    user: str
    address: str
    handshakes: str


@dataclass(frozen=True, slots=True)
class SocketValues:
    """0: no limit. messages, bytes: a second; addresses may send four times as much, as many people share one."""

    messages: int
    bytes: int
    user_connections: int
    address_connections: int
    project_connections: int


def rate_values(settings: LimitSettings) -> RateValues:
    local = settings.mode == "local"
    return RateValues(
        user=_text(settings.rate_user, "1200/minute", local),
        address=_text(settings.rate_address, "3000/minute", local),
        handshakes=_text(settings.rate_handshakes, "1200/minute", local),
    )


def socket_values(settings: LimitSettings) -> SocketValues:
    local = settings.mode == "local"
    return SocketValues(
        messages=_number(settings.socket_messages, 5000, local),
        bytes=_number(settings.socket_bytes, 32 * _MB, local),
        user_connections=_number(settings.quota_user_connections, 200, local),
        address_connections=_number(settings.quota_address_connections, 2000, local),
        project_connections=_number(settings.quota_project_connections, 2000, local),
    )


def _text(value: str | None, default: str, local: bool) -> str:
    return value if value is not None else "" if local else default


def _number(value: int | None, default: int, local: bool) -> int:
    return value if value is not None else 0 if local else default
