"""Leases in the database that all nodes share.

A node lives as long as it has a row in `nodes`, whose `beat` it raises. The others watch that number by their own
monotonic clocks: where it stands still for `seconds`, they delete the row, and every branch of that node is free for
the first who asks. A node that was only slow finds its row gone, gives up all that it owned and begins anew; what
it still tries to append is refused by its old epochs. No wall clock is read, so none can jump. A node whose process has
ended on this machine is given up at once (server.nodes.processes).
"""

import asyncio
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crdt.ids import new_id
from server.nodes.ownership import Lease
from server.nodes.processes import Processes
from server.storage.base import StorageUnavailable
from server.storage.node_tables import clusters, nodes, owners

LOOKS = 5
"""How often within the lease's time a node beats and looks at the others."""
_FREE = ""
"""The owner of a branch that was released: no node has this name."""

_log = structlog.get_logger()


@dataclass(slots=True)
class _Seen:
    """How long a node's beat has stood still while we were looking."""

    beat: int
    age: float = 0.0


class LeasedOwnership:
    """seconds: how long a node may be silent before it is given up for dead.

    processes: of the data folder that nodes of this machine share; None: each has its own.
    clock: monotonic seconds. A pause of our own counts as one look, however long it was: it says nothing about others.
    """

    def __init__(
        self, engine: AsyncEngine, *, seconds: float = 5.0, processes: Processes | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.node = new_id()
        self.seconds = seconds
        self._engine = engine
        self._processes = processes
        self._insert = sqlite.insert if engine.dialect.name == "sqlite" else postgresql.insert
        self._clock = clock
        self._interval = seconds / LOOKS
        self._looked = clock()
        self._beat_at: float | None = None
        self._others: dict[str, _Seen] = {}
        self._on_gone: list[Callable[[str], None]] = []
        self._on_deposed: list[Callable[[], None]] = []

    @property
    def is_well(self) -> bool:
        return self._beat_at is not None and self._clock() - self._beat_at < self.seconds

    def on_gone(self, listener: Callable[[str], None]) -> None:
        self._on_gone.append(listener)

    def on_deposed(self, listener: Callable[[], None]) -> None:
        self._on_deposed.append(listener)

    # -- living

    async def open(self) -> str:
        """Be known to the others. The name of the installation, the same for all nodes of this database."""
        if self._processes is not None:
            self._processes.enter(self.node)
        async with self._begin() as connection:
            await connection.execute(insert(nodes).values(self._row()))
            await connection.execute(self._insert(clusters).values(number=1, id=new_id()).on_conflict_do_nothing())
            cluster: str = (await connection.execute(select(clusters.c.id))).scalar_one()
        await self.beat()
        if self._processes is not None:
            self._processes.sweep()
        return cluster

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            try:
                async with asyncio.timeout(self.seconds):
                    await self.beat()
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                _log.warning("heartbeat_failed", error=f"{type(error).__name__}: {error}")

    async def beat(self) -> None:
        """One look: raise the own beat, and give up who has stood still for too long."""
        async with self._begin() as connection:
            mine = update(nodes).where(nodes.c.id == self.node).values(beat=nodes.c.beat + 1)
            is_known = bool((await connection.execute(mine)).rowcount)
            beats = {row.id: row.beat for row in await connection.execute(select(nodes.c.id, nodes.c.beat))}
            if not is_known:
                await connection.execute(insert(nodes).values(self._row()))
        self._beat_at = self._clock()
        if not is_known:
            _log.error("node_deposed", node=self.node)
            for listener in self._on_deposed:
                listener()
        await self._look(beats)

    async def _look(self, beats: dict[str, int]) -> None:
        now = self._clock()
        # Half an interval more than one: a look that comes a little late still counts whole.
        passed, self._looked = min(now - self._looked, self._interval * 1.5), now
        gone = [node for node in self._others if node not in beats]
        self._others = {node: self._aged(node, beat, passed) for node, beat in beats.items() if node != self.node}
        ended = self._processes.ended(self._others) if self._processes is not None else set()
        silent = {node: seen.beat for node, seen in self._others.items() if seen.age >= self.seconds or node in ended}
        gone += [node for node, beat in silent.items() if await self._give_up(node, beat)]
        for node in gone:
            self._others.pop(node, None)
            for listener in self._on_gone:
                listener(node)

    def _aged(self, node: str, beat: int, passed: float) -> _Seen:
        seen = self._others.get(node)
        if seen is None or seen.beat != beat:
            return _Seen(beat)
        return _Seen(beat, seen.age + passed)

    async def _give_up(self, node: str, beat: int) -> bool:
        async with self._begin() as connection:
            dead = delete(nodes).where(nodes.c.id == node, nodes.c.beat == beat)
            is_gone = bool((await connection.execute(dead)).rowcount)
        if is_gone:
            _log.warning("node_given_up", node=node, silent_for=round(self._others[node].age, 1))
        return is_gone

    async def close(self) -> None:
        async with self._begin() as connection:
            await connection.execute(delete(nodes).where(nodes.c.id == self.node))
        if self._processes is not None:
            self._processes.leave()

    def _row(self) -> dict[str, Any]:
        return {"id": self.node, "name": socket.gethostname()[:256], "beat": 0, "started": time.time_ns() // 1_000_000}

    # -- owning

    async def claim(self, branch: str) -> Lease:
        try:
            async with asyncio.timeout(self.seconds), self._begin() as connection:
                return await self._claim(connection, branch)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise StorageUnavailable(error) from error

    async def _claim(self, connection: AsyncConnection, branch: str) -> Lease:
        node = self.node
        free = or_(owners.c.node == node, owners.c.node.not_in(select(nodes.c.id)))
        taking = self._insert(owners).values(branch=branch, node=node, epoch=1)
        statement = taking.on_conflict_do_update(
            index_elements=[owners.c.branch], set_={"node": node, "epoch": owners.c.epoch + 1}, where=free
        ).returning(owners.c.epoch)
        epoch: int | None = (await connection.execute(statement)).scalar()
        if epoch is not None:
            return Lease(node, epoch, True)
        holder = (await connection.execute(select(owners).where(owners.c.branch == branch))).one()
        return Lease(holder.node, holder.epoch, False)

    async def release(self, branch: str, epoch: int, heir: str = _FREE) -> None:
        mine = and_(owners.c.branch == branch, owners.c.epoch == epoch)
        try:
            async with asyncio.timeout(self.seconds), self._begin() as connection:
                await connection.execute(update(owners).where(mine).values(node=heir))
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise StorageUnavailable(error) from error

    def _begin(self) -> Any:
        return self._engine.begin()
