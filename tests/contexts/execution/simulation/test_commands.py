"""The commands: a recording is checked, orders are sent into it, models are fitted and kept."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from fks.contexts.execution.adapters.recordings.own_fills import write_events
from fks.contexts.execution.cli.simulation import calibrate, models, simulate
from fks.contexts.execution.domain.simulation.calibration import OwnEvent
from fks.kernel.commands import CommandContext
from fks.kernel.errors import FksError, Invalid, NotFound

SHARED = Path(__file__).resolve().parents[5] / "shared" / "data"


def _never() -> Any:
    raise AssertionError("these commands need no host")


def _run(home: Path, command: click.Command, *words: str, as_json: bool = True) -> Any:
    """Run a command; return its document, or its text."""
    surroundings = CommandContext(
        home=home, config=None, load_host=_never, load_settings=lambda _: _never()
    )
    arguments = [*words, "--json"] if as_json else list(words)
    result = CliRunner().invoke(command, arguments, obj=surroundings)
    if isinstance(result.exception, FksError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout) if as_json else result.stdout


def _lobster(folder: Path) -> Path:
    """Write a small recording: asks at 100.01 and 100.02, then the first one is executed."""
    path = folder / "T_2012-06-21_34200000_57600000_message_1.csv"
    lines = [
        "34200,1,1,10,1000100,-1",
        "34200.1,1,2,10,1000200,-1",
        "34200.2,1,3,5,1000000,1",
        "34201,1,4,7,999900,1",
        "34202,4,3,5,1000000,1",
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_recording_is_checked_and_orders_are_sent_into_it(tmp_path: Path) -> None:
    """The market order walks two levels; the log that is written can be fitted from."""
    recording = _lobster(tmp_path)
    found = _run(tmp_path, simulate, str(recording), "--tick-size", "0.01")
    assert (found["rows"], found["crossed"], found["fills"], found["out_of_turn"]) == (5, 0, 1, 0)
    assert found["events_per_second"] > 0
    orders = tmp_path / "orders.csv"
    orders.write_text(
        "id,ts_ns,side,type,quantity,price,cancel_ts_ns\n"
        "1,1340285400500000000,buy,market,15,,\n"
        "2,1340285400500000000,buy,limit,2,100.00,1340285401500000000\n"
    )
    words = [str(recording), "--tick-size", "0.01", "--orders", str(orders)]
    found = _run(tmp_path, simulate, *words, "--log", str(tmp_path / "log.csv"))
    assert [(f["quantity"], f["price"]) for f in found["fills"]] == [
        ("10", "100.01"),
        ("5", "100.02"),
    ]
    assert found["holding"]["position_lots"] == 15
    assert "fees" in found["not_modelled"]
    assert "cancelled" in (tmp_path / "log.csv").read_text()
    orders.write_text("id,ts_ns,side,quantity,price\n1,5,up,1,1\n")
    with pytest.raises(Invalid, match="row 1"):
        _run(tmp_path, simulate, *words)
    assert "events per second" in _run(
        tmp_path, simulate, str(recording), "--tick-size", "0.01", as_json=False
    )


@pytest.mark.real_data
def test_the_real_recordings_are_checked_by_the_command(tmp_path: Path) -> None:
    """What the tests prove of LOBSTER's and Databento's files, a user sees too."""
    messages = next(iter(SHARED.glob("lobster/*_message_10.csv.gz")), None)
    if messages is None:
        pytest.skip("the shared data folder is not beside this checkout")
    book = next(SHARED.glob("lobster/*_orderbook_10.csv.gz"))
    found = _run(tmp_path, simulate, str(messages), "--tick-size", "0.01", "--book", str(book))
    assert (found["rows"], found["equal"]) == (999, 999)
    dbn = next(SHARED.glob("databento/*.dbn.zst"))
    assert _run(tmp_path, simulate, str(dbn), "--tick-size", "0.25")["orders_left"] == 8725


def test_models_are_fitted_written_listed_and_shown(tmp_path: Path) -> None:
    """A version holds hash, sample sizes, dates, source; the same fills give the same version."""
    draw = random.Random(1)
    events = []
    for number in range(30):
        sent = 1_700_000_000 * 10**9 + number * 10**9
        entry, response = draw.randint(10**6, 3 * 10**6), draw.randint(10**6, 2 * 10**6)
        arrived = sent + entry
        name = str(number)
        events.append(OwnEvent(name, "sent", sent, side=0, lots=1, touch=400))
        events.append(OwnEvent(name, "acknowledged", arrived, arrived + response))
        events.append(OwnEvent(name, "filled", arrived, arrived + response, 0, 1, 402))
    fills = tmp_path / "fills.csv"
    write_events(fills, events, Decimal("0.25"), Decimal(1))
    words = ["--fills", str(fills), "--tick-size", "0.25", "--name", "es", "--data", "quotes"]
    first = _run(tmp_path, calibrate, *words)
    again = _run(tmp_path, calibrate, *words)
    assert (first["file"], first["hash"]) == (again["file"], again["hash"])
    assert first["calibration"]["entry"]["samples"] == 30
    assert first["calibration"]["queue"] is None
    assert first["models"]["fill"]["slippage_ticks"] == 2
    assert first["models"]["latency"]["kind"] == "quantiles"
    (listed,) = _run(tmp_path, models, "list")
    assert listed["hash"] == first["hash"]
    shown = _run(tmp_path, models, "show", "es")
    assert shown["source_hash"] == first["source_hash"]
    text = _run(tmp_path, models, "show", first["hash"][:8], as_json=False)
    assert "not modelled:" in text
    assert "mean 2 ticks" in text
    with pytest.raises(NotFound):
        _run(tmp_path, models, "show", "nq")


def test_a_file_from_which_nothing_can_be_fitted_writes_nothing(tmp_path: Path) -> None:
    """Too few samples are refused with what is needed, and leave no version behind."""
    fills = tmp_path / "fills.csv"
    fills.write_text("order_id,event,ts_ns\n1,sent,5\n")
    with pytest.raises(Invalid, match="too few"):
        _run(tmp_path, calibrate, "--fills", str(fills), "--tick-size", "1")
    with pytest.raises(Invalid, match="no name"):
        _run(tmp_path, calibrate, "--fills", str(fills), "--tick-size", "1", "--name", "../x")
    assert not (tmp_path / "execution").exists()
