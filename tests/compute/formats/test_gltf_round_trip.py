"""Every property of a glTF that we hold goes out as GLB and comes back, plain, compressed and quantised."""

import numpy as np
import pytest

from compute import codec
from compute.formats import NamedFile, ReadOptions, WriteOptions, read, write
from compute.formats.gltf.container import read_glb
from compute.formats.transforms import world_matrices
from compute.scene import Scene
from tests.support import khronos
from tests.support.gltf_builder import QUAD, QUAD_TRIANGLES, QUAD_UV, GltfBuilder, quad_file
from tests.support.meshes import corner_set

PLAIN, PACKED, QUANTISED = (WriteOptions(compression=c) for c in ("none", "meshopt", "quantised"))


def load(data: bytes) -> Scene:
    return read([NamedFile("file.glb", data)])


def again(scene: Scene, options: WriteOptions = PLAIN) -> Scene:
    return load(write(scene, "glb", options).data)


def two_primitives() -> GltfBuilder:
    builder = GltfBuilder()
    materials = [builder.add("materials", {"name": name}) for name in ("red", "blue")]
    upper, lower = builder.primitive(QUAD, QUAD_TRIANGLES), builder.primitive(QUAD + np.float32(1), QUAD_TRIANGLES)
    upper["material"], lower["material"] = materials
    builder.node(mesh=builder.mesh(upper, lower, name="pair"))
    return builder


def one_mesh_three_nodes() -> GltfBuilder:
    builder = quad_file()
    builder.node(name="second", mesh=0, translation=[1, 2, 3])
    builder.node(name="third", mesh=0, rotation=[0, 0.6, 0, 0.8], children=[builder.node(name="child", mesh=0)])
    return builder


def negative_scale() -> GltfBuilder:
    builder = quad_file()
    builder.json["nodes"][0]["scale"] = [-2, 1, 3]
    builder.node(mesh=0, matrix=[0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 5, 6, 7, 1])
    return builder


def two_uv_sets() -> GltfBuilder:
    builder = GltfBuilder()
    builder.image()
    builder.add("samplers", {"wrapS": 33071, "wrapT": 33648, "magFilter": 9728, "minFilter": 9987})
    builder.add("textures", {"source": 0, "sampler": 0, "name": "checks"})
    transform = {"offset": [0.25, 0.5], "rotation": 0.5, "scale": [2, 3], "texCoord": 1}
    info = {"index": 0, "texCoord": 1, "extensions": {"KHR_texture_transform": transform}}
    material = {
        "name": "all", "alphaMode": "MASK", "alphaCutoff": 0.3, "doubleSided": True, "emissiveFactor": [1, 0.5, 0.25],
        "pbrMetallicRoughness": {
            "baseColorTexture": info, "baseColorFactor": [0.1, 0.2, 0.3, 0.4], "metallicFactor": 0.6,
            "roughnessFactor": 0.7, "metallicRoughnessTexture": {"index": 0},
        },
        "normalTexture": {"index": 0, "scale": 0.5}, "occlusionTexture": {"index": 0, "strength": 0.25},
        "emissiveTexture": {"index": 0, "texCoord": 1},
        "extensions": {
            "KHR_materials_emissive_strength": {"emissiveStrength": 5},
            "KHR_materials_clearcoat": {"clearcoatFactor": 0.5, "clearcoatTexture": {"index": 0}},
        },
        "extras": {"made": "here"},
    }  # fmt: skip
    primitive = builder.primitive(QUAD, QUAD_TRIANGLES, TEXCOORD_0=QUAD_UV, TEXCOORD_1=QUAD_UV * 7 - 3)
    primitive["material"] = builder.add("materials", material)
    used = ["KHR_texture_transform", "KHR_materials_emissive_strength", "KHR_materials_clearcoat"]
    builder.json["extensionsUsed"] = used
    builder.node(mesh=builder.mesh(primitive))
    return builder


def colors() -> GltfBuilder:
    builder = GltfBuilder()
    bytes_ = builder.accessor(
        [[0, 51, 102, 255], [255, 0, 0, 255], [0, 255, 0, 0], [9, 9, 9, 9]], "uint8", normalized=True
    )
    builder.node(mesh=builder.mesh(builder.primitive(QUAD, QUAD_TRIANGLES, COLOR_0=bytes_)))
    return builder


