"""Scripts of native orders over seeded bars, trades and quotes, whose reports must not change.

`python -m tests.contexts.execution.simulation.scripts [--record]`, from the root of the checkout,
prints what differs from `recorded/scripts.json`, and with `--record` writes it. CONTRIBUTING.md
says when recording anew is right.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fks.contexts.execution.domain.matching.layout import OrderKind, SelfTrade, Tif
from fks.contexts.execution.domain.simulation.auctions import CLOSES, OPENS
from fks.contexts.execution.domain.simulation.events import BUY, SELL
from fks.contexts.execution.domain.simulation.models import (
    DataKind,
    FeeModel,
    FillModel,
    ImpactKind,
    ImpactModel,
    LatencyModel,
    MarginModel,
    SimulationModels,
)
from fks.contexts.execution.domain.simulation.money import Purse
from fks.contexts.execution.domain.simulation.orders import Report, SimOrder
from fks.contexts.execution.domain.simulation.simulator import Facts, Simulator

RECORDED = Path(__file__).parent / "recorded" / "scripts.json"
STEP = 1_000
SESSION = 20
FEES = FeeModel(maker_ppb=-50_000, taker_ppb=300_000, per_lot_nanos=7)
FILL = FillModel(slippage_ticks=1, half_spread_ticks=1, participation_ppm=200_000)
PLAIN = SimulationModels(fees=FEES, fill=FILL)
BUSY = SimulationModels(
    fees=FEES,
    fill=FILL,
    latency=LatencyModel(entry_ns=300, response_ns=150),
    impact=ImpactModel(kind=ImpactKind.SQUARE_ROOT, coefficient_milliticks=4_000),
)
MARGIN = SimulationModels(
    fees=FEES,
    margin=MarginModel(
        initial_ppb=200_000_000, maintenance_ppb=198_000_000, liquidation_fee_ppb=5_000_000
    ),
)

Wish = Callable[[int, int, int], SimOrder | None]


class Prices:
    """Prices by a seed, drawn from `random.random` alone, whose numbers Python keeps."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)
        self.price = 10_000

    def below(self, most: int) -> int:
        """Draw a number below `most`."""
        return int(self._draw.random() * most)

    def bar(self) -> tuple[int, int, int, int]:
        """Return the next bar."""
        opened = self.price + (self.below(41) - 20 if self.below(8) == 0 else 0)
        self.price = close = opened + self.below(31) - 15
        high, low = max(opened, close) + self.below(12), min(opened, close) - self.below(12)
        return opened, high, low, close


def _order(number: int, kind: OrderKind, close: int, **more: Any) -> SimOrder:
    """Return a buy and a sell by turns, its prices eight and twelve ticks from the close."""
    side = BUY if number // 5 % 2 == 0 else SELL
    sign = 1 if side == BUY else -1
    touched = kind in (OrderKind.MARKET_IF_TOUCHED, OrderKind.LIMIT_IF_TOUCHED)
    trailing = kind in (OrderKind.TRAILING_STOP, OrderKind.TRAILING_STOP_LIMIT)
    stop = 12 if trailing else close + (-8 if touched else 8) * sign
    waits = kind not in (OrderKind.MARKET, OrderKind.LIMIT, OrderKind.MARKET_TO_LIMIT)
    price = close - 8 * sign if kind is OrderKind.LIMIT else close + 12 * sign
    price = 4 if kind is OrderKind.TRAILING_STOP_LIMIT else price
    given = {"lots": 5 + number % 7, "price": price, "stop": stop if waits else 0, **more}
    return SimOrder(number, side, kind, **given)


def _every(step: int, kind: OrderKind, **more: Any) -> Wish:
    def wish(number: int, close: int, now_ns: int) -> SimOrder | None:
        lasting = {"expire_ns": now_ns + 4 * STEP} if more.get("tif") is Tif.GTD else {}
        return _order(number, kind, close, **more, **lasting) if number % step == 0 else None

    return wish


def _opened_and_reduced(number: int, close: int, now_ns: int) -> SimOrder | None:
    """Open at every tenth bar; in between only reduce."""
    more = {} if number % 10 == 0 else {"reduce_only": True, "lots": 3}
    return _order(number, OrderKind.MARKET, close, **more) if number % 2 == 0 else None


def bars(models: SimulationModels, wish: Wish, *, cash: int = 10**9) -> dict[str, Any]:
    """Run orders over 400 bars in sessions of 20."""
    simulator, path, said = Simulator(Facts(10), models, cash), Prices(11), []
    for number in range(400):
        now = number * STEP
        place = number % SESSION
        flags = OPENS * (place == 0) | CLOSES * (place == SESSION - 1)
        said += simulator.on_bar(now, now + STEP - 1, path.bar(), 20 + path.below(300), flags)
        if place == SESSION - 1:
            said += simulator.on_day_end(now + STEP - 1)
        order = wish(number, path.price, now + STEP - 1)
        if order is not None:
            simulator.submit(order, now + STEP - 1)
    return _seen([simulator], said)


