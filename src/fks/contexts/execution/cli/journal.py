"""`fks execution journal verify|show|salvage|snapshot` and `fks execution replay`."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

from fks.kernel.commands import CommandContext, command_context, json_option
from fks.kernel.errors import Invalid

if TYPE_CHECKING:
    from fks.contexts.execution.domain.journal.kinds import Kinds
    from fks.contexts.execution.domain.journal.machine import Machine

__all__ = ["journal", "replay"]

_folder = click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))


@click.group()
def journal() -> None:
    """Check, read, save and snapshot the journal of execution."""


def _place(surroundings: CommandContext, folder: Path | None) -> Path:
    return folder or surroundings.home / "execution" / "journal"


def _hex(key: str) -> bytes | None:
    """Return a public key. Raises `Invalid`."""
    if not key:
        return None
    try:
        found = bytes.fromhex(key)
    except ValueError:
        found = b""
    if len(found) != 32:
        raise Invalid("a public key is 64 hex digits", code="execution.bad_key")
    return found


def _machine() -> tuple[Callable[[], Machine], Kinds]:
    """Return what makes the machine of trading accounts, and the records it knows."""
    from fks.contexts.execution.domain.matching.engines import engine
    from fks.contexts.execution.domain.trading.machine import TradingMachine
    from fks.contexts.execution.service.trading.opening import TRADING_KINDS

    return lambda: TradingMachine(engine).mute(), TRADING_KINDS


@journal.command()
@_folder
@click.option(
    "--anchors",
    "elsewhere",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder elsewhere that has its anchors too (execution.journal_anchor_dir).",
)
@click.option("--public-key", default="", help="Hex key of the anchors.  [default: the home's]")
@json_option
def verify(folder: Path | None, elsewhere: Path | None, public_key: str) -> None:
    """Read every byte of a journal that is not in use, and compare it with its signed anchors.

    Exit 78 where it is corrupt, was rewritten, or was rolled back behind an anchor.
    """
    from fks.contexts.execution.adapters.journal.anchoring import (
        AnchorPlaces,
        check_anchors,
        read_anchors,
    )
    from fks.contexts.execution.adapters.journal.files import OsFiles
    from fks.contexts.execution.adapters.journal.salvage import verify as check

    surroundings = command_context()
    place, files = _place(surroundings, folder), OsFiles()
    found = check(files, place)
    assert found.manifest is not None
    uuid, places = bytes.fromhex(found.manifest.uuid), AnchorPlaces(place.parent, elsewhere)
    anchors = read_anchors(files, places, uuid, _hex(public_key))
    checked = check_anchors(files, place, found, anchors)
    torn = len(found.last.torn) if found.last else 0
    document = {
        "seq": found.position.seq,
        "witness": found.witness,
        "records": found.records,
        "groups": found.groups,
        "segments": len(found.sealed),
        "bytes": found.bytes,
        "torn_bytes": torn,
        "anchors": checked,
        "findings": list(found.findings),
    }
    lines = [
        f"{found.records:,} records in {found.groups:,} groups and {len(found.sealed)} segments "
        f"are whole, up to {found.position.seq}; {found.witness} was known to be durable",
        f"{checked} signed anchors agree" if checked else "no anchor was signed yet",
    ]
    if torn:
        lines.append(f"{torn} bytes of a group that was never acknowledged follow")
    surroundings.emit(document, *lines, *found.findings)


@journal.command()
@_folder
@click.option("--from", "first", type=click.IntRange(1), default=1, help="First record to show.")
@click.option("--count", type=click.IntRange(1), default=20, show_default=True, help="How many.")
@json_option
def show(folder: Path | None, first: int, count: int) -> None:
    """List records: number, time, type, version, size and the first bytes."""
    from datetime import UTC, datetime
    from itertools import islice

    from rich.table import Table

    from fks.contexts.execution.adapters.journal.files import OsFiles
    from fks.contexts.execution.adapters.journal.salvage import read_records

    surroundings = command_context()
    kinds = _machine()[1]
    rows: list[dict[str, Any]] = []
    table = Table("seq", "time", "type", "version", "bytes", "begins with")
    place = _place(surroundings, folder)
    for record in islice(read_records(OsFiles(), place, first), count):
        when = datetime.fromtimestamp(record.ts_ns // 1_000_000_000, UTC).replace(tzinfo=None)
        row = {
            "seq": record.seq,
            "ts_ns": record.ts_ns,
            "type": kinds.name(record.kind),
            "version": record.version,
            "bytes": len(record.payload),
            "payload": record.payload.hex(),
        }
        rows.append(row)
        shown = (str(row[key]) for key in ("type", "version", "bytes"))
        table.add_row(str(record.seq), f"{when}", *shown, record.payload[:16].hex(" ", 4))
    surroundings.emit({"records": rows}, table)


@journal.command()
@click.argument("target", type=click.Path(path_type=Path, file_okay=False))
@_folder
@click.option(
    "--from-mirror",
    "mirror",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Take from this mirror what is damaged or missing in the journal.",
)
@json_option
def salvage(target: Path, folder: Path | None, mirror: Path | None) -> None:
    """Copy the whole records before the first damage to TARGET; the journal is not changed."""
    from fks.contexts.execution.adapters.journal.files import OsFiles
    from fks.contexts.execution.adapters.journal.salvage import salvage as save

    surroundings = command_context()
    found = save(OsFiles(), _place(surroundings, folder), target, mirror)
    surroundings.emit(
        msgspec.to_builtins(found),
        f"{found.records:,} records up to {found.seq} and {found.snapshots} snapshots are in "
        f"{target}; {max(0, found.witness - found.seq):,} that had been durable are lost "
        f"({found.why})",
        *([f"{found.from_mirror} segments are the mirror's"] if mirror else []),
    )


@journal.command()
@_folder
@click.option("--follow", is_flag=True, help="Go on: one more whenever a segment was sealed.")
@click.option("--poll", "poll_s", default=5.0, show_default=True, help="Seconds between looks.")
@json_option
def snapshot(folder: Path | None, follow: bool, poll_s: float) -> None:
    """Replay what is sealed into a snapshot, read it back and compare; beside the engine."""
    from fks.contexts.execution.adapters.journal.files import OsFiles
    from fks.contexts.execution.adapters.journal.tailer import Tailer

    surroundings = command_context()
    make, kinds = _machine()
    tailer = Tailer(OsFiles(), _place(surroundings, folder), make, kinds)
    try:
        while True:
            made = tailer.step()
            if made is not None:
                text = (
                    f"snapshot of record {made.seq:,}: {made.size:,} bytes, {made.records:,} "
                    f"records replayed, state {made.state_hash.hex()[:16]}"
                )
                document = {"seq": made.seq, "bytes": made.size, "hash": made.state_hash.hex()}
                surroundings.emit(document, text)
            elif not follow:
                surroundings.emit({"seq": None}, "no segment was sealed since the last snapshot")
            if not follow:
                return
            time.sleep(poll_s)
    finally:
        tailer.close()


@click.command()
@_folder
@click.option("--full", is_flag=True, help="From the first record, not from a snapshot.")
@json_option
def replay(folder: Path | None, full: bool) -> None:
    """Replay a journal into a new machine and print its state hash; nothing is sent or changed.

    While the journal is in use its sealed segments are replayed. Every hash that was noted on the
    way is compared; the first that differs ends with exit code 78.
    """
    from fks.contexts.execution.adapters.journal.files import OsFiles
    from fks.contexts.execution.adapters.journal.replay import replay_folder

    surroundings = command_context()
    make, kinds = _machine()
    place = _place(surroundings, folder)
    done = replay_folder(OsFiles(), place, kinds, make(), from_snapshot=not full)
    document = {
        "seq": done.seq,
        "ts_ns": done.ts_ns,
        "hash": done.state_hash.hex(),
        "records": done.records,
        "checkpoints": done.checkpoints,
        "snapshot_seq": done.snapshot_seq,
        "seconds": round(done.seconds, 6),
        "findings": list(done.findings),
    }
    surroundings.emit(
        document,
        f"record {done.seq:,}, state {done.state_hash.hex()}",
        f"{done.records:,} records after {done.snapshot_seq:,} in {done.seconds:.2f} s; "
        f"{done.checkpoints} noted hashes were equal",
        *done.findings,
    )
