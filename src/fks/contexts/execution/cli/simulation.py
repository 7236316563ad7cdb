"""`fks execution calibrate | simulate | models`: fit, try and keep models of simulated fills."""

from __future__ import annotations

import time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

from fks.kernel.commands import CommandContext, command_context, json_option
from fks.kernel.errors import Invalid

if TYPE_CHECKING:
    from rich.table import Table

    from fks.contexts.execution.adapters.model_files import ModelFile
    from fks.contexts.execution.domain.simulation.calibration import Calibration
    from fks.contexts.execution.domain.simulation.models import SimulationModels

__all__ = ["calibrate", "models", "simulate"]

_file = click.Path(path_type=Path, dir_okay=False)
_tick = click.option("--tick-size", required=True, help="Tick size of the instrument, as 0.25.")
_lot = click.option("--lot-size", default="1", show_default=True, help="Lot size.")


def _folder(surroundings: CommandContext) -> Path:
    return surroundings.home / "execution" / "models"


def _size(text: str, name: str) -> Decimal:
    """Return a positive size. Raises `Invalid`."""
    try:
        size = Decimal(text)
    except InvalidOperation:
        size = Decimal(0)
    if not size.is_finite() or size <= 0:
        raise Invalid(f"{name} {text} is no positive number", code="execution.bad_instrument")
    return size


def _models(surroundings: CommandContext, name: str | None, data: str | None) -> SimulationModels:
    """Return models by name, or the defaults; `data` overrides what they are fed with."""
    from fks.contexts.execution.adapters import model_files
    from fks.contexts.execution.domain.simulation.models import DataKind, SimulationModels

    found = model_files.find(_folder(surroundings), name).models if name else SimulationModels()
    return msgspec.structs.replace(found, data=DataKind(data)) if data else found


@click.command()
@click.option("--fills", required=True, type=_file, help="Own events, CSV or Parquet.")
@_tick
@_lot
@click.option("--name", default="fitted", show_default=True, help="What to call the models.")
@click.option("--from", "base", metavar="MODELS", help="Models that keep what is not fitted.")
@click.option(
    "--data",
    type=click.Choice(["bars", "trades", "quotes", "depth", "orders"]),
    help="The data that the models will be used with.",
)
@json_option
def calibrate(
    fills: Path, tick_size: str, lot_size: str, name: str, base: str | None, data: str | None
) -> None:
    """Fit latency, slippage and the queue to own acknowledgements and fills.

    Writes a version that never changes: named by its hash, with sample sizes and dates.
    """
    from fks.contexts.execution.adapters import model_files
    from fks.contexts.execution.adapters.recordings.own_fills import digest_of, read_events
    from fks.contexts.execution.domain.simulation.calibration import calibrate as fit

    if not name.replace("-", "").replace("_", "").isalnum() or len(name) > 64:
        raise Invalid(f"{name!r} is no name: letters, digits, - and _", code="execution.bad_model")
    surroundings = command_context()
    events = read_events(fills, _size(tick_size, "--tick-size"), _size(lot_size, "--lot-size"))
    found = fit(events, _models(surroundings, base, data))
    if found.entry is None and found.slippage is None and found.queue is None:
        raise Invalid(
            f"{fills.name} holds {found.orders} orders, too few of every kind to fit anything: "
            "20 acknowledgements, taking fills or resting orders are needed",
            code="execution.too_few_fills",
        )
    file = model_files.file_of(name, found, fills.name, digest_of(fills), time.time_ns())
    path = model_files.write(_folder(surroundings), file)
    surroundings.emit({"file": path, **_document(file)}, _fit_table(found), f"written to {path}")


@click.group()
def models() -> None:
    """Look at the versions of fitted models."""


