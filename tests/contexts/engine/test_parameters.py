"""Names and parameters from outside: refused in one line, never executed."""

from __future__ import annotations

from typing import Any

import pytest
from tests.contexts.engine import kit

from fks.contexts.engine.domain.parameters import Catalog, decode_params, describe
from fks.contexts.engine.domain.session import choose_tier
from fks.contexts.engine.domain.strategies.sma_cross import SmaCross
from fks.contracts.engine import Strategy
from fks.kernel.errors import Invalid, NotFound


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"fsat": 1}, "sma_cross has no parameter 'fsat'; it has fast, slow, threshold_ticks"),
        ({"fast": 0}, "parameter fast: expected `int` >= 1"),
        ({"fast": "ten"}, "parameter fast: expected `int`"),
        ({"fast": 2.5}, "parameter fast: expected `int`"),
        ({"fast": 30, "slow": 10}, "fast (30) must be less than slow (10)"),
        ({"threshold_ticks": float("nan")}, "threshold_ticks must be a finite number"),
        ({"threshold_ticks": "inf"}, "threshold_ticks"),
        ({"allow_short": "perhaps"}, "parameter allow_short"),
    ],
)
def test_a_bad_parameter_is_named_with_what_would_work(
    values: dict[str, Any], message: str
) -> None:
    """Whoever mistypes a parameter would otherwise test another strategy than the one meant."""
    with pytest.raises(Invalid) as caught:
        decode_params(SmaCross, values)
    assert message in caught.value.message
    assert "\n" not in caught.value.message


def test_texts_of_a_command_line_become_numbers() -> None:
    """`-p fast=5` is all a shell can say."""
    params = decode_params(SmaCross, {"fast": "5", "threshold_ticks": "1.5", "allow_short": "true"})
    assert (params.fast, params.slow, params.threshold_ticks, params.allow_short) == (
        5,
        30,
        1.5,
        True,
    )


@pytest.mark.parametrize("name", ["nope", "../sma_cross", "os.system", "sma_cross:x", "\x00", ""])
def test_an_unknown_strategy_is_not_found_and_the_known_ones_are_named(name: str) -> None:
    """A name is looked up among registered classes; it is never a path or an import."""
    with pytest.raises(NotFound, match="there are: breakout, breakout_stop, rsi_reversion, sma_c"):
        kit.backtester().catalog.get(name)


def test_two_strategies_of_one_name_are_refused() -> None:
    """Otherwise the order of plugins would decide which one trades."""

    class Impostor(Strategy):
        name = "sma_cross"
        summary = "not the real one"

    with pytest.raises(Invalid, match="two strategies are called 'sma_cross'"):
        Catalog([SmaCross, Impostor])


def test_a_description_holds_what_a_form_needs() -> None:
    """The screens draw their forms from it: types, defaults, limits, words."""
    info = describe(SmaCross)
    fast, _, threshold, short = info.params
    assert (fast.type, fast.default, fast.minimum, fast.maximum) == ("int", 10, 1.0, 10_000.0)
    assert (threshold.type, short.type) == ("float", "bool")
    assert info.tiers == ("batch", "trigger", "bar")
    assert fast.summary


def test_a_tier_that_is_not_there_is_refused() -> None:
    """Running another tier than the one asked for would make a comparison meaningless."""
    with pytest.raises(Invalid, match="has no tier 'batch'; it has bar"):
        choose_tier(kit.backtester().catalog.get("breakout_stop"), "batch")
    with pytest.raises(Invalid, match="decides nowhere"):
        choose_tier(type("Empty", (Strategy,), {"name": "empty"}), "auto")
