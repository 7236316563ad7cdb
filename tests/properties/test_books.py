"""Books: the compiled one is the plain one, and what is lost on the way is never shown as live."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, NamedTuple

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from fks.contexts.data.domain.books._book import Book
from fks.contexts.data.domain.books.plain import PlainBook
from fks.contexts.data.domain.books.sync import BookSync
from fks.contexts.data.domain.wires._units import Units
from fks.contexts.data.domain.wires.reading import damaged
from fks.contracts.data.streams import LEVEL, NO_ID, BookRule, DepthUpdate, Scale
from fks.kernel.errors import Unavailable

texts = st.builds(
    lambda whole, fraction: f"{whole}.{fraction}" if fraction else str(whole),
    st.integers(0, 60) | st.integers(0, 10**7),
    st.text("0123456789", max_size=4) | st.sampled_from(("00000000", "10", "5")),
)
levels = st.lists(st.tuples(texts, texts | st.just("0") | st.just("0.00000000")), max_size=12)


class Step(NamedTuple):
    """What is done to a book."""

    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]
    whole: bool
    depth: int


steps = st.builds(Step, levels, levels, st.integers(0, 9).map(lambda n: n == 0), st.integers(0, 8))


def rows(side: list[tuple[str, str]]) -> bytes:
    """Return levels as an exchange writes them."""
    return "[{}]".format(",".join(f'["{p}", "{q}" ]' for p, q in side)).encode()


@given(st.lists(steps, max_size=12))
def test_the_compiled_book_is_the_plain_one(changes: list[Step]) -> None:
    """Lost: a search or a move that is off by one would show prices that no one offers."""
    units, book, plain = Units(Scale(0, 0), damaged), Book(Scale(0, 0)), PlainBook()
    for change in changes:
        bids, asks = units.sides(rows(change.bids), rows(change.asks))
        if change.whole:
            assert book.load(bids, asks, units.scale)
            plain.load(bids, asks, units.scale)
        else:
            assert book.apply(bids, asks, units.scale)
            plain.apply(bids, asks, units.scale)
        if change.depth:
            book.trim(change.depth)
            plain.trim(change.depth)
        assert book.scale == plain.scale
        assert book.best() == plain.best()
        assert book.sizes() == plain.sizes()
        assert book.crossed() == plain.crossed()
        for depth in (0, 3, 1000):
            assert book.packed(depth) == plain.packed(depth)
        for kind in ("kraken", "okx", "bitfinex"):
            assert book.checksum(kind) == plain.checksum(kind)


tiny = st.builds(lambda n, e: f"{n}e-{e}", st.integers(1, 9999), st.integers(0, 13))


@given(st.lists(st.tuples(tiny, tiny), max_size=40), st.lists(st.tuples(tiny, tiny), max_size=40))
def test_tiny_numbers_are_written_as_bitfinex_writes_them(
    bids: list[tuple[str, str]], asks: list[tuple[str, str]]
) -> None:
    """Lost: the checksum of a coin that costs less than a millionth would never agree."""
    units, book, plain = Units(Scale(0, 0), damaged), Book(Scale(0, 0)), PlainBook()
    packed = units.pairs(list(bids), list(asks))
    assert book.load(*packed, units.scale)
    plain.load(*packed, units.scale)
    assert book.checksum("bitfinex") == plain.checksum("bitfinex")


@given(levels, st.tuples(st.integers(0, 6), st.integers(0, 6)))
def test_units_are_the_decimals_that_were_written(
    side: list[tuple[str, str]], scale: tuple[int, int]
) -> None:
    """Lost: a price a hair off, and books of two sources that cannot be compared."""
    units = Units(Scale(*scale), damaged)
    bids, asks = units.sides(rows(side), b"[]")
    assert asks == b""
    found = np.frombuffer(bids, LEVEL).tolist()
    assert units.pairs(list(side), []) == (bids, b"")
    assert len(found) == len(side)
    for (price, quantity, price_digits, quantity_digits), written in zip(found, side, strict=True):
        assert Decimal(price).scaleb(-units.scale.price) == Decimal(written[0])
        assert Decimal(quantity).scaleb(-units.scale.quantity) == Decimal(written[1])
        assert price_digits == len(written[0].partition(".")[2])
        assert quantity_digits == len(written[1].partition(".")[2])


@given(st.text("0123456789.-+eE \"'xN", max_size=24))
@example("1e-05")
@example("1.50E+3")
@example("99999999999999999999")
@example("0." + "0" * 17 + "1")
@example("-0.5")
def test_a_number_is_read_exactly_or_refused(text: str) -> None:
    """Lost: what is no number would become a price."""
    units = Units(Scale(0, 0), damaged)
    try:
        price, _ = units.trade(text, "1")
    except Unavailable:
        return
    assert Decimal(price).scaleb(-units.scale.price) == Decimal(text.strip('"'))


class Rule(NamedTuple):
    """A rule of an exchange, as its books are tested."""

    link: Literal["contiguous", "previous"]
    snapshot: Literal["stream", "page"]


RULES = [
    Rule("contiguous", "page"),
    Rule("previous", "page"),
    Rule("contiguous", "stream"),
    Rule("previous", "stream"),
]


def update(
    changes: dict[int, int], first: int, last: int, previous: int, snapshot: bool = False
) -> DepthUpdate:
    """Return an update of bids only; a bid is a whole price."""
    packed = np.array([(p, q, 0, 0) for p, q in changes.items()], LEVEL).tobytes()
    scale = Scale(0, 0)
    return DepthUpdate("X", scale, packed, b"", first, last, previous, 0, 0, snapshot)


class World(NamedTuple):
    """The book after each id, and what the exchange sends of it."""

    states: dict[int, dict[int, int]]
    deltas: list[DepthUpdate]


def world(rule: Rule, sizes: list[int], moves: list[tuple[int, int]]) -> World:
    """Make single changes with an id each, and updates that hold some of them."""
    book: dict[int, int] = {}
    states = {100: dict(book)}
    deltas, at, previous = [], 100, 100
    supply = iter(moves)
    for size in sizes:
        count = size if rule.snapshot == "page" else 1
        changed, first = {}, at + 1
        for price, quantity in [move for _, move in zip(range(count), supply, strict=False)]:
            at += 1
            changed[price] = quantity
            book[price] = quantity
            if not quantity:
                del book[price]
            states[at] = dict(book)
        if at < first:
            break
        deltas.append(update(changed, first, at, previous))
        previous = at
        if rule.link == "previous" and rule.snapshot == "page":
            at += size % 2  # ids that no change of this symbol has
            states[at] = dict(book)
    return World(states, deltas)


@given(
    st.sampled_from(RULES),
    st.lists(st.integers(1, 4), min_size=1, max_size=25),
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 5)), min_size=100, max_size=100),
    st.data(),
)
def test_a_live_book_is_the_exchanges_whatever_is_lost_on_the_way(
    rule: Rule, sizes: list[int], moves: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Lost: after a message that never came, wrong prices would go on being shown as live."""
    made = world(rule, sizes, moves)
    stream = list(made.deltas)
    for _ in range(data.draw(st.integers(0, 4), label="faults")):
        at = data.draw(st.integers(0, max(0, len(stream) - 1)), label="at")
        fault = data.draw(st.sampled_from(("drop", "twice", "swap", "late")), label="fault")
        if not stream:
            break
        if fault == "drop":
            del stream[at]
        elif fault == "twice":
            stream.insert(at, stream[at])
        elif fault == "swap" and at + 1 < len(stream):
            stream[at], stream[at + 1] = stream[at + 1], stream[at]
        elif fault == "late":
            stream.append(stream.pop(at))
    ids = sorted(made.states)
    if rule.snapshot == "stream":
        ids = [100, *(delta.last_id for delta in made.deltas)]
    for _ in range(data.draw(st.integers(1, 3), label="snapshots")):
        number = data.draw(st.sampled_from(ids), label="snapshot id")
        where = data.draw(st.integers(0, len(stream)), label="snapshot at")
        state = made.states[number]
        stream.insert(where, update(state, number, number, NO_ID, snapshot=True))
    sync = BookSync(BookRule(link=rule.link, snapshot=rule.snapshot))
    for message in stream:
        outcome = sync.take(message)
        assert not (outcome.resync and sync.live)
        found = np.frombuffer(sync.book.packed(100)[0], LEVEL)
        shown = dict(zip(found["price"].tolist(), found["quantity"].tolist(), strict=True))
        if sync.live:
            assert shown == made.states[sync.last_id], outcome
        else:
            assert shown == {}


@given(
    st.sampled_from(RULES),
    st.lists(st.integers(1, 4), min_size=2, max_size=25),
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 5)), min_size=100, max_size=100),
    st.data(),
)
def test_a_lost_message_is_noticed_at_the_next_one(
    rule: Rule, sizes: list[int], moves: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Lost: a gap that is found late is a time in which a wrong book was traded on."""
    made = world(rule, sizes, moves)
    sync = BookSync(BookRule(link=rule.link, snapshot=rule.snapshot))
    assert not sync.take(update({}, 100, 100, NO_ID, snapshot=True)).resync
    lost = data.draw(st.integers(0, max(0, len(made.deltas) - 2)), label="lost")
    for number, delta in enumerate(made.deltas[: lost + 2]):
        if number != lost:
            outcome = sync.take(delta)
            assert outcome.resync == (number == lost + 1)
