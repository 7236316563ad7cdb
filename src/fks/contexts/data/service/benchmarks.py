"""What `fks bench` can measure of data; nothing of it is imported before it is asked for."""

from __future__ import annotations

from fks.kernel.benchmarks import Benchmark, Choice

__all__ = ["BENCHMARKS"]

BENCHMARKS = (
    Benchmark(
        "data",
        "Import, write, read, resample and join bars beside polars, arcticdb, duckdb, pyarrow",
        "fks.contexts.data.service.bench_data:run",
        (Choice("rows", 0, "So many bars; else 10,000,000, or 200,000 when quick"),),
    ),
    Benchmark(
        "stream",
        "Messages of an exchange's socket until the best prices of its book are known",
        "fks.contexts.data.service.bench_stream:run",
        (
            Choice("file", "", "A recording in Binance's format; else a seeded stream is made"),
            Choice("rate", 20_000, "Messages a second over a socket; 0 leaves the socket out"),
        ),
    ),
)
