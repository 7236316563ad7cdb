"""`fks data raw`: what providers sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
import rich_click as click

from fks.contexts.data.domain.quality import iso
from fks.kernel.commands import CommandContext, command_context, json_option
from fks.kernel.errors import Unavailable

__all__ = ["raw"]


@click.group("raw")
def raw() -> None:
    """Look into the raw log: every answer of a provider, as it came."""


@raw.command("list")
@click.argument("provider", required=False)
@json_option
def list_command(provider: str | None) -> None:
    """List the jobs: one is a provider's pages of one query."""
    from rich.markup import escape
    from rich.table import Table

    from fks.contexts.data.store.rawlog import RawLog

    surroundings = command_context()
    found = RawLog(surroundings.home).jobs(provider)
    table = Table(title="Raw log")
    for heading in ("provider", "job", "first", "last"):
        table.add_column(heading, no_wrap=heading == "job")
    for heading in ("payloads", "bytes"):
        table.add_column(heading, justify="right")
    for one in found:
        span = (iso(one.first_at_ns)[:16], iso(one.last_at_ns)[:16])
        counts = (f"{one.payloads:,}", f"{one.bytes:,}")
        table.add_row(escape(one.provider), escape(one.job), *span, *counts)
    surroundings.emit([one._asdict() for one in found], table)


@raw.command("show")
@click.argument("payload")
@click.option("--body", is_flag=True, help="Write the bytes that came to stdout, nothing else.")
@json_option
def show_command(payload: str, body: bool) -> None:
    """Show what was asked, when, and what came. The begin of an id is enough."""
    from rich.markup import escape
    from rich.table import Table

    from fks.contexts.data.store.rawlog import RawLog

    surroundings = command_context()
    log = RawLog(surroundings.home)
    payload = log.find(payload)
    record = log.read(payload)
    if body:
        click.echo(record.body, nl=False)
        return
    told = msgspec.structs.asdict(record)
    told |= {"bytes": len(record.body), "id": payload}
    del told["body"]
    query = "&".join(f"{name}={value}" for name, value in record.params)
    table = Table(title=f"Payload {payload[:16]}", show_header=False)
    for name, text in (
        ("payload", payload),
        ("provider", record.provider),
        ("job", f"{record.job}, page {record.number}"),
        ("asked", f"{record.method} {record.path}{'?' if query else ''}{query}"),
        ("status", str(record.status)),
        ("asked at", iso(record.requested_at_ns)),
        ("came at", iso(record.received_at_ns)),
        ("bytes", f"{len(record.body):,}"),
        ("SHA-256", record.sha256),
        *(record.headers),
    ):
        table.add_row(escape(name), escape(text))
    surroundings.emit(told, table)


@raw.command("verify")
@click.argument("provider", required=False)
@json_option
def verify_command(provider: str | None) -> None:
    """Read every payload; check its hash, and that none is missing between others."""
    from rich.markup import escape

    from fks.contexts.data.store.rawlog import RawLog

    surroundings = command_context()
    log = RawLog(surroundings.home)
    with _progress(surroundings, log.size(provider)) as progress:
        found = log.verify(provider, progress)
    short = f"; {found.cut_short} unfinished at an end" if found.cut_short else ""
    lines = (f"{found.whole:,} payloads are whole{short}", *map(escape, found.damaged))
    surroundings.emit(found._asdict(), *lines)
    if found.damaged:
        raise Unavailable(
            f"the raw log is damaged at {len(found.damaged):,} places, the first: "
            f"{found.damaged[0]}",
            code="data.damaged_payload",
        )


@contextmanager
def _progress(surroundings: CommandContext, total: int) -> Iterator[Callable[[int], None]]:
    """Show on a terminal's stderr how much was read."""
    if surroundings.json or not surroundings.err.is_terminal:
        yield lambda read: None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress

    columns = (BarColumn(), DownloadColumn())
    with Progress(*columns, console=surroundings.err, transient=True) as bar:
        task = bar.add_task("verify", total=total)
        yield lambda read: bar.advance(task, read)
