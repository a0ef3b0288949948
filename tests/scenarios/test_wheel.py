"""The wheel holds the built client and serves without Node, make or the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.server import TOP, ServerProcess

pytestmark = pytest.mark.slow


def build(folder: Path) -> Path:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(TOP)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_the_wheel_serves_the_editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = build(tmp_path / "dist")
    names = zipfile.ZipFile(wheel).namelist()
    assert "server/client/index.html" in names
    assert not [name for name in names if name.startswith(("tests/", "web/"))]
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site)]
    subprocess.run([*install, str(wheel)], check=True)

    (tmp_path / "data").mkdir()
    server = ServerProcess(tmp_path / "data", ["--no-peer"], {**os.environ, "PYTHONPATH": str(site)})
    # Started from another folder: the checkout is not on the path before the installed wheel.
    monkeypatch.setattr("tests.support.server.TOP", tmp_path)
    server.start()
    try:
        with server.client() as client:
            page = client.get("/")
            assert page.status_code == 200
            script = page.text.split('src="')[1].split('"')[0]
            assert client.get(script).status_code == 200
    finally:
        server.terminate()
