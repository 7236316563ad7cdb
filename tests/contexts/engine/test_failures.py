"""A strategy is foreign code: what it raises ends its run with a line to look at, no more."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import numpy as np
import pytest
from tests.contexts.engine import kit
from tests.contexts.engine.live import Played

from fks.contexts.engine.domain.failures import Cancelled, StrategyFailed, strategy_code
from fks.contexts.engine.domain.runner import drive
from fks.contracts.engine import Strategy, Trigger
from fks.kernel.errors import Invalid

HERE = PurePath(__file__).name


class Failing(Strategy):
    """Fail at the third bar, in every tier."""

    name = "failing"
    summary = "Fails"

    def on_bar(self, bar: Any, values: Any, desk: Any) -> None:
        """Aim, then fail."""
        desk.long()
        if bar.index == 2:
            raise RuntimeError("no idea what to do")

    def triggers(self) -> Any:
        """Fire at every bar."""
        return (Trigger(kind="above", left="close", right=0.0),)

    def on_trigger(self, fired: int, bar: Any, values: Any, desk: Any) -> None:
        """Do as at a bar."""
        self.on_bar(bar, values, desk)

    def on_batch(self, bars: Any, features: Any) -> Any:
        """Fail at once."""
        return {}["side"]


class WrongParameters(Strategy):
    """Forget what a handler is given."""

    name = "wrong_parameters"
    summary = "Takes the wrong things"

    def on_bar(self, bar: Any) -> None:  # type: ignore[override]  # that is the mistake
        """Do nothing."""


class WrongSides(Strategy):
    """Return what is no column of sides."""

    name = "wrong_sides"
    summary = "Returns the wrong thing"
    answer: Any = None

    def on_batch(self, bars: Any, features: Any) -> Any:
        """Return what the test wants."""
        return self.answer


@pytest.mark.parametrize("tier", ["batch", "trigger", "bar"])
@pytest.mark.parametrize("compiled", [True, False])
def test_an_exception_in_a_strategy_names_file_and_line(tier: str, compiled: bool) -> None:
    """Without them the author of a strategy has nothing to go by."""
    plan = kit.make_plan(Failing, kit.make_bars([1] * 9, 0), {}, tier=tier, compiled=compiled)
    with pytest.raises(StrategyFailed) as caught:
        kit.driven(plan)
    assert caught.value.message.startswith(f"strategy failing failed at {HERE}:")
    assert "RuntimeError: no idea" in caught.value.message or "KeyError" in caught.value.message


def test_a_handler_with_wrong_parameters_is_the_strategys_mistake() -> None:
    """Python raises that outside the strategy's own lines."""
    with pytest.raises(StrategyFailed, match="wrong_parameters failed: TypeError"):
        kit.driven(kit.make_plan(WrongParameters, kit.make_bars([1] * 3, 0), {}))


@pytest.mark.parametrize(
    "answer", [None, [1, 2], np.zeros(3), np.zeros(4, bool), np.zeros((3, 1), np.int8), "101"]
)
def test_what_is_no_column_of_sides_is_refused(
    answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A float or a short column would otherwise be read as something else by compiled code."""
    monkeypatch.setattr(WrongSides, "answer", answer)
    with pytest.raises(StrategyFailed, match="on_batch must return integers of shape \\(3,\\)"):
        kit.driven(kit.make_plan(WrongSides, kit.make_bars([1] * 3, 0), {}))


def test_a_bug_of_ours_is_not_blamed_on_the_strategy() -> None:
    """An assertion of the platform must stop the run as what it is."""
    strategy = kit.fresh_ride(kit.make_plan("breakout", kit.make_bars([1], 0), {})).strategy
    with pytest.raises(AssertionError, match="ours"), strategy_code(strategy):
        raise AssertionError("ours")


@pytest.mark.parametrize("tier", ["batch", "trigger", "bar"])
def test_an_account_beyond_int64_ends_the_run_with_what_would_work(tier: str) -> None:
    """Nanos end at 9.22 billion; a wrapped number would be a made-up account."""
    bars = kit.make_bars([8] * 60, 0)
    plan = kit.make_plan("sma_cross", bars, {"fast": 2, "slow": 4}, tier=tier, cash=9.2233720368e9)
    with pytest.raises(Invalid, match="smaller quantity or begin with less cash"):
        kit.driven(plan)


def test_a_live_strategy_that_fails_says_so_and_stays_silent() -> None:
    """The session must end with the reason; signals after a failure would trade half a state."""
    game = Played(kit.make_plan(Failing, kit.make_bars([1] * 6, 0), {}, tier="bar"))
    game.play(0, 2)
    raised = len(game.raised)
    assert game.error == ""
    game.play(2, 5)
    assert game.error.startswith(f"strategy failing failed at {HERE}:")
    assert len(game.raised) == raised


def test_a_run_stops_between_chunks_when_told_to() -> None:
    """A run over years of ticks that nobody wants any more must not hold a worker."""
    plan = kit.make_plan("sma_cross", kit.make_bars([1, -1] * 500, 0), {})
    ride = kit.fresh_ride(plan)
    done: list[int] = []
    with pytest.raises(Cancelled):
        drive(
            ride,
            plan.material.bars,
            on_progress=done.append,
            cancelled=lambda: len(done) == 3,
            chunk_bars=100,
        )
    assert done == [100, 200, 300]
