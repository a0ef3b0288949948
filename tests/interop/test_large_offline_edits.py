"""More was changed offline than one message may hold: the client is told so, once, and keeps what it has."""

from __future__ import annotations

from pathlib import Path

import pytest

import crdt
import crdt.nodes
from crdt.errors import ConnectionRefused
from tests.support.studio import studio

LIMIT = 100_000


@pytest.mark.parametrize("size", [LIMIT + 50_000, LIMIT + 3_000_000], ids=["by the server", "by its socket"])
async def test_an_answer_above_the_limit_is_refused_with_a_code(tmp_path: Path, size: int) -> None:
    async with studio(tmp_path, peer=False) as server:
        project = await server.create_project("Large")
        await server.kill()
        await server.start({"MAQUETTE_MAX_MESSAGE": str(LIMIT)})
        async with crdt.join(f"{server.url}/p/{project}", name="script") as script:
            await script.saved()
            await server.kill()
            node = crdt.nodes.add(script, extras={"text": "x" * size})
            await server.start({"MAQUETTE_MAX_MESSAGE": str(LIMIT)})
            with pytest.raises(ConnectionRefused) as refused:
                await script.saved()
            assert refused.value.code == "message_too_large"
            assert node in script.ids("nodes")
