"""Errors of compute: every one carries a stable code, what was found and what was expected.

    crdt.errors.MaquetteError
    └── OperationError           an operation or a format refuses its input
        └── FileRefused          an imported file cannot be read; code from docs/import-errors.md
"""

from crdt.errors import MaquetteError


class OperationError(MaquetteError):
    pass


class FileRefused(OperationError):
    pass
