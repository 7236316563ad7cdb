"""Fitted models: a simulation with known parameters gives its parameters back."""

from __future__ import annotations

import random
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from fks.contexts.execution.adapters import model_files
from fks.contexts.execution.adapters.recordings.own_fills import read_events, write_events
from fks.contexts.execution.domain.matching.layout import OrderKind
from fks.contexts.execution.domain.simulation.calibration import (
    Calibration,
    OwnEvent,
    calibrate,
)
from fks.contexts.execution.domain.simulation.events import BUY, SELL
from fks.contexts.execution.domain.simulation.fill_log import FillLog
from fks.contexts.execution.domain.simulation.models import (
    DataKind,
    FillModel,
    LatencyKind,
    LatencyModel,
    QueueKind,
    QueueModel,
    SimulationModels,
    model_hash,
)
from fks.contexts.execution.domain.simulation.orders import SimOrder
from fks.contexts.execution.domain.simulation.simulator import Facts, Simulator
from fks.kernel.errors import Invalid, NotFound

MS = 1_000_000
TICK, LOT = Decimal("0.25"), Decimal(1)


def _resting_log(queue: QueueModel, orders: int, seed: int) -> list[OwnEvent]:
    """Rest orders one after another at a busy level: trades, cancels and adds of strangers."""
    draw = random.Random(seed)
    sim = Simulator(Facts(1), SimulationModels(data=DataKind.DEPTH, queue=queue))
    log = FillLog(sim)
    now, level = 0, 200

    def depth() -> None:
        log.before(now)
        log.after(now, sim.on_depth(now, [(BUY, 99, level), (SELL, 101, 50)]))

    for number in range(1, orders + 1):
        now, level = now + MS, draw.randint(50, 400)
        depth()
        now += MS
        log.sent(SimOrder(number, BUY, OrderKind.LIMIT, 10, price=99), now)
        log.before(now)
        for _ in range(draw.randint(5, 25)):
            now += MS
            what = draw.random()
            if what < 0.3:
                lots = draw.randint(1, 25)
                log.before(now)
                log.traded(now, 99, lots, SELL)
                log.after(now, sim.on_trade(now, 99, lots, SELL))
                level = max(level - lots, 1)
            elif what < 0.75:
                level = max(level - draw.randint(1, 40), 1)
            else:
                level += draw.randint(1, 40)
            now += MS
            depth()
        now += MS
        log.cancel_sent(number, now)
        log.before(now)
    return log.events


@pytest.mark.parametrize("exponent", [1000, 2000, 4000])
def test_the_exponent_of_the_queue_comes_back_within_a_fifth(exponent: int) -> None:
    """400 resting orders tell a power of 1, 2 and 4 apart, with hardly an error out of sample."""
    true = QueueModel(kind=QueueKind.POWER, exponent_milli=exponent)
    fitted = calibrate(_resting_log(true, 400, seed=exponent), SimulationModels()).queue
    assert fitted is not None
    assert fitted.samples >= 390
    assert fitted.kind is QueueKind.POWER
    assert abs(fitted.exponent_milli - exponent) <= exponent // 5
    assert fitted.error_ppm <= fitted.errors_ppm["risk_averse"] // 5
    assert fitted.error_out_ppm <= 5_000
    buckets = fitted.buckets
    assert sum(bucket.orders for bucket in buckets) == fitted.samples
    assert buckets[0].filled > buckets[-1].filled  # nearer the front fills more often


def test_a_careful_queue_is_found_to_be_one() -> None:
    """Fills of a risk-averse queue are explained best by that model, without any error."""
    log = _resting_log(QueueModel(kind=QueueKind.RISK_AVERSE), 200, seed=5)
    fitted = calibrate(log, SimulationModels()).queue
    assert fitted is not None
    assert (fitted.kind, fitted.error_ppm, fitted.error_out_ppm) == (QueueKind.RISK_AVERSE, 0, 0)


