"""Tables from one database into another, row by row."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from server.backups.layout import tables
from server.storage.sql import READ_ONLY

ROWS_AT_ONCE = 200


@asynccontextmanager
async def one_moment(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection that sees the database as it is now, however long it reads."""
    isolation: dict[str, Any] = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    async with engine.connect() as connection:
        yield await connection.execution_options(**READ_ONLY, **isolation)


async def copy_all(source: AsyncConnection, target: AsyncConnection) -> int:
    """Copy every table; how many rows."""
    return sum([await _copy(source, target, table) for table in tables()])


async def _copy(source: AsyncConnection, target: AsyncConnection, table: Table) -> int:
    count = 0
    async with source.stream(select(table).execution_options(yield_per=ROWS_AT_ONCE)) as rows:
        async for part in rows.partitions():
            await target.execute(insert(table), [dict(row._mapping) for row in part])
            count += len(part)
    await _continue_numbers(target, table)
    return count


async def _continue_numbers(connection: AsyncConnection, table: Table) -> None:
    """PostgreSQL goes on behind the highest number that was copied (SQLite does so by itself)."""
    column = table.autoincrement_column
    if connection.dialect.name != "postgresql" or column is None or column.autoincrement is not True:
        return
    highest = (await connection.execute(select(func.max(column)))).scalar()
    if highest is not None:
        named = {"table": table.name, "column": column.name, "highest": highest}
        await connection.execute(text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest)"), named)


async def is_empty(connection: AsyncConnection) -> bool:
    """Whether no table holds a row."""
    for table in tables():
        if (await connection.execute(select(func.count()).select_from(table))).scalar():
            return False
    return True
