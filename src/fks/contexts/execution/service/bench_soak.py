"""`fks bench soak`: durable orders at a steady rate for long; nothing may be lost or grow."""

from __future__ import annotations

from fks.contexts.execution.domain.journal.failures import JournalDiverged
from fks.contexts.execution.service import soak_engine, soak_writer
from fks.contexts.execution.service.bench_flow import row
from fks.contexts.execution.service.bench_journaled import own_folder
from fks.contexts.execution.service.soak_vitals import Delays, Outcome
from fks.kernel.benchmarks import Measured, Row
from fks.kernel.errors import Invalid

__all__ = ["run"]

_MIB = 1 << 20
_P99_US, _P999_US = 1_000, 5_000
_GROWTH_MIB, _GROWTH_SHARE = 32.0, 0.02
_WAYS = {"engine": soak_engine.soaked, "writer": soak_writer.soaked}


def run(
    quick: bool,
    rate: int = 5000,
    minutes: float = 30.0,
    through: str = "engine",
    folder: str = "",
) -> Measured:
    """Return delays, what the process held at the start and at the end, and what was lost.

    `quick` lasts three seconds at most. Raises `Invalid` for a rate, a length or a way that is
    none, `JournalFailed` where the disk fails, `JournalDiverged` where a replay leads elsewhere.
    """
    seconds = min(3.0, minutes * 60) if quick else minutes * 60
    if rate < 1 or seconds <= 0:
        raise Invalid("a soak has at least one order a second, and lasts", code="bench.invalid")
    if through not in _WAYS:
        raise Invalid(f"--through is one of {', '.join(_WAYS)}", code="bench.invalid")
    with own_folder(folder) as place:
        found = _WAYS[through](place / "journal", rate, seconds, small=quick)
    again = found.again
    if again.state != found.state:
        raise JournalDiverged(0, again.commands)
    rows = [
        *_delays("due to durable", found.delays, _P99_US, _P999_US),
        *_delays("of it a sync of the disk", found.syncs),
        *_held(found),
        row("acknowledged, not found after re-opening", found.acknowledged - again.commands, "", 0),
    ]
    facts: dict[str, str | int | float] = {
        "state": found.state.hex(),
        "orders": found.orders,
        "rate": round(found.orders / found.seconds, 1),
        "seconds": round(found.seconds, 3),
        "commits": found.commits,
        "reopened_seconds": round(again.seconds, 3),
        "replayed_commands": again.commands,
        "equal_checkpoints": again.checkpoints,
        **found.facts,
    }
    return Measured(rows, facts)


def _delays(
    name: str, delays: Delays, p99: float | None = None, p999: float | None = None
) -> list[Row]:
    """Return quantiles, with goals where there are any."""
    limit = " (at most)" if p99 else ""
    return [
        row(f"{name}: p50", delays.quantile_us(0.5), "us"),
        row(f"{name}: p99{limit}", delays.quantile_us(0.99), "us", p99),
        row(f"{name}: p99.9{limit}", delays.quantile_us(0.999), "us", p999),
        row(f"{name}: longest", delays.most_us, "us"),
    ]


def _held(done: Outcome) -> list[Row]:
    """Return what the process held, after warming up and at the end."""
    first, last = done.first, done.last
    most = min(_GROWTH_MIB, _GROWTH_SHARE * first.rss / _MIB)
    return [
        row("memory after warming up", first.rss / _MIB, "MiB"),
        row("memory at the end", last.rss / _MIB, "MiB"),
        row("growth (at most)", (last.rss - first.rss) / _MIB, "MiB", most),
        row("open files after warming up", first.files, "files"),
        row("more open files at the end (at most)", last.files - first.files, "files", 0),
        row("threads after warming up", first.threads, "threads"),
        row("more threads at the end (at most)", last.threads - first.threads, "threads", 0),
    ]
