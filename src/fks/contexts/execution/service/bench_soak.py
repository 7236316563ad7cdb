"""`fks bench soak`: durable orders at a steady rate for long; nothing may be lost or grow."""

from __future__ import annotations

from fks.contexts.execution.domain.journal.failures import JournalDiverged
from fks.contexts.execution.service.bench_flow import row
from fks.contexts.execution.service.bench_journaled import own_folder
from fks.contexts.execution.service.soak_engine import Soak, Soaked, reopened
from fks.contexts.execution.service.soak_vitals import Delays
from fks.kernel.benchmarks import Measured, Row
from fks.kernel.errors import Invalid

__all__ = ["run"]

_MIB = 1 << 20
_P99_US, _P999_US = 1_000, 5_000
_GROWTH_MIB, _GROWTH_SHARE = 32.0, 0.02


def run(
    quick: bool,
    rate: int = 5000,
    minutes: float = 30.0,
    folder: str = "",
) -> Measured:
    """Return delays, what the process held at the start and at the end, and what was lost.

    `quick` lasts three seconds. Raises `Invalid` for a rate or a length that is none, and
    `JournalFailed` where the disk fails.
    """
    seconds = 3.0 if quick else minutes * 60
    if rate < 1 or seconds <= 0:
        raise Invalid("a soak has at least one order a second, and lasts", code="bench.invalid")
    with own_folder(folder) as place:
        soak = Soak(place / "journal")
        try:
            done = soak.run(rate, seconds)
        finally:
            soak.close()
        if soak.failure is not None:
            raise soak.failure
        state = soak.matcher.state_hash()
        again = reopened(place / "journal", done.last_seq)
    if again.state != state:
        raise JournalDiverged(0, done.last_seq)
    lost = soak.acknowledged - again.commands
    rows = [
        *_delays("due to durable", soak.delays, _P99_US, _P999_US),
        *_delays("of it a sync of the disk", soak.disk.syncs),
        *_held(done),
        row("acknowledged, not found after re-opening", lost, "orders", 0),
    ]
    facts: dict[str, str | int | float] = {
        "state": state.hex(),
        "orders": done.orders,
        "rate": round(done.orders / done.seconds, 1),
        "seconds": round(done.seconds, 3),
        "commits": done.commits,
        "live": soak.matcher.live(),
        "reopened_seconds": round(again.seconds, 3),
        "replayed_commands": again.commands,
        "equal_checkpoints": again.checkpoints,
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


def _held(done: Soaked) -> list[Row]:
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
