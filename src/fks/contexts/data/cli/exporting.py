"""`fks data export`: a dataset as a file that others read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rich_click as click

from fks.contexts.data.cli.moments import moment_ns
from fks.contexts.data.cli.shown import store_of
from fks.kernel.commands import CommandContext, command_context, json_option
from fks.kernel.errors import Invalid

__all__ = ["export_command"]

_FORMATS = ("csv", "jsonl", "parquet", "arrow")


@click.command("export")
@click.argument("dataset")
@click.option("--format", "form", type=click.Choice(_FORMATS), help="Else by the file's ending.")
@click.option("--from", "begin", metavar="DATE", help="First time, UTC.")
@click.option("--to", "end", metavar="DATE", help="Before this time, UTC.")
@click.option("--as-of", metavar="DATE", help="As it was known at this time, UTC.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="A file; else standard output."
)
@json_option
def export_command(dataset: str, form: str | None, output: Path | None, **options: Any) -> None:
    """Write a dataset as CSV, JSON lines, Parquet or an Arrow stream.

    A file appears under its name only when it is whole. Imported again, it is the same dataset.
    """
    from fks.contexts.data.store.exporting import export, written_file

    surroundings = command_context()
    chosen = form or (output.suffix.lstrip(".").lower() if output is not None else "csv")
    if chosen not in _FORMATS:
        raise Invalid(
            f"give --format: {', '.join(_FORMATS)} (the ending .{chosen[:10]} is none of them)",
            code="data.unknown_format",
        )
    if output is None and surroundings.json:
        raise Invalid("--json tells of a file: give one with -o", code="data.no_file")
    as_of = options["as_of"]
    opened = store_of(surroundings).open(
        dataset, as_of_ns=None if as_of is None else moment_ns(as_of, 0)
    )
    begin_ns, end_ns = moment_ns(options["begin"], 0), moment_ns(options["end"], 2**63 - 1)
    if output is None:
        export(opened, sys.stdout.buffer, chosen, from_ts_ns=begin_ns, to_ts_ns=end_ns)
        return
    with _progress(surroundings, opened.info.rows) as progress, written_file(output) as out:
        rows = export(opened, out, chosen, from_ts_ns=begin_ns, to_ts_ns=end_ns, progress=progress)
    size = output.stat().st_size
    told = {"file": str(output), "format": chosen, "rows": rows, "bytes": size}
    surroundings.emit(
        told | {"hash": opened.info.hash}, f"{rows:,} rows, {size:,} bytes in {output}"
    )


@contextmanager
def _progress(surroundings: CommandContext, rows: int) -> Iterator[Callable[[int], None]]:
    """Show on a terminal's stderr how many rows were written."""
    if surroundings.json or not surroundings.err.is_terminal:
        yield lambda count: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress

    with Progress(
        BarColumn(), MofNCompleteColumn(), console=surroundings.err, transient=True
    ) as bar:
        task = bar.add_task("export", total=rows)
        yield lambda count: bar.advance(task, count)
