"""`fks data raw`: what a person, or a script, is told of the raw log."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from click.testing import CliRunner, Result
from tests.contexts.data.rawlog.made import record, segment

from fks.cli import program
from fks.contexts.data.store.rawlog import RawLog
from fks.kernel.errors import Invalid, NotFound, Unavailable

BODY = b'[[1,"2.5"]]\n\xff\x00'


def invoke(home: Path, *arguments: str) -> Result:
    """Run the program in this process."""
    return CliRunner().invoke(program, ["--home", str(home), "data", "raw", *arguments])


def test_jobs_are_listed_for_a_person_and_for_a_program(tmp_path: Path) -> None:
    """Lost: what was ever fetched, to whoever does not read segment files."""
    log = RawLog(tmp_path)
    log.append(record(1, BODY, job="BTCUSDT [1m]"))
    log.append(record(1, provider="kraken"))
    assert "BTCUSDT [1m]" in invoke(tmp_path, "list").stdout
    told = json.loads(invoke(tmp_path, "list", "binance", "--json").stdout)
    assert told == [
        {
            "provider": "binance",
            "job": "BTCUSDT [1m]",
            "payloads": 1,
            "bytes": len(BODY),
            "first_at_ns": 2,
            "last_at_ns": 2,
        }
    ]
    assert json.loads(invoke(tmp_path / "empty", "list", "--json").stdout) == []


def test_a_payload_is_shown_by_the_begin_of_its_id(tmp_path: Path) -> None:
    """Lost: the way from a bar back to the bytes that the provider sent."""
    payload = RawLog(tmp_path).append(record(7, BODY))
    shown = invoke(tmp_path, "show", payload[:12]).stdout
    assert "/api/v3/klines?symbol=BTCUSDT" in shown
    assert payload in shown
    told = json.loads(invoke(tmp_path, "show", payload, "--json").stdout)
    assert told["sha256"] == hashlib.sha256(BODY).hexdigest()
    assert (told["id"], told["number"], told["bytes"]) == (payload, 7, len(BODY))
    assert "body" not in told
    assert invoke(tmp_path, "show", payload[:12], "--body").stdout_bytes == BODY
    assert isinstance(invoke(tmp_path, "show", "beef").exception, NotFound)


def test_verify_names_the_damage_and_fails(tmp_path: Path) -> None:
    """Lost: a nightly check that is green whatever it finds."""
    log = RawLog(tmp_path)
    for number in range(3):
        log.append(record(number, BODY))
    assert invoke(tmp_path, "verify").stdout.strip() == "3 payloads are whole"
    content = bytearray(segment(tmp_path).read_bytes())
    content[-1] ^= 1
    segment(tmp_path).write_bytes(bytes(content))
    result = invoke(tmp_path, "verify", "--json")
    told = json.loads(result.stdout)
    assert (told["whole"], len(told["damaged"]), told["cut_short"]) == (2, 1, 0)
    assert isinstance(result.exception, Unavailable)
    assert result.exception.code == "data.damaged_payload"
    assert json.loads(invoke(tmp_path, "verify", "kraken", "--json").stdout)["whole"] == 0


def test_nonsense_is_answered_in_one_line(tmp_path: Path) -> None:
    """Lost: a traceback for a name that was typed wrong."""
    for arguments in (("list", ""), ("verify", "x" * 999)):
        error = invoke(tmp_path, *arguments).exception
        assert isinstance(error, Invalid)
        assert "\n" not in error.message
