"""What is not an order is refused, with the reason that comes first, and changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.contexts.execution.matching.kit import (
    AWAY,
    MAX_TICKS,
    SIZES,
    CommandKind,
    Flag,
    InstrumentKey,
    OrderKind,
    Tif,
    Venue,
    row,
)

GOOD = {"id": 1, "side": 0, "type": 1, "price": 100, "quantity": 5, "account": 1}
STOP_LIMIT = {"type": OrderKind.STOP_LIMIT, "stop": 100}
TRAILING = {"type": OrderKind.TRAILING_STOP, "stop": 1}
TRAILING_LIMIT = {"type": OrderKind.TRAILING_STOP_LIMIT, "stop": 1}
INVALID = [
    {"id": 0},
    {"id": 2**63},
    {"side": 2},
    {"type": 9},
    {"tif": 7},
    {"quantity": 0},
    {"price": 0},
    {"price": -1},
    {"price": MAX_TICKS + 1},
    {"price": 2**63 - 1},
    {"price": -(2**63)},
    {"display": 6},
    {"quantity": 129, "display": 1},
    {"quantity": 2**32 - 1, "display": 2**25 - 1},
    {"type": OrderKind.MARKET, "display": 1},
    {"type": OrderKind.STOP, "stop": 100, "display": 1},
    {"type": OrderKind.MARKET_IF_TOUCHED, "stop": 100, "display": 1},
    TRAILING | {"display": 1},
    STOP_LIMIT | {"stop": 0},
    STOP_LIMIT | {"stop": MAX_TICKS + 1},
    STOP_LIMIT | {"price": 0},
    {"type": OrderKind.STOP, "stop": 2**63 - 1},
    {"type": OrderKind.LIMIT_IF_TOUCHED, "stop": 100, "price": 0},
    TRAILING | {"stop": 0},
    TRAILING | {"stop": -1},
    TRAILING | {"stop": 2**53 + 1},
    TRAILING_LIMIT | {"price": -1},
    TRAILING_LIMIT | {"price": 2**53 + 1},
    {"tif": Tif.GTD},
    {"tif": Tif.GTD, "expire_ns": -5},
    {"tif": Tif.GTD, "type": OrderKind.MARKET, "expire_ns": 10**9},
    {"tif": Tif.GTD, "type": OrderKind.MARKET_TO_LIMIT, "expire_ns": 10**9},
    {"tif": Tif.FOK, "type": OrderKind.MARKET_TO_LIMIT},
    {"tif": Tif.FOK} | STOP_LIMIT,
    {"tif": Tif.AT_OPEN} | STOP_LIMIT,
    {"tif": Tif.AT_CLOSE} | STOP_LIMIT,
    {"flags": Flag.POST_ONLY, "tif": Tif.IOC},
    {"flags": Flag.POST_ONLY, "tif": Tif.AT_CLOSE},
    {"flags": Flag.POST_ONLY, "type": OrderKind.MARKET},
    {"flags": Flag.POST_ONLY} | STOP_LIMIT,
    {"flags": Flag.MAKER},
    {"flags": 256},
    {"flags": 2**15},
    {"flags": Flag.OCO},
    {"flags": Flag.OUO},
    {"flags": Flag.CHILD},
    {"flags": Flag.OCO | Flag.OUO, "link": 7},
    {"flags": Flag.CHILD, "link": 7, "tif": Tif.IOC},
    {"flags": Flag.CHILD, "link": 7, "type": OrderKind.MARKET},
    {"flags": Flag.CHILD, "link": 7, "type": OrderKind.MARKET_TO_LIMIT},
]


@pytest.mark.parametrize("wrong", INVALID, ids=str)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    venue: Venue, wrong: dict[str, int]
) -> None:
    """Lost: an order that means nothing, accepted as if it did."""
    venue.send(CommandKind.TIME)
    before = venue.matcher.snapshot()
    venue.now_ns -= 1
    key = (GOOD | wrong)["id"]
    assert venue.send(CommandKind.ADD, **GOOD | wrong) == [f"{key} rejected INVALID_ORDER"]
    assert venue.matcher.snapshot() == before


@pytest.mark.parametrize(
    "right",
    [
        {"id": 2**63 - 1},
        {"price": MAX_TICKS},
        {"price": 1},
        {"quantity": 2**32 - 1},
        {"display": 5},
        {"quantity": 128, "display": 1},
        {"quantity": 2**32 - 1, "display": 2**25},
        {"type": OrderKind.MARKET, "price": -(2**63)},
        TRAILING | {"stop": 2**53, "price": -7},
        TRAILING_LIMIT | {"stop": 2**53, "price": 2**53},
        STOP_LIMIT | {"stop": MAX_TICKS, "price": 1},
        {"tif": Tif.GTD, "expire_ns": 2**63 - 1},
        {"flags": Flag.OCO, "link": 2**64 - 1},
    ],
    ids=str,
)
def test_the_edges_are_inside(venue: Venue, right: dict[str, int]) -> None:
    """Lost: the largest order that is allowed."""
    key = (GOOD | right)["id"]
    assert venue.send(CommandKind.ADD, **GOOD | right)[0].startswith(f"{key} accepted")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"instrument": 3, "account": 7, "quantity": 0}, "UNKNOWN_INSTRUMENT"),
        ({"instrument": 65535}, "UNKNOWN_INSTRUMENT"),
        ({"account": 7, "quantity": 0}, "UNKNOWN_ACCOUNT"),
        ({"account": 0}, "UNKNOWN_ACCOUNT"),
        ({"account": 2**32 - 1}, "UNKNOWN_ACCOUNT"),
        ({"id": 99, "quantity": 0}, "INVALID_ORDER"),
        ({"id": 99, "tif": Tif.AT_OPEN}, "DUPLICATE_ID"),
        ({"tif": Tif.AT_OPEN, "flags": Flag.CHILD | Flag.REDUCE_ONLY}, "INVALID_ORDER"),
        ({"tif": Tif.AT_OPEN, "flags": Flag.OCO, "link": 7, "account": 2}, "WRONG_PHASE"),
        ({"flags": Flag.OCO | Flag.REDUCE_ONLY, "link": 7, "account": 2}, "LINKED"),
        ({"flags": Flag.REDUCE_ONLY}, "REDUCE_ONLY"),
        ({"type": OrderKind.MARKET_TO_LIMIT}, "NO_LIQUIDITY"),
    ],
    ids=str,
)
def test_the_first_reason_counts(venue: Venue, wrong: dict[str, int], reason: str) -> None:
    """Lost: two engines that refuse the same order for different reasons."""
    venue.buy(99, 100, 1, flags=Flag.OCO, link=7)
    given = GOOD | {"id": 5} | wrong
    assert venue.send(CommandKind.ADD, **given) == [f"{given['id']} rejected {reason}"]


def test_a_refusal_repeats_what_was_asked(venue: Venue) -> None:
    """Lost: a refusal that cannot be matched with its request."""
    fields = {"id": 2**64 - 1, "side": 77, "price": -5, "quantity": 9, "account": 3}
    event = venue.apply_one(CommandKind.ADD, instrument=AWAY, **fields)
    assert {name: int(event[name]) for name in fields} == fields
    assert (event["instrument"], event["leaves"], event["other"]) == (AWAY, 0, 0)


def test_an_unknown_command_is_refused(venue: Venue) -> None:
    """Lost: a row of a newer version taken for something else."""
    for kind in (0, 15, 255):
        assert venue.send(kind, id=3) == ["3 rejected INVALID_ORDER"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"kind": 8, "flags": 0}, "INVALID_ORDER"),
        ({"kind": 8, "flags": 16}, "INVALID_ORDER"),
        ({"kind": 8, "flags": InstrumentKey.MIN_TICKS, "price": -(2**53) - 1}, "INVALID_ORDER"),
        ({"kind": 8, "flags": InstrumentKey.MAX_TICKS, "price": 2**53 + 1}, "INVALID_ORDER"),
        ({"kind": 8, "flags": InstrumentKey.MIN_LOTS, "price": 2**32}, "INVALID_ORDER"),
        ({"kind": 8, "flags": InstrumentKey.KIND, "price": 3}, "INVALID_ORDER"),
        ({"kind": 8, "flags": InstrumentKey.KIND, "price": 2}, "INVALID_ORDER"),
        ({"kind": 8, "instrument": 4, "flags": 1, "price": 1}, "CAPACITY"),
        ({"kind": 8, "instrument": 3, "flags": 3, "price": 1}, "UNKNOWN_INSTRUMENT"),
        ({"kind": 9, "account": 8, "flags": 1}, "CAPACITY"),
        ({"kind": 9, "account": 0, "flags": 1}, "CAPACITY"),
        ({"kind": 9, "account": 1, "flags": 2, "price": 2**32}, "INVALID_ORDER"),
        ({"kind": 9, "account": 1, "flags": 2, "price": -1}, "INVALID_ORDER"),
        ({"kind": 11, "account": 7, "price": 5}, "UNKNOWN_ACCOUNT"),
        ({"kind": 11, "account": 1, "price": 2**63 - 1}, "OVERFLOW"),
        ({"kind": 7, "instrument": 3, "price": 5}, "UNKNOWN_INSTRUMENT"),
        ({"kind": 7, "price": 2**53 + 1}, "INVALID_ORDER"),
    ],
    ids=str,
)
def test_a_number_out_of_range_is_not_set(
    venue: Venue, fields: dict[str, int], reason: str
) -> None:
    """Lost: a limit that says one thing and means another."""
    venue.buy(99, 100, 1)
    given = dict(fields)
    assert venue.send(CommandKind(given.pop("kind")), **given) == [f"0 rejected {reason}"]


def test_a_kind_changes_only_while_there_are_no_orders(venue: Venue) -> None:
    """Lost: orders of a book that becomes a route."""
    change = {"flags": InstrumentKey.KIND, "price": 2}
    configure = CommandKind.CONFIGURE_INSTRUMENT
    assert venue.send(configure, **change) == ["done CONFIGURE_INSTRUMENT 0"]
    assert venue.buy(1, 100, 5) == ["1 routed 5 at 100"]
    assert venue.send(configure, flags=1, price=1) == ["0 rejected INVALID_ORDER"]
    assert venue.send(configure, **change) == ["done CONFIGURE_INSTRUMENT 0"]


def test_nothing_is_known_before_it_is_set(matcher: Any) -> None:
    """Lost: an engine that trades with numbers nobody gave it."""
    events = matcher.apply(row(CommandKind.ADD, **GOOD), 1)
    assert events["reason"].tolist() == [41]


def test_every_command_gives_an_event(venue: Venue) -> None:
    """Lost: a caller that waits for an answer that does not come."""
    for kind in range(256):
        made = row(CommandKind.ADD, **GOOD)
        made["kind"] = kind
        assert len(venue.apply(made)) >= 1


def test_sizes_are_what_was_asked(make: Any) -> None:
    """Lost: a table of another size than planned."""
    small = Venue(make(**SIZES | {"orders": 2}))
    found = [small.buy(key, 100, 1)[0] for key in (1, 2, 3)]
    assert found[2] == "3 rejected CAPACITY"
    assert len(np.unique(found)) == 3
