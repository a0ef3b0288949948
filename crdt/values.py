"""Checking and reading values against the schema (SPEC D6): readers tolerant, writers strict, unknown keys kept.

Values are judged as JSON, where `1` and `1.0` are one number and a tuple is a list: Python and TypeScript agree.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from crdt.canonical import MAX_SAFE, plain
from crdt.errors import InvalidEdit
from crdt.schema import CONTAINER, DEFAULT_LEVELS, Id, LodLevel, LodSettings, Mesh

MAX_DEPTH = 64
M = TypeVar("M", bound=BaseModel)


def as_json(value: Any) -> str:
    """JSON text for pydantic; binaries as `{"$bytes": base64}`."""
    return json.dumps(plain(value), default=lambda b: {"$bytes": base64.b64encode(b).decode()})


def is_valid(adapter: TypeAdapter[Any], value: Any) -> bool:
    try:
        adapter.validate_json(as_json(value), strict=True)
    except ValidationError:
        return False
    return True


@cache
def fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The model's fields by the key that the document uses."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


@cache
def containers(model: type[BaseModel]) -> tuple[str, ...]:
    """Keys that hold nested Y.Maps."""
    return tuple(
        key
        for key, info in fields(model).items()
        if isinstance(info.json_schema_extra, dict) and info.json_schema_extra.get(CONTAINER)
    )


def _adapter(info: FieldInfo) -> TypeAdapter[Any]:
    kind: Any = Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
    return TypeAdapter(kind)


@cache
def field_adapters(model: type[BaseModel]) -> dict[str, TypeAdapter[Any]]:
    return {key: _adapter(info) for key, info in fields(model).items()}


@cache
def entry_adapters(model: type[BaseModel], container: str) -> tuple[TypeAdapter[Any], TypeAdapter[Any]]:
    """(key, value) of a container's entries."""
    key, value = get_args(fields(model)[container].annotation)
    return TypeAdapter(key), TypeAdapter(value)


LEVEL: TypeAdapter[Any] = TypeAdapter(LodLevel | None)


def entry_is_valid(model: type[BaseModel], container: str, key: str, value: Any) -> bool:
    """Whether one entry of a container is well-typed; unknown settings of a mesh's `lod` are left alone."""
    if model is Mesh and container == "lod":
        return lod_entry_is_valid(key, value)
    key_adapter, value_adapter = entry_adapters(model, container)
    return is_valid(key_adapter, key) and is_valid(value_adapter, value)


def is_lod_level(key: str) -> bool:
    return len(key) == 1 and "1" <= key <= "8"


def lod_entry_is_valid(key: str, value: Any) -> bool:
    if is_lod_level(key):
        return is_valid(LEVEL, value)
    adapter = field_adapters(LodSettings).get(key)
    return adapter is None or is_valid(adapter, value)


def lod_key_is_known(key: str) -> bool:
    return is_lod_level(key) or key in fields(LodSettings)


assert all(map(is_lod_level, DEFAULT_LEVELS))


