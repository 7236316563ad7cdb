"""`fks backtest` and `fks strategies`: the same runs as the server's, without one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

from fks.contexts.engine.domain.backtest import Plan, execute, prepare
from fks.contexts.engine.domain.grid import expand_grid, valid_params
from fks.contexts.engine.domain.parameters import decode_params, describe
from fks.contexts.engine.domain.sweep import Swept, sweep
from fks.contexts.engine.settings import EngineSettings
from fks.contracts.engine import BacktestRequest, ParamInfo, Run
from fks.contracts.execution import CostModel
from fks.contracts.values import FillRule
from fks.kernel.commands import CommandContext, command_context, json_option
from fks.kernel.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.table import Table

    from fks.contexts.engine.service.backtester import LocalBacktester

__all__ = ["backtest", "strategies"]

SHOWN = (
    ("total_return", "{:+.2%}"),
    ("cagr", "{:+.2%}"),
    ("sharpe", "{:.2f}"),
    ("sortino", "{:.2f}"),
    ("max_drawdown", "{:.2%}"),
    ("exposure", "{:.1%}"),
    ("trades", "{:,.0f}"),
    ("win_rate", "{:.1%}"),
    ("profit_factor", "{:.2f}"),
    ("expectancy", "{:,.2f}"),
    ("total_fees", "{:,.2f}"),
)


_REQUEST_OPTIONS = (
    click.argument("strategy"),
    click.option("--dataset", required=True, metavar="NAME_OR_PATH", help="Dataset, or a file."),
    click.option("-p", "--param", "params", multiple=True, metavar="NAME=VALUE", help="Parameter."),
    click.option("--quantity", type=float, default=1.0, show_default=True, help="Units to trade."),
    click.option("--cash", type=float, default=100_000.0, show_default=True, help="Starting cash."),
    click.option("--fee-bps", type=float, default=0.0, help="Commission in 0.01 % of notional."),
    click.option("--fee-per-unit", type=float, default=0.0, help="Commission a share or contract."),
    click.option("--fee-minimum", type=float, default=0.0, help="Least commission a fill."),
    click.option("--slippage-ticks", type=int, default=0, help="Slippage in ticks."),
    click.option("--slippage-bps", type=float, default=0.0, help="Slippage in 0.01 % of price."),
    click.option("--spread-ticks", type=int, default=0, help="Spread in ticks; half is paid."),
    click.option(
        "--fill",
        type=click.Choice([rule.value for rule in FillRule]),
        default=FillRule.NEXT_OPEN.value,
        show_default=True,
        help="When a market order is filled.",
    ),
    click.option("--from", "begin", metavar="DATE", help="First bar, UTC: 2010-01-31[THH:MM]."),
    click.option("--to", "end", metavar="DATE", help="Bars must open before this, UTC."),
    click.option("--tick-size", help="Tick size instead of the dataset's."),
    click.option("--lot-size", help="Lot size instead of the dataset's."),
    click.option("--multiplier", help="Contract multiplier instead of the dataset's."),
    click.option(
        "--tier",
        type=click.Choice(["auto", "batch", "trigger", "bar"]),
        default="auto",
        show_default=True,
        help="Which of the strategy's tiers to run.",
    ),
    click.option("--pure", is_flag=True, help="Run the plain Python twins of the compiled parts."),
    click.option("--seed", type=int, default=0, help="Seed for a strategy that draws numbers."),
)


def _request_options(command: Any) -> Any:
    """Give a command what a backtest is asked for with."""
    for option in reversed(_REQUEST_OPTIONS):
        command = option(command)
    return command


@click.group()
def backtest() -> None:
    """Run strategies over past prices, and look at what came of it."""


@backtest.command("run")
@_request_options
@click.option(
    "--registry-fees",
    is_flag=True,
    help="Commission and exchange fee of fks instruments, in force in the period.",
)
@json_option
def run_command(**options: Any) -> None:
    """Run STRATEGY over a dataset, write the result and its tear sheet."""
    surroundings = command_context()
    backtester, request = _backtester(surroundings), _request(options)
    if options["registry_fees"]:
        from fks.contexts.engine.service.registry_fees import with_registry_fees

        request = with_registry_fees(request, backtester.datasets)
    plan = backtester.plan(request)
    total = len(plan.material.bars)
    with _progress(surroundings, total) as on_progress:
        finished = backtester.execute(
            plan, backtester.new_record(plan.request), on_progress=on_progress
        )
    finished.save()
    backtester.files.prune(surroundings.settings.section("engine", EngineSettings).kept_runs)
    _emit_run(surroundings, finished.run)


@backtest.command("sweep")
@_request_options
@click.option("--top", type=click.IntRange(1, 1000), default=20, show_default=True, help="Rows.")
@json_option
def sweep_command(top: int, **options: Any) -> None:
    """Run STRATEGY with every combination of parameters: -p fast=5,10,20 -p slow=30:90:10.

    A range is FIRST:LAST:STEP, both ends included. Combinations that the strategy refuses are
    left out. The best by final equity are shown with their statistics; nothing is written.
    """
    surroundings = command_context()
    backtester = _backtester(surroundings)
    grid = expand_grid(dict(_parameter_value(text) for text in options.pop("params")))
    kind = backtester.catalog.get(options["strategy"])
    valid = valid_params(kind, grid)
    plan = backtester.plan(_request({**options, "params": ()}, valid[0]))
    with _progress(surroundings, len(valid)) as on_progress:
        rows = sweep(
            plan,
            [decode_params(kind, params) for params in valid],
            backtester.desks,
            backtester.pipelines,
            on_progress=on_progress,
        )
    best = sorted(rows, key=lambda row: row.final_equity, reverse=True)[:top]
    found = [
        {**msgspec.to_builtins(row), "metrics": _metrics_of(backtester, plan, row)} for row in best
    ]
    document = {"strategy": kind.name, "combinations": len(valid), "best": found}
    surroundings.emit(document, _sweep_table(kind.name, len(valid), found))


def _metrics_of(backtester: LocalBacktester, plan: Plan, row: Swept) -> Mapping[str, float | None]:
    """Return the statistics of one combination, by running it once more."""
    again = prepare(
        msgspec.structs.replace(plan.request, params=row.params), plan.kind, plan.material
    )
    return execute(again, backtester.desks, backtester.pipelines).metrics


def _sweep_table(name: str, count: int, found: list[dict[str, Any]]) -> Table:
    """Return the best combinations for people."""
    from rich.table import Table

    table = Table(title=f"{name}: the best of {count:,} combinations")
    varied = [key for key in found[0]["params"] if len({str(f["params"][key]) for f in found}) > 1]
    for heading in (*varied, "final equity", "fills", "sharpe", "max drawdown"):
        table.add_column(heading, justify="right")
    for row in found:
        table.add_row(
            *(str(row["params"][key]) for key in varied),
            f"{row['final_equity']:,.2f}",
            f"{row['fills']:,}",
            _figure(row["metrics"].get("sharpe"), "{:.2f}"),
            _figure(row["metrics"].get("max_drawdown"), "{:.2%}"),
        )
    return table


@backtest.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@json_option
def list_command(limit: int) -> None:
    """List finished runs, newest first."""
    from rich.table import Table

    surroundings = command_context()
    files = _backtester(surroundings).files
    runs = [files.load(run_id) for run_id in files.ids()[:limit]]
    table = Table(title="Backtests, newest first")
    for heading in ("run", "when (UTC)", "strategy", "dataset", "status"):
        table.add_column(heading, no_wrap=heading == "run")
    for heading in ("bars", "fills", "final equity"):
        table.add_column(heading, justify="right")
    for run in runs:
        table.add_row(
            run.id,
            _moment(run.created_at_ns),
            run.strategy,
            run.dataset,
            run.status.value,
            f"{run.bars:,}",
            f"{run.fills:,}",
            f"{run.final_equity:,.2f}",
        )
    surroundings.emit({"runs": runs}, table)


@backtest.command("show")
@click.argument("run_id", metavar="RUN")
@json_option
def show_command(run_id: str) -> None:
    """Show a finished run."""
    surroundings = command_context()
    _emit_run(surroundings, _backtester(surroundings).files.load(run_id))


@backtest.command("compare")
@click.argument("run_ids", metavar="RUN RUN...", nargs=-1, required=True)
@json_option
def compare_command(run_ids: tuple[str, ...]) -> None:
    """Show finished runs side by side, and in what they differ."""
    from rich.table import Table

    surroundings = command_context()
    files = _backtester(surroundings).files
    from fks.contexts.engine.service.results import Results

    comparison = Results(files).compare(tuple(files.load(run_id) for run_id in run_ids))
    table = Table(title="Backtests side by side")
    table.add_column("")
    for run in comparison.runs:
        table.add_column(run.id, justify="right")
    for name, row in comparison.differences.items():
        table.add_row(name, *row)
    table.add_section()
    table.add_row("final equity", *(f"{run.final_equity:,.2f}" for run in comparison.runs))
    for name, form in SHOWN:
        figures = [_figure(run.metrics.get(name), form) for run in comparison.runs]
        table.add_row(name.replace("_", " "), *figures)
    surroundings.emit(comparison, table)


@click.command()
@json_option
def strategies() -> None:
    """List the strategies with their parameters."""
    from rich.table import Table

    surroundings = command_context()
    found = [describe(kind) for kind in _backtester(surroundings).catalog.all()]
    table = Table(title="Strategies")
    for heading in ("name", "parameters", "tiers", "from", "summary"):
        table.add_column(heading)
    for info in found:
        parameters = "\n".join(_parameter(param) for param in info.params)
        table.add_row(info.name, parameters, ", ".join(info.tiers), info.origin, info.summary)
    surroundings.emit({"strategies": found}, table)


def _backtester(surroundings: CommandContext) -> LocalBacktester:
    """Return the backtester over this home folder."""
    from fks.contexts.engine.service.backtester import LocalBacktester

    return LocalBacktester(surroundings.home, surroundings.hook)


def _request(
    options: Mapping[str, Any], params: Mapping[str, Any] | None = None
) -> BacktestRequest:
    """Return what the options ask for. Raises `Invalid` naming the option that is wrong."""
    return BacktestRequest(
        strategy=options["strategy"],
        dataset=options["dataset"],
        params=params or dict(_parameter_value(text) for text in options["params"]),
        quantity=options["quantity"],
        cash=options["cash"],
        fill_rule=FillRule(options["fill"]),
        costs=CostModel(
            fee_bps=options["fee_bps"],
            fee_per_unit=options["fee_per_unit"],
            fee_minimum=options["fee_minimum"],
            slippage_ticks=options["slippage_ticks"],
            slippage_bps=options["slippage_bps"],
            spread_ticks=options["spread_ticks"],
        ),
        from_ts_ns=_instant_ns("--from", options["begin"], 0),
        to_ts_ns=_instant_ns("--to", options["end"], 2**63 - 1),
        tick_size=options["tick_size"],
        lot_size=options["lot_size"],
        multiplier=options["multiplier"],
        seed=options["seed"],
        tier=options["tier"],
        compiled=not options["pure"],
    )


def _parameter_value(text: str) -> tuple[str, str]:
    """Split `name=value`."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise Invalid(
            f"-p {text[:60]!r}: write a parameter as name=value", code="engine.bad_option"
        )
    return name.strip(), value.strip()


