"""Records and their containers are written once and never removed, whatever a client sends (DESIGN 3, SPEC D3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from pycrdt import Doc, Map

from crdt.document import SceneDocument
from crdt.errors import UpdateRefused
from crdt.lib0 import encode_string, encode_uint
from crdt.messages import SyncStep2, Update, encode
from crdt.nodes import add
from crdt.update_reader import read_update
from server.storage.memory import MemoryUpdateLog
from server.sync.containers import containers_of
from server.sync.room import Room
from server.sync.rooms import Rooms
from server.telemetry import Telemetry
from tests.server.sync.conftest import SCENE
from tests.support.sync import FakeClient, person, processed, settle, state_of


@dataclass
class Scene:
    """A room with Ada's chair in it, and Eve, who has a replica of her own."""

    room: Room
    ada: FakeClient
    eve: FakeClient
    chair: str

    async def refusal_of(self, message: bytes) -> str:
        """What Eve's message is refused with; the room and Ada notice nothing."""
        before, seq = state_of(self.room.document), self.room.seq
        self.eve.outgoing.clear()
        self.eve.outgoing.append(message)
        await self.eve.send()
        await processed(self.room)
        assert (state_of(self.room.document), self.room.seq) == (before, seq)
        assert not self.room.has_pending()
        self.ada.document.set("nodes", self.chair, "name", "still hers")
        await settle(self.room, self.ada)
        assert self.room.document.read("nodes", self.chair).name == "still hers"
        closing = self.eve.member.outbox.closing
        return closing.refused.code if closing is not None and closing.refused is not None else "nothing"


@pytest.fixture
async def scene(room: Room) -> Scene:
    ada, eve = FakeClient(room, person("ada")), FakeClient(room, person("eve"))
    await settle(room, ada, eve)
    chair = add(ada.document, name="Chair")
    ada.document.set("nodes", chair, "visible", False)
    await settle(room, ada, eve)
    return Scene(room, ada, eve, chair)


def write_record(nodes: Map[Any], chair: str) -> None:
    nodes[chair] = Map({"name": "hers now"})


def write_value(nodes: Map[Any], chair: str) -> None:
    nodes[chair] = "a string"


def delete_record(nodes: Map[Any], chair: str) -> None:
    del nodes[chair]


def write_container(nodes: Map[Any], chair: str) -> None:
    nodes[chair]["parents"] = Map({})


def delete_container(nodes: Map[Any], chair: str) -> None:
    del nodes[chair]["parents"]


def map_over_value(nodes: Map[Any], chair: str) -> None:
    nodes[chair]["visible"] = Map({})


def write_and_delete(nodes: Map[Any], _: str) -> None:
    nodes["newnewnewnewnewn"] = Map({})
    del nodes["newnewnewnewnewn"]


def write_twice(nodes: Map[Any], _: str) -> None:
    nodes["newnewnewnewnewn"] = Map({})
    nodes["newnewnewnewnewn"] = Map({})


HARM = {
    write_record: "container_replaced",
    write_value: "container_replaced",
    delete_record: "container_removed",
    write_container: "container_replaced",
    delete_container: "container_removed",
    map_over_value: "container_replaced",
}


@pytest.mark.parametrize(("harm", "code"), HARM.items(), ids=lambda value: getattr(value, "__name__", value))
@pytest.mark.parametrize("whole", [False, True], ids=["alone", "with all that is known"])
async def test_what_is_there_stays(scene: Scene, harm: Callable[..., None], code: str, whole: bool) -> None:
    document = scene.eve.document
    before = document.state_vector()
    harm(document.map("nodes"), scene.chair)
    message = SyncStep2(document.update()) if whole else Update(document.update(before))
    assert await scene.refusal_of(encode(message)) == code


async def test_a_record_of_the_same_id_by_one_who_has_not_seen_it(scene: Scene) -> None:
    stranger = SceneDocument(Doc(client_id=2**31))
    write_record(stranger.map("nodes"), scene.chair)
    assert await scene.refusal_of(encode(Update(stranger.update()))) == "container_replaced"


async def test_a_value_under_a_records_id_by_one_who_has_not_seen_it(scene: Scene) -> None:
    stranger = SceneDocument(Doc(client_id=2**31))
    write_value(stranger.map("nodes"), scene.chair)
    assert await scene.refusal_of(encode(Update(stranger.update()))) == "container_replaced"


async def test_a_record_that_is_made_and_deleted_in_one_breath_is_no_record(scene: Scene) -> None:
    """pycrdt and Yjs drop what was inside; all that is left is an item that never held anything."""
    document = scene.eve.document
    before = document.state_vector()
    write_and_delete(document.map("nodes"), scene.chair)
    scene.eve.outgoing.clear()
    scene.eve.outgoing.append(encode(Update(document.update(before))))
    await settle(scene.room, scene.ada, scene.eve)
    assert state_of(scene.ada.document) == state_of(scene.room.document)


async def test_two_maps_under_one_key_in_one_update(scene: Scene) -> None:
    """Hand-written: two items that both claim to be the first of their key."""
    first = b"\x27\x01" + encode_string("nodes") + encode_string("k") + b"\x01"
    body = b"\x01" + encode_uint(2) + encode_uint(77) + b"\x00" + first * 2 + b"\x00"
    assert await scene.refusal_of(encode(Update(body))) == "container_replaced"


