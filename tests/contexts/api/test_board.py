"""The board of prices: what a reader gets is the newest, and was not taken back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fks.contexts.api.domain.board import Board
from fks.contexts.api.domain.feed import Subscription
from fks.kernel.messages import Event

PRICES, TRADES = "data.price.v1", "data.trade.v1"


class Told(Event, frozen=True, kw_only=True, tag="data.told.v1"):
    """A numbered event."""

    number: int


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from([PRICES, TRADES]), st.sampled_from("ABC")),
        st.tuples(st.just("clear"), st.just(""), st.sampled_from("ABC")),
        st.tuples(st.just("read"), st.just(""), st.just("")),
    ),
    max_size=60,
)


@given(steps=STEPS)
def test_a_reader_knows_the_newest_of_each_that_still_holds(
    steps: list[tuple[str, str, str]],
) -> None:
    """Lost: a screen that keeps an old price, or shows one of a book that broke."""
    board, seen, number = Board(), 0, 0
    holds: dict[tuple[str, str], int] = {}
    known: dict[int, int] = {}
    for step, topic, symbol in [*steps, ("read", "", "")]:
        if step == "put":
            number += 1
            board.put(topic, "s", symbol, Told(number=number))
            holds[topic, symbol] = number
        elif step == "clear":
            board.clear("s", symbol)
            holds = {place: one for place, one in holds.items() if place[1] != symbol}
        else:
            news = board.since(seen, Subscription(topics=("data.",)))
            numbers = [one.event.number for one in news if isinstance(one.event, Told)]
            assert numbers == sorted(n for n in holds.values() if n not in known)
            known |= dict.fromkeys(numbers, 1)
            seen = board.version
    everything = board.since(0, Subscription(topics=(PRICES,)))
    assert len(everything) == sum(topic == PRICES for topic, _ in holds)


@given(symbols=st.lists(st.integers(0, 20), max_size=80), most=st.integers(1, 8))
def test_the_board_is_bounded_and_keeps_what_was_told_last(symbols: list[int], most: int) -> None:
    """Lost: a server with many symbols would fill its memory."""
    board = Board(most)
    for number, symbol in enumerate(symbols):
        board.put(PRICES, "s", str(symbol), Told(number=number))
        board.clear("s", "none")
    last = {symbol: number for number, symbol in enumerate(symbols)}
    news = board.since(0, Subscription(topics=("data.",)))
    found = [one.event.number for one in news if isinstance(one.event, Told)]
    assert found == sorted(last.values())[-most:]
    for symbol in last:
        board.clear("s", str(symbol))
    assert not board.since(0, Subscription(topics=("data.",)))
