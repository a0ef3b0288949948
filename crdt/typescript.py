"""Generates `web/core/schema.ts` from the models: `python -m crdt.typescript` writes it, `--check` fails when stale.

The file holds the types, the constants, every record's defaults and containers, and for each field a compact JSON
schema (`FIELDS`) with which TypeScript judges values as pydantic judges them here.
"""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from crdt import schema
from crdt.canonical import plain
from crdt.jobs import TRANSITIONS
from crdt.values import containers, entry_adapters, field_adapters, fields

TARGET = Path(__file__).parent.parent / "web" / "core" / "schema.ts"

RECORDS: Mapping[str, type[BaseModel]] = {**schema.SCENE_RECORDS, **schema.SESSION_RECORDS}
VALUES: Mapping[str, type[BaseModel]] = {**schema.SCENE_VALUES, **schema.SESSION_VALUES}
NESTED: tuple[type[BaseModel], ...] = (
    schema.Trashed, schema.Source, schema.LodLevel, schema.TextureTransform, schema.TextureInfo,
    schema.NormalTextureInfo, schema.OcclusionTextureInfo, schema.JobError, schema.User, schema.PresenceCamera,
    schema.PresenceJob, schema.Presence,
)  # fmt: skip
"""Models inside values: a field with a default may be left out."""

ALIASES: Mapping[str, Any] = {
    "Vec2": schema.Vec2,
    "Vec3": schema.Vec3,
    "Quaternion": schema.Quaternion,
    "Edge": schema.Edge,
    "AlphaMode": schema.Material.model_fields["alphaMode"].annotation,
    "Wrap": schema.Wrap,
    "MagFilter": schema.MagFilter,
    "MinFilter": schema.MinFilter,
    "JobState": schema.JobState,
}
CONSTANTS = ("SCHEMA_VERSION", "ROOT", "MAX_NAME", "MAX_COUNTER", "MAX_LEVELS", "SCENE_ROOTS", "SESSION_ROOTS")
PRIMITIVES: Mapping[Any, str] = {
    str: "string", int: "number", float: "number", bool: "boolean", type(None): "null", Any: "unknown",
}  # fmt: skip
KEYWORDS: Mapping[str, str] = {
    "type": '"string" | "number" | "integer" | "boolean" | "array" | "object" | "null"',
    "pattern": "string",
    "minLength": "number",
    "maxLength": "number",
    "minimum": "number",
    "maximum": "number",
    "exclusiveMinimum": "number",
    "enum": "readonly string[]",
    "anyOf": "readonly Check[]",
    "items": "Check",
    "prefixItems": "readonly Check[]",
    "minItems": "number",
    "maxItems": "number",
    "unit": "boolean",
    "properties": "Readonly<Record<string, Check>>",
    "required": "readonly string[]",
    "additionalProperties": "boolean",
}
"""Keyword of a check → its type."""
LOCAL_KEYS = frozenset({"title", "description", "default", "container"})
"""Keywords of a JSON schema that say nothing about validity."""


def generate() -> str:
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "// Generated from crdt/schema.py by `python -m crdt.typescript`: change that file, not this one."
    yield ""
    for name in CONSTANTS:
        yield f"export const {name} = {_literal(getattr(schema, name))} as const;"
    yield ""
    for name, kind in ALIASES.items():
        yield f"export type {name} = {_type(kind, named=False)};"
    for model in NESTED:
        yield from _interface(model, optional=True)
    for model in _whole_models().values():
        yield from _interface(model, optional=False)
    yield from _tables()


def _whole_models() -> dict[str, type[BaseModel]]:
    """What is read with every key filled in."""
    return {**RECORDS, "lodSettings": schema.LodSettings, **VALUES, "meta": schema.Meta}


def _interface(model: type[BaseModel], *, optional: bool) -> Iterator[str]:
    yield ""
    yield f"export interface {model.__name__} {{"
    for key, info in fields(model).items():
        mark = "?" if optional and not info.is_required() else ""
        yield f"  readonly {key}{mark}: {_type(_annotation(info))};"
    yield "}"


def _annotation(info: Any) -> Any:
    """The annotation as written, as far as a named alias hangs on it (pydantic takes the outer metadata off)."""
    if info.annotation == get_args(schema.Quaternion)[0]:
        return schema.Quaternion
    return info.annotation


def _type(kind: Any, *, named: bool = True) -> str:
    """A Python annotation in TypeScript's words."""
    if named:
        for name, alias in ALIASES.items():
            if kind == alias:
                return name
    if kind in PRIMITIVES:
        return PRIMITIVES[kind]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind.__name__
    return _generic(get_origin(kind), get_args(kind))


def _generic(origin: Any, args: tuple[Any, ...]) -> str:
    if origin in (Union, types.UnionType):
        return " | ".join(map(_type, args))
    if origin is Literal:
        return " | ".join(map(_literal, args))
    if origin is tuple:
        return f"readonly [{', '.join(map(_type, args))}]"
    if origin is list:
        return f"readonly {_type(args[0])}[]"
    if origin is dict:
        return f"Readonly<Record<string, {_type(args[1])}>>"
    return _type(args[0])  # Annotated: the constraints are in FIELDS


def _literal(value: Any) -> str:
    return json.dumps(plain(value), ensure_ascii=False)


