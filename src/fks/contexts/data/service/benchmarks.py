"""What `fks bench` can measure of data; nothing of it is imported before it is asked for."""

from __future__ import annotations

from fks.kernel.benchmarks import Benchmark, Choice

__all__ = ["BENCHMARKS"]

BENCHMARKS = (
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
