"""The bus over Redis's publish and subscribe: two connections, each of which comes back by itself.

A pulse that this node publishes to itself tells whether messages flow: a Redis that hangs, or a network that swallows
everything, looks like an open connection.
"""

import asyncio
import math
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import structlog
from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from server.bus.base import Gap, Handler

PULSE, PULSES_MISSED = 1.0, 3
"""Seconds between two pulses; after so many unheard ones the connections are made anew."""
FIRST_RETRY, LAST_RETRY = 0.05, 1.0
MAX_WAITING = 64 * 1024 * 1024
"""Bytes that wait for a Redis that does not take them; more are lost, and subscribers see a gap."""

_log = structlog.get_logger()
_FAILURES = (RedisError, OSError, asyncio.IncompleteReadError)


class RedisBus:
    """`async with RedisBus(url, prefix) as bus`. prefix: keeps installations that share a Redis apart."""

    def __init__(self, url: str, prefix: str = "maquette") -> None:
        self.is_up = False
        self._pool = ConnectionPool.from_url(
            url,
            protocol=2,
            decode_responses=False,
            socket_connect_timeout=2.0,
            socket_keepalive=True,
            retry_on_error=[],
        )
        self._prefix = f"{prefix}:".encode()
        self._pulse_channel = f"pulse:{secrets.token_hex(8)}"
        self._handlers: dict[bytes, Handler] = {}
        self._subscribing: dict[bytes, asyncio.Future[None]] = {}
        self._gaps: list[Gap] = []
        self._waiting: list[tuple[bytes, bytes]] = []
        self._bytes = 0
        self._wake = asyncio.Event()
        self._sent = asyncio.Event()
        self._unheard = 0
        self._subscriber: AbstractConnection | None = None
        self._publisher: AbstractConnection | None = None
        self._was_subscribed = False
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "RedisBus":
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Start the tasks; a Redis that is away now is waited for in the background."""
        self._handlers[self._name(self._pulse_channel)] = self._heard_pulse
        parts: Sequence[Callable[[], Awaitable[None]]] = (self._subscribe_once, self._publish_once)
        self._tasks = [asyncio.create_task(_again(part), name=part.__name__) for part in parts]
        self._tasks.append(asyncio.create_task(self._beat(), name="bus pulse"))

    async def close(self) -> None:
        """What was published is sent if Redis takes it within a second."""
        if self._waiting and self.is_up:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._sent.wait(), 1.0)
        self.is_up = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._pool.disconnect()

    # -- the verbs

    def publish(self, channel: str, payload: bytes) -> None:
        if self._bytes + len(payload) > MAX_WAITING:
            _log.warning("bus_overflow", messages=len(self._waiting), bytes=self._bytes)
            self._waiting.clear()
            self._bytes = 0
        self._waiting.append((self._name(channel), payload))
        self._bytes += len(payload)
        self._sent.clear()
        self._wake.set()

    async def subscribe(self, channel: str, handler: Handler) -> None:
        name = self._name(channel)
        self._handlers[name] = handler
        done = self._subscribing[name] = asyncio.get_running_loop().create_future()
        await self._tell_subscriber("SUBSCRIBE", name)
        await done

    async def unsubscribe(self, channel: str) -> None:
        name = self._name(channel)
        if self._handlers.pop(name, None) is not None:
            await self._tell_subscriber("UNSUBSCRIBE", name)

    def on_gap(self, listener: Gap) -> None:
        self._gaps.append(listener)

    def _name(self, channel: str) -> bytes:
        return self._prefix + channel.encode()

    async def _tell_subscriber(self, command: str, name: bytes) -> None:
        """Where there is no connection, the next one subscribes to everything anyway."""
        if self._subscriber is not None:
            with suppress(*_FAILURES):
                await self._subscriber.send_command(command, name, check_health=False)

    # -- the subscribing connection

    async def _subscribe_once(self) -> None:
        connection = await self._connect()
        try:
            await connection.send_command("SUBSCRIBE", *self._handlers, check_health=False)
            self._subscriber = connection
            while True:
                self._take(await connection.read_response(timeout=math.inf))
        finally:
            self._subscriber = None
            self.is_up = False
            await self._disconnect(connection)

    def _take(self, response: Any) -> None:
        kind = response[0]
        if kind == b"message":
            handler = self._handlers.get(response[1])
            if handler is not None:
                _call(handler, response[2])
        elif kind == b"subscribe":
            self._subscribed(response[1])

    def _subscribed(self, name: bytes) -> None:
        if name == self._name(self._pulse_channel):
            # The first name of a new connection's list.
            self._back()
        done = self._subscribing.pop(name, None)
        if done is not None and not done.done():
            done.set_result(None)

    def _back(self) -> None:
        self.is_up, self._unheard = True, 0
        if self._was_subscribed:
            _log.info("bus_back")
            for listener in self._gaps:
                listener()
        self._was_subscribed = True

    # -- the publishing connection

    async def _publish_once(self) -> None:
        connection = await self._connect()
        try:
            self._publisher = connection
            while True:
                await self._wake.wait()
                await self._send_waiting(connection)
        finally:
            self._publisher = None
            await self._disconnect(connection)

    async def _send_waiting(self, connection: AbstractConnection) -> None:
        self._wake.clear()
        waiting, self._waiting = self._waiting, []
        self._bytes = 0
        # Sent once: what a lost connection swallowed is a gap, never a repetition.
        await connection.send_packed_command(b"".join(_packed(*one) for one in waiting), check_health=False)
        for _ in waiting:
            await connection.read_response(timeout=math.inf)
        if not self._waiting:
            self._sent.set()

    # -- both

    async def _connect(self) -> AbstractConnection:
        connection: AbstractConnection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        try:
            async with asyncio.timeout(PULSE * PULSES_MISSED):
                await connection.connect_check_health(check_health=False, retry_socket_connect=False)
        except BaseException:
            await self._disconnect(connection)
            raise
        return connection

    async def _disconnect(self, connection: AbstractConnection) -> None:
        with suppress(*_FAILURES):
            await connection.disconnect(nowait=True)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(PULSE)
            if self._unheard >= PULSES_MISSED:
                await self._cut("no pulse")
            self._unheard += 1
            self.publish(self._pulse_channel, b"")

    def _heard_pulse(self, _: bytes) -> None:
        self._unheard = 0
        self.is_up = True

    async def _cut(self, why: str) -> None:
        """Give both connections up: their tasks make new ones."""
        if self.is_up:
            _log.warning("bus_lost", why=why)
        self.is_up, self._unheard = False, 0
        for connection in (self._subscriber, self._publisher):
            if connection is not None:
                await self._disconnect(connection)


async def _again(part: Callable[[], Awaitable[None]]) -> None:
    """Run a connection's life again and again until cancelled."""
    delay = FIRST_RETRY
    while True:
        started = asyncio.get_running_loop().time()
        try:
            await part()
        except (*_FAILURES, TimeoutError) as error:
            if asyncio.get_running_loop().time() - started > LAST_RETRY:
                delay = FIRST_RETRY
                _log.warning("bus_lost", error=f"{type(error).__name__}: {error}")
        await asyncio.sleep(delay)
        delay = min(delay * 2, LAST_RETRY)


def _call(handler: Handler, payload: bytes) -> None:
    try:
        handler(payload)
    except Exception:
        # One message of another node must not end the bus; what it was part of heals through its link.
        _log.exception("bus_handler_failed")


def _packed(channel: bytes, payload: bytes) -> bytes:
    """RESP of PUBLISH; redis-py's own packing looks at every argument's type and costs five times as much."""
    return b"*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(channel), channel, len(payload), payload)