def faults(model: type[BaseModel], data: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Paths (key, or container and entry key) in a record's data that are ill-typed."""
    found: list[tuple[str, ...]] = []
    adapters = field_adapters(model)
    for key, value in data.items():
        if key in containers(model):
            found += _container_faults(model, key, value)
        elif key in adapters and not is_valid(adapters[key], value):
            found.append((key,))
    return found


def _container_faults(model: type[BaseModel], container: str, value: Any) -> list[tuple[str, ...]]:
    if not isinstance(value, dict):
        return [(container,)]
    return [(container, key) for key, item in value.items() if not entry_is_valid(model, container, key, item)]


def _without(data: Mapping[str, Any], paths: list[tuple[str, ...]]) -> dict[str, Any]:
    sound = {key: dict(value) if isinstance(value, dict) else value for key, value in data.items()}
    for path in paths:
        target = sound if len(path) == 1 else sound[path[0]]
        del target[path[-1]]
    return sound


def read_model(model: type[M], data: Mapping[str, Any]) -> M:
    """A record from what the document holds; ill-typed keys read as their defaults."""
    text = as_json(dict(data))
    try:
        return model.model_validate_json(text, strict=True)
    except ValidationError:
        sound = _without(data, faults(model, data))
        return model.model_validate_json(as_json(sound), strict=True)


def read_value(model: type[M], value: Any) -> M | None:
    """An atomic value, or None where it is ill-typed."""
    try:
        return model.model_validate_json(as_json(value), strict=True)
    except ValidationError:
        return None


def clean(value: Any) -> Any:
    """A JSON value fit to be written; InvalidEdit("bad_value") for what JSON or a JavaScript number cannot be."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", by_alias=True)
    return _clean(value, MAX_DEPTH)


def _clean(value: Any, depth: int) -> Any:
    if depth == 0:
        raise InvalidEdit("bad_value", f"The value is nested more than {MAX_DEPTH} levels deep.")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, BaseModel):
        return clean(value)
    if isinstance(value, int | float):
        return _clean_number(value)
    if isinstance(value, str):
        return _clean_text(value)
    if isinstance(value, list | tuple):
        return [_clean(item, depth - 1) for item in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {_clean_text(key): _clean(item, depth - 1) for key, item in value.items()}
    raise InvalidEdit("bad_value", f"{type(value).__name__} is no JSON value.")


def _clean_number(value: float) -> int | float:
    if not math.isfinite(value):
        raise InvalidEdit("bad_value", f"{value} is not a finite number.")
    if isinstance(value, int) and abs(value) > MAX_SAFE:
        raise InvalidEdit("bad_value", f"{value} is outside ±(2^53 − 1).")
    if isinstance(value, float):
        whole = plain(value)
        return whole if isinstance(whole, int) else float(value)
    return int(value)


def _clean_text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidEdit("bad_value", f"{value!r} holds half of a surrogate pair.") from error
    return str(value)


def explain(error: ValidationError) -> str:
    """The first finding of pydantic as a sentence."""
    first = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where + ': ' if where else ''}{first['msg']} (found {str(first['input'])[:80]!r})."


def check(adapter: TypeAdapter[Any], value: Any, what: str) -> Any:
    """The cleaned value, or InvalidEdit("bad_value") that says what was wrong with `what`."""
    cleaned = clean(value)
    try:
        adapter.validate_json(as_json(cleaned), strict=True)
    except ValidationError as error:
        raise InvalidEdit("bad_value", f"{what}: {explain(error)}") from error
    return cleaned


def check_field(model: type[BaseModel], key: str, value: Any) -> Any:
    """The cleaned value of an atomic field; containers and unknown keys are refused."""
    name = model.__name__.lower()
    if key in containers(model):
        raise InvalidEdit("is_container", f"{name}.{key} is a map of its own: set its entries.")
    adapter = field_adapters(model).get(key)
    if adapter is None:
        raise InvalidEdit("unknown_key", f"A {name} has no {key!r}.", f"One of {', '.join(fields(model))}.")
    return check(adapter, value, f"{name}.{key}")


def check_entry(model: type[BaseModel], container: str, key: str, value: Any) -> Any:
    """The cleaned value of one entry of a container."""
    cleaned = clean(value)
    known = not (model is Mesh and container == "lod") or lod_key_is_known(key)
    if not known or not entry_is_valid(model, container, key, cleaned):
        raise InvalidEdit("bad_value", f"{model.__name__.lower()}.{container}[{key!r}]: {cleaned!r} does not fit.")
    return cleaned


@cache
def id_adapter() -> TypeAdapter[Any]:
    return TypeAdapter(Id)


@cache
def value_adapter(model: type[BaseModel]) -> TypeAdapter[Any]:
    return TypeAdapter(model)
