"""The application, its client, and the services behind it."""

from tests.server.api.conftest import behind, client, clock, peer, project

__all__ = ["behind", "client", "clock", "peer", "project"]
