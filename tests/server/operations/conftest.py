"""One application for each test, as the tests of the API have it."""

from tests.server.api.conftest import behind, client, clock, peer, project

__all__ = ["behind", "client", "clock", "peer", "project"]
