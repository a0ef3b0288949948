"""Ports for servers that are killed and started again."""

from __future__ import annotations

import random
import socket
from pathlib import Path

_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 10_000
_TRIES = 100


def free_port() -> int:
    """A free port of this machine that no outgoing connection is given: while its server is down, a client that tries
    it again and again could get it as its own end, and the server would not start.
    """
    highest = int(_EPHEMERAL.read_text().split()[0]) - 1 if _EPHEMERAL.exists() else 32_767
    for _ in range(_TRIES):
        port = random.randint(_LOWEST, max(highest, _LOWEST))
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port among {_TRIES} from {_LOWEST} to {highest}")
