"""What readers are given and how they refuse: named bytes, options with limits, and one way to say no."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal, NoReturn
from urllib.parse import unquote

from compute.errors import FileRefused

Unit = Literal["metre", "centimetre", "millimetre", "micron", "inch", "foot"]
METRES: dict[str, float] = {
    "metre": 1.0, "centimetre": 0.01, "millimetre": 0.001, "micron": 1e-6, "inch": 0.0254, "foot": 0.3048,
}  # fmt: skip
"""Metres in one unit."""


@dataclass(frozen=True)
class NamedFile:
    """One file as the user gave it: its name (with `/` where it lay in a folder or archive) and its bytes or path."""

    name: str
    data: bytes | Path

    def read(self) -> bytes:
        return self.data if isinstance(self.data, bytes) else self.data.read_bytes()


@dataclass(frozen=True)
class ReadOptions:
    """What the user may say about a file, and the limits that are checked by count before anything is allocated."""

    unit: Unit | None = None
    """Of formats that do not say it (STL, OBJ, PLY); None: guessed and reported."""
    up: Literal["Y", "Z"] | None = None
    """The file's up axis; None: the format's habit (Z for STL and 3MF, Y for the rest)."""
    max_triangles: int = 20_000_000
    max_objects: int = 200_000
    """Nodes, meshes, materials, textures … of one file, each."""
    max_image_side: int = 8192
    max_files: int = 2_000
    max_unpacked: int = 4 << 30
    """Bytes of all files of an archive together."""
    max_ratio: int = 200
    """Unpacked to packed bytes of one archive entry larger than 1 MB."""


def refuse(code: str, message: str, hint: str = "") -> NoReturn:
    """Raise FileRefused; the codes are those of docs/import-errors.md."""
    raise FileRefused(code, message, hint)


def check_triangles(count: int, options: ReadOptions) -> None:
    """Refuse by count, before anything of that size exists."""
    if count > options.max_triangles:
        refuse(
            "too_many_triangles",
            f"The file holds {count:,} triangles; at most {options.max_triangles:,} are read.",
            "Reduce it before importing, or raise the limit of the compute peer.",
        )


@dataclass
class FileSet:
    """The files that came together, looked up by the names that files use for each other; never a disk."""

    files: list[NamedFile] = field(default_factory=list)

    def find(self, reference: str, base: str = "") -> NamedFile | None:
        """The file that `reference`, written in the file `base`, means: by path, else by bare name, in any case."""
        wanted = _normal(str(PurePosixPath(base).parent / _slashes(reference)))
        bare = wanted.rsplit("/", 1)[-1]
        return self._first(_normal(f.name) == wanted for f in self.files) or self._first(
            _normal(f.name).rsplit("/", 1)[-1] == bare for f in self.files
        )

    def _first(self, hits: Iterable[bool]) -> NamedFile | None:
        return next((f for f, hit in zip(self.files, hits, strict=True) if hit), None)


def _slashes(reference: str) -> str:
    return reference.replace("\\", "/")


def _normal(name: str) -> str:
    parts = [p for p in _slashes(name).split("/") if p not in ("", ".")]
    return "/".join(parts).casefold()


def escapes(reference: str) -> bool:
    """Whether a reference leaves the place where its file lies: a URL, an absolute path, or too many `..`."""
    text = _slashes(unquote(reference))
    if re.match(r"^[A-Za-z][A-Za-z0-9+.-]*:", text) or text.startswith("/"):
        return True
    depth = 0
    for part in text.split("/"):
        depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
        if depth < 0:
            return True
    return False


def is_remote(reference: str) -> bool:
    return re.match(r"^[A-Za-z][A-Za-z0-9+.-]+:", reference) is not None