def _tables() -> Iterator[str]:
    models = _whole_models()
    yield ""
    yield "/** What a missing or ill-typed key reads as; keys without a default are absent. */"
    yield from _const("DEFAULTS", {root: _defaults(model) for root, model in models.items()})
    yield ""
    yield from _const("DEFAULT_LEVELS", {key: _dump(level) for key, level in schema.DEFAULT_LEVELS.items()})
    yield ""
    yield "/** Keys that are nested maps, by root. */"
    yield from _const("CONTAINERS", {root: sorted(containers(model)) for root, model in RECORDS.items()})
    yield ""
    yield "/** State of a job → what it may become. */"
    yield from _const("TRANSITIONS", {state: sorted(following) for state, following in TRANSITIONS.items()})
    yield ""
    yield from _check_interface()
    yield ""
    yield "/** Root → key → check, for records (and `lodSettings`, `meta`). */"
    checks = {root: _checks(model) for root, model in models.items() if root not in VALUES}
    yield from _const("FIELDS", checks, "Readonly<Record<string, Readonly<Record<string, Check>>>>")
    yield ""
    yield "/** The checks of whole atomic values. */"
    values = {root: _model_check(model) for root, model in VALUES.items()}
    yield from _const("VALUE_CHECKS", values, "Readonly<Record<string, Check>>")
    yield ""
    yield "/** Root → container → entries; `meshes.lod` has `FIELDS.lodSettings`, and `LEVEL_CHECK` under 1 to 8. */"
    entries = "Readonly<Record<string, Readonly<Record<string, { readonly key: Check; readonly value: Check }>>>>"
    yield from _const("ENTRIES", _entry_checks(), entries)
    yield ""
    yield from _const("LEVEL_CHECK", {"anyOf": [_model_check(schema.LodLevel), {"type": "null"}]}, "Check")


def _check_interface() -> Iterator[str]:
    yield "/**"
    yield " * A subset of JSON Schema. Lengths of strings are in code points, `integer` is a whole number, `unit` asks"
    yield " * for a vector of length 1 ± 0.001, `{}` is any JSON value. Properties that are not listed are refused"
    yield " * where `additionalProperties` is false."
    yield " */"
    yield "export interface Check {"
    for key, kind in KEYWORDS.items():
        yield f"  readonly {key}?: {kind};"
    yield "}"


def _const(name: str, value: Mapping[str, Any], kind: str | None = None) -> Iterator[str]:
    typed, tail = (f": {kind}", "") if kind else ("", " as const")
    yield f"export const {name}{typed} = {{"
    yield from _entries(value, depth=1)
    yield f"}}{tail};"


def _entries(value: Mapping[str, Any], depth: int) -> Iterator[str]:
    """One line an entry, tables of tables two levels deep."""
    indent = "  " * depth
    for key, item in value.items():
        if depth == 1 and isinstance(item, dict) and item and all(isinstance(inner, dict) for inner in item.values()):
            yield f"{indent}{_literal(key)}: {{"
            yield from _entries(item, depth + 1)
            yield f"{indent}}},"
        else:
            yield f"{indent}{_literal(key)}: {_literal(item)},"


def _defaults(model: type[BaseModel]) -> dict[str, Any]:
    return {key: _dump(info.default) for key, info in fields(model).items() if not info.is_required()}


def _dump(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def _checks(model: type[BaseModel]) -> dict[str, Any]:
    """The check of every atomic field."""
    adapters = field_adapters(model)
    checks = {key: _check(adapters[key].json_schema()) for key in adapters if key not in containers(model)}
    if model is schema.Node:
        checks["rotation"]["unit"] = True  # an AfterValidator, which a JSON schema does not show
    return checks


def _model_check(model: type[BaseModel]) -> Any:
    return _check(model.model_json_schema())


def _entry_checks() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for root, model in RECORDS.items():
        for name in sorted(containers(model)):
            if (root, name) != ("meshes", "lod"):
                key, value = entry_adapters(model, name)
                checks = {"key": _check(key.json_schema()), "value": _check(value.json_schema())}
                found.setdefault(root, {})[name] = checks
    return found


def _check(node: Any, definitions: Mapping[str, Any] | None = None) -> Any:
    """A JSON schema without references and decoration."""
    definitions = node.get("$defs", {}) if definitions is None else definitions
    if "$ref" in node:
        return _check(definitions[node["$ref"].rsplit("/", 1)[1]], definitions)
    check = {key: value for key, value in node.items() if key not in LOCAL_KEYS and key != "$defs"}
    for key in ("items", "additionalProperties"):
        if isinstance(check.get(key), dict):
            check[key] = _check(check[key], definitions)
    for key in ("anyOf", "prefixItems"):
        if key in check:
            check[key] = [_check(item, definitions) for item in check[key]]
    if "properties" in check:
        check["properties"] = {name: _check(item, definitions) for name, item in check["properties"].items()}
    if check.get("prefixItems") and all(item == check["prefixItems"][0] for item in check["prefixItems"]):
        check["items"] = check.pop("prefixItems")[0]
    unknown = check.keys() - KEYWORDS.keys()
    if unknown:
        raise AssertionError(f"TypeScript does not know {', '.join(unknown)}")
    return check


def main(arguments: list[str]) -> int:
    text = generate()
    if "--check" in arguments:
        if not TARGET.exists() or TARGET.read_text() != text:
            print(f"{TARGET} is stale: run python -m crdt.typescript", file=sys.stderr)
            return 1
        return 0
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
