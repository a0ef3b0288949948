"""Errors of compute: every one carries a stable code, what was found and what was expected.

crdt.errors.MaquetteError
├── OperationError           an operation or a format refuses its input
│   └── FileRefused          an imported file cannot be read; code from docs/import-errors.md
└── PeerError                the server refuses what the peer asks
    ├── ServerAway           it cannot be reached or is busy: ask again later
    └── LeaseLost            the job is somebody else's now, or over: drop it
"""

from crdt.errors import MaquetteError


class OperationError(MaquetteError):
    pass


class FileRefused(OperationError):
    pass


class PeerError(MaquetteError):
    pass


class ServerAway(PeerError):
    pass


class LeaseLost(PeerError):
    pass
