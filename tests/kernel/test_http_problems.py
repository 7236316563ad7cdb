"""Errors over HTTP: one form, nothing leaked, and no input that makes the server fail."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import capture_logs

from fks.kernel.health import Status

from .http_app import application, client, face


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    structlog.reset_defaults()
    with capture_logs():
        yield


async def test_a_failure_of_the_world_is_told_with_code_and_correlation_id() -> None:
    """Lost: a client could not tell a missing dataset from a missing page."""
    async with client() as http:
        got = await http.get("/fails/missing", headers={"X-Correlation-Id": "abc-1"})
    assert got.status_code == 404
    assert got.headers["content-type"] == "application/problem+json"
    assert got.headers["x-correlation-id"] == "abc-1"
    assert got.json() == {
        "type": "urn:fks:data.dataset_not_found",
        "title": "What was asked for does not exist.",
        "status": 404,
        "detail": "no dataset 'x'; there are a, b",
        "instance": "/fails/missing",
        "code": "data.dataset_not_found",
        "correlation_id": "abc-1",
    }


async def test_an_absent_context_is_503_with_reason_and_time() -> None:
    """Lost: a client would not know whether and when to try again."""
    async with client() as http:
        got = await http.get("/fails/away")
    assert (got.status_code, got.headers["retry-after"]) == (503, "2")
    assert got.json()["detail"] == "engine does not run"


async def test_a_bug_tells_nothing_but_where_to_look() -> None:
    """Lost: internals would reach whoever asks."""
    with capture_logs() as logs:
        async with client() as http:
            got = await http.get("/fails/bug")
    assert got.status_code == 500
    assert "secret" not in got.text and "Traceback" not in got.text
    assert got.json()["code"] == "fks.bug"
    logged = [entry for entry in logs if entry["event"] == "http_failed"]
    assert str(logged[0]["exc_info"]) == "secret internals: /etc/passwd"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"size": 1, "extra": ' + b"[" * 2000 + b"]" * 2000 + b"}", 400),
        (b'{"size": 1, "ignored": ' + b'{"a":' * 2000 + b"1" + b"}" * 2000 + b"}", 400),
        (b'{"size": 1, "note": "\xff\xfe"}', 400),
        (b'{"size": 1, "note": "\\ud800"}', 400),
        (b'{"size": ' + b"9" * 400 + b"}", 400),
        (b'{"size": 9223372036854775808}', 400),
        (b'{"size": 1, "extra": {"a": [-9223372036854775809]}}', 400),
        (b'{"size": 1e400}', 400),
        (b'{"size": 1, "other": 2}', 400),
        (b'{"size": "x"}', 400),
        (b'{"size": "9223372036854775808"}', 400),
        (b'{"size": "' + b"9" * 5000 + b'"}', 400),
        (b"{", 400),
        (b"", 400),
        (b"null", 400),
        (b"\x00", 400),
        (b'{"size": 1, "note": "' + b"x" * (1 << 20) + b'"}', 413),
        (b'{"size": 9223372036854775807}', 201),
        (b'{"size": 1, "note": "a9999999999999999999999999"}', 201),
    ],
)
async def test_no_body_makes_the_server_fail(body: bytes, status: int) -> None:
    """Lost: anyone could fill the log with tracebacks, or carry a number too large inwards."""
    async with client() as http:
        got = await http.post("/orders", content=body, headers={"content-type": "application/json"})
    assert got.status_code == status, got.text
    if status >= 400:
        assert got.headers["content-type"] == "application/problem+json"
        assert got.json()["status"] == status


@pytest.mark.parametrize("number", ["9223372036854775808", "-" + "9" * 19, "9" * 5000])
async def test_no_number_in_the_query_makes_the_server_fail(number: str) -> None:
    """Lost: a long number would overflow behind the framework."""
    async with client() as http:
        assert (await http.get("/count", params={"number": number})).status_code == 400
        ok = await http.get("/count", params={"number": "9223372036854775807"})
    assert ok.text == "9223372036854775807"


async def test_what_the_framework_refuses_has_the_same_form() -> None:
    """Lost: clients would have to read two forms of error."""
    async with client() as http:
        wrong = await http.post("/orders", json={"size": "x"})
        absent = await http.get("/nowhere")
        method = await http.put("/orders", json={})
        query = await http.get("/count?number=x")
    assert [r.json()["code"] for r in (wrong, absent, method, query)] == [
        "http.bad_request",
        "http.no_route",
        "http.method_not_allowed",
        "http.bad_request",
    ]
    assert wrong.json()["errors"] == [
        {"message": "Expected `int`, got `str`", "key": "size", "source": "body"}
    ]
    assert method.headers["allow"]


async def test_health_is_503_once_a_context_is_unhealthy() -> None:
    """Lost: a supervisor outside would keep a sick process in service."""
    for status, code in ((Status.HEALTHY, 200), (Status.DEGRADED, 200), (Status.UNHEALTHY, 503)):
        async with client(application(face=face(status))) as http:
            got = await http.get("/health")
        assert got.status_code == code
        assert got.json()["status"] == got.json()["contexts"]["data"]["status"] == status.value


async def test_the_documentation_needs_nothing_from_outside() -> None:
    """Lost: /docs would stay empty on a machine without a network."""
    async with client() as http:
        page = await http.get("/docs")
        schema = await http.get("/docs/openapi.json")
        parts = [
            await http.get(f"/docs/assets/{name}")
            for name in ("swagger-ui-bundle.js", "swagger-ui.css", "start.js")
        ]
        stranger = await http.get("/docs/assets/..%2f__init__.py")
    assert "<script>" not in page.text and "http://" not in page.text and "//cdn" not in page.text
    assert json.loads(schema.text)["openapi"].startswith("3.1")
    assert [part.status_code for part in parts] == [200, 200, 200]
    assert stranger.status_code == 404