async def test_an_item_in_no_map_is_refused_before_anything_is_applied(scene: Scene) -> None:
    """Two values under the root `nodes`, then one that names the second as its map: pycrdt stops there, half-way."""
    in_root = b"\x28\x01" + encode_string("nodes") + encode_string("k") + b"\x01\x7e"
    in_value = b"\x28\x00" + encode_uint(77) + encode_uint(0) + encode_string("x") + b"\x01\x7e"
    body = b"\x01" + encode_uint(2) + encode_uint(77) + b"\x00" + in_root + in_value + b"\x00"
    assert await scene.refusal_of(encode(Update(body))) == "malformed_update"
    assert "k" not in scene.room.document.map("nodes")


async def test_an_item_in_somebody_elses_value_is_refused(scene: Scene) -> None:
    victim = scene.ada.document.doc.client_id
    value = max(clock for client, clock in scene.room._gate.state.items() if client == victim) - 1
    item = b"\x28\x00" + encode_uint(victim) + encode_uint(value) + encode_string("x") + b"\x01\x7e"
    body = b"\x01" + encode_uint(1) + encode_uint(77) + b"\x00" + item + b"\x00"
    assert await scene.refusal_of(encode(Update(body))) == "malformed_update"


async def test_it_holds_after_a_restart_and_for_what_the_server_made(scene: Scene, log: MemoryUpdateLog) -> None:
    await scene.room.edit("ada", "http", lambda document: add(document, id="tabletabletablet"))
    async with Rooms(log, Telemetry()) as others:
        again = await others.room(SCENE)
        for room in (scene.room, again):
            for id in (scene.chair, "tabletabletablet"):
                eve = FakeClient(room, person("eve"))
                await settle(room, eve)
                delete_record(eve.document.map("nodes"), id)
                await eve.send()
                await processed(room)
                assert eve.member.outbox.closing.refused.code == "container_removed"
                assert id in room.document.map("nodes")


async def test_a_jobs_result_is_held_to_it_too(scene: Scene) -> None:
    peer = scene.room.document.fork()
    before = peer.state_vector()
    delete_record(peer.map("nodes"), scene.chair)

    async def nothing(_: object) -> None: ...

    with pytest.raises(UpdateRefused, match="container_removed"):
        await scene.room.commit_job("jobjobjobjobjob0", "peer", peer.update(before), nothing)


async def test_what_is_known_of_the_maps_equals_what_the_document_tells(scene: Scene) -> None:
    for number in range(20):
        author = (scene.ada, scene.eve)[number % 2]
        add(author.document, name=str(number), parent=scene.chair)
        await scene.room.edit("ada", "http", lambda document: add(document, name="by the server"))
        await settle(scene.room, scene.ada, scene.eve)
    assert scene.room._gate._containers == containers_of(scene.room.document.update(), SceneDocument)


async def test_a_map_in_no_map_is_refused(scene: Scene) -> None:
    """The second item is a map that names the first, a value, as what it is in."""
    value = b"\x28\x01" + encode_string("nodes") + encode_string("k") + b"\x01\x7e"
    inside = b"\x27\x00" + encode_uint(77) + encode_uint(0) + encode_string("x") + b"\x01"
    body = b"\x01" + encode_uint(2) + encode_uint(77) + b"\x00" + value + inside + b"\x00"
    assert await scene.refusal_of(encode(Update(body))) == "malformed_update"


def test_a_container_may_stand_before_its_record() -> None:
    """In an update clients come in any order; whatever it is, both maps are known."""
    record = b"\x27\x01" + encode_string("nodes") + encode_string("k") + b"\x01"
    inside = b"\x27\x00" + encode_uint(5) + encode_uint(0) + encode_string("parents") + b"\x01"
    head = (encode_uint(1) + encode_uint(9) + b"\x00", encode_uint(1) + encode_uint(5) + b"\x00")
    containers = containers_of(b"\x02" + head[0] + inside + head[1] + record + b"\x00", SceneDocument)
    for client in (5, 9):
        deleted = read_update(b"\x00\x01" + encode_uint(client) + b"\x01\x00\x01")
        with pytest.raises(UpdateRefused, match="container_removed"):
            containers.check(deleted, {5: 1, 9: 1})


@pytest.mark.parametrize("root", ["meta", "strokes", "revisions"])
async def test_a_map_in_a_root_of_values_is_refused(scene: Scene, root: str) -> None:
    item = b"\x27\x01" + encode_string(root) + encode_string("x") + b"\x01"
    body = b"\x01" + encode_uint(1) + encode_uint(77) + b"\x00" + item + b"\x00"
    assert await scene.refusal_of(encode(Update(body))) == "container_misplaced"


async def test_a_map_under_a_key_of_values_is_refused(scene: Scene) -> None:
    """Found by fuzzing: everybody who then wrote the node's name was refused for replacing a container."""
    record = scene.room.document.record("nodes", scene.chair)
    item = next(placed for placed in read_update(scene.room.document.update()).placed if placed[3] == "parents")
    assert record is not None
    inside = b"\x27\x00" + encode_uint(item[2][0]) + encode_uint(item[2][1]) + encode_string("locked") + b"\x01"
    body = b"\x01" + encode_uint(1) + encode_uint(77) + b"\x00" + inside + b"\x00"
    assert await scene.refusal_of(encode(Update(body))) == "container_misplaced"
    scene.ada.document.set("nodes", scene.chair, "locked", True)
    await settle(scene.room, scene.ada)
    assert scene.room.document.read("nodes", scene.chair).locked
