"""The programs in examples/ do what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.server import TOP, running_server

EXAMPLES = TOP / "examples"
CUBE = """o cube
v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nv 0 0 1\nv 1 0 1\nv 1 1 1\nv 0 1 1
f 4 3 2 1\nf 5 6 7 8\nf 1 2 6 5\nf 2 3 7 6\nf 3 4 8 7\nf 4 1 5 8
"""


def run(name: str, *arguments: str) -> str:
    program = [sys.executable, str(EXAMPLES / name), *arguments]
    ended = subprocess.run(program, cwd=TOP, env={"PYTHONPATH": str(TOP)}, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def make_project(url: str) -> str:
    return str(httpx.post(f"{url}/api/v1/projects", json={"name": "Example"}).json()["id"])


def test_every_example_is_run_here() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == {"live_edit.py", "http_edit.py", "import_and_export.py"}


def test_live_edit_and_http_edit(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        project = make_project(server.url)
        assert "the scene has 1 nodes" in run("live_edit.py", f"{server.url}/p/{project}")
        (node,) = httpx.get(f"{server.url}/api/v1/projects/{project}/scene").json()["nodes"].values()
        assert (node["name"], node["translation"]) == ("Chair", [1, 0, 0])
        assert "'nodes': 5" in run("http_edit.py", server.url)


def test_ten_lines_are_enough() -> None:
    body = (EXAMPLES / "live_edit.py").read_text().split('"""', 2)[2]
    assert len([line for line in body.splitlines() if line.strip()]) <= 10


@pytest.mark.slow
def test_import_and_export(tmp_path: Path) -> None:
    model = tmp_path / "cube.obj"
    model.write_text(CUBE)
    with running_server(tmp_path / "data", peer=True) as server:
        project = make_project(server.url)
        told = run("import_and_export.py", f"{server.url}/p/{project}", str(model), str(tmp_path / "out.glb"))
    assert "cube" in told
    assert (tmp_path / "out.glb").read_bytes()[:4] == b"glTF"
