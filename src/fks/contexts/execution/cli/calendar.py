"""`fks risk calendar`: the scheduled news around which nothing is entered."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import rich_click as click

from fks.contexts.execution.adapters.news_calendar import (
    ScheduledEvent,
    keep_calendar,
    kept_calendar,
    read_calendar,
)
from fks.kernel.commands import command_context, json_option

__all__ = ["calendar"]


@click.group()
def calendar() -> None:
    """Keep the calendar of scheduled news, which the news gate reads."""


@calendar.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def import_(file: Path) -> None:
    """Check a CSV or JSON file of events (ts, importance, currencies, name) and keep it.

    It replaces the one before; a running server takes it within seconds.
    """
    context = command_context()
    events = read_calendar(file)
    path = keep_calendar(context.home, events)
    high = sum(event.importance == "high" for event in events)
    found = {"events": len(events), "high": high, "kept": str(path)}
    context.emit(found, f"{len(events)} events, {high} of high importance")


@calendar.command()
@click.option("--all", "past", is_flag=True, help="Those that are over, too.")
@json_option
def show(past: bool) -> None:
    """List the events to come."""
    context = command_context()
    now_ns = time.time_ns()
    events = [
        event
        for event in read_calendar(kept_calendar(context.home))
        if past or event.ts_ns >= now_ns
    ]
    lines = "\n".join(map(_line, events)) or "no event to come"
    context.emit({"events": [_row(event) for event in events]}, lines)


def _when(event: ScheduledEvent) -> str:
    moment = datetime.fromtimestamp(event.ts_ns // 1_000_000_000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _row(event: ScheduledEvent) -> dict[str, object]:
    return {
        "ts": _when(event),
        "importance": event.importance,
        "currencies": list(event.currencies),
        "name": event.name,
    }


def _line(event: ScheduledEvent) -> str:
    return f"{_when(event)}  {event.importance:6}  {' '.join(event.currencies):8}  {event.name}"
