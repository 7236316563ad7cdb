"""What `fks bench` can measure of execution; nothing of it is imported before it is asked for."""

from __future__ import annotations

from fks.kernel.benchmarks import Benchmark, Choice

__all__ = ["BENCHMARKS"]

_HERE = "fks.contexts.execution.service"
_FOLDER = Choice("folder", "", "Where the journal is written; a folder for temporary files if none")

BENCHMARKS = (
    Benchmark(
        "matching",
        "Messages through the matching engine, with every risk control in force",
        f"{_HERE}.bench_matching:run",
    ),
    Benchmark(
        "execution",
        "Risk, match and journal in one run, and submits that wait for the disk",
        f"{_HERE}.bench_execution:run",
        (_FOLDER,),
    ),
    Benchmark(
        "soak",
        "Durable orders at a steady rate for long: delays, what grows, what is lost",
        f"{_HERE}.bench_soak:run",
        (
            Choice("rate", 5000, "Orders a second"),
            Choice("minutes", 30.0, "How long"),
            Choice("through", "engine", "engine, or writer: that of trading accounts"),
            _FOLDER,
        ),
    ),
)