def _instant_ns(option: str, text: str | None, default: int) -> int:
    """Return a date or date and time, UTC where no zone is said, in nanoseconds."""
    if text is None:
        return default
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(
            f"{option} {text[:40]!r} is no date; write 2010-01-31 or 2010-01-31T14:30",
            code="engine.bad_option",
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    days = (moment.astimezone(UTC).date() - date(1970, 1, 1)).days
    clock = moment.astimezone(UTC).time()
    seconds = days * 86_400 + clock.hour * 3600 + clock.minute * 60 + clock.second
    return seconds * 1_000_000_000 + clock.microsecond * 1000


@contextmanager
def _progress(surroundings: CommandContext, total: int) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on a terminal; elsewhere nothing."""
    if surroundings.json or not surroundings.err.is_terminal:
        yield lambda done: None
        return
    from rich.progress import Progress

    with Progress(console=surroundings.err, transient=True) as bar:
        task = bar.add_task("backtest", total=total)
        yield lambda done: bar.update(task, completed=done)


def _emit_run(surroundings: CommandContext, run: Run) -> None:
    """Answer with one run."""
    from rich.table import Table

    table = Table(title=f"{run.strategy} on {run.dataset}", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_row("run", run.id)
    table.add_row("status", run.status.value + (f": {run.error}" if run.error else ""))
    if run.synthetic:
        table.add_row("data", "synthetic: these are no real prices")
    table.add_row("bars", f"{run.bars:,} in {run.duration_s:.3f} s ({run.tier})")
    table.add_row("orders, fills, refused", f"{run.orders:,}, {run.fills:,}, {run.rejected:,}")
    table.add_row("final equity", f"{run.final_equity:,.2f}")
    for name, form in SHOWN:
        table.add_row(name.replace("_", " "), _figure(run.metrics.get(name), form))
    table.add_row("dataset hash", run.dataset_hash[:16])
    table.add_row("manifest hash", run.manifest_hash[:16])
    document = {"run_id": run.id, **{name: getattr(run, name) for name in run.__struct_fields__}}
    surroundings.emit(document, table, f"tear sheet: {run.report_path}")


def _figure(value: float | None, form: str) -> str:
    """Return a figure for people, a dash where it is undefined."""
    return "-" if value is None else form.format(value)


def _moment(ts_ns: int) -> str:
    """Return a moment for people."""
    return datetime.fromtimestamp(ts_ns // 1_000_000_000, UTC).strftime("%Y-%m-%d %H:%M")


def _parameter(info: ParamInfo) -> str:
    """Return a parameter with its default and limits."""
    limits = ""
    if info.minimum is not None or info.maximum is not None:
        low = "" if info.minimum is None else f"{info.minimum:g}"
        high = "" if info.maximum is None else f"{info.maximum:g}"
        limits = f" ({low}..{high})"
    return f"{info.name}={info.default}{limits}  {info.summary}".rstrip()
