"""`fks data keys`: from stdin to the provider, and to no other place."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.contexts.data.fetching.fault_server import answer, fault_server

from fks.cli import program
from fks.contexts.data.store.keys import KeyStore
from fks.kernel.errors import Denied, FksError, NotFound

SECRET = "pk_live_0123456789abcdef"
OTHER = "pk_live_fedcba9876543210"


def invoke(home: Path, *arguments: str, given: str | None = None) -> Result:
    """Run the program in this process."""
    return CliRunner().invoke(program, ["--home", str(home), "data", *arguments], input=given)


def answered(home: Path, *arguments: str, given: str | None = None) -> Any:
    """Return the one JSON document of a command."""
    result = invoke(home, *arguments, "--json", given=given)
    assert result.exception is None, result.output
    assert SECRET not in result.output
    return json.loads(result.stdout)


def refused(home: Path, *arguments: str, given: str | None = None) -> FksError:
    """Return the error that a command ends with."""
    result = invoke(home, *arguments, given=given)
    assert isinstance(result.exception, FksError), result.output
    for secret in (SECRET, OTHER):
        assert secret not in f"{result.output} {result.exception!r} {result.exception}"
    return result.exception


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return an empty home."""
    return tmp_path / "home"


def test_set_list_rotate_remove(home: Path) -> None:
    """Lost: the way a key gets in, is looked at, replaced, and gets out."""
    assert answered(home, "keys", "list") == []
    (made,) = answered(home, "keys", "set", "polygon", given=f"{SECRET}\n")
    assert made["masked"] == "****cdef"
    (rotated,) = answered(home, "keys", "rotate", "polygon", given=OTHER)
    assert rotated["masked"] == "****3210"
    assert rotated["set_at_ns"] == made["set_at_ns"] < rotated["rotated_at_ns"]
    assert answered(home, "keys", "list") == [rotated]
    assert answered(home, "keys", "rotate-master") == {"sealed": 1}
    assert "****3210" in invoke(home, "keys", "list").output
    described = {one["name"]: one["key"] for one in answered(home, "providers")}
    assert described["polygon"] == "set"
    assert answered(home, "keys", "remove", "polygon")["removed"]
    assert isinstance(refused(home, "keys", "remove", "polygon"), NotFound)
    described = {one["name"]: one["key"] for one in answered(home, "providers")}
    assert described["polygon"] == "missing"


@pytest.mark.parametrize("command", ["set", "rotate"])
def test_a_key_on_the_command_line_is_refused_unrepeated(home: Path, command: str) -> None:
    """Lost: a key in the list of processes, in the history of a shell, and in this error."""
    error = refused(home, "keys", command, "polygon", SECRET)
    assert error.code == "data.key_on_command_line"
    assert not (home / "keys").exists()


def test_what_makes_no_sense_is_said(home: Path) -> None:
    """Lost: a key that is stored and never used."""
    assert refused(home, "keys", "set", "nobody", given=SECRET).code == "data.no_provider"
    assert refused(home, "keys", "set", "binance", given=SECRET).code == "data.no_key_needed"
    assert refused(home, "keys", "set", "polygon", given="").code == "data.bad_key"
    assert refused(home, "keys", "set", "polygon", given="a b c d e\n").code == "data.bad_key"
    assert refused(home, "fetch", "AAPL", "--from", "polygon").code == "data.no_provider_key"


def test_a_damaged_key_is_listed_as_such(home: Path) -> None:
    """Lost: every command, because one file of many is damaged."""
    answered(home, "keys", "set", "polygon", given=SECRET)
    (home / "keys" / "polygon.key").write_bytes(b"damage")
    (listed,) = answered(home, "keys", "list")
    assert "cannot be opened" in listed["fault"]
    described = {one["name"]: one["key"] for one in answered(home, "providers")}
    assert described["polygon"] == "unreadable"
    assert refused(home, "fetch", "AAPL", "--from", "polygon").code == "data.key_unreadable"


def test_the_master_comes_from_the_file_that_the_settings_name(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost: a master key that lives elsewhere than what it opens."""
    from cryptography.fernet import Fernet

    master = tmp_path / "master"
    master.write_bytes(Fernet.generate_key())
    monkeypatch.setenv("FKS__DATA__MASTER_KEY_FILE", str(master))
    answered(home, "keys", "set", "polygon", given=SECRET)
    assert not (home / "keys" / "master").exists()
    assert KeyStore(home, master_file=master, environment={}).key("polygon") == SECRET


def test_the_stored_key_is_sent_and_is_in_no_file_and_no_output(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost: a key in the raw log, since the provider repeated it in its refusal."""
    answered(home, "keys", "set", "polygon", given=SECRET)

    def echo(connection: socket.socket, request: bytes) -> None:
        key = SECRET if SECRET.encode() in request else OTHER
        words = json.dumps({"error": f"key {key} may not", "told": request.decode()})
        answer(403, words.encode())(connection, request)

    with fault_server(echo) as server:
        monkeypatch.setenv("FKS__PROVIDER_POLYGON__BASE_URL", server.url)
        monkeypatch.setenv("FKS__FETCHING__ALLOW_LOOPBACK", "true")
        span = ("--start", "2024-01-02", "--end", "2024-01-03")
        error = refused(home, "fetch", "AAPL", "--from", "polygon", *span)
        assert isinstance(error, Denied)
        assert "key *** may not" in error.message
        assert SECRET.encode() in server.requests[0]
        monkeypatch.setenv("FKS_KEY_POLYGON", OTHER)
        refused(home, "fetch", "AAPL", "--from", "polygon", *span)
        assert OTHER.encode() in server.requests[1], "the environment goes first"
    files = [path for path in home.rglob("*") if path.is_file()]
    assert any(path.suffix == ".log" for path in files), "the refusals are in the raw log"
    for path in files:
        content = path.read_bytes()
        assert b"0123456789" not in content, path
        assert b"fedcba98765" not in content, path
    listed = answered(home, "raw", "list")
    assert SECRET not in json.dumps(listed)


def test_a_process_that_sets_a_key_shows_it_to_nobody(home: Path) -> None:
    """Lost: a key in what `ps` shows, or on the screen."""
    command = [sys.executable, "-m", "fks", "--home", str(home), "data", "keys", "set", "polygon"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        assert process.stdin is not None
        process.stdin.write(SECRET.encode())
        process.stdin.flush()
        shown = b""
        for name in ("cmdline", "environ"):
            path = Path(f"/proc/{process.pid}/{name}")
            shown += path.read_bytes() if path.exists() else b""
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert SECRET.encode() not in shown + output
    assert KeyStore(home, environment={}).key("polygon") == SECRET
