"""Ids of records (SPEC D2): 16 url-safe characters, random, or derived so that a retried job makes the same things."""

import base64
import hashlib
import secrets
from collections.abc import Callable

ID_LENGTH = 16


def new_id() -> str:
    """96 random bits as 16 characters of `A-Z a-z 0-9 _ -`."""
    return secrets.token_urlsafe(12)


def job_id_maker(job: str) -> Callable[[str], str]:
    """Ids for what `job` makes: the same local key gives the same id on every attempt.

    >>> job_id_maker("j")("node/0") == job_id_maker("j")("node/0")
    True
    """

    def make(local_key: str) -> str:
        digest = hashlib.sha256(f"{job}/{local_key}".encode()).digest()
        return base64.urlsafe_b64encode(digest)[:ID_LENGTH].decode()

    return make


def new_client_id() -> int:
    """A random Yjs client id of 32 bits, as Yjs makes them: pycrdt's own have 53, which y-py and older Yrs cut off."""
    return secrets.randbits(32)
