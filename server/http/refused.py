"""Every refusal as `{"error": {"code", "message", "hint"}}`, whoever raised it."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from crdt.errors import MaquetteError
from server.errors import Refusal, TooMany, status_of
from server.storage.base import StorageUnavailable

log = structlog.get_logger()

_QUOTA_CODES = frozenset({"too_many_jobs", "storage_full"})
_CODES = {404: "not_found", 405: "method_not_allowed", 415: "unsupported_media_type"}


def install(app: FastAPI) -> None:
    """Answer all errors of an application in the one shape."""
    app.add_exception_handler(MaquetteError, _of_ours)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_framework)
    app.add_exception_handler(DBAPIError, _of_database)
    app.add_exception_handler(ConnectionError, _of_database)
    app.add_exception_handler(Exception, _of_bug)


async def _of_ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, MaquetteError)
    if isinstance(error, TooMany) or error.code in _QUOTA_CODES:
        request.app.state.telemetry.limited.labels(error.code).inc()
    headers = dict(error.headers) if isinstance(error, Refusal) else {}
    status = 503 if isinstance(error, StorageUnavailable) else status_of(error)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse({"error": error.as_json()}, status, headers)


async def _of_validation(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    told = "; ".join(f"{'.'.join(map(str, issue['loc']))}: {issue['msg']}" for issue in found[:5])
    more = f" (and {len(found) - 5} more)" if len(found) > 5 else ""
    return _answer(422, "invalid_request", told + more, "see /api/docs")


async def _of_framework(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, MaquetteError):  # the framework wraps what is raised while it reads a body
        return await _of_ours(request, error.__cause__)
    code = _CODES.get(error.status_code, "bad_request" if error.status_code < 500 else "internal")
    return _answer(error.status_code, code, f"{request.method} {request.url.path[:200]}: {error.detail}")


async def _of_database(request: Request, error: Exception) -> JSONResponse:
    found = error.orig if isinstance(error, DBAPIError) else error
    log.error("database_failed", method=request.method, path=request.url.path, error=f"{found}")
    answer = _answer(503, "storage_unavailable", "the database does not answer", "try again in a moment")
    answer.headers["Retry-After"] = "2"
    return answer


async def _of_bug(request: Request, error: Exception) -> JSONResponse:
    log.error("unhandled", method=request.method, path=request.url.path, exc_info=error)
    route = str(getattr(request.scope.get("route"), "path", "none"))
    request.app.state.crash_reports.write(error, f"{request.method} {route}")
    return _answer(500, "internal", "the server made a mistake; it is in its log", "try again; if it stays, report it")


def _answer(status: int, code: str, message: str, hint: str = "") -> JSONResponse:
    body: dict[str, Any] = {"error": {"code": code, "message": message, "hint": hint}}
    return JSONResponse(body, status)