def lights_and_cameras() -> GltfBuilder:
    builder = quad_file()
    builder.json["extensionsUsed"] = ["KHR_lights_punctual"]
    spot = {"innerConeAngle": 0.1, "outerConeAngle": 0.4}
    lights = [
        {"type": "spot", "name": "lamp", "color": [1, 0.5, 0], "intensity": 7, "range": 9, "spot": spot},
        {"type": "directional", "intensity": 3},
        {"type": "point", "extras": {"watts": 60}},
    ]
    builder.json["extensions"] = {"KHR_lights_punctual": {"lights": lights}}
    for i in range(3):
        builder.node(extensions={"KHR_lights_punctual": {"light": i}})
    perspective = {"yfov": 0.7, "znear": 0.2, "zfar": 50.0, "aspectRatio": 1.5}
    builder.node(camera=builder.add("cameras", {"type": "perspective", "name": "eye", "perspective": perspective}))
    flat = {"xmag": 2.0, "ymag": 3.0, "znear": 0.0, "zfar": 10.0}
    builder.node(camera=builder.add("cameras", {"type": "orthographic", "orthographic": flat}))
    return builder


def data_of_others() -> GltfBuilder:
    builder = quad_file()
    builder.json["extensionsUsed"] = ["ACME_secret"]
    data = {"extras": {"a": [1, {"b": None}]}, "extensions": {"ACME_secret": {"x": 1}}}
    builder.json["nodes"][0] |= data
    builder.json["meshes"][0] |= data
    builder.json["meshes"][0]["primitives"][0]["material"] = builder.add("materials", dict(data))
    builder.image()
    builder.add("textures", {"source": 0, **data})
    builder.node(camera=builder.add("cameras", {"type": "perspective", "perspective": {"yfov": 1, "znear": 1}, **data}))
    return builder


def far_away() -> GltfBuilder:
    builder = GltfBuilder()
    builder.node(mesh=builder.mesh(builder.primitive(QUAD * 100 + [500_000, 0, -300_000], QUAD_TRIANGLES)))
    return builder


def millimetres() -> GltfBuilder:
    builder = GltfBuilder()
    builder.node(scale=[0.001] * 3, mesh=builder.mesh(builder.primitive(QUAD * 0.001, QUAD_TRIANGLES)))
    return builder


FIXTURES = [
    two_primitives, one_mesh_three_nodes, negative_scale, two_uv_sets, colors, lights_and_cameras, data_of_others,
    far_away, millimetres,
]  # fmt: skip


def stated(scene: Scene) -> dict:
    """All that must be equal after a round trip, geometry apart."""
    return {
        "nodes": [{k: v for k, v in vars(n).items() if k != "mesh"} for n in scene.nodes],
        "instances": [n.mesh for n in scene.nodes],
        "meshes": [(m.name, m.extras, m.extensions) for m in scene.meshes],
        "slots": [[p.material for p in m.mesh.primitives] for m in scene.meshes],
        "materials": scene.materials,
        "textures": [vars(t) for t in scene.textures],
        "images": [(i.data, i.mime, i.width, i.height) for i in scene.images],
        "cameras": scene.cameras,
        "lights": scene.lights,
    }


@pytest.mark.parametrize("fixture", FIXTURES)
@pytest.mark.parametrize("options", [PLAIN, PACKED])
def test_everything_comes_back(fixture, options):
    scene = load(fixture().glb())
    back = again(scene, options)
    assert stated(back) == stated(scene)
    for one, two in zip(scene.meshes, back.meshes, strict=True):
        assert np.array_equal(one.mesh.positions, two.mesh.positions)
        assert np.array_equal(one.mesh.position_ids, two.mesh.position_ids)
        assert corner_set(one.mesh) == corner_set(two.mesh)
        assert all(np.array_equal(a, b) for a, b in zip(one.mesh.texcoords, two.mesh.texcoords, strict=True))
        assert (one.mesh.colors is None) == (two.mesh.colors is None)
        assert one.mesh.colors is None or np.array_equal(one.mesh.colors, two.mesh.colors)


@pytest.mark.parametrize("fixture", FIXTURES)
def test_quantised_positions_stay_within_a_step_of_sixteen_bits(fixture):
    scene = load(fixture().glb())
    back = again(scene, QUANTISED)

    def corners(s: Scene) -> list[np.ndarray]:
        found = []
        for node, world in zip(s.nodes, world_matrices(s.nodes), strict=True):
            if node.mesh is not None:
                mesh = s.meshes[node.mesh].mesh
                points = mesh.vertex_positions[mesh.triangles.ravel()]
                found.append(
                    (points @ world[:3, :3].T + world[:3, 3], np.linalg.norm(world[:3, :3], 2) * np.ptp(points))
                )
        return sorted(found, key=lambda f: f[0][0].tolist())

    for (before, size), (after, _) in zip(corners(scene), corners(back), strict=True):
        assert np.abs(before - after).max() <= size / 32767


@pytest.mark.parametrize("fixture", FIXTURES)
def test_the_khronos_validator_finds_no_error(fixture, tmp_path):
    scene = load(fixture().glb())
    files = [write(scene, "glb", o).data for o in (PLAIN, PACKED, QUANTISED)]
    files[1:] = [codec.plain(f) for f in files[1:]]
    assert khronos.errors(tmp_path, fixture().glb(), *files) == []


