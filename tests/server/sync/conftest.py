from collections.abc import AsyncIterator

import pytest

from server.storage.memory import MemoryUpdateLog
from server.sync.room import Room
from server.sync.rooms import Rooms
from server.telemetry import Telemetry

SCENE = "projectproject00/scene"


@pytest.fixture
def log() -> MemoryUpdateLog:
    return MemoryUpdateLog()


@pytest.fixture
async def rooms(log: MemoryUpdateLog) -> AsyncIterator[Rooms]:
    async with Rooms(log, Telemetry()) as opened:
        yield opened


@pytest.fixture
async def room(rooms: Rooms) -> Room:
    return await rooms.room(SCENE)
