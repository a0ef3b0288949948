from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.contracts.conftest import sql_engine

SCENE = "projectproject00/scene"


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    async with sql_engine(f"sqlite+aiosqlite:///{tmp_path / 'nodes.db'}") as opened:
        yield opened