def test_geometry_blobs_are_valid_gltf(tmp_path):
    mesh = load(two_uv_sets().glb()).meshes[0].mesh
    blob = codec.encode_geometry(mesh, topology="t" * 16).blob
    assert khronos.errors(tmp_path, codec.plain(blob)) == []


def test_compression_packs_what_is_large_and_says_so():
    positions = np.random.default_rng(5).random((900, 3)).astype(np.float32)
    builder = GltfBuilder()
    builder.node(mesh=builder.mesh(builder.primitive(positions, np.arange(900))))
    document, _ = read_glb(write(load(builder.glb()), "glb", PACKED).data)
    assert document["extensionsRequired"] == ["EXT_meshopt_compression"]
    assert document["buffers"][1]["extensions"] == {"EXT_meshopt_compression": {"fallback": True}}


def test_a_sheared_matrix_goes_into_the_geometry_of_its_subtree():
    shear = np.array([[1, 0.5, 0, 4], [0, 1, 0, 5], [0, 0, -1, 6], [0, 0, 0, 1.0]])
    builder = quad_file()
    builder.json["nodes"][0]["name"] = "plain"
    child = builder.node(name="child", mesh=0, translation=[0, 2, 0])
    builder.node(name="sheared", mesh=0, matrix=shear.T.ravel().tolist(), children=[child])
    scene = load(builder.glb())
    nodes = {n.name: (n, w) for n, w in zip(scene.nodes, world_matrices(scene.nodes), strict=True)}
    for name, matrix in (
        ("sheared", shear),
        ("child", shear @ np.array([[1, 0, 0, 0], [0, 1, 0, 2], [0, 0, 1, 0], [0, 0, 0, 1]])),
    ):
        node, world = nodes[name]
        mesh = scene.meshes[node.mesh].mesh
        points = mesh.positions @ world[:3, :3].T + world[:3, 3]
        assert np.allclose(points, QUAD @ matrix[:3, :3].T + matrix[:3, 3])
        a, b, c = points[mesh.position_ids[mesh.triangles[0]]]
        assert np.cross(b - a, c - a)[2] < 0  # mirrored in z: it faces −z, because the winding turned
    assert len({n.mesh for n in scene.nodes}) == 2
    assert [e.what for e in scene.report] == ["matrix"]
    assert np.array_equal(scene.meshes[nodes["plain"][0].mesh].mesh.positions, QUAD)


def test_skins_animations_and_morphs_are_named_in_the_report():
    builder = GltfBuilder()
    joints = builder.accessor(np.zeros((4, 4)), "uint8")
    primitive = builder.primitive(QUAD, QUAD_TRIANGLES, JOINTS_0=joints, WEIGHTS_0=np.tile([1, 0, 0, 0], (4, 1)))
    primitive["targets"] = [{"POSITION": builder.accessor(QUAD * 0)}]
    builder.node(mesh=builder.mesh(primitive), skin=0)
    builder.json["skins"] = [{"joints": [builder.node(name="bone")]}]
    builder.json["animations"] = [{"channels": [], "samplers": []}]
    scene = load(builder.glb())
    assert scene.has_unedited_source
    assert {e.what for e in scene.report if e.kind == "kept"} == {"skin", "morph", "animation"}
    assert "skin" in {e.what for e in write(scene, "glb").report if e.kind == "dropped"}


def test_a_textures_number_inside_an_unknown_extension_follows_the_texture():
    scene = load(two_uv_sets().glb())
    coat = scene.materials[0]["extensions"]["KHR_materials_clearcoat"]
    assert coat["clearcoatTexture"] == {"texture": 0}
    document, _ = read_glb(write(scene, "glb").data)
    assert document["materials"][0]["extensions"]["KHR_materials_clearcoat"]["clearcoatTexture"] == {"index": 0}


def test_overrides_of_a_node_make_a_mesh_of_their_own():
    scene = load(one_mesh_three_nodes().glb())
    scene.materials = [{"name": "gold"}]
    scene.nodes[1].materials = {scene.meshes[0].mesh.primitives[0].slot: 0}
    document, _ = read_glb(write(scene, "glb").data)
    assert len(document["meshes"]) == 2
    assert len(document["bufferViews"]) == 3


def test_a_mesh_in_doubles_far_away_keeps_its_detail():
    scene = load(quad_file().glb())
    scene.meshes[0].mesh.positions = scene.meshes[0].mesh.positions * 0.001 + np.array([500_000.0, 0, 0])
    back = again(scene)
    world = world_matrices(back.nodes)[-1]
    points = back.meshes[0].mesh.positions @ world[:3, :3].T + world[:3, 3]
    assert np.abs(points - scene.meshes[0].mesh.positions).max() < 1e-8


def test_a_limit_of_triangles_is_checked_by_count():
    with pytest.raises(Exception, match="too_many_triangles"):
        read([NamedFile("a.glb", quad_file().glb())], ReadOptions(max_triangles=1))