def _taking_log(orders: int) -> tuple[list[OwnEvent], LatencyModel]:
    """Send market orders against quotes, under drawn latency and three ticks of slippage."""
    latency = LatencyModel(
        kind=LatencyKind.QUANTILES,
        entry_quantiles_ns=(1 * MS, 2 * MS, 3 * MS, 10 * MS),
        response_quantiles_ns=(500_000, 600_000, 4 * MS),
        seed=7,
    )
    models = SimulationModels(
        data=DataKind.QUOTES, latency=latency, fill=FillModel(slippage_ticks=3)
    )
    sim = Simulator(Facts(1), models)
    log = FillLog(sim)
    now = 0
    draw = random.Random(3)
    for number in range(1, orders + 1):
        now += 50 * MS
        mid = 1000 + draw.randint(-1, 1)  # moves without a drift while orders travel
        log.before(now)
        log.after(now, sim.on_quote(now, mid - 1, 9000, mid + 1, 9000))
        side = draw.choice((BUY, SELL))
        log.sent(SimOrder(number, side, OrderKind.MARKET, draw.randint(1, 5)), now)
        log.before(now + 20 * MS)
        mid += draw.randint(-1, 1)
        log.after(now + 20 * MS, sim.on_quote(now + 20 * MS, mid - 1, 9000, mid + 1, 9000))
        log.before(now + 40 * MS)
    return log.events, latency


def test_latency_and_slippage_come_back() -> None:
    """Of 1,500 orders: each quantile of both directions within 6 % of the range, slippage to
    the tick.
    """
    events, true = _taking_log(1500)
    found = calibrate(events, SimulationModels(data=DataKind.QUOTES))
    assert found.models.fill.slippage_ticks == 3
    assert found.slippage is not None
    assert abs(found.slippage.mean_milliticks - 3000) <= 100
    pairs = (
        (true.entry_quantiles_ns, found.models.latency.entry_quantiles_ns),
        (true.response_quantiles_ns, found.models.latency.response_quantiles_ns),
    )
    for expected, fitted in pairs:
        span = expected[-1] - expected[0]
        for number, value in enumerate(fitted):
            place = number / (len(fitted) - 1) * (len(expected) - 1)
            below = min(int(place), len(expected) - 2)
            low, high = expected[below], expected[below + 1]
            assert abs(low + (high - low) * (place - below) - value) <= 0.06 * span
        assert all(low <= high for low, high in pairwise(fitted))


def test_too_few_samples_and_clocks_out_of_step_fit_nothing() -> None:
    """What is not known stays as it was assumed, and is said to be unknown."""
    models = SimulationModels(latency=LatencyModel(entry_ns=7))
    story = [OwnEvent("1", "sent", 100), OwnEvent("1", "acknowledged", 90, heard_ns=95)]
    found = calibrate(story * 30, models)
    assert (found.entry, found.queue, found.slippage) == (None, None, None)
    assert found.models == models


def test_a_log_survives_its_file_and_the_models_their_version(tmp_path: Path) -> None:
    """CSV and Parquet give the same events; a version is found by name, hash and file."""
    events, _ = _taking_log(60)
    for name in ("fills.csv", "fills.parquet"):
        write_events(tmp_path / name, events, TICK, LOT)
        assert read_events(tmp_path / name, TICK, LOT) == events
    found: Calibration = calibrate(events, SimulationModels(data=DataKind.QUOTES))
    file = model_files.file_of("desk", found, "fills.csv", "ab" * 32, created_ns=5)
    path = model_files.write(tmp_path / "models", file)
    assert path.name == f"desk-{model_hash(file.models)[:12]}.json"
    for name in ("desk", file.hash[:8], path.stem, str(path)):
        assert model_files.find(tmp_path / "models", name) == file
    assert file.calibration.entry is not None
    assert file.calibration.entry.samples == 60
    assert "funding payments" in file.not_modelled
    with pytest.raises(NotFound, match="models list"):
        model_files.find(tmp_path / "models", "other")
    newer = msgspec.structs.replace(file, hash="0" * 64)
    (tmp_path / "models" / "bad.json").write_bytes(msgspec.json.encode(newer))
    with pytest.raises(Invalid, match="was changed"):
        model_files.read_all(tmp_path / "models")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("order_id,event\n1,sent\n", "lacks the column ts_ns"),
        ("order_id,event,ts_ns\n1,sent,5\n1,flew,6\n", "row 2: event 'flew'"),
        ("order_id,event,ts_ns\n1,sent,soon\n", "row 1"),
        ("order_id,event,ts_ns,side\n1,sent,5,left\n", "side 'left'"),
    ],
)
def test_a_file_of_fills_that_is_wrong_names_its_row(
    tmp_path: Path, text: str, message: str
) -> None:
    """One bad row is found by the one who wrote it."""
    path = tmp_path / "f.csv"
    path.write_text(text)
    with pytest.raises(Invalid, match=message):
        read_events(path, TICK, LOT)
