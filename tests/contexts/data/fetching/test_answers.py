"""What is kept of an answer: all of it, within bounds, and never the key."""

from __future__ import annotations

import gzip
import json
import logging
import os
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus

import pytest

from fks.contexts.data.adapters.fetching import Answer
from fks.contexts.data.adapters.fetching.answers import told_wait_s
from fks.contracts.data.providers import KeyUse, Limits, PageRequest
from fks.kernel.errors import Denied, FksError, Invalid, Unavailable

from .asking import BODY, GOOD, REQUEST, made_for
from .fault_server import FaultServer, answer, chunked, fault_server, head, refusal, reset

SECRET = 's3cr3t+/ k"ey'
HEADER = KeyUse(place="header", name="Authorization", prefix="Bearer ")
PARAMETER = KeyUse(place="parameter", name="apikey")
PACKED: dict[str, Any] = {"Content_Encoding": "gzip"}


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """Serve good answers, and first what a test puts into the script."""
    with fault_server(GOOD) as running:
        yield running


@pytest.mark.parametrize("key", [HEADER, PARAMETER], ids=["header", "parameter"])
@pytest.mark.parametrize("status", [200, 400, 401, 404, 418, 429, 500])
async def test_the_key_is_sent_and_is_nowhere_else(
    server: FaultServer, caplog: pytest.LogCaptureFixture, key: KeyUse, status: int
) -> None:
    """Lost: a key in an error, a log line, the raw log or a repr; some providers repeat it."""
    caplog.set_level(logging.DEBUG)
    fetcher = made_for(server.url, key, SECRET)
    kept: list[Any] = []
    words = {"msg": f"bad key {SECRET}", "url": f"/x?apikey={quote_plus(SECRET)}"}
    echo = answer(status, json.dumps(words).encode() + SECRET.encode(), Date=f"{SECRET}")
    server.script = [echo, echo, echo, echo, reset, reset]
    errors = []
    for _ in range(3):
        try:
            await fetcher.get(REQUEST, lambda *given: kept.append(given))
        except FksError as error:
            errors += [error, error.__cause__, error.__context__]
    sent = server.requests[0].decode()
    assert ("Bearer s3cr3t" in sent) == (key is HEADER)
    assert ("apikey=s3cr3t" in sent) == (key is PARAMETER)
    assert kept, "what was kept is looked at"
    for shown in (*errors, fetcher.state, fetcher, kept, caplog.text, vars(fetcher)):
        assert "s3cr3t" not in f"{shown!r} {shown!s}"
    assert status != 200 or b"bad key ***" in kept[0][1].body
    await fetcher.close()


async def test_a_short_public_key_does_not_spoil_data(server: FaultServer) -> None:
    """Lost: data with holes, since a key is a word such as `demo`."""
    fetcher = made_for(server.url, PARAMETER, "demo")
    server.script = [answer(200, b'{"note": "demo"}'), refusal(401, {"msg": "demo is over"})]
    assert (await fetcher.get(REQUEST)).body == b'{"note": "demo"}'
    with pytest.raises(Denied, match=r"\*\*\* is over"):
        await fetcher.get(REQUEST)
    await fetcher.close()


@pytest.mark.parametrize("secret", ["gehe\u00efm123", "line\nbreak-123", "nul\x00l-12345"])
async def test_a_key_that_no_header_can_carry_is_refused_unrepeated(
    server: FaultServer, secret: str
) -> None:
    """Lost: a second header smuggled in, or a traceback that shows the key."""
    fetcher = made_for(server.url, HEADER, secret)
    with pytest.raises(Invalid) as refused:
        await fetcher.get(REQUEST)
    assert refused.value.code == "data.bad_key"
    assert secret not in refused.value.message
    assert server.requests == []
    assert fetcher.state.failures == 0
    await fetcher.close()


async def test_only_a_few_headers_are_kept(server: FaultServer) -> None:
    """Lost: cookies and addresses of a provider in a log that is kept for years."""
    server.script = [
        answer(200, BODY, Date="now", X_Used="7", Set_Cookie="a=b", Server="x", Retry_After="1")
    ]
    fetcher = made_for(server.url)
    got = await fetcher.get(REQUEST)
    assert {name for name, _ in got.headers} == {"content-type", "date", "x-used", "retry-after"}
    assert got.requested_at_ns < got.received_at_ns
    assert b"Accept-Encoding: gzip\r\n" in server.requests[0]
    await fetcher.close()


def _bytes(size: int) -> bytes:
    return random.Random(5).randbytes(size)


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(BODY),
        gzip.compress(BODY[:40]) + gzip.compress(BODY[40:]),
        gzip.compress(b"") + gzip.compress(BODY) + gzip.compress(b""),
        b"".join(gzip.compress(BODY[k : k + 1]) for k in range(len(BODY))),
    ],
    ids=["one member", "two", "empty ones", "one a byte"],
)
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
async def test_packed_answers_come_whole(server: FaultServer, packed: bytes, size: int) -> None:
    """Lost: the rows behind the first member of a packed answer, silently."""
    parts = [packed[k : k + size] for k in range(0, len(packed), size)]
    server.script = [chunked(parts, **PACKED)]
    fetcher = made_for(server.url)
    assert (await fetcher.get(REQUEST)).body == BODY
    await fetcher.close()


