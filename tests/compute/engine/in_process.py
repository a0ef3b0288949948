"""The second engine: runs tasks in this process, for tests of peers and operations that need no isolation."""

from __future__ import annotations

import asyncio

from compute.engine.base import Engine, Progress, Task, Workspace, never_less, resolve
from compute.errors import OperationError
from compute.mesh import JsonObject
from crdt.errors import MaquetteError


class InProcessEngine(Engine):
    """No limits and no crashes: what a task does to its process it does to this one."""

    async def run(self, task: Task, progress: Progress) -> JsonObject:
        workspace = Workspace(task.arguments, task.folder, never_less(progress))
        await asyncio.sleep(0)
        try:
            return resolve(task.function)(workspace)
        except MaquetteError:
            raise
        except Exception as error:
            raise OperationError("internal_error", f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        return None
