"""What must not be kept is refused before a byte is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.contexts.data.rawlog.made import record

from fks.contexts.data.store.rawlog import RawLog
from fks.kernel.errors import Invalid

KEYS = (
    *("apikey", "apiKey", "api_key", "X-API-KEY", "X-MBX-APIKEY", "signature", "token", "secret"),
    *("access_token", "Authorization", "password", "key", "sig", "Set-Cookie", "api_secret"),
)


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("place", ["params", "headers", "path"])
def test_what_looks_like_a_key_is_not_kept(tmp_path: Path, name: str, place: str) -> None:
    """Lost: a secret in a file that is kept for ever."""
    changes: dict[str, Any] = {place: ((name, "hidden"),)}
    if place == "path":
        changes = {"path": f"/x?a=1&{name}=hidden"}
    log = RawLog(tmp_path)
    with pytest.raises(Invalid, match="key") as refused:
        log.append_many([record(1), record(2, **changes)])
    assert refused.value.code == "data.secret_in_log"
    assert "hidden" not in refused.value.message
    assert not (tmp_path / "raw").exists()


def test_what_only_sounds_like_a_key_is_kept(tmp_path: Path) -> None:
    """Lost: every page after the first of a provider that calls its cursor a token."""
    log = RawLog(tmp_path)
    for name in ("page_token", "nextPageToken", "symbol", "keyword", "signal", "assign"):
        log.append(record(params=((name, "x"),)))
    assert log.jobs()[0].payloads == 6


@pytest.mark.parametrize(
    "changes",
    [
        {"body": bytes((64 << 20) + 1)},
        {"params": tuple((f"p{n}", "x" * 1000) for n in range(300))},
        {"provider": ""},
        {"provider": "x" * 300},
        {"provider": "\ud800"},
        {"job": ""},
        {"job": "j" * 513},
        {"job": "\ud800"},
        {"number": -1},
        {"number": 2**63},
        {"status": 1000},
        {"received_at_ns": 2**63},
        {"path": "http://user:pass@host/x"},
        {"path": "http://[bad/x"},
    ],
    ids=lambda changes: f"{next(iter(changes))}",
)
def test_what_cannot_be_kept_is_refused_in_one_line(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    """Lost: a log that grows without bound, or a file outside of it."""
    with pytest.raises(Invalid) as refused:
        RawLog(tmp_path).append(record(**changes))
    assert "\n" not in refused.value.message
    assert not (tmp_path / "raw").exists()


@pytest.mark.parametrize("provider", [".", "..", "../x", "a/b", "a.b", "%2E", "b:c", "käse", "\n"])
def test_the_name_of_a_provider_never_leaves_the_folder(tmp_path: Path, provider: str) -> None:
    """Lost: files of the desk, overwritten by a provider of a clever name."""
    home = tmp_path / "deep" / "home"
    log = RawLog(home)
    kept = log.append(record(provider=provider))
    assert log.read(kept).provider == provider
    assert log.jobs()[0].provider == provider
    assert log.verify(provider) == log.verify() == (1, (), 0)
    assert {path.name for path in tmp_path.rglob("*.log")} == {"00000001.log"}
    assert len(list((home / "raw").glob("*/*.log"))) == 1


def test_a_hash_that_is_not_the_bodys_is_refused() -> None:
    """Lost: a record whose hash proves nothing."""
    right = record(1, b"body").sha256
    assert record(1, b"body", sha256=right).sha256 == right
    with pytest.raises(Invalid, match="SHA-256"):
        record(1, b"other", sha256=right)
