"""Every error of the shared documents, a leaf that imports nothing of ours.

MaquetteError                 code, message, hint: the one error shape of the product
├── InvalidEdit               a writer was given a value, id or move that the schema refuses
├── UnknownRecord             a record that the document does not hold
├── ProtocolError             bytes that are no message, or a message out of place
├── UpdateRefused             a Yjs update that must not be applied
└── ConnectionRefused         the server refused this replica (code and reason from the wire)
"""

from typing import Any


class MaquetteError(Exception):
    """A refusal that a person or a program can act on.

    code is stable (`snake_case`), message says what was found, hint says what was expected or what to do.
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.hint = hint

    def as_json(self) -> dict[str, str]:
        return {"code": self.code, "message": self.message, "hint": self.hint}

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors come back from other processes as they were raised, whatever their kind was made with."""
        return _remade, (type(self), self.args, self.__dict__)


def _remade(kind: type[MaquetteError], args: tuple[Any, ...], fields: dict[str, Any]) -> MaquetteError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(fields)
    return error


class InvalidEdit(MaquetteError):
    pass


class UnknownRecord(MaquetteError):
    pass


class ProtocolError(MaquetteError):
    pass


class UpdateRefused(MaquetteError):
    pass


class ConnectionRefused(MaquetteError):
    pass