async def test_large_honest_answers_are_whole(server: FaultServer) -> None:
    """Lost: a large page, by bounds that are meant for bombs."""
    body = _bytes(3 << 20) + bytes(4 << 20)
    server.script = [answer(200, gzip.compress(body), **PACKED), answer(200, body)]
    fetcher = made_for(server.url)
    for _ in range(2):
        assert (await fetcher.get(REQUEST)).body == body
    await fetcher.close()


@pytest.mark.parametrize(
    ("packed", "code"),
    [
        (gzip.compress(BODY) + b"junk", "data.malformed_payload"),
        (gzip.compress(BODY) + bytes(9), "data.malformed_payload"),
        (gzip.compress(BODY)[:-8] + bytes(8), "data.malformed_payload"),
        (gzip.compress(bytes(300 << 20)), "data.payload_too_large"),
        (gzip.compress(_bytes(1 << 20) + bytes(30 << 20)), "data.payload_too_large"),
        (gzip.compress(b"") * 100_000, "data.malformed_payload"),
    ],
    ids=["junk", "zeros", "damage", "bomb", "hidden bomb", "endless nothing"],
)
async def test_packed_answers_out_of_bounds_are_refused(
    server: FaultServer, packed: bytes, code: str
) -> None:
    """Lost: the memory or the time of this machine."""
    server.script = [answer(200, packed, **PACKED)]
    fetcher = made_for(server.url)
    kept: list[object] = []
    with pytest.raises(Unavailable) as refused:
        await fetcher.get(REQUEST, lambda *given: kept.append(given))
    assert refused.value.code == code
    assert kept == [], "nothing of it is kept"
    assert (await fetcher.get(REQUEST)).body == BODY
    await fetcher.close()


async def test_the_memory_of_a_bomb_is_bounded(server: FaultServer) -> None:
    """Lost: this process, killed for its memory, by an answer of 300 kB."""
    import tracemalloc

    server.script = [answer(200, gzip.compress(bytes(300 << 20)), **PACKED)]
    fetcher = made_for(server.url, limits=Limits(weight_per_minute=10, page_bytes=64 << 20))
    tracemalloc.start()
    try:
        with pytest.raises(Unavailable):
            await fetcher.get(REQUEST)
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()
    await fetcher.close()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("0", 0.0),
        (" 17 ", 17.0),
        ("1.5", 1.5),
        ("99999999", 604_800.0),
        ("Thu, 01 Jan 1970 00:01:30 GMT", 30.0),
        ("Thu, 01 Jan 1970 00:01:30 -0000", 30.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 604_800.0),
        ("", None),
        ("-5", None),
        ("1e9", None),
        ("nan", None),
        ("\xb2", None),
        ("9" * 200, None),
        ("Thu, 99 Foo", None),
        ("soon", None),
    ],
)
def test_retry_after_is_read_in_both_forms(text: str, told: float | None) -> None:
    """Lost: a wait of centuries, or a crash, by a header."""
    assert told_wait_s(text, 60_000_000_000) == told


async def test_random_answers_never_do_more_than_fail(server: FaultServer) -> None:
    """Lost: a crash by bytes that no test thought of. The seed is printed by a failure."""
    seed = int(os.environ.get("FKS_SEED", "20261123"))
    draw = random.Random(seed)
    whole = head(200, len(BODY), Content_Type="application/json") + BODY
    packed = gzip.compress(BODY)
    rolled = head(200, len(packed), Content_Encoding="gzip") + packed
    rounds = 60 * int(os.environ.get("FKS_TORTURE_SCALE", "1"))
    for number in range(rounds):
        content = bytearray(draw.choice((whole, rolled)))
        for _ in range(draw.randint(1, 4)):
            content[draw.randrange(len(content))] = draw.randrange(256)
        spoilt = bytes(content[: draw.choice((len(content), draw.randrange(len(content))))])

        def fault(connection: Any, _: bytes, spoilt: bytes = spoilt) -> None:
            connection.sendall(spoilt)
            connection.close()

        server.script = [fault]
        fetcher = made_for(server.url)
        kept: list[Answer] = []

        def keep(_: PageRequest, got: Answer, kept: list[Answer] = kept) -> None:
            kept.append(got)

        try:
            got = await fetcher.get(REQUEST, keep)
            assert got is kept[-1], f"seed {seed}, round {number}"
        except FksError as error:
            assert error.code.startswith("data."), f"seed {seed}, round {number}"
            assert len(error.message) < 300, f"seed {seed}, round {number}"
        await fetcher.close()
