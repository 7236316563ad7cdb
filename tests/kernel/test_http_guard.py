"""The guard and the observer: who is let in, and what is kept of it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import structlog
from structlog.testing import capture_logs

from fks.kernel.http import is_loopback
from fks.kernel.telemetry import Metrics

from .http_app import application, client, face

SITE = "sec-fetch-site"
PAGE = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    structlog.reset_defaults()
    with capture_logs():
        yield


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "LOCALHOST:8000"]
)
async def test_the_loopback_names_are_served(host: str) -> None:
    """Lost: a person could not use the name they are used to."""
    async with client() as http:
        assert (await http.get("/health", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "127.0.0.1:9999",
        "127.0.0.1",
        "localhost.evil.example:8000",
        "127.0.0.1:8000.evil.example",
        "user@127.0.0.1:8000",
        "",
    ],
)
async def test_a_foreign_host_is_refused(host: str) -> None:
    """Lost: by DNS rebinding any web page could use this server under its own name."""
    async with client() as http:
        got = await http.get("/health", headers={"host": host})
    assert got.status_code == 403
    assert got.json()["code"] == "http.foreign_host"
    assert "127.0.0.1:8000" in got.json()["detail"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://127.0.0.1:8000"}, 200),
        ({"origin": "http://localhost:8000"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),
        ({"origin": "https://127.0.0.1:8000"}, 403),
        ({"origin": "null"}, 403),
        ({SITE: "none"}, 200),
        ({SITE: "same-origin"}, 200),
        ({SITE: "cross-site"}, 403),
        ({SITE: "cross-site", **PAGE}, 403),
        ({SITE: "same-site"}, 403),
        ({SITE: "same-site", **PAGE}, 200),
        ({SITE: "same-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}, 403),
    ],
)
async def test_pages_of_other_sites_get_nothing(headers: dict[str, str], status: int) -> None:
    """Lost: a page in the operator's browser could start sessions and read positions."""
    async with client() as http:
        assert (await http.get("/health", headers=headers)).status_code == status


async def test_two_hosts_are_refused() -> None:
    """Lost: what stands before and behind this server could read different ones."""
    async with client() as http:
        request = http.build_request("GET", "/health")
        request.headers = httpx.Headers([("host", "127.0.0.1:8000"), ("host", "evil.example")])
        assert (await http.send(request)).status_code == 400


@pytest.mark.parametrize(
    ("headers", "accepted"),
    [
        ([(b"host", b"127.0.0.1:8000")], True),
        ([(b"host", b"127.0.0.1:8000"), (b"origin", b"http://127.0.0.1:8000")], True),
        ([(b"host", b"127.0.0.1:8000"), (b"origin", b"https://evil.example")], False),
        ([(b"host", b"evil.example")], False),
    ],
)
async def test_sockets_are_guarded_alike(
    headers: list[tuple[bytes, bytes]], accepted: bool
) -> None:
    """Lost: browsers let any page open a socket; only the server can refuse it."""
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": "/ws",
        "raw_path": b"/ws",
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "subprotocols": [],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "extensions": {},
    }
    inbox = [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "hello"}]
    inbox += [{"type": "websocket.disconnect", "code": 1000}] * 3
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return inbox.pop(0)  # type: ignore[return-value]

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await application()(scope, receive, send)
    if accepted:
        assert [m["type"] for m in sent][:2] == ["websocket.accept", "websocket.send"]
    else:
        assert sent == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize("path", ["/health", "/nowhere", "/docs", "/fails/bug", "/metrics"])
async def test_every_answer_carries_the_security_headers(path: str) -> None:
    """Lost: one forgotten route could be framed, sniffed or fed with scripts."""
    async with client() as http:
        headers = (await http.get(path)).headers
    policy = headers["content-security-policy"]
    assert "script-src 'self';" in policy and "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-correlation-id"]
    assert "server" not in headers


async def test_the_access_log_keeps_no_query_body_or_header() -> None:
    """Lost: passwords and tokens would lie in the log."""
    with capture_logs() as logs:
        async with client() as http:
            await http.post(
                "/orders?token=hush", json={"size": 1, "note": "hush"}, headers={"cookie": "hush"}
            )
    assert "hush" not in str(logs)
    line = next(entry for entry in logs if entry["event"] == "http_request")
    assert (line["method"], line["path"], line["status"]) == ("POST", "/orders", 201)


async def test_a_bad_correlation_id_is_replaced() -> None:
    """Lost: a caller could write what it likes into the log."""
    async with client() as http:
        for bad in ("", "x" * 65, "a b", 'a"b'):
            got = await http.get("/health", headers={"X-Correlation-Id": bad})
            assert got.headers["x-correlation-id"].startswith("id-")


async def test_figures_are_kept_by_route_and_never_by_path() -> None:
    """Lost: a scan of random paths would grow the metrics without bound."""
    metrics = Metrics()
    app = application(face=face(metrics=metrics))
    async with client(app) as http:
        for number in range(5):
            await http.get(f"/nowhere/{number}")
            await http.get(f"/fails/missing{number}")
        await http.get("/health", headers={"host": "evil.example"})
        text = (await http.get("/metrics")).text
    assert 'route="/fails/{how}",status="500"} 5.0' in text
    assert 'route="unmatched",status="404"} 5.0' in text
    assert "nowhere" not in text
    assert 'fks_http_refused_total{reason="http.foreign_host"} 1.0' in text


def test_only_this_machine_is_loopback() -> None:
    """Lost: the refusal of other addresses could be walked around by another spelling."""
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "", "10.0.0.1", "localhost.evil", "example")))
