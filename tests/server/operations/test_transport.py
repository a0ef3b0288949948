"""TLS, the headers of answers, which origins may ask, and whose word about the client is taken (REQUIREMENTS 18.11)."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from server.http.proxies import Networks, address_of
from tests.support.server import api, running_app, running_server, serving, settings_for

FRIEND = "https://pages.example"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for this machine, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


async def test_https_and_wss_with_a_self_signed_certificate(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    environment = {"MAQUETTE_TLS_CERT": str(cert), "MAQUETTE_TLS_KEY": str(key), "SSL_CERT_FILE": str(cert)}
    trusting = ssl.create_default_context(cafile=str(cert))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(cert))
        with running_server(tmp_path, environment=environment) as server:
            assert server.url.startswith("https://")
            async with httpx.AsyncClient(base_url=server.url, verify=trusting) as client:
                answer = await client.post("/api/v1/projects", json={"name": "x"})
                assert answer.headers["strict-transport-security"].startswith("max-age=")
                assert "secure" in (await client.get("/api/v1/session")).headers["set-cookie"].lower()
                url = f"{server.sync_url}/{answer.json()['id']}/scene"
            assert url.startswith("wss://")
            async with connect(url, ssl=trusting) as socket:
                assert await socket.recv()


def test_a_certificate_without_its_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="belong together"):
        settings_for(tmp_path, tls_cert=tmp_path / "cert.pem")


async def test_headers_of_every_answer(client: httpx.AsyncClient) -> None:
    for path in ("/", "/api/v1/projects", "/healthz", "/api/v1/nothing"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "strict-transport-security" not in headers, "plain HTTP promises nothing"
        assert headers["x-request-id"]


async def test_only_listed_origins_may_read_answers(tmp_path: Path) -> None:
    async with api(tmp_path, cors_origins=[FRIEND]) as client:
        asked = {"Origin": FRIEND, "Access-Control-Request-Method": "PATCH"}
        preflight = await client.options("/api/v1/projects", headers=asked)
        assert preflight.headers["access-control-allow-origin"] == FRIEND
        answer = await client.get("/api/v1/projects", headers={"Origin": FRIEND})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, FRIEND)
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        for origin in ("https://evil.example", "https://pages.example.evil", "http://pages.example", "null"):
            answer = await client.get("/api/v1/projects", headers={"Origin": origin})
            assert answer.status_code == 403, origin
            assert "access-control-allow-origin" not in answer.headers


async def test_the_same_list_holds_for_sockets(tmp_path: Path) -> None:
    async with serving(tmp_path, cors_origins=[FRIEND]) as server, httpx.AsyncClient(base_url=server.url) as client:
        project = (await client.post("/api/v1/projects", json={"name": "x"})).json()["id"]
        async with connect(f"{server.sync_url}/{project}/scene", origin=Origin(FRIEND)) as socket:
            assert await socket.recv()
        with pytest.raises(InvalidStatus):
            await connect(f"{server.sync_url}/{project}/scene", origin=Origin("https://evil.example"))


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "seen"),
    [
        ([], "10.0.0.1", "203.0.113.9", "10.0.0.1"),
        (["10.0.0.0/8"], "192.0.2.4", "203.0.113.9", "192.0.2.4"),
        (["10.0.0.0/8"], "10.0.0.1", "203.0.113.9", "203.0.113.9"),
        (["10.0.0.0/8"], "10.0.0.1", "198.51.100.7, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (["10.0.0.0/8"], "10.0.0.1", "not an address", "10.0.0.1"),
        (["10.0.0.0/8"], "10.0.0.1", "", "10.0.0.1"),
    ],
)
async def test_only_trusted_proxies_say_who_the_client_is(
    tmp_path: Path, trusted: list[str], peer: str, forwarded: str, seen: str
) -> None:
    """Told by the metrics, which are shown to one address only."""
    values = {"host": "0.0.0.0", "trusted_proxies": trusted, "metrics_allowed": [seen]}
    async with running_app(tmp_path, **values) as app:
        transport = httpx.ASGITransport(app, client=(peer, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            headers = {"X-Forwarded-For": forwarded} if forwarded else {}
            expected = 200 if trusted or not forwarded else 403
            assert (await client.get("/metrics", headers=headers)).status_code == expected


def test_addresses_are_counted_as_customers_have_them() -> None:
    def counted(address: str) -> str:
        return address_of({"type": "http", "client": (address, 1)})

    assert counted("2001:db8:1:2:3:4:5:6") == counted("2001:db8:1:2::1") == "2001:db8:1:2::"
    assert counted("::ffff:192.0.2.1") == "192.0.2.1"
    assert address_of({"type": "http"}) == ""
    assert "::ffff:127.0.0.1" in Networks(["127.0.0.0/8"])


async def test_metrics_are_for_those_who_run_the_server(tmp_path: Path) -> None:
    async with running_app(tmp_path, host="0.0.0.0", metrics_token="a-token-of-the-operator") as app:
        transport = httpx.ASGITransport(app, client=("203.0.113.9", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            refused = await client.get("/metrics")
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "metrics_not_allowed")
            assert (await client.get("/readyz")).json() == {"ready": True}
            token = {"Authorization": "Bearer a-token-of-the-operator"}
            assert (await client.get("/metrics", headers=token)).status_code == 200
            assert "peers" in (await client.get("/readyz", headers=token)).json()
