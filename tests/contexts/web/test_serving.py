"""The screens over HTTP: every address of the app, caching, policy, and what is not theirs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from fks.contexts.web.http import routes
from fks.contexts.web.service import Screens
from fks.kernel.health import ContextHealth, Status
from fks.kernel.http import Face, build_http
from fks.kernel.sections import HttpSettings
from fks.kernel.telemetry import Metrics

SCRIPT = b"export const answer = 42;\n" * 100


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """Write a build as `build_web.py` leaves it."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>FKS</title>")
    (folder / "icon.svg").write_text("<svg/>")
    (folder / "theme.js").write_text("1;")
    (folder / "sources.sha256").write_text("abc")
    (folder / "assets" / "index-abc123.js").write_bytes(SCRIPT)
    return folder


@pytest.fixture
async def app(build: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Serve that build behind the kernel's own guard and framework."""

    async def health() -> dict[str, ContextHealth]:
        return {"web": ContextHealth(status=Status.HEALTHY)}

    runtime: Any = SimpleNamespace(singleton=lambda kind, make: Screens(build))
    face = Face(version="1", health=health, metrics=Metrics(), new_id=lambda: "id")
    application = build_http(routes(runtime), face, HttpSettings(), host="127.0.0.1", port=8000)
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.mark.parametrize(
    "path", ["/", "/chart", "/backtests", "/backtests/abc", "/compare", "/trade/risk"]
)
async def test_every_address_of_the_app_leads_to_its_page(
    app: httpx.AsyncClient, path: str
) -> None:
    """Lost: a bookmark or a reload of an inner page would end in an error."""
    answer = await app.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>FKS</title>" in answer.text
    assert (await app.head(path)).status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/ws", "/nothing", "/chart/deeper", "/static"])
async def test_other_addresses_are_not_swallowed(app: httpx.AsyncClient, path: str) -> None:
    """Lost: a wrong API address answered with a page looks like success to a program."""
    answer = await app.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/health", "/docs/openapi.json"])
async def test_addresses_of_the_process_stay(app: httpx.AsyncClient, path: str) -> None:
    """Lost: the screens would hide the health of the process or its description."""
    answer = await app.get(path)
    assert answer.headers["content-type"].startswith(("application/json", "application/vnd.oai"))


async def test_the_page_allows_no_inline_code_and_is_always_checked(app: httpx.AsyncClient) -> None:
    """Lost: injected markup could run, or a browser would keep asking for files of an old build."""
    answer = await app.get("/")
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["cache-control"] == "no-cache"


async def test_assets_are_kept_for_ever_and_travel_packed(app: httpx.AsyncClient) -> None:
    """Lost: each page load would fetch half a megabyte again."""
    answer = await app.get("/assets/index-abc123.js", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == SCRIPT
    assert int(answer.headers["content-length"]) < len(SCRIPT) / 4
    plain = await app.get("/assets/index-abc123.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == SCRIPT


async def test_an_unchanged_page_is_not_sent_again(app: httpx.AsyncClient) -> None:
    """Lost: the check that `no-cache` asks for would cost a full download."""
    first = await app.get("/theme.js")
    again = await app.get("/theme.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/assets/missing.js", "/assets/..%2findex.html", "/assets/..%2f..%2fplugin.py"]
)
async def test_only_files_of_the_build_are_served(app: httpx.AsyncClient, path: str) -> None:
    """Lost: a path in a request could reach any file of the machine."""
    answer = await app.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_new_build_is_served_without_a_restart(app: httpx.AsyncClient, build: Path) -> None:
    """Lost: whoever works on the screens would look at old ones."""
    await app.get("/")
    (build / "index.html").write_text("<!doctype html><title>FKS two</title>")
    assert "FKS two" in (await app.get("/")).text


async def test_screens_that_were_never_built_say_how(app: httpx.AsyncClient, build: Path) -> None:
    """Lost: a source checkout would greet its user with a bare 404."""
    (build / "index.html").unlink()
    answer = await app.get("/")
    assert answer.status_code == 503
    assert "python build_web.py" in answer.text


async def test_health_says_whether_there_are_screens(build: Path) -> None:
    """Lost: an installation without screens would count as healthy."""
    screens = Screens(build)
    assert (await screens.probe()).status is Status.HEALTHY
    (build / "index.html").unlink()
    assert (await screens.probe()).status is Status.DEGRADED
