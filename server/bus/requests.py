"""Questions and answers over a bus: each node answers on a channel of its own.

A message: varUint kind (0 question, 1 answer, 2 refusal), varUint number, varString the asker's name, varString verb,
the payload. A refusal's payload is JSON (code, message, hint).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import structlog

from crdt.errors import MaquetteError, ProtocolError
from crdt.lib0 import Decoder, encode_bytes, encode_string, encode_uint
from server.bus.base import Bus, BusTimeout
from server.errors import Refusal, Unavailable

_QUESTION, _ANSWER, _REFUSAL = 0, 1, 2
_log = structlog.get_logger()

Answerer = Callable[[bytes], Awaitable[bytes]]


class Requests:
    """name: this node's. `await requests.open()` before the first question."""

    def __init__(self, bus: Bus, name: str) -> None:
        self._bus = bus
        self._name = name
        self._answerers: dict[str, Answerer] = {}
        self._open: dict[int, asyncio.Future[bytes]] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._number = 0

    async def open(self) -> None:
        await self._bus.subscribe(_channel(self._name), self._hear)

    async def close(self) -> None:
        for task in list(self._answering):
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)
        await self._bus.unsubscribe(_channel(self._name))

    def answer(self, verb: str, answerer: Answerer) -> None:
        """Have questions of this verb answered by `await answerer(payload)`; a MaquetteError it raises reaches the
        asker with its code, message and hint.
        """
        self._answerers[verb] = answerer

    async def ask(self, node: str, verb: str, payload: bytes, seconds: float) -> bytes:
        """Another node's answer. BusTimeout; MaquetteError with the code of what the other side raised."""
        self._number += 1
        number = self._number
        done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._open[number] = done
        try:
            self._bus.publish(_channel(node), _message(_QUESTION, number, self._name, verb, payload))
            async with asyncio.timeout(seconds):
                return await done
        except TimeoutError as error:
            raise BusTimeout(verb, seconds) from error
        finally:
            del self._open[number]

    def _hear(self, message: bytes) -> None:
        try:
            decoder = Decoder(message)
            kind, number, asker, verb = decoder.uint(), decoder.uint(), decoder.string(), decoder.string()
            payload = decoder.var_bytes()
        except ProtocolError as error:
            _log.warning("bus_message_unreadable", error=error.message)
            return
        if kind == _QUESTION:
            task = asyncio.get_running_loop().create_task(self._reply(number, asker, verb, payload))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        elif (done := self._open.get(number)) is not None and not done.done():
            _settle(done, kind, payload)

    async def _reply(self, number: int, asker: str, verb: str, payload: bytes) -> None:
        try:
            kind, answer = _ANSWER, await self._answer(verb, payload)
        except MaquetteError as error:
            told = {"kind": type(error).__name__, **error.as_json()}
            kind, answer = _REFUSAL, json.dumps(told).encode()
        except Exception:
            _log.exception("question_failed", verb=verb)
            refusal = {"code": "internal_error", "message": f"{verb} failed at the other node", "hint": "see its log"}
            kind, answer = _REFUSAL, json.dumps(refusal).encode()
        self._bus.publish(_channel(asker), _message(kind, number, self._name, verb, answer))

    async def _answer(self, verb: str, payload: bytes) -> bytes:
        answerer = self._answerers.get(verb)
        if answerer is None:
            raise MaquetteError("unknown_verb", f"this node does not answer {verb!r}", "the same version on all nodes")
        return await answerer(payload)


def _settle(done: asyncio.Future[bytes], kind: int, payload: bytes) -> None:
    if kind == _ANSWER:
        done.set_result(payload)
    else:
        done.set_exception(_raised(json.loads(payload)))


def _raised(told: dict[str, Any]) -> MaquetteError:
    """The error as the other side raised it, of its own class where this side knows that."""
    kinds = {one.__name__: one for one in _errors(MaquetteError)}
    kind = kinds.get(told.get("kind", ""), MaquetteError)
    # Those that are made of something else than a code and a text tell of a failure of the other node's.
    is_plain = issubclass(kind, Refusal) or kind.__init__ is MaquetteError.__init__
    return (kind if is_plain else Unavailable)(told["code"], told["message"], told.get("hint", ""))


def _errors(kind: type[MaquetteError]) -> Iterator[type[MaquetteError]]:
    for one in kind.__subclasses__():
        yield one
        yield from _errors(one)


def _channel(node: str) -> str:
    return f"ask:{node}"


def _message(kind: int, number: int, name: str, verb: str, payload: bytes) -> bytes:
    head = encode_uint(kind) + encode_uint(number) + encode_string(name) + encode_string(verb)
    return head + encode_bytes(payload)
