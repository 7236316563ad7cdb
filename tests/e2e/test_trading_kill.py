"""`kill -9` on a server that trades: nothing acknowledged is lost, nothing has two effects."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from .processes import Served

KILLS = 20 * int(os.environ.get("FKS_TORTURE_SCALE", "1"))
CLIENTS = 4
WAIVED = (
    "max_vix",
    "stop_required",
    "orders_per_minute",
    "orders_burst",
    "orders_per_second",
    "max_open_orders",
    "max_open_orders_symbol",
    "max_trades_day",
    "max_trade_risk",
    "max_position_risk",
    "max_correlated_exposure",
    "no_averaging_down",
    "check_margin",
    "max_gross_exposure",
    "max_net_exposure",
    "max_concentration",
    "max_position",
    "max_day_value",
    "max_day_lots",
    "duplicate_orders",
    "duplicate_breaker",
    "rate_breaker",
    "max_order_value",
)
LIMITS = dict.fromkeys(WAIVED, "none")


def call(url: str, method: str, path: str, body: object = None) -> tuple[int, Any]:
    """Call the server; a connection that breaks raises OSError."""
    request = urllib.request.Request(
        f"{url}/api/v1{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


class Client(threading.Thread):
    """Place resting orders one after the other, until the server is gone."""

    def __init__(self, url: str, number: int, acked: dict[str, int], sent: list[str]) -> None:
        super().__init__()
        self.url, self.number, self.acked, self.sent = url, number, acked, sent

    def run(self) -> None:
        """Note what was sent, and what was acknowledged with which id."""
        while True:
            name = f"c{self.number}-{len(self.sent)}-{time.monotonic_ns()}"
            self.sent.append(name)
            try:
                status, answer = call(self.url, "POST", "/orders", order(name))
            except (OSError, ValueError):
                return
            if status == 201:
                self.acked[name] = answer["id"]


def order(name: str) -> dict[str, object]:
    """Return an order that rests in the book of the house."""
    number = sum(name.encode())
    return {
        "account": "house",
        "symbol": "MGC",  # small enough that a fast machine does not fill the books of 64 bits
        "side": "buy" if number % 2 else "sell",
        "quantity": str(1 + number % 9),
        "type": "limit",
        "price": str(1900 - number % 50 if number % 2 else 2100 + number % 50),
        "post_only": True,
        "client_order_id": name[:36],
    }


def listed(url: str) -> dict[str, Any]:
    """Return all orders that the database shows, by client id; none is there twice."""
    found: list[Any] = []
    before = 2**63 - 1
    while True:
        _, page = call(url, "GET", f"/orders?limit=1000&before_id={before}")
        if not page["orders"]:
            break
        found += page["orders"]
        before = page["orders"][-1]["id"]
    shown = {order["client_order_id"]: order for order in found}
    assert len(shown) == len(found)
    return shown


@pytest.mark.timeout(120 * KILLS)
def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    """Lost: an order that the client believes in would not exist, or exist twice."""
    seed = int(os.environ.get("FKS_SEED", random.randrange(2**32)))
    print(f"seed {seed} (FKS_SEED)")  # noqa: T201  # shown when it fails
    chance = random.Random(seed)
    settings = {"FKS__EXECUTION__JOURNAL_SEGMENT_MIB": "1"}
    acked: dict[str, int] = {}
    unanswered: list[str] = []
    for life in range(KILLS):
        with Served(tmp_path, "--port", "0", **settings) as server:
            if life == 0:
                body = {"id": "house", "venue": "internal", "limits": LIMITS}
                assert call(server.url, "POST", "/accounts", body)[0] == 201
            for name in unanswered:
                status, answer = call(server.url, "POST", "/orders", order(name))
                assert status == 201, answer
                acked[name] = answer["id"]
            sent: list[list[str]] = [[] for _ in range(CLIENTS)]
            clients = [Client(server.url, n, acked, sent[n]) for n in range(CLIENTS)]
            for client in clients:
                client.start()
            time.sleep(chance.uniform(0.3, 1.2))
            server.process.send_signal(signal.SIGKILL)
            server.process.wait(30)
            for client in clients:
                client.join()
            unanswered = [name for names in sent for name in names if name not in acked]
    with Served(tmp_path, "--port", "0", **settings) as server:
        assert len(acked) > 20 * KILLS, "too few orders to argue with"
        deadline = time.monotonic() + 60
        shown = listed(server.url)
        names = {name[:36] for name in acked}
        # The database catches up with the journal. Counting is not enough: an order whose
        # answer the last kill swallowed is shown as well.
        while not names <= shown.keys() and time.monotonic() < deadline:
            shown = listed(server.url)
        assert names <= shown.keys(), f"acknowledged and gone: {sorted(names - shown.keys())[:5]}"
        for name, number in acked.items():
            assert shown[name[:36]]["id"] == number, "acknowledged under another id"
            assert shown[name[:36]]["state"] == "new", shown[name[:36]]["reason"]
        extra = set(shown) - names - {n[:36] for n in unanswered}
        assert not extra, "an order that nobody sent"
    checked = subprocess.run(
        [sys.executable, "-m", "fks", "--home", str(tmp_path), "execution", "journal", "verify"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_the_switch_works_from_outside_and_survives(tmp_path: Path) -> None:
    """Lost: with a server that does not answer one could not stop trading."""
    with Served(tmp_path, "--port", "0") as server:
        body = {"id": "house", "venue": "internal", "limits": LIMITS}
        assert call(server.url, "POST", "/accounts", body)[0] == 201
        status, placed = call(server.url, "POST", "/orders", order("one"))
        assert status == 201 and placed["state"] == "new"
        server.process.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + 5
        while call(server.url, "GET", f"/orders/{placed['id']}")[1]["state"] != "cancelled":
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert call(server.url, "POST", "/orders", order("two"))[1]["code"] == "TRADING_STATE"
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(30)
    assert (tmp_path / "execution" / "kill.lock").exists()
    with Served(tmp_path, "--port", "0") as server:
        assert call(server.url, "GET", "/risk")[1]["killed"]
        assert call(server.url, "POST", "/orders", order("three"))[1]["code"] == "TRADING_STATE"
