"""Bad input: every code of docs/import-errors.md has a file that ends with it, and nothing else ever comes out."""

import io
import json
import re
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from compute.errors import FileRefused
from compute.formats import NamedFile, ReadOptions, read
from compute.formats.gltf.container import read_glb, write_glb
from tests.support.assets import asset
from tests.support.gltf_builder import QUAD, QUAD_TRIANGLES, GltfBuilder, png, quad_file

ROOT = Path(__file__).parents[3]
TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 1 0\n"
PLY = "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
PLY_FACES = PLY + "element face 1\nproperty list uchar int vertex_indices\nend_header\n0 0 0\n1 0 0\n0 1 0\n"


def glb(change=None) -> bytes:
    """The square, its JSON changed."""
    document, binary = read_glb(quad_file().glb())
    if change is not None:
        change(document)
    return write_glb(document, bytes(binary))


def raw_glb(text: bytes) -> bytes:
    text += b" " * (-len(text) % 4)
    return struct.pack("<IIIII", 0x46546C67, 2, 20 + len(text), len(text), 0x4E4F534A) + text


def setting(*path, value):
    def change(document: dict) -> None:
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = value

    return lambda: glb(change)


def with_image(data: bytes) -> bytes:
    builder = GltfBuilder()
    builder.add("images", {"bufferView": builder.view(data), "mimeType": "image/png"})
    return builder.glb()


def compressed_lie(count: int) -> bytes:
    builder = quad_file()
    view = builder.json["bufferViews"][0]
    packed = {"buffer": 0, "byteOffset": 0, "byteLength": 20, "byteStride": 12, "count": count, "mode": "ATTRIBUTES"}
    view["extensions"] = {"EXT_meshopt_compression": packed}
    view["byteLength"] = 12 * count
    return builder.glb()


def not_finite() -> bytes:
    builder = GltfBuilder()
    points = QUAD.copy()
    points[2, 1] = np.nan
    builder.node(mesh=builder.mesh(builder.primitive(points, QUAD_TRIANGLES)))
    return builder.glb()


def instances_below_a_shear() -> bytes:
    builder = quad_file()
    places = builder.accessor([[0, 0, 0], [1, 0, 0]])
    builder.json["nodes"][0] |= {
        "matrix": [1, 0.5, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
        "extensions": {"EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": places}}},
    }
    return builder.glb()


