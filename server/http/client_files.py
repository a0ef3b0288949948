"""The built web client: pages that are never cached, assets with a hash in their name that are cached for ever."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterable
from pathlib import Path

from starlette.responses import FileResponse, HTMLResponse, Response

from server.errors import NotFound

FOLDER = Path(__file__).parents[1] / "client"
_IMMUTABLE = "public, max-age=31536000, immutable"

_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Maquette: the web client is not built</title>
<style>body{font:16px/1.5 system-ui,sans-serif;background:#16181d;color:#e6e6e6}
body{max-width:42rem;margin:15vh auto;padding:0 1.5rem}a{color:#8ab4ff}
code{background:#262a33;padding:.15em .4em;border-radius:4px}</style>
<h1>The web client is not built</h1>
<p>The server runs, and its API answers at <a href="/api/docs">/api/docs</a>. To get
the editor, run <code>make run</code> in the source folder, or
<code>npm ci &amp;&amp; npm run build</code> in <code>web/</code>; a wheel of Maquette contains it already.</p></html>
"""

mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("text/javascript", ".mjs")
mimetypes.add_type("application/wasm", ".wasm")
mimetypes.add_type("font/woff2", ".woff2")


class ClientFiles:
    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder.resolve()

    def page(self, modules: Iterable[str] = ()) -> Response:
        """The editor's page, whatever its address: it finds the project in the URL itself.

        `modules`: sources that it will import at once at that address; the browser is told to fetch them with the page.
        """
        index = self._folder / "index.html"
        if not index.is_file():
            return HTMLResponse(_NOT_BUILT, status_code=503, headers={"Cache-Control": "no-store"})
        headers = {"Cache-Control": "no-cache"}
        if files := self._built_from(modules):
            headers["Link"] = ", ".join(f"</{file}>; rel=modulepreload" for file in files)
        return FileResponse(index, media_type="text/html; charset=utf-8", headers=headers)

    def _built_from(self, modules: Iterable[str]) -> list[str]:
        """The files of the build that hold these modules and what they import, without the page's own."""
        manifest = self._folder / ".vite" / "manifest.json"
        if not manifest.is_file():
            return []
        chunks = json.loads(manifest.read_bytes())
        found: dict[str, None] = {}
        open_ends = list(modules)
        while open_ends:
            chunk = chunks.get(open_ends.pop(0), {"isEntry": True})
            if not chunk.get("isEntry") and chunk["file"] not in found:
                found[chunk["file"]] = None
                open_ends += chunk.get("imports", [])
        return list(found)

    def file(self, path: str) -> Response:
        """One file of the build; NotFound for anything else, and for every path that leads out of its folder."""
        found = (self._folder / path.replace("\0", "")).resolve()
        if not found.is_relative_to(self._folder) or not found.is_file() or found.name.startswith("."):
            raise NotFound("no_such_page", f"there is no page /{path[:200]}")
        hashed = path.startswith("assets/")
        return FileResponse(found, headers={"Cache-Control": _IMMUTABLE if hashed else "no-cache"})
