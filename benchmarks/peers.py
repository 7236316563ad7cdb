"""Run the workload in FKS and in other engines, each in its own environment, and compare.

Every engine's equity and fills are checked before its time counts. The rounds go in turns, so a
machine that slows down slows all of them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from environments import environment

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from fks.contexts.engine.domain import workload  # noqa: E402  # the path is set just above

HERE = Path(__file__).resolve().parent / "peers"
PEERS = {
    "numba": ["numba==0.62.1"],
    "backtesting": ["backtesting==0.6.6"],
    "backtrader": ["backtrader==1.9.78.123", "pandas"],
    "nautilus": ["nautilus_trader==1.221.0"],
}
TITLES = {
    "fks-batch": "FKS, columns",
    "fks-trigger": "FKS, triggers",
    "fks-bar": "FKS, plain Python `on_bar`",
    "loop": "bare Python loop (no engine)",
    "numba": "numba, fused (no engine)",
    "backtesting": "backtesting.py 0.6.6",
    "backtrader": "backtrader 1.9.78",
    "nautilus": "nautilus_trader 1.221",
}
RULE = {"nautilus": "same_close"}


def main() -> None:
    """Prepare, run in turns, check, and write the table."""
    options = _options()
    peers = [name for name in PEERS if not options.only or name in options.only]
    pythons = {name: environment(options.home / name, PEERS[name]) for name in peers}
    own = ["fks-batch", "fks-trigger", "fks-bar", "loop"]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "bars.npz"
        expected = _write(data, options.bars)
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in (*own, *peers)}
        for number in range(options.rounds):
            for name in runs:
                print(f"round {number + 1}: {name}", file=sys.stderr, flush=True)
                python = pythons.get(name, Path(sys.executable))
                runs[name].append(_run(python, name, data))
    for name, results in runs.items():
        wanted = expected[RULE.get(name, "next_open")]
        for result in results:
            _check(name, result, wanted)
    rows = [_row(name, results, options.bars) for name, results in runs.items()]
    if options.json:
        options.json.write_text(json.dumps({"bars": options.bars, "rows": rows}, indent=2))
    table = _table(rows, options.bars, options.rounds)
    options.table.write_text(table)
    print(table)


def _options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bars", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    parser.add_argument("--home", type=Path, default=ROOT / ".bench")
    parser.add_argument("--json", type=Path)
    parser.add_argument(
        "--table", type=Path, default=ROOT / "docs/reference/benchmarks-backtest.md"
    )
    return parser.parse_args()


def _write(path: Path, count: int) -> dict[str, tuple[float, int]]:
    """Write the bars; return the expected equity and fills by fill rule."""
    bars = workload.generate(count)
    np.savez(
        path,
        ts_ns=bars.ts_ns,
        open=bars.open,
        high=bars.high,
        low=bars.low,
        close=bars.close,
        volume=bars.volume,
    )
    if count == 1_000_000:
        return dict(workload.KNOWN)
    opens, closes = bars.open.tolist(), bars.close.tolist()
    return {
        "next_open": workload.bare_loop(opens, closes),
        "same_close": workload.bare_loop(opens, closes, same_close=True),
    }


def _run(python: Path, name: str, data: Path) -> dict[str, Any]:
    """Run one engine in a process of its own and return what it printed."""
    script = "fks" if name.startswith("fks-") or name == "loop" else name
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src") if script == "fks" else ""}
    command = [str(python), str(HERE / f"run_{script}.py"), str(data), name]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _check(name: str, result: dict[str, Any], expected: tuple[float, int]) -> None:
    """Stop when an engine computed something else: then its speed says nothing."""
    equity, fills = expected
    # Float accounts drift by fractions of a cent; nautilus_trader rounds each fee to a cent.
    allowed = 0.005 * fills if name == "nautilus" else 0.05
    if abs(result["equity"] - equity) > allowed or result["fills"] != fills:
        raise SystemExit(
            f"{name}: {result['equity']:.4f} and {result['fills']} fills, "
            f"not {equity:.4f} and {fills}"
        )


def _row(name: str, results: list[dict[str, Any]], bars: int) -> dict[str, Any]:
    """Return the median of an engine's rounds."""
    seconds = median(result["seconds"] for result in results)
    return {
        "name": name,
        "seconds": seconds,
        "bars_per_s": bars / seconds,
        "rss_mb": median(result["rss_mb"] for result in results),
    }


def _table(rows: list[dict[str, Any]], bars: int, rounds: int) -> str:
    """Return the page for the documentation."""
    by_name = {row["name"]: row for row in rows}
    plain, columns = by_name["fks-bar"]["seconds"], by_name["fks-batch"]["seconds"]
    lines = [
        "# Backtests side by side",
        "",
        "Written by `benchmarks/peers.py` (see `benchmarks/README.md` for the workload): "
        f"{bars:,} bars, median of {rounds} rounds in turns, equity and fills checked for each.",
        f"Python {platform.python_version()}, {os.cpu_count()} cores. "
        "Figures of one machine; only their ratios travel.",
        "",
        "| engine | s | bars/s | RSS MB | FKS `on_bar` is | FKS columns are |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {TITLES[row['name']]} | {row['seconds']:.4g} | {row['bars_per_s']:,.0f} "
        f"| {row['rss_mb']:.0f} | {row['seconds'] / plain:.3g} x "
        f"| {row['seconds'] / columns:.3g} x |"
        for row in sorted(rows, key=lambda row: float(row["seconds"]))
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
