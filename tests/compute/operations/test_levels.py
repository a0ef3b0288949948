"""`lod.chain` on documents: what lands, under which keys, and that others' edits survive."""

from __future__ import annotations

import numpy as np
import pytest

from compute.errors import OperationError
from crdt import lod, nodes, revisions
from crdt.document import new_id
from tests.support.operations import Studio
from tests.support.shapes import smooth, sphere


@pytest.fixture
def studio() -> Studio:
    return Studio()


@pytest.fixture
def ball(studio) -> str:
    return studio.add_mesh(with_slot(smooth(*sphere(40, 80))))


def with_slot(mesh):
    mesh.primitives[0].slot = new_id()
    return mesh


def test_levels_of_the_meshs_settings_land_under_its_head(studio, ball):
    result = studio.run("lod.chain", {"mesh": ball})
    head = studio.scene.read("meshes", ball).head
    built = lod.results(studio.scene, head)
    assert (result["mesh"], result["revision"]) == (ball, head)
    assert list(built) == [1, 2, 3, 4, 5]
    base = revisions.head(studio.scene, ball)
    for number, level in built.items():
        wanted = lod.levels(studio.scene, ball)[number].ratio * base.triangles
        assert level.triangles == pytest.approx(wanted, rel=0.1, abs=4)
        assert level.bytes == len(studio.blobs[level.geometry])
        assert level.model_dump() == result["levels"][str(number)]
    errors = [level.error for level in built.values()]
    assert 0 < errors[0] < errors[-1]


def test_levels_keep_the_bases_grid_ids_and_positions(studio, ball):
    result = studio.run("lod.chain", {"mesh": ball})
    base = studio.geometry(revisions.head(studio.scene, ball).geometry)
    level = studio.geometry(result["levels"]["3"]["geometry"])
    assert np.array_equal(level.vertex_positions, base.positions[level.position_ids])


def test_asked_levels_replace_the_settings(studio, ball):
    result = studio.run("lod.chain", {"mesh": ball}, {"levels": {"2": {"triangles": 500}, "3": None}})
    assert list(result["levels"]) == ["2"]
    assert result["levels"]["2"]["triangles"] == pytest.approx(500, rel=0.1)


def test_progress_is_told_level_by_level(studio, ball):
    studio.run("lod.chain", {"mesh": ball})
    fractions = [fraction for fraction, _ in studio.reports]
    assert len(set(fractions)) >= 8
    assert fractions == sorted(fractions)


def test_what_others_did_meanwhile_survives(studio, ball):
    node = nodes.add(studio.scene, name="Ball", mesh=ball)

    def move() -> None:
        studio.scene.set("nodes", node, "translation", (1.0, 2.0, 3.0))

    studio.run("lod.chain", {"mesh": ball}, meanwhile=move)
    assert studio.scene.read("nodes", node).translation == (1.0, 2.0, 3.0)
    assert lod.results(studio.scene, studio.scene.read("meshes", ball).head)


def test_there_is_nothing_to_undo(studio, ball):
    assert studio.run("lod.chain", {"mesh": ball})["step"] == []


def test_a_retry_makes_the_same(studio, ball):
    first = studio.run("lod.chain", {"mesh": ball})
    again = studio.run("lod.chain", {"mesh": ball})
    assert first["levels"] == again["levels"]


@pytest.mark.parametrize(("mesh", "code"), [("absentabsentabse", "unknown_mesh"), ("short", "bad_job")])
def test_a_mesh_that_is_not_there_is_refused(studio, mesh, code):
    with pytest.raises(OperationError) as refused:
        studio.run("lod.chain", {"mesh": mesh})
    assert refused.value.code == code
