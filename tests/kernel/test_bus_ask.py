"""Questions and commands over the bus in one process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from fks.kernel.bus import LocalBus
from fks.kernel.errors import Conflict, FksError, NotFound, TimedOut, Unavailable
from fks.kernel.messages import Command, Event, Meta, Query, reply_type


class Sum(msgspec.Struct, frozen=True):
    """A reply for these tests."""

    total: int


class Add(Query[Sum], frozen=True, kw_only=True, tag="adder.add.v1"):
    """A question for these tests."""

    numbers: tuple[int, ...] = ()


class Spend(Command[Sum], frozen=True, kw_only=True, tag="adder.spend.v1"):
    """A command for these tests."""

    amount: int = 0


class Asked(Event, frozen=True, kw_only=True, tag="adder.asked.v1"):
    """A fact for these tests."""


@pytest.fixture
async def bus() -> AsyncIterator[LocalBus]:
    """Return a bus that checks what would go over a wire."""
    bus = LocalBus(verify_wire=True)
    yield bus
    await bus.stop()


async def add(request: Add, _meta: Meta) -> Sum:
    """Answer."""
    return Sum(sum(request.numbers))


async def test_a_question_is_answered_with_its_type(bus: LocalBus) -> None:
    """Lost otherwise: the second verb."""
    bus.answer(Add, add)
    assert await bus.ask(Add(numbers=(1, 2)), timeout_s=1) == Sum(3)
    assert reply_type(Add) is Sum and reply_type(Spend) is Sum


async def test_nobody_answers_names_the_context_to_start(bus: LocalBus) -> None:
    """Lost otherwise: the line that says what would work."""
    with pytest.raises(Unavailable) as caught:
        await bus.ask(Add(), timeout_s=1)
    assert caught.value.message == "nobody answers adder.add.v1: start the adder context"


async def test_two_responders_are_a_start_error(bus: LocalBus) -> None:
    """Lost otherwise: replies that depend on the order of start."""
    bus.answer(Add, add)
    with pytest.raises(Conflict, match=r"adder\.add\.v1 is answered by .*add"):
        bus.answer(Add, add)


async def test_a_question_has_a_time_limit(bus: LocalBus) -> None:
    """Lost otherwise: a page that never comes back."""

    async def never(_request: Add, _meta: Meta) -> Sum:
        await asyncio.sleep(60)
        return Sum(0)

    bus.answer(Add, never)
    with pytest.raises(TimedOut, match=r"within 0\.01 s"):
        await bus.ask(Add(), timeout_s=0.01)


async def test_errors_of_the_world_pass_and_bugs_are_named(bus: LocalBus) -> None:
    """Lost otherwise: the code that api and the command line map."""
    errors: list[Exception] = [NotFound("no such thing", code="adder.none"), ValueError("oops")]

    async def fail(_request: Add, _meta: Meta) -> Sum:
        raise errors.pop(0)

    bus.answer(Add, fail)
    with pytest.raises(NotFound) as caught:
        await bus.ask(Add(), timeout_s=1)
    assert caught.value.code == "adder.none"
    with pytest.raises(FksError, match="ValueError: oops") as bug:
        await bus.ask(Add(), timeout_s=1)
    assert bug.value.code == "bus.responder_failed"


async def test_a_listener_may_ask(bus: LocalBus) -> None:
    """Lost otherwise: a deadlock between the queue and the question."""
    got: list[Sum] = []

    async def on_asked(_event: Asked, meta: Meta) -> None:
        got.append(await bus.ask(Add(numbers=(4,)), timeout_s=1, cause=meta))

    bus.on(Asked, on_asked)
    bus.answer(Add, add)
    async with asyncio.timeout(5):
        await bus.publish(Asked())
    assert got == [Sum(4)]


async def test_a_command_takes_effect_once_per_key(bus: LocalBus) -> None:
    """Lost otherwise: a second order from an impatient click."""
    spent: list[int] = []

    async def spend(request: Spend, _meta: Meta) -> Sum:
        await asyncio.sleep(0.005)
        spent.append(request.amount)
        return Sum(sum(spent))

    bus.answer(Spend, spend)
    asks = [bus.ask(Spend(key="k", amount=5), timeout_s=1) for _ in range(5)]
    assert await asyncio.gather(*asks) == [Sum(5)] * 5
    assert await bus.ask(Spend(key="k", amount=5), timeout_s=1) == Sum(5)
    assert spent == [5]
    with pytest.raises(Conflict, match="was used for another"):
        await bus.ask(Spend(key="k", amount=6), timeout_s=1)


async def test_a_command_that_failed_may_be_tried_again(bus: LocalBus) -> None:
    """Lost otherwise: a key burnt by a database that was away for a moment."""
    failures = [Unavailable("away")]

    async def spend(request: Spend, _meta: Meta) -> Sum:
        if failures:
            raise failures.pop()
        return Sum(request.amount)

    bus.answer(Spend, spend)
    with pytest.raises(Unavailable, match="away"):
        await bus.ask(Spend(key="k", amount=5), timeout_s=1)
    assert await bus.ask(Spend(key="k", amount=5), timeout_s=1) == Sum(5)


async def test_a_command_runs_to_its_end_when_its_asker_gives_up(bus: LocalBus) -> None:
    """Lost otherwise: an effect torn in the middle by a time-out."""
    spent: list[int] = []

    async def spend(request: Spend, _meta: Meta) -> Sum:
        await asyncio.sleep(0.02)
        spent.append(request.amount)
        return Sum(request.amount)

    bus.answer(Spend, spend)
    with pytest.raises(TimedOut):
        await bus.ask(Spend(key="k", amount=5), timeout_s=0.005)
    assert await bus.ask(Spend(key="k", amount=5), timeout_s=1) == Sum(5)
    assert spent == [5]