@models.command("list")
@json_option
def list_command() -> None:
    """List all versions, newest first."""
    from rich.table import Table

    from fks.contexts.execution.adapters import model_files

    surroundings = command_context()
    found = model_files.read_all(_folder(surroundings))
    table = Table("name", "hash", "data", "queue", "orders", "from", "to", "source")
    for _, file in found:
        table.add_row(
            file.name,
            file.hash[:12],
            file.models.data.value,
            file.models.queue.kind.value,
            f"{file.calibration.orders:,}",
            _day(file.calibration.from_ns),
            _day(file.calibration.to_ns),
            file.source,
        )
    surroundings.emit([_document(file) for _, file in found], table)


@models.command()
@click.argument("name")
@json_option
def show(name: str) -> None:
    """Show a version by its name, hash or file: what was fitted, and what is not modelled."""
    from fks.contexts.execution.adapters import model_files

    surroundings = command_context()
    file = model_files.find(_folder(surroundings), name)
    surroundings.emit(
        _document(file),
        f"{file.name} {file.hash}",
        _fit_table(file.calibration),
        "not modelled: " + "; ".join(file.not_modelled),
    )


@click.command()
@click.argument("recording", type=_file)
@_tick
@_lot
@click.option("--book", type=_file, help="LOBSTER's order book file: compare row by row.")
@click.option("--instrument-id", type=int, help="Which instrument of a Databento file.")
@click.option("--orders", type=_file, help="Own orders (CSV) to send into the recording.")
@click.option("--models", "name", metavar="MODELS", help="Fitted models; else the defaults.")
@click.option("--unit-value", default="1", show_default=True, help="Worth of a tick of a lot.")
@click.option("--log", "log_path", type=_file, help="Write what happened, for `calibrate`.")
@json_option
def simulate(
    recording: Path,
    tick_size: str,
    lot_size: str,
    book: Path | None,
    instrument_id: int | None,
    orders: Path | None,
    name: str | None,
    unit_value: str,
    log_path: Path | None,
) -> None:
    """Replay a recorded feed by order (LOBSTER CSV, Databento DBN), with own orders in it.

    Without orders it checks the recording and says how fast the replay was.
    """
    surroundings = command_context()
    tick, lot = _size(tick_size, "--tick-size"), _size(lot_size, "--lot-size")
    events = _events(recording, tick, instrument_id)
    if orders is None:
        document = _checked(events, book, tick)
        surroundings.emit(document, _pairs(document))
        return
    document = _simulated(
        surroundings, events, orders, name, (tick, lot, _size(unit_value, "--unit-value")), log_path
    )
    fills = document.pop("fills")
    surroundings.emit({**document, "fills": fills}, _pairs(document), _rows(fills))


def _events(recording: Path, tick: Decimal, instrument_id: int | None) -> Any:
    """Return the rows of a recording, by the ending of its name."""
    from fks.contexts.execution.adapters.recordings.databento import read_mbo
    from fks.contexts.execution.adapters.recordings.lobster import read_messages

    if recording.name.endswith((".dbn", ".dbn.zst")):
        return read_mbo(recording, tick, instrument_id)
    return read_messages(recording, tick)


def _checked(events: Any, book: Path | None, tick: Decimal) -> dict[str, Any]:
    """Replay without own orders: the recorded book row by row, or what must hold of any."""
    from fks.contexts.execution.adapters.recordings.lobster import read_book
    from fks.contexts.execution.domain.simulation.replica import ReplayBook
    from fks.contexts.execution.domain.simulation.reproduction import inspect, reproduce

    found = (
        inspect(events, ReplayBook())
        if book is None
        else reproduce(events, read_book(book, tick), ReplayBook())
    )
    replayed = ReplayBook()
    started = time.perf_counter()
    replayed.apply_rows(events)
    spent = time.perf_counter() - started
    rate = round(len(events) / spent) if spent else 0
    return {**found._asdict(), "events_per_second": rate}


