"""Lines of rooms and sockets name their room and user by themselves, and mistakes there are reported (21.4, 21.5)."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from crdt import nodes
from crdt.client import join
from server.sync.reading import LARGE
from server.sync.room import Room
from tests.server.api.test_client import make_project
from tests.support.server import running_app, serving


async def test_lines_name_room_and_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line from inside the room's own task, and one from what is done for a socket."""
    put = Room.put

    async def probed(self: Room, item: Any) -> None:
        structlog.get_logger().info("socket_probe")
        await put(self, item)

    monkeypatch.setattr(Room, "put", probed)
    async with serving(tmp_path) as server:
        server.services.rooms.on_commit(lambda *_: structlog.get_logger().info("room_probe"))
        with capture_logs(processors=[merge_contextvars]) as lines:
            page = await make_project(server.url)
            async with join(page) as scene:
                nodes.add(scene, name="Chair", extras={"text": "x" * LARGE})
                await scene.saved()
                room = f"{page.rsplit('/', 1)[1]}/scene"
                (member,) = (await server.services.rooms.room(room)).members
    by_event = {line["event"]: line for line in lines if line.get("room") == room}
    assert by_event["socket_probe"]["user"] == member.identity.user_id
    assert "user" not in by_event["room_probe"], "a room is not its first visitor's"
    assert "request" not in by_event["room_probe"]


async def test_mistakes_of_rooms_sockets_tasks_and_callbacks_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "reports"

    async def broken(self: Room, items: Any) -> None:  # noqa: ARG001
        raise RuntimeError("a room's mistake")

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)
    async with running_app(tmp_path, crash_reports=folder) as app:
        monkeypatch.setattr(Room, "_process", broken)
        rooms = app.state.services.rooms
        project = await app.state.services.projects.create("Broken")
        room = await rooms.room(f"{project.id}/scene")
        with pytest.raises(Exception, match="was closed"):
            await room.edit("ada", "http", lambda document: nodes.add(document))
        loop.call_soon(lambda: 1 // 0)
        while len(reports := [json.loads(path.read_text()) for path in folder.glob("crash-*.json")]) < 2:
            await asyncio.sleep(0)
    assert {report["where"].partition(":")[0] for report in reports} == {"room", "loop"}
    assert {report["error"]["type"] for report in reports} == {"RuntimeError", "ZeroDivisionError"}
