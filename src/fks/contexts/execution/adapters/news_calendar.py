"""The calendar of scheduled news: a CSV or JSON file, read whole or refused with its first bad row.

A row has `ts` (ISO 8601 with its offset, or seconds since 1970), `importance` (low, medium, high),
and may have `currencies` (USD EUR, or a list) and `name`.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from fks.kernel.errors import Invalid, NotFound

__all__ = ["ScheduledEvent", "keep_calendar", "kept_calendar", "read_calendar"]

_IMPORTANCE = ("low", "medium", "high")
_MOST_BYTES = 16 << 20
_NS = 1_000_000_000
_COLUMNS = frozenset({"ts", "importance", "currencies", "name"})


class ScheduledEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is due; `ts_ns` in UTC."""

    ts_ns: int
    importance: str
    currencies: tuple[str, ...] = ()
    name: str = ""


def kept_calendar(home: Path) -> Path:
    """Return where a home keeps its calendar."""
    return home / "execution" / "news.json"


def read_calendar(path: Path) -> tuple[ScheduledEvent, ...]:
    """Return the events of a file by time. Raises NotFound, or Invalid with the first bad row."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise Invalid(f"{path} is larger than 16 MiB", code="execution.bad_calendar")
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise NotFound(f"no file {path}", code="execution.no_calendar") from None
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {type(error).__name__}"
        raise Invalid(message, code="execution.bad_calendar") from None
    events = []
    rows = _json(path, text) if text.lstrip().startswith(("[", "{")) else _csv(path, text)
    for number, row in rows:
        try:
            events.append(_event(row))
        except ValueError as error:
            message = f"{path.name}, row {number}: {error}"
            raise Invalid(message, code="execution.bad_calendar") from None
    if not events:
        raise Invalid(f"{path} holds no event", code="execution.bad_calendar")
    return tuple(sorted(events, key=lambda event: (event.ts_ns, event.name)))


def keep_calendar(home: Path, events: tuple[ScheduledEvent, ...]) -> Path:
    """Keep a calendar in a home, whole or not at all; return where."""
    path = kept_calendar(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"ts": e.ts_ns / _NS if e.ts_ns % _NS else e.ts_ns // _NS, "importance": e.importance,
             "currencies": e.currencies, "name": e.name} for e in events]  # fmt: skip
    beside = path.with_suffix(".new")
    with beside.open("wb") as out:
        out.write(msgspec.json.format(msgspec.json.encode(rows), indent=1))
        out.flush()
        os.fsync(out.fileno())
    beside.replace(path)
    return path


def _csv(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text))
    named = {name.strip().lower() for name in reader.fieldnames or ()}
    if not {"ts", "importance"} <= named:
        message = f"{path.name}, row 1: the columns ts and importance are needed"
        raise Invalid(message, code="execution.bad_calendar")
    for row in reader:
        fields = {(k or "").strip().lower(): v for k, v in row.items() if isinstance(v, str)}
        yield reader.line_num, fields


def _json(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        rows = msgspec.json.decode(text, type=list[dict[str, Any]])
    except msgspec.DecodeError as error:
        message = f"{path.name} is no list of events: {error}"
        raise Invalid(message, code="execution.bad_calendar") from None
    yield from enumerate(rows, 1)


def _event(row: Mapping[str, Any]) -> ScheduledEvent:
    """Return the event of a row; raises ValueError in words."""
    strange = sorted(row.keys() - _COLUMNS - {""})
    if strange:
        raise ValueError(f"unknown column {strange[0]}; there are {', '.join(sorted(_COLUMNS))}")
    importance = str(row.get("importance") or "").strip().lower()
    if importance not in _IMPORTANCE:
        raise ValueError(f"importance {importance!r} is none of {', '.join(_IMPORTANCE)}")
    given = row.get("currencies") or ()
    words = given.replace(";", " ").split() if isinstance(given, str) else [str(c) for c in given]
    for word in words:
        if not (word.isascii() and word.isalpha() and len(word) == 3):
            raise ValueError(f"{word!r} is no currency")
    return ScheduledEvent(
        ts_ns=_instant(row.get("ts")),
        importance=importance,
        currencies=tuple(word.upper() for word in words),
        name=str(row.get("name") or "").strip(),
    )


def _instant(given: Any) -> int:
    """Return nanoseconds; raises ValueError."""
    text = str(given if given is not None else "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        except ValueError:
            raise ValueError(f"ts {text!r} is no time such as 2026-11-25T13:30:00Z") from None
        if moment.tzinfo is None:
            raise ValueError(f"ts {text!r} has no offset; write Z for UTC") from None
        seconds = moment.timestamp()
    if not 0 < seconds < 4e9:
        raise ValueError(f"ts {text!r} is not in seconds since 1970")
    return round(seconds * 1000) * 1_000_000
