"""/api/docs: the OpenAPI description as one page without scripts, so that the strict policy holds for it too."""

from __future__ import annotations

import json
from html import escape
from typing import Any

JsonObject = dict[str, Any]

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;background:#16181d;color:#e6e6e6}
body{max-width:62rem;margin:2rem auto;padding:0 1.5rem}
a{color:#8ab4ff}h2{margin-top:2.5rem;border-bottom:1px solid #333842;text-transform:capitalize}
details{border:1px solid #333842;border-radius:6px;margin:.4rem 0;padding:.5rem .8rem;background:#1c1f26}
summary{cursor:pointer}code,pre{font:13px/1.45 ui-monospace,monospace}
pre{overflow:auto;background:#111318;padding:.6rem}
.verb{display:inline-block;width:4.2rem;font-weight:700;color:#7fd1a6}
td,th{text-align:left;padding:.1rem .8rem .1rem 0;vertical-align:top}
"""


def docs_page(description: JsonObject) -> str:
    """HTML of an OpenAPI 3 description: operations by tag, each with parameters, body and answers."""
    groups: dict[str, list[str]] = {}
    for path, operations in description["paths"].items():
        for verb, operation in operations.items():
            tag = (operation.get("tags") or ["other"])[0]
            groups.setdefault(tag, []).append(_operation(verb, path, operation))
    sections = "".join(f"<h2>{escape(tag)}</h2>{''.join(found)}" for tag, found in groups.items())
    schemas = "".join(
        _schema(name, schema) for name, schema in description.get("components", {}).get("schemas", {}).items()
    )
    info = description["info"]
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{escape(info['title'])} API</title>"
        f"<style>{_STYLE}</style>"
        f"<h1>{escape(info['title'])} API {escape(info['version'])}</h1><p>{escape(info.get('description', ''))}</p>"
        f"<p>Machine-readable: <a href='/api/v1/openapi.json'>/api/v1/openapi.json</a></p>"
        f"{sections}<h2>Schemas</h2>{schemas}</html>"
    )


def _operation(verb: str, path: str, operation: JsonObject) -> str:
    title = (
        f"<span class='verb'>{verb.upper()}</span><code>{escape(path)}</code> {escape(operation.get('summary', ''))}"
    )
    text = f"<p>{escape(operation.get('description', ''))}</p>"
    inside = text + _parameters(operation) + _body(operation) + _answers(operation)
    return f"<details><summary>{title}</summary>{inside}</details>"


def _parameters(operation: JsonObject) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(parameter['name'])}</code></td><td>{escape(parameter['in'])}</td>"
        f"<td>{escape(parameter.get('description', ''))}</td></tr>"
        for parameter in operation.get("parameters", [])
    )
    return f"<table>{rows}</table>" if rows else ""


def _body(operation: JsonObject) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    return "".join(f"<p>Body <code>{escape(mime)}</code> {_shape(media)}</p>" for mime, media in content.items())


def _answers(operation: JsonObject) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(status)}</code></td><td>{escape(answer.get('description', ''))}</td>"
        f"<td>{_answer_shape(answer)}</td></tr>"
        for status, answer in operation.get("responses", {}).items()
    )
    return f"<table>{rows}</table>"


def _answer_shape(answer: JsonObject) -> str:
    return "".join(_shape(media) for media in answer.get("content", {}).values())


def _shape(media: JsonObject) -> str:
    schema = media.get("schema", {})
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f"<a href='#{escape(name)}'>{escape(name)}</a>"
    return f"<code>{escape(json.dumps(schema)[:300])}</code>" if schema else ""


def _schema(name: str, schema: JsonObject) -> str:
    text = escape(json.dumps(schema, indent=2, ensure_ascii=False))
    return f"<details id='{escape(name)}'><summary><code>{escape(name)}</code></summary><pre>{text}</pre></details>"
