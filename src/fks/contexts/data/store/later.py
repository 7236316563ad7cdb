"""What was found of a version after it was stored: its provider tells its past otherwise now.

A version never changes, and its report is a part of it; so this lies beside, a small file a hash
below `rewritten`. Nothing but what people are told depends on it.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from fks.contexts.data.store.written import disk_faults, replace, sole_writer
from fks.contracts.data import Finding, QualityReport

__all__ = ["tell_later", "with_later"]

_MOST = 20
_HASH = re.compile(r"[0-9a-f]{16,128}\Z")


def tell_later(home: Path, hash_: str, findings: tuple[Finding, ...]) -> None:
    """Add findings to what is told of a version, each once, the newest last.

    Raises `Unavailable` where the disk is full or fails.
    """
    assert _HASH.match(hash_), hash_
    folder = home / "rewritten"
    with disk_faults(folder, "written"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with sole_writer(folder):
            told = tuple(dict.fromkeys((*_told(home, hash_), *findings)))[-_MOST:]
            replace(folder / f"{hash_}.json", msgspec.json.encode(told))


def with_later(home: Path, hash_: str, report: QualityReport) -> QualityReport:
    """Return a version's report with what was found since; as it is where that cannot be read."""
    told = _told(home, hash_)
    if not told:
        return report
    findings = tuple(dict.fromkeys((*report.findings, *told)))
    return msgspec.structs.replace(report, findings=findings)


def _told(home: Path, hash_: str) -> tuple[Finding, ...]:
    """Return what is told of a version; nothing where there is no file of it, or no whole one."""
    try:
        text = (home / "rewritten" / f"{hash_}.json").read_bytes()
        return msgspec.json.decode(text, type=tuple[Finding, ...])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return ()
