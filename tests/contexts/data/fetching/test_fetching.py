"""A provider that misbehaves in any way costs time, and never more than is bounded."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from fks.contexts.data.adapters.fetching import Answer, Fetcher
from fks.contracts.data.providers import Limits, PageRequest
from fks.kernel.errors import FksError, Invalid, NotFound, TimedOut, Unavailable

from .asking import BODY, GOOD, QUICK, REQUEST, made_for
from .fault_server import (
    Fault,
    FaultServer,
    answer,
    chunked,
    closed,
    cut,
    dripped,
    fault_server,
    half_closed,
    head,
    late,
    packed,
    raw,
    refusal,
    reset,
    silent,
)

BOMB = packed(bytes(30 << 20))


@pytest.fixture
def server() -> Any:
    """Serve good answers, and first what a test puts into the script."""
    with fault_server(GOOD) as running:
        yield running


@pytest.fixture
async def fetcher(server: FaultServer) -> AsyncIterator[Fetcher]:
    """Ask that server."""
    made = made_for(server.url)
    yield made
    await made.close()


# A fault, and what comes of a single one of it: nothing (it is tried again), or an error's code.
SINGLE: dict[str, tuple[Fault, str]] = {
    "429 with Retry-After": (refusal(429, Retry_After="1"), ""),
    "429 without Retry-After": (refusal(429), ""),
    "429 with a date": (refusal(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"), ""),
    "429 with a fraction": (refusal(429, Retry_After="0.25"), ""),
    "429 with a digit of another script": (refusal(429, Retry_After="\xb2"), ""),
    "weight in a digit of another script": (answer(503, BODY, X_Used="\xb2"), ""),
    "429 with nonsense": (refusal(429, Retry_After="soon"), ""),
    "418": (refusal(418, Retry_After="3600"), "data.rate_limited"),
    "418 without Retry-After": (refusal(418), "data.rate_limited"),
    "500": (refusal(500), ""),
    "502 with a web page": (answer(502, b"<html>bad gateway</html>", Content_Type="text/html"), ""),
    "503": (refusal(503), ""),
    "504": (refusal(504), ""),
    "501 is not tried again": (refusal(501), "data.provider_down"),
    "400": (refusal(400, {"code": -1121, "msg": "Invalid symbol."}), "data.provider_refuses"),
    "401": (refusal(401), "data.provider_key"),
    "403": (refusal(403), "data.provider_key"),
    "404": (refusal(404), "data.no_symbol"),
    "301 is not followed": (refusal(301, Location="http://127.0.0.1:1/"), "data.provider_down"),
    "204 without a body": (raw(b"HTTP/1.1 204 No Content\r\n\r\n"), "data.provider_down"),
    "reset": (reset, ""),
    "closed before the head": (closed, ""),
    "closed in the head": (raw(b"HTTP/1.1 200 OK\r\nContent-Le"), ""),
    "cut in the body": (cut(BODY, 40), ""),
    "cut after the head": (cut(BODY, 0), ""),
    "cut before the last byte": (cut(BODY, len(BODY) - 1), ""),
    "reset in the body": (cut(BODY, 40, then_reset=True), ""),
    "half closed": (half_closed(BODY), ""),
    "no answer in time": (silent(0.7), ""),
    "no byte in the body in time": (cut(BODY, 10, wait_s=0.7), ""),
    "slow drip": (dripped(BODY, 0.02), ""),
    "no HTTP": (raw(b"SSH-2.0-OpenSSH_9.6\r\n"), ""),
    "HTTP of another kind": (raw(b"HTTP/9.9 abc\r\n\r\n"), ""),
    "endless head": (raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 60_000), ""),
    "two lengths": (
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\n[]"),
        "",
    ),
    "negative length": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n[]"), ""),
    "chunks cut": (chunked([BODY[:20]], whole=False), ""),
    "chunk of nonsense": (
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n"),
        "",
    ),
    "web page with 200": (answer(200, b"<!DOCTYPE html><p>sorry"), "data.malformed_payload"),
    "web page told as HTML": (
        answer(200, b"sorry", Content_Type="text/html; charset=utf-8"),
        "data.malformed_payload",
    ),
    "packed cut": (answer(200, packed(BODY)[:-9], Content_Encoding="gzip"), ""),
    "packed nonsense": (
        answer(200, b"\x00" * 99, Content_Encoding="gzip"),
        "data.malformed_payload",
    ),
    "bomb": (answer(200, BOMB, Content_Encoding="gzip"), "data.payload_too_large"),
    "an encoding nobody asked for": (
        answer(200, BODY, Content_Encoding="br"),
        "data.malformed_payload",
    ),
    "1xx without end": (raw(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50_000), ""),
    "206 is a part only": (answer(206, BODY), "data.provider_down"),
    "a length that no page has": (raw(head(200, 10**15) + b"[]"), ""),
    "larger than a page may be": (answer(200, b" " * (9 << 20)), "data.payload_too_large"),
}


@pytest.mark.parametrize("name", SINGLE)
async def test_one_fault_has_a_clear_outcome_and_the_next_call_works(
    server: FaultServer, fetcher: Fetcher, name: str
) -> None:
    """Lost: a traceback, an endless wait, a page believed that was not whole, or a stuck client."""
    fault, code = SINGLE[name]
    server.script = [fault]
    kept: list[tuple[int, bytes]] = []

    def keep(request: PageRequest, got: Answer) -> None:
        kept.append((got.status, got.body))

    if code:
        with pytest.raises(FksError) as refused:
            await fetcher.get(REQUEST, keep)
        assert refused.value.code == code
        assert "\n" not in refused.value.message
        assert fetcher.state.error_code == code
        assert len(server.requests) == 1, "trying again could not help"
    else:
        assert (await fetcher.get(REQUEST, keep)).body == BODY
        assert fetcher.state.retries == 1
        assert kept[-1] == (200, BODY)
    if name.startswith("418"):
        with pytest.raises(Unavailable, match="left alone") as banned:
            await fetcher.get(REQUEST)
        assert banned.value.code == "data.provider_down"
        assert len(server.requests) == 1, "a ban is not tested by asking"
    else:
        assert (await fetcher.get(REQUEST)).body == BODY
        assert (fetcher.state.breaker, fetcher.state.failures) == ("closed", 0)
        assert fetcher.state.error_code == ""


async def test_nobody_listens_and_then_somebody_does(server: FaultServer) -> None:
    """Lost: what is said of a provider that is down, or speaks no TLS."""
    with socket.socket() as bound:  # a port that is taken and refuses
        bound.bind(("127.0.0.1", 0))
        fetcher = made_for(f"http://127.0.0.1:{bound.getsockname()[1]}")
        with pytest.raises(Unavailable, match="test cannot be reached: ConnectError") as away:
            await fetcher.get(REQUEST)
        assert away.value.code == "data.provider_down"
        assert fetcher.state.retries == 3
        await fetcher.close()
    # The handshake ends by its own time-out, not by the deadline.
    brief = msgspec.structs.replace(QUICK, connect_timeout_s=0.2)
    secure = made_for(server.url.replace("http", "https"), settings=brief)
    with pytest.raises((Unavailable, TimedOut)):
        await secure.get(REQUEST)
    await secure.close()


async def test_answers_that_take_their_time_within_bounds_are_taken(server: FaultServer) -> None:
    """Lost: a provider that is slow and honest."""
    server.script = [late(0.1, GOOD), dripped(BODY[:20], 0.005)]
    fetcher = made_for(server.url)
    assert (await fetcher.get(REQUEST)).body == BODY
    assert (await fetcher.get(REQUEST)).body == BODY[:20]
    assert fetcher.state.retries == 0
    await fetcher.close()


@pytest.mark.parametrize(
    "fault", [refusal(503), reset, silent(0.6), cut(BODY, 3)], ids=("503", "reset", "silent", "cut")
)
async def test_a_provider_that_stays_away_is_left_alone_and_found_again(
    server: FaultServer, fault: Fault
) -> None:
    """Lost: a hammered provider, or one that is never asked again."""
    now_s = [1000.0]
    limits = Limits(weight_per_minute=10_000)
    fetcher = Fetcher(
        "test", server.url, limits, None, lambda: "", QUICK, monotonic_s=lambda: now_s[0]
    )
    server.script = [fault] * 50
    for _ in range(6):
        with pytest.raises((Unavailable, TimedOut)):
            await fetcher.get(REQUEST)
    asked = len(server.requests)
    assert asked == 5, "five failures in a row open the breaker, retries included"
    assert fetcher.state.breaker == "open"
    with pytest.raises(Unavailable) as refused:
        await fetcher.get(REQUEST)
    assert refused.value.retry_after_s == pytest.approx(30, abs=0.1)
    assert len(server.requests) == asked
    server.script.clear()
    now_s[0] += 30.1
    assert fetcher.state.breaker == "half_open"
    await fetcher.get(REQUEST)
    assert fetcher.state.breaker == "half_open", "one answer is not enough"
    await fetcher.get(REQUEST)
    assert fetcher.state.breaker == "closed"
    await fetcher.close()


async def test_tries_beyond_the_first_are_a_tenth_of_the_calls(
    server: FaultServer, fetcher: Fetcher
) -> None:
    """Lost: a provider in trouble that gets four times its load from us."""
    failed = 0
    for k in range(120):
        server.script = [refusal(500)] * 2 if k % 3 == 0 else []
        try:
            await fetcher.get(REQUEST)
        except Unavailable:
            failed += 1
    state = fetcher.state
    assert state.calls == 120
    assert state.retries <= 3 + 120 // 10
    assert len(server.requests) == state.calls + state.retries
    assert failed > 0, "the budget must have run out"


async def test_not_found_and_refused_are_told_in_the_providers_words(
    server: FaultServer, fetcher: Fetcher
) -> None:
    """Lost: why a symbol is not there; or a terminal that obeys what a provider sends."""
    words = {"msg": "Invalid symbol.\x1b[2J\n" + "x" * 500}
    server.script = [refusal(400, words), refusal(404, words)]
    with pytest.raises(Invalid, match=r"Invalid symbol\.") as refused:
        await fetcher.get(REQUEST)
    assert "\x1b" not in refused.value.message
    assert len(refused.value.message) < 250
    with pytest.raises(NotFound):
        await fetcher.get(REQUEST)
    assert head(200, None)[:12] == b"HTTP/1.1 200"
