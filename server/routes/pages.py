"""Pages: the editor at its addresses, the API's description, and the files of the build. Last of all routes."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from server.errors import NotFound
from server.http.client_files import ClientFiles
from server.http.openapi import docs_page

router = APIRouter(include_in_schema=False)

PROJECT_MODULES = ("project-page.tsx", "viewport/viewport.tsx")
"""What the editor imports at a project's address, one after the other (web/editor)."""


def _client(request: Request) -> ClientFiles:
    client: ClientFiles = request.app.state.client
    return client


@router.api_route("/", methods=["GET", "HEAD"])
@router.api_route("/invite", methods=["GET", "HEAD"])
@router.api_route("/join", methods=["GET", "HEAD"])
@router.api_route("/login", methods=["GET", "HEAD"])
@router.api_route("/reset", methods=["GET", "HEAD"])
@router.api_route("/people", methods=["GET", "HEAD"])
@router.api_route("/account", methods=["GET", "HEAD"])
async def page(request: Request) -> Response:
    return _client(request).page()


@router.api_route("/p/{project}", methods=["GET", "HEAD"])
async def project_page(request: Request) -> Response:
    return _client(request).page(PROJECT_MODULES)


@router.get("/api/docs")
async def docs(request: Request) -> Response:
    return HTMLResponse(docs_page(request.app.openapi()), headers={"Cache-Control": "no-cache"})


@router.api_route("/{path:path}", methods=["GET", "HEAD"])
async def client_file(request: Request, path: str) -> Response:
    try:
        return _client(request).file(path)
    except NotFound:
        # A person at a wrong address meets the editor, which says so; a program gets the error.
        if path.startswith("api/") or "text/html" not in request.headers.get("accept", ""):
            raise
        page = _client(request).page()
        page.status_code = max(page.status_code, 404)
        return page