def archive(files: dict[str, bytes], packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", packed) as opened:
        for name, data in files.items():
            opened.writestr(zipfile.ZipInfo(name), data, packed)
    return target.getvalue()


def encrypted() -> bytes:
    data = bytearray(archive({"a.obj": b"f 1 2 3\n" * 9}))
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def package(model: str) -> bytes:
    return archive({"3D/3dmodel.model": model.encode()})


def model(objects: str, items: str = '<item objectid="1"/>', head: str = "") -> bytes:
    return package(f'{head}<model unit="millimeter"><resources>{objects}</resources><build>{items}</build></model>')


CASES = {
    "empty_file": ("a.glb", lambda: b""),
    "unknown_format": ("a.xyz", lambda: b"what is this, I wonder"),
    "format_not_supported": ("a.step", lambda: b"ISO-10303-21;\nHEADER;"),
    "fbx_needs_blender": ("a.fbx", lambda: b"Kaydara FBX Binary  \0\x1a\0" + bytes(90)),
    "no_model": ("a.zip", lambda: archive({"readme.txt": b"hello"})),
    "no_geometry": ("a.obj", lambda: TRIANGLE.encode()),
    "truncated_file": ("a.glb", lambda: glb()[:-20]),
    "too_many_triangles": ("a.glb", setting("accessors", 2, "count", value=75_000_000)),
    "too_many_objects": ("a.glb", setting("nodes", value=[{}] * 200_001)),
    "too_many_files": ("a.zip", lambda: archive({f"{i}.txt": b"" for i in range(2_001)})),
    "positions_not_finite": ("a.glb", not_finite),
    "index_out_of_range": ("a.obj", lambda: (TRIANGLE + "f 1 2 4\n").encode()),
    "reference_out_of_range": ("a.glb", setting("nodes", 0, "mesh", value=7)),
    "count_mismatch": ("a.glb", setting("accessors", 1, "count", value=3)),
    "absurd_count": ("a.glb", lambda: compressed_lie(10**9)),
    "accessor_out_of_bounds": ("a.glb", setting("accessors", 0, "count", value=5_000_000)),
    "recursive_nodes": ("a.glb", setting("nodes", 0, "children", value=[0])),
    "node_with_two_parents": ("a.glb", setting("nodes", value=[{"children": [1, 2]}, {"children": [2]}, {}])),
    "matrix_not_affine": (
        "a.glb",
        setting("nodes", 0, "matrix", value=[1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]),
    ),
    "matrix_not_trs": ("a.glb", instances_below_a_shear),
    "invalid_glb": ("a.glb", lambda: b"glTF" + struct.pack("<IIII", 2, 20, 0, 7)),
    "invalid_json": ("a.glb", lambda: raw_glb(b'{"asset": NaN}')),
    "json_too_deep": ("a.glb", lambda: raw_glb(b'{"asset":' + b"[" * 100_000 + b"]" * 100_000 + b"}")),
    "gltf_version": ("a.glb", setting("asset", "version", value="1.0")),
    "gltf_schema": ("a.glb", setting("scene", value="hello")),
    "extension_required": ("a.glb", setting("extensionsRequired", value=["KHR_draco_mesh_compression"])),
    "invalid_compression": ("a.glb", lambda: compressed_lie(100)),
    "missing_file": ("a.glb", setting("buffers", 0, "uri", value="gone.bin")),
    "escaping_path": ("a.glb", setting("buffers", 0, "uri", value="../../etc/passwd")),
    "remote_file": ("a.glb", setting("buffers", 0, "uri", value="https://example.org/a.bin")),
    "bad_data_uri": ("a.glb", setting("buffers", 0, "uri", value="data:application/octet-stream;base64,@@@")),
    "not_an_image": ("a.glb", lambda: with_image(b"this is no image")),
    "image_too_large": ("a.glb", lambda: with_image(png(8193, 1))),
    "invalid_obj": ("a.obj", lambda: (TRIANGLE + "f 1 2 x\n").encode()),
    "invalid_stl": ("a.stl", lambda: b"solid a\nfacet normal 0 0 1\nvertex 0 0\nendfacet\nendsolid"),
    "invalid_ply": ("a.ply", lambda: b"ply\nformat ascii 1.0\nelement vertex -3\nend_header\n"),
    "invalid_3mf": (
        "a.3mf",
        lambda: model('<object id="1"><mesh><vertices><vertex x="1"/></vertices></mesh></object>'),
    ),
    "invalid_xml": ("a.3mf", lambda: package("<model><resources></model>")),
    "xml_entities": ("a.3mf", lambda: model("", head='<!DOCTYPE m [<!ENTITY a "aaaaaaaaaa">]>')),
    "invalid_zip": ("a.zip", lambda: archive({"a.obj": b"f 1 2 3\n" * 99})[:-30]),
    "encrypted_zip": ("a.zip", encrypted),
    "zip_bomb": ("a.zip", lambda: archive({"a.stl": bytes(20 << 20)})),
}


def code_of(*files: NamedFile, options: ReadOptions = ReadOptions()) -> str:  # noqa: B008
    with pytest.raises(FileRefused) as caught:
        read(list(files), options)
    assert len(caught.value.message) > 15
    assert not caught.value.message[0].islower()
    return caught.value.code


@pytest.mark.parametrize("code", CASES)
def test_each_code_has_a_file_that_ends_with_it(code):
    name, data = CASES[code]
    assert code_of(NamedFile(name, data())) == code


def test_the_table_lists_exactly_the_codes_that_are_raised():
    table = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/import-errors.md").read_text(), re.MULTILINE))
    sources = "\n".join(p.read_text() for p in (ROOT / "compute/formats").rglob("*.py"))
    raised = set(re.findall(r"refuse\(\s*\"(\w+)\"", sources))
    raised |= set(re.findall(r"\"(invalid_(?:obj|stl|ply))\"", sources))
    assert table == raised == set(CASES)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("hostile/BoxWithInfinites.glb", "positions_not_finite"),
        ("hostile/IndexOutOfRange.gltf", "missing_file"),
        ("hostile/RecursiveNodes.gltf", "recursive_nodes"),
        ("hostile/badArray.gltf", "gltf_schema"),
        ("hostile/malformed.obj", "index_out_of_range"),
        ("hostile/sceneWrongType.gltf", "gltf_schema"),
        ("phong_cube.fbx", "fbx_needs_blender"),
    ],
)
def test_the_hostile_models(name, code):
    path = asset(name)
    assert code_of(NamedFile(path.name, path)) == code


