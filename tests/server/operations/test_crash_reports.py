"""Crash reports: none unless asked for; what is in one, and what is not (REQUIREMENTS 21.5)."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
from fastapi import FastAPI

from server.crash_reports import CrashReports
from tests.support.server import running_app, settings_for

SECRET = "planted-secret-0123456789"


async def break_it(app: FastAPI) -> httpx.Response:
    """A route with a mistake that holds a secret and a path."""

    async def broken() -> None:
        raise RuntimeError(f"cannot open /home/ada/secret-project/house.glb with postgresql://ada:{SECRET}@db/maquette")

    app.router.add_api_route("/broken", broken)
    app.router.routes.insert(0, app.router.routes.pop())
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.get("/broken", params={"token": SECRET})


async def test_off_by_default(tmp_path: Path) -> None:
    async with running_app(tmp_path) as app:
        assert (await break_it(app)).status_code == 500
    assert not list(tmp_path.rglob("crash-*"))


async def test_a_report_tells_what_broke_and_keeps_secrets_and_paths(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    values = {"crash_reports": folder, "metrics_token": SECRET, "public_url": "https://private.example"}
    async with running_app(tmp_path, **values) as app:
        answer = await break_it(app)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert "RuntimeError" not in answer.text
    (path,) = folder.glob("crash-*.json")
    text = path.read_text()
    report = json.loads(text)
    assert report["where"] == "GET /broken"
    assert report["error"]["type"] == "RuntimeError"
    assert "house.glb" in report["error"]["message"]
    assert report["stack"][-1].startswith("tests/server/operations/test_crash_reports.py:")
    assert report["versions"]["fastapi"]
    assert report["settings"]["max_json"] == 16 * 1024 * 1024
    for hidden in (SECRET, str(tmp_path), "/home/ada", "secret-project", "private.example"):
        assert hidden not in text


def test_a_mistake_that_repeats_does_not_fill_the_disk(tmp_path: Path) -> None:
    reports = CrashReports(tmp_path, settings_for(tmp_path))
    written = [reports.write(ValueError(str(number)), "task") for number in range(110)]
    assert sum(path is not None for path in written) == len(list(tmp_path.glob("crash-*.json"))) == 100
