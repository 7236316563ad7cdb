"""What `fks bench` can measure, and the form of its answers.

A benchmark is a function `run(quick, **choices)` that returns rows, or `Measured`; each row
compares one measured value with a reference that was measured in the same run. A plugin adds its
own by the hook `fks_benchmarks`.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from fks.kernel.errors import Invalid

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["Benchmark", "Choice", "Measured", "Row", "known_benchmarks", "machine", "table"]


class Choice(NamedTuple):
    """An option of a benchmark: `--name`, of its default's type."""

    name: str
    default: int | float | str
    help: str


class Benchmark(NamedTuple):
    """A benchmark by name; `factory` is a dotted `module:function`."""

    name: str
    summary: str
    factory: str
    choices: tuple[Choice, ...] = ()


class Row(TypedDict):
    """One figure. `ratio` compares value and reference such that more is better."""

    name: str
    value: float
    unit: str
    reference: float | None
    ratio: float | None
    goal: float | None
    met: bool | None


class Measured(NamedTuple):
    """Rows, and beside them what no row can say, such as the hash of a state."""

    rows: list[Row]
    facts: dict[str, str | int | float]


_OWN = (Benchmark("bus", "Events through the bus in this process", "fks.kernel.bench_bus:run"),)


def known_benchmarks(
    declared: Iterable[tuple[str, Iterable[Benchmark]]],
) -> dict[str, Benchmark]:
    """Return the kernel's benchmarks and those that each plugin declared, by name."""
    known = {benchmark.name: benchmark for benchmark in _OWN}
    for plugin, brought in declared:
        for benchmark in brought:
            if benchmark.name in known:
                raise Invalid(
                    f"plugin {plugin!r}: the benchmark {benchmark.name!r} is taken",
                    code="host.plugin",
                )
            known[benchmark.name] = benchmark
    return known


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    return {
        "system": platform.platform(terse=True),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }


def _processor() -> str:
    """Return the name of the processor as the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123  # a kernel file
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        return platform.processor()
    return platform.processor()


def table(name: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return the rows for people."""
    from rich.table import Table

    shown = Table(title=f"fks bench {name}")
    for heading in ("", "value", "unit", "reference", "ratio", "goal", "met"):
        shown.add_column(heading, justify="left" if heading in ("", "unit", "met") else "right")
    for row in rows:
        met = {True: "yes", False: "no", None: ""}[row["met"]]
        figures = [_figure(row[key]) for key in ("reference", "ratio", "goal")]
        shown.add_row(row["name"], _figure(row["value"]), row["unit"], *figures, met)
    return shown


def _figure(value: float | None) -> str:
    """Return a number with four significant digits, or nothing."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:,.4g}"