def test_an_index_out_of_range_is_found_when_the_buffer_is_there():
    path = asset("hostile/IndexOutOfRange.gltf")
    length = json.loads(path.read_text())["buffers"][0]["byteLength"]
    buffer = NamedFile("IndexOutOfRange.bin", b"\xff\x00" * (length // 2))
    assert code_of(NamedFile(path.name, path), buffer) in ("index_out_of_range", "positions_not_finite")


@pytest.mark.parametrize(
    ("name", "nodes", "triangles"),
    [
        ("AlphaBlendModeTest.glb", 13, 61), ("BoxTextured.glb", 2, 12), ("Duck.glb", 3, 4212), ("busted.stl", 1, 3878),
        ("counterXP.3mf", 14, 23214), ("cycloidal.ply", 1, 43368), ("fandisk.obj", 1, 12946),
        ("featuretype.stl", 1, 3476), ("stanford-bunny.obj", 1, 69451),
    ],
)  # fmt: skip
def test_every_other_model_is_read(name, nodes, triangles):
    path = asset(name)
    scene = read([NamedFile(path.name, path)])
    assert (len(scene.nodes), sum(m.mesh.triangle_count for m in scene.meshes)) == (nodes, triangles)


def test_a_model_with_its_texture_in_a_folder():
    folder = asset("spot")
    scene = read([NamedFile(p.name, p) for p in sorted(folder.iterdir())])
    assert [(i.mime, i.width) for i in scene.images] == [("image/png", 1024)]
    assert scene.materials[0]["baseColorTexture"] == {"texture": 0, "texCoord": 0}


def outcome(data: bytes) -> str:
    try:
        read([NamedFile("a.glb", data)])
    except FileRefused as refusal:
        return refusal.code
    return "read"


@pytest.mark.parametrize("step", [7, 11])
def test_a_glb_cut_or_bent_anywhere_is_refused_or_read_but_never_crashes(step):
    data = quad_file().glb()
    for end in range(1, len(data), step):
        code_of(NamedFile("a.glb", data[:end]))
    generator = np.random.default_rng(step)
    for _ in range(200):
        bent = bytearray(data)
        for place in generator.integers(20, len(data), 3):
            bent[place] = generator.integers(0, 256)
        assert outcome(bytes(bent)) in {*CASES, "read"}


@pytest.mark.parametrize(
    "reference", ["/etc/passwd", "C:\\secret.bin", "a/../../b.bin", "%2e%2e/b.bin", "file:///b.bin"]
)
def test_paths_that_leave_the_folder(reference):
    found = code_of(NamedFile("a.glb", setting("buffers", 0, "uri", value=reference)()))
    assert found in ("escaping_path", "remote_file")


@pytest.mark.parametrize("text", ["1e999", "9" * 5000, '"\\ud800"', "-Infinity"])
def test_values_in_extras_that_no_document_can_hold(text):
    assert (
        code_of(NamedFile("a.glb", raw_glb(f'{{"asset":{{"version":"2.0","extras":{text}}}}}'.encode())))
        == "invalid_json"
    )


def test_integers_beyond_a_double_become_doubles():
    document = read_glb(raw_glb(b'{"extras": [9007199254740993, 18446744073709551617, 12]}'))[0]
    assert document["extras"] == [9007199254740992.0, 1.8446744073709552e19, 12]


def test_an_archive_whose_names_escape():
    assert code_of(NamedFile("a.zip", archive({"../../a.obj": b"f 1 2 3\n"}))) == "escaping_path"


def test_a_material_library_outside_of_the_folder():
    data = ("mtllib ../../../etc/passwd\n" + TRIANGLE + "f 1 2 3\n").encode()
    assert code_of(NamedFile("a.obj", data)) == "escaping_path"


def test_an_stl_that_names_more_triangles_than_it_has():
    assert code_of(NamedFile("a.stl", b"\0" * 80 + (2**32 - 1).to_bytes(4, "little") + bytes(50))) == "truncated_file"


def test_twenty_five_million_triangles_are_refused_by_the_size_of_the_file(tmp_path):
    path = tmp_path / "large.stl"
    with path.open("wb") as stream:
        stream.write(b"\0" * 80 + (25_000_000).to_bytes(4, "little"))
        stream.truncate(84 + 50 * 25_000_000)  # sparse: no disk is used, and nothing of it is read
    assert code_of(NamedFile("large.stl", path)) == "too_many_triangles"


def test_a_ply_that_names_more_than_follows():
    assert code_of(NamedFile("a.ply", PLY_FACES.replace("face 1", "face 99999999").encode())) == "truncated_file"
    assert code_of(NamedFile("a.ply", (PLY_FACES + "3 0 1 3\n").encode())) == "index_out_of_range"
    assert code_of(NamedFile("a.ply", (PLY_FACES + "200 0 1 2\n").encode())) == "truncated_file"


def test_points_without_faces_are_said_to_be_points():
    data = (PLY + "end_header\n0 0 0\n1 0 0\n0 1 0\n").encode()
    with pytest.raises(FileRefused, match="3 points and no faces"):
        read([NamedFile("a.ply", data)])


def test_components_that_contain_themselves_or_explode():
    loop = '<object id="1"><components><component objectid="1"/></components></object>'
    assert code_of(NamedFile("a.3mf", model(loop))) == "recursive_nodes"
    ten = [f'<component objectid="{i}"/>' * 10 for i in range(10)]
    layers = "".join(f'<object id="{i}"><components>{ten[i + 1]}</components></object>' for i in range(1, 9))
    options = ReadOptions(max_objects=5_000)
    assert code_of(NamedFile("a.3mf", model(layers + '<object id="9"/>')), options=options) == "too_many_objects"


def test_an_image_that_is_larger_than_it_says_in_a_format_that_is_converted():
    head = b"P6\n20000 20000\n255\n"
    assert code_of(NamedFile("a.glb", with_image(head + b"\0" * 100))) == "image_too_large"
    assert code_of(NamedFile("a.glb", with_image(b"P6\n20 20\n255\n" + b"\0" * 100))) == "not_an_image"
