"""The Khronos validator on GLB bytes; skips where Node or its packages are not installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]


def errors(folder: Path, *files: bytes) -> list[dict]:
    """The messages of severity *error*, of all files."""
    if shutil.which("node") is None or not (_ROOT / "web/node_modules/gltf-validator").exists():
        pytest.skip("node and web/node_modules/gltf-validator are needed to validate")
    paths = [folder / f"{i}.glb" for i in range(len(files))]
    for path, data in zip(paths, files, strict=True):
        path.write_bytes(data)
    command = ["node", str(_ROOT / "tests/support/validate_gltf.mjs"), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(reports) == len(files)
    return [m for r in reports for m in r["messages"] if m["severity"] == 0]
