"""`fks data`: import, list, show, validate, sample."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

import fks
from fks.contexts.data.adapters.formats.reading import FORMAT_NAMES, Progress, silent
from fks.contexts.data.cli.moments import moment_ns
from fks.contexts.data.cli.provided import settings_of, specs_of
from fks.contexts.data.cli.shown import document, report_table, roll_table, store_of
from fks.contexts.data.domain.content import NAME
from fks.contexts.data.domain.quality import iso
from fks.kernel.commands import CommandContext, command_context, json_option
from fks.kernel.errors import Invalid

if TYPE_CHECKING:
    from fks.contexts.data.domain.imports import Imported
    from fks.contexts.data.domain.ticks.imports import ImportedTicks

__all__ = ["data"]


@click.group()
def data() -> None:
    """Market data: fetched, imported, checked, kept in versions, taken out again."""


def _file_options(command: Any) -> Any:
    """Give a command the options that say how to read a file."""
    for option in reversed(
        (
            click.option(
                "--format", "form", metavar="FORMAT", help=f"One of {', '.join(FORMAT_NAMES)}."
            ),
            click.option("--instrument", help="What is traded, such as GC or BTCUSDT."),
            click.option("--timeframe", help="Such as 1m, 4h, 1d; else found in the file."),
            click.option("--timezone", help="Of naive times; else as the format says, or UTC."),
            click.option("--map", "maps", multiple=True, metavar="COLUMN=NAME", help="Column map."),
            click.option(
                "--member", help="File or contract of an archive with several; all: each of them."
            ),
            click.option(
                "--kind", help="Of a file with several: bars, trades, quotes, depth, funding, ..."
            ),
            click.option("--side", help="Of bars with bid and ask: bid, ask, mid (the default)."),
            click.option("--calendar", help="Session calendar: 24/7, 24/5, weekdays, XNYS, CMES."),
            click.option("--tick-size", help="Tick size; prices off it are quarantined."),
            click.option("--lot-size", help="Lot size."),
            click.option("--multiplier", help="Contract multiplier."),
            click.option(
                "--allow-negative",
                is_flag=True,
                help="Take prices of zero and below, as those of futures are.",
            ),
        )
    ):
        command = option(command)
    return command


@data.command("import")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--name", help="Name of the dataset; else made of instrument and timeframe.")
@click.option("--provider", help="Fetch from this provider instead of a file.")
@click.option("--symbol", help="What to fetch from the provider.")
@click.option("--start", metavar="DATE", help="First bar's open, UTC: 2020-01-31[THH:MM].")
@click.option("--end", metavar="DATE", help="Bars open before this, UTC.")
@click.option(
    "--known-at",
    type=click.Path(path_type=Path),
    help="CSV or Parquet with ts_ns and known_at_ns: when each bar was published.",
)
@_file_options
@json_option
def import_command(
    paths: tuple[Path, ...], name: str | None, provider: str | None, **options: Any
) -> None:
    """Import files (or bars of a provider) as datasets, with a report on their quality.

    Files of one symbol, kind and timeframe become one dataset, and with --name all of them do.
    """
    surroundings = command_context()
    if bool(paths) == (provider is not None):
        raise Invalid("give files to import, or --provider and --symbol")
    if paths and any(options[one] is not None for one in ("symbol", "start", "end")):
        raise Invalid(
            "--symbol, --start and --end are for a --provider; of files say --instrument, and the "
            "span by fks data export --from --to"
        )
    store = store_of(surroundings)
    with _progress(surroundings) as progress:
        if provider is not None:
            read: list[Imported | ImportedTicks] = [
                _fetch(surroundings, provider, name, options, progress)
            ]
        else:
            # All files are read before the first is stored: one bad file stores nothing.
            read = _read(paths, name, options, progress)
        if options["known_at"] is not None:
            read = _with_known_at(read, options["known_at"])
        read = _with_rules(surroundings, read)
        done = [(store.save(imported), imported.report) for imported in read]
    documents = [document(info, report) for info, report in done]
    surroundings.emit(
        documents[0] if len(documents) == 1 else documents,
        *(report_table(info, report) for info, report in done),
    )


@data.command("list")
@json_option
def list_command() -> None:
    """List all datasets."""
    from rich.table import Table

    surroundings = command_context()
    found = store_of(surroundings).list()
    table = Table(title="Datasets")
    for heading in ("name", "instrument", "holds", "first", "last"):
        table.add_column(heading, no_wrap=heading != "instrument")
    for heading in ("rows", "score"):
        table.add_column(heading, justify="right", no_wrap=True)
    for info in found:
        table.add_row(
            info.name + (" [bold red]SYNTHETIC[/]" if info.synthetic else ""),
            info.instrument.id,
            info.timeframe if info.kind == "bars" else info.kind,
            iso(info.first_ts_ns)[:10],
            iso(info.last_ts_ns)[:10],
            f"{info.rows:,}",
            f"{info.score:.1f}",
        )
    surroundings.emit(msgspec.to_builtins(found, str_keys=True), table)


@data.command("show")
@click.argument("dataset")
@click.option("--as-of", metavar="DATE", help="As it was known at this time, UTC.")
@json_option
def show_command(dataset: str, as_of: str | None) -> None:
    """Show a dataset and what validation found in it."""
    from fks.contexts.data.store.later import with_later
    from fks.contexts.data.store.rolls import rolls_of

    surroundings = command_context()
    as_of_ns = None if as_of is None else moment_ns(as_of, 0)
    opened = store_of(surroundings).open(dataset, as_of_ns=as_of_ns)
    report = with_later(surroundings.home, opened.info.hash, opened.quality())
    rolls = rolls_of(opened.info)
    found, tables = document(opened.info, report), [report_table(opened.info, report)]
    if rolls is not None:
        found |= {"continuous": msgspec.to_builtins(rolls)}
        tables.append(roll_table(rolls))
    surroundings.emit(found, *tables)


@data.command("validate")
@click.argument("dataset_or_path")
@_file_options
@json_option
def validate_command(dataset_or_path: str, **options: Any) -> None:
    """Check a file without importing it, or a stored dataset against its hash."""
    surroundings = command_context()
    if NAME.match(dataset_or_path.partition("@")[0]) and not Path(dataset_or_path).exists():
        opened = store_of(surroundings).open(dataset_or_path)
        if not opened.verify():
            raise Invalid(
                f"dataset {opened.info.name} has another content than its hash says",
                code="data.damaged",
            )
        report = opened.quality()
        surroundings.emit(document(opened.info, report), report_table(opened.info, report))
        return
    with _progress(surroundings) as progress:
        read = _read([Path(dataset_or_path)], None, options, progress)
        (imported,) = _with_rules(surroundings, read)
    surroundings.emit(
        document(imported.info, imported.report), report_table(imported.info, imported.report)
    )


@data.command("sample")
@json_option
def sample_command() -> None:
    """Show the samples that come with the package; they need no import."""
    from fks.contexts.data.store import SAMPLES

    surroundings = command_context()
    names = {path.name for path in SAMPLES.iterdir()} if SAMPLES.is_dir() else set()
    found = [info for info in store_of(surroundings).list() if info.name in names]
    lines = [
        f"{info.name}: {info.rows:,} {info.timeframe} bars of {info.instrument.description}, "
        f"{iso(info.first_ts_ns)[:10]} to {iso(info.last_ts_ns)[:10]}"
        for info in found
    ]
    surroundings.emit(msgspec.to_builtins(found, str_keys=True), "\n".join(lines))


def _with_rules(
    surroundings: CommandContext, read: Sequence[Imported | ImportedTicks]
) -> list[Imported | ImportedTicks]:
    """Judge what was read by the rules of plugins too, which are about bars."""
    from fks.contexts.data.domain.imports import Imported
    from fks.contexts.data.service.quality import rules_of, with_rules

    rules = rules_of(surroundings.hook)
    return [with_rules(one, rules) if isinstance(one, Imported) else one for one in read]


def _read(
    paths: Sequence[Path], name: str | None, options: Mapping[str, Any], progress: Progress
) -> list[Imported | ImportedTicks]:
    """Read files as the options say."""
    from fks.contexts.data.service.importing import FileRequest, import_all
    from fks.contexts.data.store.instruments import RegistryFile

    columns = {}
    for text in options["maps"]:
        column, equals, wanted = text.partition("=")
        if not equals or not wanted:
            raise Invalid(f"cannot read --map {text!r}: write COLUMN=NAME, such as ts=Zeit")
        columns[column.strip().lower()] = wanted.strip()
    request = FileRequest(
        path=paths[0],
        name=name,
        columns=columns,
        **{
            key: options[key]
            for key in (
                *("form", "instrument", "timeframe", "timezone", "member", "kind", "calendar"),
                *("tick_size", "lot_size", "multiplier", "allow_negative", "side"),
            )
        },
    )
    return import_all(
        paths,
        request,
        now_ns=time.time_ns(),
        code_version=fks.__version__,
        progress=progress,
        registry=RegistryFile(command_context().home).load(),
    )


def _with_known_at(
    read: Sequence[Imported | ImportedTicks], path: Path
) -> list[Imported | ImportedTicks]:
    """Add to one dataset when its bars were known."""
    from fks.contexts.data.domain.imports import Imported
    from fks.contexts.data.service.importing import with_known_at_file

    if len(read) > 1:
        raise Invalid("--known-at goes with one dataset; import them one by one")
    if not isinstance(read[0], Imported):
        raise Invalid(f"--known-at goes with bars, not with {read[0].info.kind}")
    return [with_known_at_file(read[0], path)]


def _fetch(
    surroundings: CommandContext,
    provider: str,
    name: str | None,
    options: Mapping[str, Any],
    progress: Progress,
) -> Imported:
    """Fetch from a provider as the options say."""
    from fks.contexts.data.service.importing import ProviderRequest, import_provider

    if options["symbol"] is None or options["timeframe"] is None:
        raise Invalid(
            "--provider needs --symbol and --timeframe, such as --symbol X --timeframe 1m"
        )
    request = ProviderRequest(
        provider=provider,
        symbol=options["symbol"],
        timeframe=options["timeframe"],
        start_ns=moment_ns(options["start"], 0),
        end_ns=moment_ns(options["end"], 2**63 - 1),
        name=name,
    )
    return import_provider(
        request,
        specs_of(surroundings),
        lambda spec: settings_of(surroundings, spec),
        now_ns=time.time_ns(),
        code_version=fks.__version__,
        progress=progress,
    )


@contextmanager
def _progress(surroundings: CommandContext) -> Iterator[Progress]:
    """Show on a terminal's stderr how many rows were read."""
    if surroundings.json or not surroundings.err.is_terminal:
        yield silent
        return
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.completed:,.0f} rows read"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=surroundings.err, transient=True) as bar:
        task = bar.add_task("read", total=None)
        yield lambda rows: bar.advance(task, rows)
