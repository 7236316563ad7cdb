"""`fks data fetch, rebuild, providers`: datasets of remote providers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

import fks
from fks.contexts.data.cli.moments import moment_ns
from fks.contexts.data.cli.provided import providers_of
from fks.contexts.data.cli.shown import document, report_table, store_of
from fks.contexts.data.domain.quality import iso
from fks.contexts.data.settings import FetchSettings
from fks.contracts.data.ticks import KINDS
from fks.kernel.commands import CommandContext, command_context, json_option
from fks.kernel.errors import FksError, Invalid

if TYPE_CHECKING:
    from fks.contexts.data.service.backfilling import Gone
    from fks.contexts.data.service.fetching import FetchRequest
    from fks.contexts.data.service.keeping import Kept

__all__ = ["COMMANDS"]


@click.command("fetch")
@click.argument("symbol")
@click.option(
    "--from",
    "providers",
    required=True,
    metavar="PROVIDER[,PROVIDER]",
    help="Whom to ask; the next one only where the one before is away.",
)
@click.option("--kind", type=click.Choice(KINDS), default="bars", show_default=True)
@click.option("--timeframe", default="1m", show_default=True, help="Of bars: 1m, 1h, 1d.")
@click.option("--start", metavar="DATE", help="First time, UTC; else as far back as there is.")
@click.option("--end", metavar="DATE", help="Before this time, UTC; else until now.")
@click.option("--name", default="", help="Name of the dataset.")
@click.option("--afresh", is_flag=True, help="Ask for every page again, from the start.")
@json_option
def fetch_command(symbol: str, providers: str, name: str, afresh: bool, **options: Any) -> None:
    """Fetch data of a provider over HTTP and store them as a dataset.

    Every answer is kept in the raw log first. What broke off goes on where it stopped when the
    same command is given again; a later run asks only for what is new.
    """
    from fks.contexts.data.service.fetching import FetchRequest
    from fks.contracts.data.providers import DataQuery

    surroundings = command_context()
    now_ns = time.time_ns()
    if options["kind"] == "depth" and (options["start"] or options["end"] or afresh):
        raise Invalid(
            "depth is the book of now: leave out --start, --end and --afresh; each run adds a "
            "snapshot",
            code="data.bad_span",
        )
    query = DataQuery(
        kind=options["kind"],
        symbol=symbol,
        timeframe=options["timeframe"] if options["kind"] == "bars" else "",
        start_ns=moment_ns(options["start"], 0),
        end_ns=min(moment_ns(options["end"], now_ns), now_ns),
    )
    if query.start_ns >= query.end_ns:
        raise Invalid("--start must be before --end, and not in the future", code="data.bad_span")
    recheck = surroundings.settings.section("fetching", FetchSettings).recheck_pages
    request = FetchRequest(query=query, name=name, afresh=afresh, recheck=recheck)
    names = [one.strip() for one in providers.split(",") if one.strip()]
    if not names:
        raise Invalid("--from needs a provider, such as --from binance", code="data.no_provider")
    with _progress(surroundings, query.start_ns, query.end_ns) as told:
        done = asyncio.run(_fetch(surroundings, names, request, told))
    found = document(done.info, done.report)
    found |= {"pages": {"asked": done.asked, "from_raw_log": done.reused}, "job": done.job}
    found["new"] = done.new
    pages = f"{done.asked:,} pages asked for, {done.reused:,} from the raw log"
    pages += "" if done.new else "; nothing new"
    surroundings.emit(found, report_table(done.info, done.report), pages)


@click.command("rebuild")
@click.argument("dataset")
@json_option
def rebuild_command(dataset: str) -> None:
    """Make a dataset again of the payloads it was made of, and compare its hash."""
    from fks.contexts.data.service.fetching import rebuild
    from fks.contexts.data.store.rawlog import RawLog

    surroundings = command_context()
    store = store_of(surroundings)
    done = rebuild(store, RawLog(store.home), dataset, providers_of(surroundings).wire)
    if not done.same:
        raise Invalid(
            f"the payloads of {done.info.name} make {done.hash[:12]} today, not "
            f"{done.info.hash[:12]}: another version of FKS reads them in another way",
            code="data.rebuilt_otherwise",
        )
    found = {"dataset": done.info.name, "hash": done.hash, "payloads": done.payloads, "same": True}
    surroundings.emit(
        found,
        f"{done.info.name}: {done.payloads:,} payloads make the same {done.info.rows:,} rows, "
        f"hash {done.hash[:12]}",
    )


@click.command("providers")
@json_option
def providers_command() -> None:
    """List the providers, what they give, and whether they have the key they need."""
    from rich.table import Table

    surroundings = command_context()
    found = providers_of(surroundings).described()
    table = Table(title="Providers")
    for heading in ("name", "what", "gives", "key"):
        table.add_column(heading, no_wrap=heading in ("name", "key"))
    for one in found:
        table.add_row(one.name, one.summary, ", ".join(one.gives), one.key)
    surroundings.emit([msgspec.to_builtins(one) for one in found], table)


async def _fetch(
    surroundings: CommandContext,
    names: list[str],
    request: FetchRequest,
    told: Callable[[Gone], None],
) -> Kept:
    """Fetch from the first provider that is there."""
    from fks.contexts.data.service.keeping import Keeping
    from fks.contexts.data.service.quality import rules_of

    def passed_over(name: str, error: FksError) -> None:
        surroundings.err.print(f"{name} is passed over: {error.message}", style="yellow")

    async with providers_of(surroundings).sources(names) as asked:
        keeping = Keeping(
            store_of(surroundings),
            rules_of(surroundings.hook),
            code_version=fks.__version__,
            told=told,
        )
        return await keeping.fetch(asked, request, now_ns=time.time_ns(), passed_over=passed_over)


@contextmanager
def _progress(
    surroundings: CommandContext, start_ns: int, end_ns: int
) -> Iterator[Callable[[Gone], None]]:
    """Show on a terminal's stderr how far a backfill is."""
    if surroundings.json or not surroundings.err.is_terminal:
        yield lambda gone: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        BarColumn(),
        TextColumn("{task.fields[reached]}  {task.fields[rows]:,} rows"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=surroundings.err, transient=True) as bar:
        task = bar.add_task("fetch", total=None, reached="asking", rows=0)
        first: list[int] = []

        def told(gone: Gone) -> None:
            first.append(max(start_ns, gone.reached_ns) if not first else first[0])
            span, done = end_ns - first[0], gone.reached_ns - first[0]
            bar.update(
                task,
                total=max(span, 1),
                completed=min(max(done, 0), span),
                reached=iso(min(gone.reached_ns, end_ns))[:16],
                rows=gone.rows,
            )

        yield told


COMMANDS = (fetch_command, rebuild_command, providers_command)