def ticks(kind: DataKind, wish: Wish, **models: Any) -> dict[str, Any]:
    """Run orders over 600 trades or quotes."""
    made = SimulationModels(data=kind, fees=FEES, **models)
    simulator, path, said = Simulator(Facts(10), made, 10**9), Prices(13), []
    for number in range(600):
        now, price = number * STEP, path.bar()[0]
        if kind is DataKind.TRADES or number % 3 == 2:
            said += simulator.on_trade(now, price, 1 + path.below(40), path.below(3))
        else:
            half = 1 + path.below(3)
            lots = 1 + path.below(30), 1 + path.below(30)
            said += simulator.on_quote(now, price - half, lots[0], price + half, lots[1])
        order = wish(number, price, now)
        if order is not None:
            simulator.submit(order, now)
    return _seen([simulator], said)


def two_instruments() -> dict[str, Any]:
    """Run one account in two instruments whose margin is one, until it is liquidated."""
    purse, path, said = Purse(), Prices(17), []
    pair = [Simulator(Facts(unit), MARGIN, 2_400_000, purse=purse) for unit in (10, 3)]
    for number in range(300):
        now = number * STEP
        for which, simulator in enumerate(pair):
            said += simulator.on_bar(now, now + STEP - 1, path.bar(), 500)
            if number % 11 == which:
                order = _order(number + which, OrderKind.MARKET, path.price, lots=40)
                simulator.submit(order, now + STEP - 1)
    return _seen(pair, said)


def _seen(simulators: list[Simulator], said: list[Report]) -> dict[str, Any]:
    """Return how the accounts stand, how often each thing was said, and a hash of all of it."""
    counts: dict[str, int] = {}
    for report in said:
        counts[report.kind.name] = counts.get(report.kind.name, 0) + 1
    plain = json.dumps([[int(value) for value in report] for report in said])
    return {
        "holding": [list(simulator.holding()) for simulator in simulators],
        "reports": dict(sorted(counts.items())),
        "hash": hashlib.sha256(plain.encode()).hexdigest(),
    }


CASES: dict[str, Callable[[], dict[str, Any]]] = {
    **{
        f"bars_{kind.name.lower()}": (lambda kind=kind: bars(PLAIN, _every(5, kind)))
        for kind in OrderKind
    },
    **{
        f"bars_limit_{tif.name.lower()}": (
            lambda tif=tif: bars(BUSY, _every(5, OrderKind.LIMIT, tif=tif))
        )
        for tif in Tif
    },
    "bars_market_at_open": lambda: bars(BUSY, _every(7, OrderKind.MARKET, tif=Tif.AT_OPEN)),
    "bars_market_at_close": lambda: bars(PLAIN, _every(7, OrderKind.MARKET, tif=Tif.AT_CLOSE)),
    "bars_margin": lambda: bars(MARGIN, _every(3, OrderKind.MARKET, lots=90), cash=2_000_000),
    "bars_reduce_only": lambda: bars(PLAIN, _opened_and_reduced),
    "trades_iceberg": lambda: ticks(DataKind.TRADES, _every(6, OrderKind.LIMIT, display=2)),
    "trades_trailing": lambda: ticks(DataKind.TRADES, _every(6, OrderKind.TRAILING_STOP)),
    "quotes_post_only": lambda: ticks(DataKind.QUOTES, _every(6, OrderKind.LIMIT, post_only=True)),
    "quotes_fill_or_kill": lambda: ticks(
        DataKind.QUOTES, _every(6, OrderKind.LIMIT, tif=Tif.FOK), fill=FILL
    ),
    **{
        f"quotes_self_trade_{mode.name.lower()}": (
            lambda mode=mode: ticks(DataKind.QUOTES, _every(1, OrderKind.LIMIT, self_trade=mode))
        )
        for mode in SelfTrade
    },
    "two_instruments": two_instruments,
}


def main(arguments: list[str]) -> int:
    """Print what differs from the record, and write it when told to."""
    known = RECORDED.read_text() if RECORDED.exists() else ""
    seen = json.dumps({name: run() for name, run in CASES.items()}, indent=1) + "\n"
    lines = known.splitlines(), seen.splitlines()
    for line in difflib.unified_diff(*lines, "recorded", "seen", lineterm="", n=1):
        sys.stdout.write(line + "\n")
    if "--record" in arguments:
        RECORDED.write_text(seen)
        return 0
    return int(seen != known)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
