"""A database of every earlier revision becomes the one of today, and keeps its rows (REQUIREMENTS 20.2)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

import server.migrations
from server.migrations import migrate
from server.storage.tables import metadata, projects

SCRIPTS = str(Path(server.migrations.__file__).parent)
OLDER = [script.revision for script in ScriptDirectory(SCRIPTS).walk_revisions()][1:]
"""Every revision but the newest."""


def _to(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    config.attributes["connection"] = connection
    command.downgrade(config, "base")
    command.upgrade(config, revision)


def _shape(connection: Connection) -> dict[str, object]:
    """Tables, columns, keys and indexes, as the database itself tells them."""
    looked = inspect(connection)
    return {
        table: (
            [(column["name"], str(column["type"]), column["nullable"]) for column in looked.get_columns(table)],
            looked.get_pk_constraint(table)["constrained_columns"],
            sorted(_told(index) for index in looked.get_indexes(table)),
            sorted(map(repr, looked.get_unique_constraints(table))),
        )
        for table in sorted(looked.get_table_names())
    }


def _told(index: Mapping[str, Any]) -> str:
    """With the text of its condition: the clause that it comes in equals nothing but itself."""
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return repr({**index, "dialect_options": options})


@pytest.mark.parametrize("revision", OLDER)
async def test_an_older_database_becomes_a_fresh_one(engine: AsyncEngine, revision: str) -> None:
    async with engine.begin() as connection:
        fresh = await connection.run_sync(_shape)
        await connection.run_sync(_to, revision)
        assert await connection.run_sync(_shape) != fresh
        await connection.execute(
            text(
                "INSERT INTO projects (id, name, created, changed, trashed, generation)"
                " VALUES ('kept', 'Kept', 1, 2, :no, 0)"
            ),
            {"no": False},
        )
    await migrate(engine)
    async with engine.connect() as connection:
        assert await connection.run_sync(_shape) == fresh
        assert await connection.run_sync(lambda c: compare_metadata(MigrationContext.configure(c), metadata)) == []
        assert (await connection.execute(select(func.count()).select_from(projects))).scalar_one() == 1
