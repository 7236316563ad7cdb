"""Whatever the order, the repeats and the crashes: the steps are those of the straight run."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from fks.contexts.execution.domain.sequencer import Apply, Match, Sequencer, Step
from fks.contracts.data import BarClosed
from fks.contracts.engine import Action, BarDecided, Signal, SignalRaised

Message = BarClosed | SignalRaised | BarDecided


def messages_of(index: int, signals: int) -> list[Message]:
    """Return all that is said about a bar, in the straight order."""
    said: list[Message] = [
        BarClosed(
            stream="s",
            index=index,
            instrument="X",
            timeframe="1m",
            provider="test",
            ts_ns=index,
            open=1.0,
            high=1.0,
            low=1.0,
            close=1.0,
            volume=0.0,
        )
    ]
    said.extend(
        SignalRaised(
            session_id="s",
            strategy="test",
            instrument="X",
            timeframe="1m",
            bar_ts_ns=index,
            bar_index=index,
            price=1.0,
            signal=Signal(id=f"s:{index}:{number}", action=Action.TARGET, number=number),
        )
        for number in range(signals)
    )
    said.append(BarDecided(session_id="s", bar_ts_ns=index, bar_index=index, signals=signals))
    return said


def straight(counts: list[int]) -> list[Step]:
    """Return the steps as a backtest would take them."""
    steps: list[Step] = []
    for index, count in enumerate(counts):
        said = messages_of(index, count)
        closed = said[0]
        assert isinstance(closed, BarClosed)
        steps.append(Match(closed))
        steps.append(Apply(index, tuple(m for m in said if isinstance(m, SignalRaised))))
    return steps


def offer(sequencer: Sequencer, message: Message) -> None:
    """Hand over a message by its kind."""
    if isinstance(message, BarClosed):
        sequencer.offer_bar(message)
    elif isinstance(message, SignalRaised):
        sequencer.offer_signal(message)
    else:
        sequencer.offer_decided(message)


def drain(sequencer: Sequencer) -> list[Step]:
    """Take all steps that are ready."""
    steps = []
    while (step := sequencer.take()) is not None:
        steps.append(step)
    return steps


COUNTS = st.lists(st.integers(0, 4), min_size=1, max_size=12)


@given(counts=COUNTS, repeats=st.integers(0, 2), seed=st.integers(0, 2**32))
def test_any_order_and_any_repeats_give_the_straight_steps(
    counts: list[int], repeats: int, seed: int
) -> None:
    """Lost: fills would depend on which topic of the broker is faster."""
    shuffler = random.Random(seed)
    said = [m for index, count in enumerate(counts) for m in messages_of(index, count)]
    said += [m for m in said for _ in range(shuffler.randint(0, repeats))]
    shuffler.shuffle(said)
    sequencer = Sequencer()
    steps: list[Step] = []
    for message in said:
        offer(sequencer, message)
        was_ready = sequencer.ready()
        taken = drain(sequencer)
        assert was_ready == bool(taken)
        steps += taken
    assert steps == straight(counts)
    assert sequencer.held == 0


@given(counts=COUNTS, crashes=st.integers(1, 5), seed=st.integers(0, 2**32))
def test_a_crash_at_any_point_and_a_replay_give_the_straight_steps(
    counts: list[int], crashes: int, seed: int
) -> None:
    """Lost: a step would be taken twice, or never, after a restart."""
    shuffler = random.Random(seed)
    sequencer = Sequencer()
    steps: list[Step] = []
    for life in range(crashes + 1):
        said = [
            m
            for index in range(max(0, sequencer.last_index), len(counts))
            for m in messages_of(index, counts[index])
        ]
        shuffler.shuffle(said)
        cut = len(said) if life == crashes else shuffler.randint(0, len(said))
        for message in said[:cut]:
            offer(sequencer, message)
            step = sequencer.take() if shuffler.random() < 0.7 else None
            steps += [] if step is None else [step]
        if life < crashes:
            sequencer = Sequencer(last_index=sequencer.last_index, decided=sequencer.decided)
    steps += drain(sequencer)
    assert steps == straight(counts)


@given(
    said=st.lists(
        st.tuples(st.sampled_from("bsd"), st.integers(-3, 40), st.integers(-1, 9)), max_size=200
    )
)
def test_memory_stays_bounded_whatever_arrives(said: list[tuple[str, int, int]]) -> None:
    """Lost: a stray stream could take the process down."""
    ahead, per_bar = 8, 4
    sequencer = Sequencer(ahead=ahead, per_bar=per_bar)
    for kind, index, number in said:
        message = {"b": 0, "s": 1, "d": -1}[kind]
        closed = messages_of(index, 1)[message]
        if isinstance(closed, SignalRaised):
            signal = Signal(id="x", action=Action.TARGET, number=number)
            closed = SignalRaised(
                session_id="s",
                strategy="test",
                instrument="X",
                timeframe="1m",
                bar_ts_ns=index,
                bar_index=index,
                price=1.0,
                signal=signal,
            )
        offer(sequencer, closed)
        sequencer.take()
        assert sequencer.held <= (ahead + 1) * (2 + per_bar)
