"""From files that came together to one scene: recognise, unpack, read, and join where there are several models."""

from __future__ import annotations

from compute.formats import archive, detect, stl
from compute.formats.detect import MODELS
from compute.formats.files import FileSet, NamedFile, ReadOptions, check_triangles, refuse
from compute.formats.gltf import reader as gltf
from compute.formats.gltf.checked import clean_name
from compute.formats.joining import join
from compute.formats.obj import read_obj
from compute.formats.ply import read_ply
from compute.formats.stl import read_stl
from compute.formats.threemf import read_3mf
from compute.scene import ReportEntry, Scene

_DEFAULTS = ReadOptions()


def read(files: list[NamedFile], options: ReadOptions = _DEFAULTS) -> Scene:
    """The scene of a model and what accompanies it, of a zip of both, or of several models.

    Content decides what a file is; a name that says otherwise is noted in the report (`type_mismatch`). Every refusal
    is a FileRefused with a code of docs/import-errors.md.
    """
    if not files:
        refuse("no_model", "No file was given.")
    for file in files:
        _check_size(file, options)
    loaded = [NamedFile(f.name, f.read()) for f in files]
    if len(loaded) == 1 and not loaded[0].data:
        refuse("empty_file", f"“{loaded[0].name}” has 0 bytes.")
    unpacked = _unpacked(loaded, options)
    models = [(f, kind) for f in unpacked if (kind := detect.kind_of(f.name, f.read())) in MODELS]
    if not models:
        _refuse_without_model(files, unpacked)
    scenes = [_read(f, kind, FileSet(unpacked), options) for f, kind in models]
    return join(scenes)


def _check_size(file: NamedFile, options: ReadOptions) -> None:
    """Refuse a binary STL of too many triangles before its gigabytes are read."""
    if isinstance(file.data, bytes):
        return
    with file.data.open("rb") as stream:
        count = stl.count_in_header(stream.read(84), file.data.stat().st_size)
    if count is not None:
        check_triangles(count, options)


def _unpacked(files: list[NamedFile], options: ReadOptions) -> list[NamedFile]:
    """Archives among the files are replaced by what they hold; an archive in an archive stays packed."""
    result = []
    for file in files:
        data = file.read()
        if detect.by_content(data) == "zip":
            result += [f for f in archive.unpack(data, file.name, options) if not _is_litter(f.name)]
        else:
            result.append(file)
    return result


def _is_litter(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1].startswith(".")


def _refuse_without_model(given: list[NamedFile], unpacked: list[NamedFile]) -> None:
    if len(unpacked) == 1 and len(given) == 1 and unpacked[0].name == given[0].name:
        detect.refuse_unknown(given[0].name, given[0].read())
    foreign = next((f for f in unpacked if detect.extension(f.name) in ("fbx", "dae", "blend", "usdz", "step")), None)
    if foreign is not None:
        detect.refuse_unknown(foreign.name, foreign.read())
    names = ", ".join(f.name for f in unpacked[:5]) or "nothing"
    refuse("no_model", f"There is no model among the files ({names[:200]}).", f"What is read: {', '.join(MODELS)}.")


def _read(file: NamedFile, kind: str, files: FileSet, options: ReadOptions) -> Scene:
    data = file.read()
    title = clean_name(file.name.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0])
    if kind == "glb":
        scene = gltf.read_glb(data, files, file.name, options)
    elif kind == "gltf":
        scene = gltf.read_gltf(data, files, file.name, options)
    elif kind == "obj":
        scene = read_obj(data, files, file.name, options)
    elif kind == "stl":
        scene = read_stl(data, title, options)
    elif kind == "ply":
        scene = read_ply(data, title, options)
    else:
        scene = read_3mf(data, title, options)
    scene.name = scene.name or title
    said = detect.EXTENSIONS.get(detect.extension(file.name))
    if said != kind:
        text = f"“{file.name}” is a file of the type {kind} and was read as such."
        scene.report.append(ReportEntry("note", "type_mismatch", text))
    return scene
