"""3MF: units, components, transforms, base materials, colours, textures, parts in other files."""

import io
import zipfile

import numpy as np
import pytest

from compute.formats import NamedFile, read
from compute.formats.transforms import world_matrices
from compute.scene import Scene
from tests.support.gltf_builder import png

CORNERS = [(0, 0, 0), (10, 0, 0), (0, 10, 0), (0, 0, 10)]
FACES = [(0, 2, 1), (0, 1, 3), (1, 2, 3), (2, 0, 3)]
NAMESPACES = (
    'xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02" '
    'xmlns:m="http://schemas.microsoft.com/3dmanufacturing/material/2015/02" '
    'xmlns:p="http://schemas.microsoft.com/3dmanufacturing/production/2015/06"'
)


def tetrahedron(number: int, attributes: str = "", properties: tuple[str, ...] = ("", "", "", "")) -> str:
    vertices = "".join(f'<vertex x="{x}" y="{y}" z="{z}"/>' for x, y, z in CORNERS)
    rows = zip(FACES, properties, strict=True)
    triangles = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}" {p}/>' for (a, b, c), p in rows)
    mesh = f"<mesh><vertices>{vertices}</vertices><triangles>{triangles}</triangles></mesh>"
    return f'<object id="{number}" name="tetra {number}" {attributes}>{mesh}</object>'


def model(resources: str, items: str = '<item objectid="1"/>', unit: str = "millimeter") -> str:
    body = f"<resources>{resources}</resources><build>{items}</build>"
    return f'<?xml version="1.0"?><model unit="{unit}" {NAMESPACES}>{body}</model>'


def load(text: str, **parts: bytes) -> Scene:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("3D/3dmodel.model", text)
        for name, data in parts.items():
            archive.writestr(f"3D/{name.replace('_', '.')}", data)
    return read([NamedFile("part.3mf", target.getvalue())])


def test_units_are_exact_and_z_points_up():
    for unit, metres in (("micron", 1e-6), ("millimeter", 1e-3), ("inch", 0.0254), ("foot", 0.3048), ("meter", 1.0)):
        scene = load(model(tetrahedron(1), unit=unit))
        points = scene.meshes[0].mesh.positions @ world_matrices(scene.nodes)[0][:3, :3].T
        assert points.max(axis=0) == pytest.approx([10 * metres, 10 * metres, 0], abs=1e-12)
        assert points.min(axis=0) == pytest.approx([0, 0, -10 * metres], abs=1e-12)


def test_components_share_their_mesh_and_keep_their_transforms():
    shift = "1 0 0 0 1 0 0 0 1 100 0 0"
    turn = "0 1 0 -1 0 0 0 0 1 0 0 50"
    pair = f'<components><component objectid="1"/><component objectid="1" transform="{turn}"/></components>'
    scene = load(
        model(
            tetrahedron(1) + f'<object id="2" name="pair">{pair}</object>', f'<item objectid="2" transform="{shift}"/>'
        )
    )
    assert [n.mesh for n in scene.nodes if n.mesh is not None] == [0, 0]
    last = scene.nodes[-1]
    assert last.translation == pytest.approx((0, 0, 0.05))
    corner = world_matrices(scene.nodes)[-1] @ np.array([0.01, 0, 0, 1])
    assert corner[:3] == pytest.approx([0.1, 0.05, -0.01])  # x turned to y, shifted, then stood upright


def test_a_sheared_component_goes_into_its_geometry():
    scene = load(
        model(tetrahedron(1), '<item objectid="1" transform="1 0 0 0.5 1 0 0 0 1 0 0 0"/><item objectid="1"/>')
    )
    assert len(scene.meshes) == 2
    assert sorted(m.mesh.positions[:, 0].max() for m in scene.meshes) == pytest.approx([0.01, 0.01])
    assert any(m.mesh.positions[2, 0] == pytest.approx(0.005) for m in scene.meshes)


def test_base_materials_become_slots():
    bases = '<base name="Red" displaycolor="#FF0000"/><base name="Glass" displaycolor="#0000FF80"/>'
    group = f'<basematerials id="5">{bases}</basematerials>'
    scene = load(model(group + tetrahedron(1, 'pid="5" pindex="0"', ("", 'pid="5" p1="1"', "", ""))))
    assert [(m["name"], m.get("alphaMode")) for m in scene.materials] == [("Red", None), ("Glass", "BLEND")]
    assert [(p.material, len(p.triangles)) for p in scene.meshes[0].mesh.primitives] == [(0, 3), (1, 1)]


def test_several_colours_become_vertex_colours_and_one_a_material():
    group = '<m:colorgroup id="7"><m:color color="#FF0000"/><m:color color="#00FF00"/></m:colorgroup>'
    mixed = load(model(group + tetrahedron(1, 'pid="7" pindex="0"', ('pid="7" p1="0" p2="1" p3="1"', "", "", ""))))
    assert {tuple(c) for c in mixed.meshes[0].mesh.colors.tolist()} == {(1, 0, 0, 1), (0, 1, 0, 1)}
    assert len(mixed.meshes[0].mesh.positions) == 4
    single = load(model(group + tetrahedron(1, 'pid="7" pindex="1"')))
    assert single.meshes[0].mesh.colors is None
    assert single.materials[0]["baseColorFactor"] == (0, 1, 0, 1)


def test_textures():
    group = '<m:texture2d id="3" path="/3D/wood.png" contenttype="image/png" tilestyleu="clamp"/>'
    group += (
        '<m:texture2dgroup id="4" texid="3"><m:tex2coord u="0" v="0"/><m:tex2coord u="1" v="0.25"/></m:texture2dgroup>'
    )
    scene = load(
        model(group + tetrahedron(1, 'pid="4" pindex="0"', ('pid="4" p1="0" p2="1" p3="1"', "", "", ""))),
        wood_png=png(),
    )
    assert scene.materials[0]["baseColorTexture"] == {"texture": 0, "texCoord": 0}
    assert scene.textures[0].wrapS == "CLAMP_TO_EDGE"
    assert {tuple(t) for t in scene.meshes[0].mesh.texcoords[0].tolist()} == {(0, 1), (1, 0.75)}


def test_objects_in_other_parts():
    component = '<components><component objectid="1" p:path="/3D/other.model"/></components>'
    scene = load(model(f'<object id="9" name="assembly">{component}</object>', '<item objectid="9"/>'),
                 other_model=model(tetrahedron(1), "").encode())  # fmt: skip
    assert [n.name for n in scene.nodes] == ["assembly", "tetra 1"]
    assert scene.meshes[0].mesh.triangle_count == 4
