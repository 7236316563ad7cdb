"""`fks data join`: what was known of one dataset at each row of another."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import IO, Any

import rich_click as click

from fks.contexts.data.cli.moments import moment_ns
from fks.contexts.data.cli.shown import store_of
from fks.kernel.commands import command_context, json_option
from fks.kernel.errors import Invalid

__all__ = ["join_command"]

_FORMATS = ("csv", "jsonl", "parquet", "arrow")
_DURATION = re.compile(r"(\d{1,12})(ns|us|ms|s|m|h|d)\Z")
_UNITS_NS = {
    "ns": 1,
    "us": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86_400 * 10**9,
}


@click.command("join")
@click.argument("left")
@click.argument("right")
@click.option(
    "--direction",
    type=click.Choice(["backward", "forward", "nearest"]),
    default="backward",
    show_default=True,
    help="Look for the last row before, the first after, or the nearest.",
)
@click.option("--tolerance", metavar="TIME", help="No further away than this, such as 500ms.")
@click.option("--columns", default="", help="Columns of RIGHT, by commas; else all.")
@click.option("--not-same-time", is_flag=True, help="A row of the very same time does not match.")
@click.option(
    "--stamp",
    type=click.Choice(["close", "open"]),
    default="close",
    show_default=True,
    help="When bars count. At their open they bring what was not yet known.",
)
@click.option("--from", "begin", metavar="DATE", help="First row of LEFT, UTC.")
@click.option("--to", "end", metavar="DATE", help="Before this row of LEFT, UTC.")
@click.option("--as-of", metavar="DATE", help="Both as they were known at this time, UTC.")
@click.option("--format", "form", type=click.Choice(_FORMATS), help="Else by the file's ending.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="A file; else standard output."
)
@json_option
def join_command(left: str, right: str, output: Path | None, **options: Any) -> None:
    """Write each row of LEFT with the row of RIGHT that was known at its time.

    Two datasets of any kinds: quotes at trades, funding at bars, daily bars at minutes.
    """
    from fks.contexts.data.service.joining import JoinRequest, join
    from fks.contexts.data.store.exporting import written_file

    surroundings = command_context()
    chosen = options["form"] or (output.suffix.lstrip(".").lower() if output is not None else "csv")
    if chosen not in _FORMATS:
        raise Invalid(f"give --format: {', '.join(_FORMATS)}", code="data.unknown_format")
    if output is None and surroundings.json:
        raise Invalid("--json tells of a file: give one with -o", code="data.no_file")
    store, as_of = store_of(surroundings), options["as_of"]
    as_of_ns = None if as_of is None else moment_ns(as_of, 0)
    request = JoinRequest(
        direction=options["direction"],
        tolerance_ns=_duration_ns(options["tolerance"]),
        exact=not options["not_same_time"],
        columns=tuple(name.strip() for name in options["columns"].split(",") if name.strip()),
        stamp=options["stamp"],
        from_ts_ns=moment_ns(options["begin"], 0),
        to_ts_ns=moment_ns(options["end"], 2**63 - 1),
    )
    opened = [store.open(name, as_of_ns=as_of_ns) for name in (left, right)]
    joined = join(opened[0], opened[1], request)
    if output is None:
        _write(joined.parts, chosen, sys.stdout.buffer)
        return
    with written_file(output) as out:
        _write(joined.parts, chosen, out)
    rows, matched = len(joined.rows), int((joined.rows >= 0).sum())
    told = {"file": str(output), "format": chosen, "rows": rows, "matched": matched}
    hashes = {"left_hash": opened[0].info.hash, "right_hash": opened[1].info.hash}
    surroundings.emit(told | hashes, f"{rows:,} rows, {matched:,} of them matched, in {output}")


def _write(parts: Any, form: str, out: IO[bytes]) -> None:
    """Write all parts."""
    from fks.contexts.data.store.exporting import rendered

    for _, content in rendered(parts, form):
        out.write(content)


def _duration_ns(text: str | None) -> int | None:
    """Return a time such as 500ms in nanoseconds. Raises `Invalid`."""
    if text is None:
        return None
    match = _DURATION.match(text)
    if match is None:
        raise Invalid(
            f"cannot read the time {text[:20]!r}: write a number and ns, us, ms, s, m, h or d",
            code="data.bad_tolerance",
        )
    return int(match[1]) * _UNITS_NS[match[2]]
