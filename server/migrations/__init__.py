"""The database's history. `await migrate(engine)` at start brings any older database up to date."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

MIGRATION_LOCK = 0x4D51_0001
"""PostgreSQL's advisory lock: of several servers that start together, one migrates and the others wait."""


async def migrate(engine: AsyncEngine) -> None:
    """Upgrade to the newest revision, in one transaction; nothing happens where the database is up to date."""
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
