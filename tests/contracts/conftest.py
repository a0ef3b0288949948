"""A migrated database for the suites: SQLite in a file, and a real PostgreSQL that all tests of a session share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from server.migrations import migrate
from server.storage.sql import open_engine
from server.storage.tables import metadata
from tests.support.postgres import running_postgres


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with running_postgres() as url:
        yield url


@asynccontextmanager
async def sql_engine(url: str) -> AsyncIterator[AsyncEngine]:
    """The newest schema, left empty for whoever comes next."""
    engine = open_engine(url)
    await migrate(engine)
    try:
        yield engine
        async with engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                await connection.execute(table.delete())
    finally:
        await engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'contract.db'}" if request.param == "sqlite" else None
    async with sql_engine(url or request.getfixturevalue("postgres_url")) as opened:
        yield opened
