"""The hash of a desk, kept from change to change: always that of the state as it is."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.properties.test_trading import Day

from fks.contexts.execution.adapters.journal.files import OsFiles
from fks.contexts.execution.adapters.journal.log import Journal
from fks.contexts.execution.adapters.journal.replay import replay_folder
from fks.contexts.execution.domain.matching.engines import engine
from fks.contexts.execution.domain.trading import inputs
from fks.contexts.execution.domain.trading.machine import TRADING_INPUT, TradingMachine
from fks.contexts.execution.service.trading.opening import TRADING_KINDS
from fks.kernel.errors import FksError

STEPS = 60
UNNUMBERED = (
    inputs.InstrumentDefined,
    inputs.AccountOpened,
    inputs.MarketSeen,
    inputs.Placed,
    inputs.Ticked,
)


@pytest.mark.parametrize("seed", range(40))
def test_the_hash_is_that_of_a_machine_made_from_the_snapshot(seed: int) -> None:
    """Lost: a change that the hash misses would stop the next start as diverged."""
    day, chance = Day(seed, trouble=0.4, make=engine), random.Random(seed)
    for number in range(STEPS):
        day.step()
        if number % 20 == 19:
            day.put(inputs.Ticked(), after_ms=chance.choice((1_000, 90_000_000)))  # a day goes by
        if chance.random() < 0.4:
            fresh = TradingMachine(engine)
            fresh.restore(day.floor.machine.snapshot())
            said = day.floor.machine.state_hash()
            assert said == fresh.state_hash(), f"seed {seed}, step {number}"
            assert said == day.floor.machine.state_hash(), "asking changes it"


def write(place: Path, wrong: bool) -> None:
    """Write a journal whose hashes are those of before, one of them wrong where asked."""

    class Earlier(TradingMachine):
        """The machine as it was."""

        def state_hash(self) -> bytes:
            """Return the hash of the snapshot."""
            return bytes(32) if wrong and self.floor.seq > 10 else self.earlier_hash()

    log, _ = Journal.open(
        place, config_hash=bytes(16), checkpoint_commits=5, kinds=TRADING_KINDS, threads=False,
        segment_bytes=65_536, group_bytes=4_096, reserve_bytes=0,
    )  # fmt: skip
    machine = Earlier(engine)
    log.recover(machine)
    day = Day(1, trouble=0.0, make=engine)
    for _ in range(STEPS):
        day.step()
    for _, ts_ns, wish in day.floor.given:
        if not isinstance(wish, UNNUMBERED):
            continue  # it names an order by its number, which is another one here
        payload = inputs.encode(wish)
        seq = log.append(TRADING_INPUT, 1, payload, ts_ns)
        machine.apply(seq, log.ts_ns, TRADING_INPUT, 1, payload)
        log.wait_durable(seq)
    log.close()


def test_a_journal_with_hashes_of_the_earlier_kind_is_replayed(tmp_path: Path) -> None:
    """Lost: an upgrade would take every desk's journal for diverged."""
    write(tmp_path / "right", wrong=False)
    found = replay_folder(
        OsFiles(), tmp_path / "right", TRADING_KINDS, TradingMachine(engine), from_snapshot=False
    )
    assert found.checkpoints > 5
    write(tmp_path / "wrong", wrong=True)
    with pytest.raises(FksError, match="differs"):
        replay_folder(OsFiles(), tmp_path / "wrong", TRADING_KINDS, TradingMachine(engine))


@pytest.mark.parametrize("seed", range(20))
def test_a_muted_machine_comes_to_the_same_state(seed: int) -> None:
    """Lost: a replay that makes no effects would start the desk in another state."""
    day = Day(seed, trouble=0.4, make=engine)
    for _ in range(STEPS):
        day.step()
    muted = TradingMachine(engine).mute()
    for seq, ts_ns, wish in day.floor.given:
        assert list(muted.apply(seq, ts_ns, TRADING_INPUT, 1, inputs.encode(wish))) == []
    assert muted.state_hash() == day.floor.machine.state_hash(), f"seed {seed}"
    assert muted.snapshot() == day.floor.machine.snapshot(), f"seed {seed}"
