"""Send one stream of orders through FKS and other engines, each in its own environment.

What every engine comes to is compared before its time counts: trades, volume and notional where it
tells them, live orders and both best prices. The rounds go in turns.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from environments import NotInstalled, environment

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from fks.contexts.execution.domain.matching import workload  # noqa: E402  # path set above
from fks.contexts.execution.domain.matching._matching import Matcher  # noqa: E402  # as above
from fks.contexts.execution.domain.matching.layout import EVENT  # noqa: E402  # as above
from fks.contexts.execution.domain.matching.workload import STD, Flow, Profile  # noqa: E402

HERE = Path(__file__).resolve().parent / "matching"
OWN = {
    "fks-batch": "FKS, 1,024 messages a call",
    "fks-single": "FKS, one call a message",
    "loop": "a loop that calls what does nothing (no engine)",
}
PEERS = {
    "limit_order_book": ("limit-order-book", "2.0.0", "C++ behind ctypes; no trades told"),
    "nautilus": ("nautilus_trader", "1.221.0", "L3 book told what happened; does not match"),
    "lightmatchingengine": ("lightmatchingengine", "2019.1.4", "plain Python"),
    "pyorderbook": ("pyorderbook", "0.4.9", "plain Python, decimals"),
    "matching_engine": ("matching-engine", "0.1.1", ""),
}
COLUMNS = ("kind", "id", "side", "price", "quantity", "account")
ADDED, UPDATED, DELETED = 1, 2, 3


def main() -> None:
    """Prepare, run in turns, check, and write the table."""
    options = _options()
    pythons, refused = _environments(options)
    load = round(os.getloadavg()[0], 1)
    flow = workload.generate(Profile(STD.seed, STD.resting, options.messages, STD.distance))
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in (*OWN, *pythons)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        expected = _write(folder, flow)
        for number in range(options.rounds):
            for contestant, results in runs.items():
                print(f"round {number + 1}: {contestant}", file=sys.stderr, flush=True)
                results.append(_run(pythons.get(contestant), contestant, folder))
    differences = {name: _differs(results, expected) for name, results in runs.items()}
    wrong = [name for name in OWN if differences[name]]
    if wrong:
        raise SystemExit(f"FKS came to something else: {differences[wrong[0]]}")
    document = {
        "messages": options.messages,
        "rounds": options.rounds,
        "expected": expected,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": load,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "rows": [
            {
                "name": name,
                "ns": 1e9 * min(result["seconds"] for result in results) / options.messages,
                "median_ns": 1e9
                * median(result["seconds"] for result in results)
                / options.messages,
                "differs": differences[name],
                "checked": sorted(results[0]["found"]),
            }
            for name, results in runs.items()
        ],
        "not_run": refused,
    }
    if options.json:
        options.json.write_text(json.dumps(document, indent=2))
    table = _table(document)
    options.table.write_text(table)
    print(table)


def _options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    parser.add_argument("--home", type=Path, default=ROOT / ".bench")
    parser.add_argument("--json", type=Path)
    parser.add_argument(
        "--table", type=Path, default=ROOT / "docs/reference/benchmarks-matching-peers.md"
    )
    return parser.parse_args()


def _environments(options: argparse.Namespace) -> tuple[dict[str, Path], dict[str, str]]:
    """Return the Python of each peer that installs, and why the others do not."""
    pythons, refused = {}, {}
    for name, (package, version, _) in PEERS.items():
        if options.only and name not in options.only:
            continue
        try:
            pythons[name] = environment(options.home / name, [f"{package}=={version}"])
        except NotInstalled as error:
            refused[name] = str(error)
    return pythons, refused


def _write(folder: Path, flow: Flow) -> dict[str, int | None]:
    """Write the stream in every form that a contestant reads; return what it leads to."""
    matcher = Matcher(instruments=1, accounts=workload.ACCOUNTS + 1, orders=2 * STD.resting)
    matcher.apply(workload.opening(), 1)
    lots: dict[int, int] = {}
    for name, rows in (("filling", flow.filling), ("measured", flow.measured)):
        rows.tofile(folder / f"{name}.rows")
        np.concatenate([rows[column].astype(np.int64) for column in COLUMNS]).tofile(
            folder / f"{name}.bin"
        )
        changes = np.array(_book(matcher, rows, lots), np.int64)
        np.ascontiguousarray(changes.T).tofile(folder / f"{name}.book")
    return {**flow.facts._asdict(), "open": sum(lots.values())}


def _book(matcher: Matcher, rows: Any, lots: dict[int, int]) -> list[tuple[int, ...]]:
    """Return what each message does to a book that cannot match; `lots` are what is open."""
    changes: list[tuple[int, ...]] = []
    events = np.zeros(65_536, EVENT)
    names = ("kind", "id", "side", "price", "quantity")
    for row in rows:
        kind, key, side, price, quantity = (int(row[name]) for name in names)
        _, written = matcher.apply_into(row.reshape(1), 1, events)
        if kind == 2:
            changes.append((DELETED, key, side, price, lots.pop(key)))
            continue
        if kind == 3:
            lots[key] = quantity
            changes.append((UPDATED, key, side, price, quantity))
            continue
        left = quantity
        trades = events[:written]
        for trade in trades[trades["kind"] == 3]:
            maker, traded = int(trade["other"]), int(trade["quantity"])
            left -= traded
            lots[maker] -= traded
            what = UPDATED if lots[maker] else DELETED
            changes.append((what, maker, 1 - side, int(trade["price"]), lots[maker] or traded))
            if not lots[maker]:
                del lots[maker]
        if left:
            lots[key] = left
            changes.append((ADDED, key, side, price, left))
    return changes


def _run(python: Path | None, name: str, folder: Path) -> dict[str, Any]:
    """Run one contestant in a process of its own and return what it printed."""
    script = "fks" if name in OWN else name
    path = {"PYTHONPATH": str(ROOT / "src") if name in OWN else ""}
    command = [str(python or sys.executable), str(HERE / f"run_{script}.py"), str(folder), name]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **path}, check=False
    )
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _differs(results: list[dict[str, Any]], expected: dict[str, int | None]) -> str:
    """Return what a contestant came to instead, or nothing."""
    for result in results:
        for name, value in result["found"].items():
            if value != expected[name]:
                return f"{name} {value}, not {expected[name]}"
    return ""


def _table(document: dict[str, Any]) -> str:
    """Return the page for the documentation."""
    by_name = {row["name"]: row for row in document["rows"]}
    single, batch = by_name["fks-single"]["ns"], by_name["fks-batch"]["ns"]
    expected = document["expected"]
    lines = [
        "# Matching side by side",
        "",
        f"Written by `benchmarks/peers_matching.py` on {document['date']}: "
        f"{document['messages']:,} messages of the flow of `fks bench matching`, into a book of "
        f"{STD.resting:,} orders; best of {document['rounds']} rounds in turns; "
        f"Python {document['python']}, {document['cores']} cores, which other programs used too "
        f"(a load of {document['load']} before the first round). Only the ratios travel.",
        "",
        f"The flow leads to {expected['trades']:,} trades of {expected['volume']:,} lots. The last "
        "column says what was compared with that, and agreed. Each engine is called once a "
        "message, as its users call it; FKS also with rows of 1,024. FKS has every control of its "
        "ledger in force; the others have none.",
        "",
        "| engine | ns a message | of FKS single | of FKS batch | compared |",
        "| --- | ---: | ---: | ---: | --- |",
    ]
    for row in sorted(document["rows"], key=lambda row: float(row["ns"])):
        said = row["differs"] or ", ".join(row["checked"]).replace("_", " ")
        said = f"**differs**: {said}" if row["differs"] else said
        lines.append(
            f"| {_title(row['name'])} | {row['ns']:,.0f} | {row['ns'] / single:.3g} x "
            f"| {row['ns'] / batch:.3g} x | {said} |"
        )
    for name, reason in document["not_run"].items():
        lines.append(f"| {_title(name)} | not run | | | {reason} |")
    return "\n".join(lines) + "\n"


def _title(name: str) -> str:
    """Return how an engine is called in the table."""
    if name in OWN:
        return OWN[name]
    package, version, what = PEERS[name]
    return f"{package} {version}" + (f" ({what})" if what else "")


if __name__ == "__main__":
    main()
