"""Every error of the shared documents, a leaf that imports nothing of ours.

MaquetteError                 code, message, hint: the one error shape of the product
├── InvalidEdit               a writer was given a value, id or move that the schema refuses
├── UnknownRecord             a record that the document does not hold
├── ProtocolError             bytes that are no message, or a message out of place
├── UpdateRefused             a Yjs update that must not be applied
└── ConnectionRefused         the server refused this replica (code and reason from the wire)
"""


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
