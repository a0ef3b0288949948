"""Who the client is, behind a proxy: X-Forwarded-For and -Proto are believed from proxies that the settings name."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send


class Networks:
    """Addresses and networks, as the settings list them."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._networks = [ipaddress.ip_network(text, strict=False) for text in texts]

    def __contains__(self, address: object) -> bool:
        try:
            found = ipaddress.ip_address(str(address))
        except ValueError:
            return False
        if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        return any(found in network for network in self._networks)


class TrustedProxies:
    """Puts the client's own address and scheme into the scope: the last hop that is none of ours."""

    def __init__(self, app: ASGIApp, trusted: Sequence[str]) -> None:
        self._app = app
        self._trusted = Networks(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if scope["type"] in ("http", "websocket") and client is not None and client[0] in self._trusted:
            scope = self._forwarded(scope, Headers(scope=scope))
        await self._app(scope, receive, send)

    def _forwarded(self, scope: Scope, headers: Headers) -> Scope:
        hops = [hop.strip() for value in headers.getlist("x-forwarded-for") for hop in value.split(",") if hop.strip()]
        address = next((hop for hop in reversed(hops) if hop not in self._trusted), None)
        scope = {**scope}
        if address is not None and _is_address(address):
            scope["client"] = (address, 0)
        secure = headers.get("x-forwarded-proto", "").split(",")[-1].strip().lower() in ("https", "wss")
        if secure:
            scope["scheme"] = "wss" if scope["type"] == "websocket" else "https"
        return scope


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def address_of(scope: Scope) -> str:
    """The client's address as limits count it: of IPv6 the /64 that one customer usually has. Empty: unknown."""
    client = scope.get("client")
    if client is None:
        return ""
    try:
        found = ipaddress.ip_address(client[0])
    except ValueError:
        return str(client[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False).network_address)
    return str(found)
