"""Edits that take long leave the peer's event loop: the lease is kept and others see the peer, whatever it writes."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from compute import peer as peer_module
from compute.errors import OperationError
from compute.lease_client import LeaseClient
from compute.operations.registry import OPERATIONS
from crdt.client import JobFailed
from tests.compute.engine.in_process import InProcessEngine
from tests.support.gltf_builder import quad_file
from tests.support.peers import add_mesh, working_peer
from tests.support.shapes import smooth, sphere

NODES = 20_000


class Beats:
    """Counts answered heartbeats; `two_more()` waits for them from another thread."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self._counted = threading.Condition()
        beat = LeaseClient.heartbeat

        async def heartbeat(client: LeaseClient, *arguments):
            answer = await beat(client, *arguments)
            with self._counted:
                self.count += 1
                self._counted.notify_all()
            return answer

        monkeypatch.setattr(LeaseClient, "heartbeat", heartbeat)
        monkeypatch.setattr(peer_module, "BEAT_SECONDS", 0.05)

    def two_more(self) -> bool:
        with self._counted:
            wanted = self.count + 2
            return self._counted.wait_for(lambda: self.count >= wanted, timeout=30)


async def test_heartbeats_go_on_while_edits_are_made(server, scene, monkeypatch):
    beats, simplify, seen = Beats(monkeypatch), OPERATIONS["simplify"], []

    def apply_late(*arguments):
        seen.append(beats.two_more())
        assert simplify.apply is not None
        return simplify.apply(*arguments)

    monkeypatch.setitem(OPERATIONS, "simplify", replace(simplify, apply=apply_late))
    mesh = await add_mesh(scene, smooth(*sphere()))
    async with working_peer(server.url, server.peer_token, engine=InProcessEngine()):
        await scene.run_job("simplify", {"mesh": mesh}, {"ratio": 0.5})
    assert seen == [True]


async def test_an_edit_that_is_refused_there_is_the_jobs_error(server, scene, monkeypatch):
    def refuse(document, *_):
        document.tree()  # its index watches the document: both must be gone before the thread is
        raise OperationError("unknown_parent", "there is no such node")

    monkeypatch.setitem(OPERATIONS, "simplify", replace(OPERATIONS["simplify"], apply=refuse))
    mesh = await add_mesh(scene, smooth(*sphere()))
    async with working_peer(server.url, server.peer_token, engine=InProcessEngine()):
        with pytest.raises(JobFailed) as failed:
            await scene.run_job("simplify", {"mesh": mesh}, {"ratio": 0.5})
    assert failed.value.code == "unknown_parent"


@pytest.mark.slow
async def test_twenty_thousand_nodes_come_in_beside_the_event_loop(server, scene, monkeypatch, tmp_path):
    edit, threads = peer_module.edit, []

    def noted(*arguments):
        threads.append(threading.current_thread())
        return edit(*arguments)

    monkeypatch.setattr(peer_module, "edit", noted)
    builder = quad_file()
    builder.json["nodes"][0]["children"] = [builder.node(name=f"Part {i}", mesh=0) for i in range(NODES)]
    builder.json["scenes"] = [{"nodes": [0]}]
    (tmp_path / "parts.glb").write_bytes(builder.glb())
    async with working_peer(server.url, server.peer_token, engine=InProcessEngine()):
        result = await scene.import_file(tmp_path / "parts.glb")
    assert result["stats"]["nodes"] == len(scene.ids("nodes")) == NODES + 1
    assert threads
    assert threading.current_thread() not in threads
