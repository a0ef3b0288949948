"""The peer's HTTP: what answers mean, damaged blobs, blobs that are there already; and the command's options."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from compute.blob_client import BlobClient
from compute.errors import LeaseLost, PeerError, ServerAway
from compute.lease_client import LeaseClient, Leased
from compute.operation import Request
from compute.settings import Settings

TOP = Path(__file__).parents[3]
LEASED = Leased(Request("job", "plain", {}, {}), "project", 1, "token", 30.0)


def answering(status: int, **body) -> httpx.AsyncClient:
    transport = httpx.MockTransport(lambda request: httpx.Response(status, **body))  # noqa: ARG005
    return httpx.AsyncClient(transport=transport, base_url="http://server")


def refusal(code: str) -> dict:
    return {"json": {"error": {"code": code, "message": "found", "hint": "expected"}}}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (409, refusal("lease_lost"), LeaseLost),
        (409, refusal("job_cancelled"), LeaseLost),
        (422, refusal("bad_result"), PeerError),
        (503, refusal("stopping"), ServerAway),
        (502, {"text": "<html>Bad gateway</html>"}, ServerAway),
        (500, {"text": "oops"}, PeerError),
    ],
)
async def test_what_an_answer_means(status, body, error):
    async with answering(status, **body) as http:
        with pytest.raises(error) as raised:
            await LeaseClient(http).heartbeat(LEASED, 0.5, "half")
    assert type(raised.value) is error


async def test_a_server_that_cannot_be_reached_is_away():
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    async with httpx.AsyncClient(transport=httpx.MockTransport(fail), base_url="http://server") as http:
        with pytest.raises(ServerAway):
            await LeaseClient(http).lease("peer", ["plain"], 0)
        with pytest.raises(ServerAway):
            await BlobClient(http).fetch("project", "0" * 64, Path("/dev/null"))


async def test_nothing_to_do():
    async with answering(204) as http:
        assert await LeaseClient(http).lease("peer", ["plain"], 0) is None


async def test_a_blob_with_other_bytes_is_not_taken(tmp_path):
    async with answering(200, content=b"other bytes") as http:
        with pytest.raises(PeerError) as raised:
            await BlobClient(http).fetch("project", hashlib.sha256(b"the bytes").hexdigest(), tmp_path / "blob")
    assert raised.value.code == "blob_damaged"


async def test_a_blob_that_is_there_is_not_sent_again(tmp_path):
    asked: list[str] = []
    stored = {"old"}

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url.path.rsplit('/', 1)[-1]}")
        return httpx.Response(200 if request.url.path.endswith(tuple(stored)) or request.method == "PUT" else 404)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://server") as http:
        for name in ("old", "new"):
            (tmp_path / name).write_bytes(b"data")
            await BlobClient(http).upload("project", tmp_path / name)
    assert asked == ["HEAD old", "HEAD new", "PUT new"]


def command(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "compute", "peer", *options], cwd=TOP, capture_output=True, text=True, timeout=60,
        env={"COLUMNS": "200", "PATH": "/usr/bin"}, check=False,
    )  # fmt: skip


def test_help_names_every_setting():
    shown = command("--help").stdout
    for field in Settings.model_fields:
        assert f"MAQUETTE_PEER_{field.upper()}" in shown
        assert f"--{field.replace('_', '-')}" in shown


def test_a_missing_token_and_unknown_operations_are_told(tmp_path):
    missing = command("--token-file", str(tmp_path / "absent"))
    assert missing.returncode == 2
    assert "token" in missing.stderr
    unknown = command("--ops", "import,knit")
    assert unknown.returncode == 2
    assert "knit" in unknown.stderr
