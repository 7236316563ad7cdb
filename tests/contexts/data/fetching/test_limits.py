"""Limits, pauses, budget: what a provider gets to see of us, by a clock that a test moves."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

import msgspec
import pytest

from fks.contexts.data.domain.fetching.breaking import Breaker, Budget
from fks.contracts.data.providers import Limits, PageRequest
from fks.kernel.errors import FksError, Unavailable

from .asking import BODY, GOOD, QUICK, REQUEST, Clock, made_for
from .fault_server import FaultServer, answer, cut, fault_server, refusal, reset

SLOW = msgspec.structs.replace(QUICK, first_pause_s=0.5, longest_pause_s=20.0, longest_wait_s=90.0)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """Serve good answers, and first what a test puts into the script."""
    with fault_server(GOOD) as running:
        yield running


async def test_a_minute_holds_no_more_than_its_weight(server: FaultServer) -> None:
    """Lost: a ban of the address, for asking as fast as the network allows."""
    clock = Clock()
    limits = Limits(weight_per_minute=5, at_once=3)
    fetcher = made_for(server.url, limits=limits, monotonic_s=clock, sleep=clock.sleep)
    sent: list[float] = []
    request = PageRequest(path="/x")
    for _ in range(17):
        await fetcher.get(request, lambda *_: sent.append(clock.now_s))
    for at_s in sent:
        assert sum(at_s - 60 < other <= at_s for other in sent) <= 5
    assert clock.now_s == 1000 + 180
    assert fetcher.state.waited_s == 180
    await fetcher.close()


async def test_many_at_once_share_the_weight_and_the_connections(server: FaultServer) -> None:
    """Lost: the limit, when several pages are asked for at the same time."""
    open_now, most = 0, 0
    limits = Limits(weight_per_minute=8, at_once=3)
    clock = Clock()
    fetcher = made_for(server.url, limits=limits, monotonic_s=clock, sleep=clock.sleep)
    real = fetcher._sender.send
    sent: list[float] = []

    async def counted(*given: object) -> object:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        sent.append(clock.now_s)
        try:
            return await real(*given)  # type: ignore[arg-type]
        finally:
            open_now -= 1

    fetcher._sender.send = counted  # type: ignore[assignment, method-assign]
    await asyncio.gather(*(fetcher.get(REQUEST) for _ in range(20)))
    assert most == 3
    for at_s in sent:
        assert sum(at_s - 60 < other <= at_s for other in sent) <= 4, "each of them weighs two"
    await fetcher.close()


async def test_what_the_provider_says_was_used_counts(server: FaultServer) -> None:
    """Lost: a ban, because another program uses the same address."""
    clock = Clock()
    limits = Limits(weight_per_minute=100, used_weight_header="X-Used")
    fetcher = made_for(server.url, limits=limits, monotonic_s=clock, sleep=clock.sleep)
    server.script = [answer(200, BODY, X_Used="60"), answer(200, BODY, X_Used="1")]
    await fetcher.get(REQUEST)
    assert fetcher.state.used_weight == 60
    await fetcher.get(REQUEST)
    assert fetcher.state.used_weight == 62, "less than we counted is not believed"
    server.script = [answer(200, BODY, X_Used="9" * 30)]
    await fetcher.get(REQUEST)
    assert clock.slept == []
    await fetcher.get(REQUEST)
    assert clock.slept == [60.0], "a minute, whatever the number"
    await fetcher.close()


async def test_a_pause_that_was_asked_for_holds_for_every_request(server: FaultServer) -> None:
    """Lost: a 429 answered by the requests of the neighbours."""
    clock = Clock()
    fetcher = made_for(server.url, settings=SLOW, monotonic_s=clock, sleep=clock.sleep)
    server.script = [refusal(429, Retry_After="30")]
    await fetcher.get(REQUEST)
    assert clock.now_s == 1030
    assert fetcher.state.retries == 1
    server.script = [refusal(429, Retry_After="3600")]
    with pytest.raises(Unavailable, match=r"3600 s \(429\)") as refused:
        await fetcher.get(REQUEST)
    assert refused.value.retry_after_s == 3600
    asked = len(server.requests)
    with pytest.raises(Unavailable, match="another 3600 s") as again:
        await fetcher.get(REQUEST)
    assert again.value.code == "data.rate_limited"
    assert len(server.requests) == asked
    assert fetcher.state.quiet_s == 3600
    assert fetcher.state.refused == 1
    clock.now_s += 3590
    await fetcher.get(REQUEST)
    assert clock.slept[-1] == 10, "what is left of it is waited for"
    await fetcher.close()


async def test_pauses_grow_with_each_429_that_does_not_say_how_long(server: FaultServer) -> None:
    """Lost: the same short pause again and again, until the address is banned."""
    clock = Clock()
    fetcher = made_for(
        server.url, settings=SLOW, monotonic_s=clock, sleep=clock.sleep, chance=random.Random(5)
    )
    server.script = [refusal(429)] * 3
    await fetcher.get(REQUEST)
    first, second, third = clock.slept
    assert 1 <= first <= 2 <= second <= 4 <= third <= 8
    for _ in range(20):
        await fetcher.get(REQUEST)
    server.script = [refusal(429)]
    await fetcher.get(REQUEST)
    assert clock.slept[3] <= 2, "an answer ends it"
    await fetcher.close()


@pytest.mark.parametrize(("told", "ban_s"), [("", 120.0), ("3", 120.0), ("7200", 7200.0)])
async def test_a_ban_is_waited_for_and_then_tried_once(
    server: FaultServer, told: str, ban_s: float
) -> None:
    """Lost: a ban that grows from minutes to days, since we went on asking."""
    clock = Clock()
    fetcher = made_for(server.url, settings=SLOW, monotonic_s=clock, sleep=clock.sleep)
    server.script = [refusal(418, **({"Retry_After": told} if told else {}))]
    with pytest.raises(Unavailable) as banned:
        await fetcher.get(REQUEST)
    assert (banned.value.code, banned.value.retry_after_s) == ("data.rate_limited", ban_s)
    assert fetcher.state.quiet_s == ban_s
    clock.now_s += ban_s - 1
    with pytest.raises(Unavailable, match="another 1 s"):
        await fetcher.get(REQUEST)
    assert len(server.requests) == 1
    clock.now_s += 1
    await fetcher.get(REQUEST)
    assert len(server.requests) == 2
    await fetcher.close()


async def test_half_open_lets_one_through_and_a_failure_of_ours_does_not_block_it(
    server: FaultServer,
) -> None:
    """Lost: a provider that is never asked again, since a trial ended without an outcome."""
    clock = Clock()
    fetcher = made_for(server.url, settings=QUICK, monotonic_s=clock, sleep=clock.sleep)
    server.script = [reset] * 5
    for _ in range(2):
        with pytest.raises(Unavailable):
            await fetcher.get(REQUEST)
    assert fetcher.state.breaker == "open"
    clock.now_s += 31

    def full(*_: object) -> None:
        raise Unavailable("no space left", code="data.disk_full")

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(Unavailable, match="no space"):
        await fetcher.get(REQUEST, full)
    with pytest.raises(ZeroDivisionError):
        await fetcher.get(REQUEST, broken)
    task = asyncio.create_task(fetcher.get(REQUEST))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert fetcher.state.breaker == "half_open"
    outcomes = await asyncio.gather(
        *(fetcher.get(REQUEST) for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(one, FksError) for one in outcomes) == 2, "one at a time"
    server.script = [reset]
    with pytest.raises(Unavailable):
        await fetcher.get(REQUEST)
    assert fetcher.state.breaker == "open", "one failure opens it again"
    await fetcher.close()


async def test_a_refusal_of_ours_ends_a_row_of_failures(server: FaultServer) -> None:
    """Lost: a provider left alone, though it answers: we ask for what it has not."""
    fetcher = made_for(server.url)
    for _ in range(3):
        server.script = [cut(BODY, 3), refusal(404)]
        with pytest.raises(FksError):
            await fetcher.get(REQUEST)
    assert fetcher.state.failures == 0
    assert fetcher.state.breaker == "closed"
    await fetcher.close()


def test_the_budget_is_a_tenth_with_a_small_reserve() -> None:
    """Lost: thousands of tries saved up in good times, spent on a provider in trouble."""
    budget = Budget()

    def spent() -> int:
        before = budget.retries
        while budget.may_retry():
            budget.retried()
        return budget.retries - before

    assert spent() == 3
    for _ in range(100_000):
        budget.called()
    assert spent() == 10
    for _ in range(9):
        budget.called()
    assert spent() == 0
    budget.called()
    assert spent() == 1


def test_the_breaker_counts_failures_in_a_row_only() -> None:
    """Lost: a breaker that opens on a provider that fails now and then."""
    breaker = Breaker()
    for _ in range(20):
        for _ in range(4):
            breaker.failed(0.0)
        breaker.succeeded()
    assert breaker.state(0.0) == "closed"
    for _ in range(5):
        breaker.failed(7.0)
    assert [breaker.state(now_s) for now_s in (7.0, 36.9, 37.0)] == ["open", "open", "half_open"]
