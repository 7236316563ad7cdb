"""`fks serve` in real processes: starts whole or not at all, guards itself, stops in order."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import time
from pathlib import Path

import httpx
import pytest

from .processes import Served, refused

pytestmark = pytest.mark.e2e


def test_it_serves_and_stops_in_order_on_either_signal(tmp_path: Path) -> None:
    """Lost: a supervisor or Ctrl-C would cut work off, or find a process that never ends."""
    for number in (signal.SIGTERM, signal.SIGINT):
        with Served(tmp_path / "home", "--port", "0") as served:
            got = httpx.get(f"{served.url}/health")
            assert got.status_code == 200, got.text
            assert got.headers["x-content-type-options"] == "nosniff"
            begun = time.monotonic()
            assert served.stop(number) == 0
            assert time.monotonic() - begun < 15
            assert "Traceback" not in served.said, served.said
    assert (tmp_path / "home").stat().st_mode & 0o077 == 0


def test_a_stop_waits_for_an_open_socket_no_longer_than_it_says(tmp_path: Path) -> None:
    """Lost: an open chart page would keep the process from stopping."""
    with Served(tmp_path, "--port", "0") as served:
        host, port = served.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as idle:
            idle.sendall(
                f"GET /ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
            )
            assert b"101 Switching Protocols" in idle.recv(4096)
            begun = time.monotonic()
            assert served.stop() == 0
            assert time.monotonic() - begun < 15


def test_a_foreign_page_gets_nothing_from_the_real_server(tmp_path: Path) -> None:
    """Lost: the guard would be there in tests and missing in the process."""
    with Served(tmp_path, "--port", "0") as served:
        for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
            got = httpx.get(f"{served.url}/health", headers=headers)
            assert got.status_code == 403
            assert got.json()["correlation_id"] == got.headers["x-correlation-id"]


def test_a_port_in_use_is_one_line_and_nothing_was_started(tmp_path: Path) -> None:
    """Lost: a second start would touch the database before it finds out that it cannot serve."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, said = refused(tmp_path / "home", "serve", "--port", str(port))
    assert code == 4
    assert said.count("\n") == 1 and f"port {port} is in use" in said
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--host", "0.0.0.0"), 5, "only this machine may connect"),
        (("--only", "engin"), 3, "no context 'engin'; there are"),
        (("--bus", "nats://127.0.0.1:1"), 6, "no NATS server at nats://127.0.0.1:1"),
        (("--bus", "carrier://pigeon"), 2, "no transport for carrier"),
        (("--database", "oracle://x"), 2, "'oracle' is not supported"),
        (("--database", "postgresql://nobody@127.0.0.1:1/none"), 6, "cannot"),
        (("--config", "/gone.toml"), 2, "/gone.toml: no such file"),
    ],
)
def test_what_cannot_work_is_one_line_that_says_so(
    tmp_path: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    """Lost: the operator would read a traceback, or watch a process that serves nothing."""
    got, said = refused(tmp_path, "serve", "--port", "0", *arguments)
    assert (got, said.count("\n")) == (code, 1), said
    assert words in said


def test_a_database_locked_by_another_is_said(tmp_path: Path) -> None:
    """Lost: the process would hang, or start without its tables."""
    database = sqlite3.connect(tmp_path / "fks.db", isolation_level=None)
    database.execute("BEGIN EXCLUSIVE")
    code, said = refused(tmp_path, "serve", "--port", "0")
    database.close()
    assert (code, said.count("\n")) == (6, 1), said
    assert "database is locked" in said
    with Served(tmp_path, "--port", "0") as served:
        assert httpx.get(f"{served.url}/health").status_code == 200


def test_logs_are_json_lines_with_the_correlation_id(tmp_path: Path) -> None:
    """Lost: a log collector could not read what a request caused."""
    with Served(tmp_path, "--port", "0") as served:
        correlation_id = httpx.get(f"{served.url}/nowhere?key=hush").headers["x-correlation-id"]
        served.stop()
        lines = [json.loads(line) for line in served.said.splitlines() if line.startswith("{")]
    found = [line for line in lines if line.get("correlation_id") == correlation_id]
    assert found and found[0]["event"] == "http_request" and found[0]["status"] == 404
    assert "hush" not in served.said


def test_a_process_without_routes_takes_any_free_port(tmp_path: Path) -> None:
    """Lost: the second process of a network bus would collide with the first."""
    with (
        Served(tmp_path, "--only", "engine") as first,
        Served(tmp_path, "--only", "transformer") as second,
    ):
        assert first.url != second.url
        for served, name in ((first, "engine"), (second, "transformer")):
            contexts = httpx.get(f"{served.url}/health").json()["contexts"]
            assert contexts.keys() == {"kernel", name}
