"""Pages, files of the built client, and the policy under which they run."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from server.app import create_app
from server.http.client_files import ClientFiles
from tests.support.server import api, settings_for

MANIFEST = {
    "index.html": {"file": "assets/app-3f2a.js", "isEntry": True, "imports": ["_shared.js"]},
    "_shared.js": {"file": "assets/shared-1.js"},
    "project-page.tsx": {"file": "assets/project-page-2.js", "imports": ["index.html", "_shared.js"]},
    "viewport/viewport.tsx": {"file": "assets/viewport-3.js", "imports": ["project-page.tsx", "_shared.js"]},
    "dialogs/export-dialog.tsx": {"file": "assets/export-dialog-4.js", "imports": ["index.html"]},
}
"""As the client's build writes it."""


@pytest.fixture
async def built(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """An application with a built client."""
    folder = tmp_path / "client"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Maquette</title>")
    (folder / "assets" / "app-3f2a.js").write_text("export {};" * 500)
    (folder / ".secret").write_text("x")
    (folder / ".vite").mkdir()
    (folder / ".vite" / "manifest.json").write_text(json.dumps(MANIFEST))
    (tmp_path / "outside.txt").write_text("x")
    app = create_app(settings_for(tmp_path / "data"), client=ClientFiles(folder))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            yield client


@pytest.mark.parametrize("path", ["/", "/p/aaaaaaaaaaaaaaaa", "/invite"])
async def test_the_editors_addresses_serve_its_page_fresh(built: httpx.AsyncClient, path: str) -> None:
    answer = await built.get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
    assert "Maquette" in answer.text


async def test_a_projects_page_comes_with_the_modules_it_will_import(built: httpx.AsyncClient) -> None:
    links = (await built.get("/p/aaaaaaaaaaaaaaaa")).headers["link"].split(", ")
    files = ["assets/project-page-2.js", "assets/viewport-3.js", "assets/shared-1.js"]
    assert links == [f"</{file}>; rel=modulepreload" for file in files]
    assert "link" not in (await built.get("/")).headers


async def test_hashed_files_are_cached_for_ever_and_compressed(built: httpx.AsyncClient) -> None:
    answer = await built.get("/assets/app-3f2a.js", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    "path", ["/outside.txt", "/..%2foutside.txt", "/assets/..%2f..%2foutside.txt", "/.secret", "/assets", "/a%00b"]
)
async def test_nothing_else_is_served(built: httpx.AsyncClient, path: str) -> None:
    answer = await built.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_such_page")


async def test_a_person_at_a_wrong_address_meets_the_editor(built: httpx.AsyncClient) -> None:
    browser = {"Accept": "text/html,*/*"}
    answer = await built.get("/nowhere", headers=browser)
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-cache")
    assert "Maquette" in answer.text
    assert (await built.get("/api/v1/nowhere", headers=browser)).json()["error"]["code"] == "no_such_page"


async def test_everything_comes_from_this_server(built: httpx.AsyncClient) -> None:
    policy = dict(
        part.strip().split(" ", 1) for part in (await built.get("/")).headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'self'"
    assert policy["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert policy["connect-src"] == "'self' blob: data: ws://127.0.0.1:8000 wss://127.0.0.1:8000"
    assert policy["frame-ancestors"] == "'none'"
    assert not any("http:" in value or "https:" in value or "*" in value for value in policy.values())


async def test_without_a_build_the_page_says_what_to_do(tmp_path: Path) -> None:
    app = create_app(settings_for(tmp_path), client=ClientFiles(tmp_path / "absent"))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            answer = await client.get("/")
    assert answer.status_code == 503
    assert "make run" in answer.text


async def test_a_mistake_of_ours_tells_nothing_of_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret detail")

    async with api(tmp_path) as client:
        monkeypatch.setattr("server.projects.Projects.page", broken)
        answer = await client.get("/api/v1/projects")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert "secret" not in answer.text
