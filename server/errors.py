"""Refusals of the HTTP server: each names its status, so that one handler answers them all.

crdt.errors.MaquetteError
└── Refusal
    ├── Malformed         400  the request cannot be read
    ├── NotAuthorised     401  nobody, or a key that is not ours
    ├── Forbidden         403  somebody who may not do this
    ├── NotFound          404  no such thing, or none that the asker may see
    ├── Conflict          409  the state of things forbids it
    ├── TooLarge          413  over a limit of the settings
    ├── Unsatisfiable     416  a range outside the blob
    ├── Unprocessable     422  readable, but not acceptable
    ├── TooMany           429  over a rate or a quota: see Retry-After
    └── Unavailable       503  later: see Retry-After
"""

import math

from crdt.errors import InvalidEdit, MaquetteError, UnknownRecord, UpdateRefused


class Refusal(MaquetteError):
    status = 400

    def __init__(self, code: str, message: str, hint: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(code, message, hint)
        self.headers = headers or {}


class Malformed(Refusal):
    status = 400


class NotAuthorised(Refusal):
    status = 401


class Forbidden(Refusal):
    status = 403


class NotFound(Refusal):
    status = 404


class Conflict(Refusal):
    status = 409


class TooLarge(Refusal):
    status = 413


class Unsatisfiable(Refusal):
    status = 416


class Unprocessable(Refusal):
    status = 422


class TooMany(Refusal):
    """retry_after: seconds until asking again may help; 0: only less use helps."""

    status = 429

    def __init__(self, code: str, message: str, hint: str = "", *, retry_after: float = 0) -> None:
        super().__init__(code, message, hint, {"Retry-After": str(math.ceil(retry_after))} if retry_after else None)
        self.retry_after = retry_after


class Unavailable(Refusal):
    status = 503


_DOCUMENT_ERRORS = (InvalidEdit, UnknownRecord, UpdateRefused)


def status_of(error: MaquetteError) -> int:
    """The HTTP status of any error of ours."""
    if isinstance(error, Refusal):
        return error.status
    return 422 if isinstance(error, _DOCUMENT_ERRORS) else 400
