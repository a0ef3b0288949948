"""People who edit at the same time, over real sockets and processes, all end up with the server's document."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.sync.loads.editing import Editing
from tests.benchmarks.sync.servers.maquette import Maquette


async def test_twenty_people_in_two_rooms_converge(tmp_path: Path) -> None:
    load = Editing(rooms=2, clients=10, writers=10, rate=2, seconds=2, warm_up=0.5)
    with Maquette().run(tmp_path, None) as running:
        result = await load.run(running)  # raises Diverged, or TimeoutError where an update never arrives
    assert result.figures["rate"] > 0