def _simulated(
    surroundings: CommandContext,
    events: Any,
    orders: Path,
    name: str | None,
    sizes: tuple[Decimal, Decimal, Decimal],
    log_path: Path | None,
) -> dict[str, Any]:
    """Send own orders into the recording."""
    from fks.contexts.execution.adapters.recordings.own_fills import write_events
    from fks.contexts.execution.adapters.recordings.own_orders import read_orders
    from fks.contexts.execution.domain.simulation.models import (
        QueueKind,
        QueueModel,
        model_hash,
        not_modelled,
    )
    from fks.contexts.execution.domain.simulation.orders import ReportKind
    from fks.contexts.execution.domain.simulation.runs import run_feed
    from fks.contexts.execution.domain.simulation.simulator import Facts, Simulator

    tick, lot, unit = sizes
    chosen = _models(surroundings, name, "orders")
    if name is None:
        chosen = msgspec.structs.replace(chosen, queue=QueueModel(kind=QueueKind.FIFO))
    simulator = Simulator(Facts(int(unit * 10**9)), chosen)
    log = run_feed(simulator, events, read_orders(orders, tick, lot))
    if log_path is not None:
        write_events(log_path, log.events, tick, lot)
    fills = [
        {
            "order": report.order_id,
            "ts_ns": report.ts_ns,
            "side": "sell" if report.side else "buy",
            "quantity": f"{report.lots * lot:f}",
            "price": f"{report.price_ticks * tick:f}",
            "maker": report.maker,
            "fee": f"{Decimal(report.fee_nanos) / 10**9:f}",
        }
        for report in log.reports
        if report.kind is ReportKind.FILLED
    ]
    return {
        "events": len(events),
        "reports": len(log.reports),
        "models": model_hash(chosen)[:12],
        "holding": simulator.holding()._asdict(),
        "not_modelled": list(not_modelled(chosen)),
        "fills": fills,
    }


def _document(file: ModelFile) -> dict[str, Any]:
    """Return a version as JSON."""
    document: dict[str, Any] = msgspec.to_builtins(file)
    document["calibration"].pop("models")
    return document


def _fit_table(found: Calibration) -> Table:
    """Return what was fitted, from how many samples."""
    from rich.table import Table

    table = Table("fitted", "samples", "result")
    for name, fit in (("entry latency", found.entry), ("response latency", found.response)):
        if fit is None:
            table.add_row(name, "too few", "as it was")
        else:
            middle, late = fit.quantiles_ns[len(fit.quantiles_ns) // 2], fit.quantiles_ns[-2]
            table.add_row(
                name, f"{fit.samples:,}", f"median {middle / 1e6:.3f} ms, late {late / 1e6:.3f} ms"
            )
    slippage, queue = found.slippage, found.queue
    table.add_row(
        "slippage",
        f"{slippage.samples:,}" if slippage else "too few",
        f"mean {slippage.mean_milliticks / 1000:g} ticks" if slippage else "as it was",
    )
    table.add_row(
        "queue",
        f"{queue.samples:,}" if queue else "too few",
        f"{queue.kind.value} {queue.exponent_milli / 1000:g}, error {queue.error_ppm / 1e6:.4f}, "
        f"out of sample {queue.error_out_ppm / 1e6:.4f}"
        if queue
        else "as it was",
    )
    return table


def _pairs(document: dict[str, Any]) -> Table:
    """Return a flat document as a table."""
    from rich.table import Table

    table = Table("figure", "value")
    for name, value in document.items():
        table.add_row(
            name.replace("_", " "), f"{value:,}" if isinstance(value, int) else str(value)
        )
    return table


def _rows(fills: list[dict[str, Any]]) -> Table:
    """Return fills as a table."""
    from rich.table import Table

    table = Table("order", "ts_ns", "side", "quantity", "price", "maker", "fee")
    for fill in fills:
        table.add_row(*(str(value) for value in fill.values()))
    return table


def _day(ts_ns: int) -> str:
    """Return the UTC day of an instant."""
    return time.strftime("%Y-%m-%d", time.gmtime(ts_ns // 10**9))
