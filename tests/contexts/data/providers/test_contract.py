"""The contract of every remote provider: whatever a page does, nothing wrong stays in a dataset."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from fks.contexts.data.adapters.fetching import Fetcher
from fks.contexts.data.domain.imports import Imported
from fks.contexts.data.service.backfilling import Source
from fks.contexts.data.service.fetching import Fetched, FetchRequest, fetch
from fks.contexts.data.settings import FetchSettings
from fks.contexts.data.store.rawlog import RawLog
from fks.kernel.errors import FksError, Unavailable

from ..fetching.fault_server import FaultServer, answer, fault_server, refusal
from .faults import BYTES, PAGE_BYTES, ROWS, WIRE
from .worlds import DAY_S, WORLDS, Rows, World, asked, walk

TORTURE = os.environ.get("FKS_TORTURE") == "1"
SEED = int(os.environ.get("FKS_SEED", random.randrange(2**32)))
AT_ONCE = 6
QUICK = FetchSettings(
    connect_timeout_s=2,
    read_timeout_s=0.3,
    deadline_s=1.5,
    tries=2,
    first_pause_s=0.01,
    longest_pause_s=0.02,
    longest_wait_s=0.5,
    allow_loopback=True,
)
CODES = {
    *("data.rate_limited", "data.provider_down", "data.provider_timed_out", "data.provider_key"),
    *("data.no_symbol", "data.provider_refuses", "data.malformed_payload", "data.provider_loops"),
    *("data.payload_too_large", "data.nothing_usable"),
}
PLAUSIBLE = {"10x price", "0.1x price", "one bar, two closes", "from the past"}
"""Bars that could be true: they are stored, the report names them, the next run has better ones."""


class Case(NamedTuple):
    """A fault on a page of a world; page 0 is that of the sizes, where there is one."""

    fault: str
    page: int


def cases(world: World) -> Iterator[Case]:
    """Yield every fault of a page's content and some of the wire, each on a page.

    With FKS_TORTURE all of them on every page.
    """
    pages = range(0 if world.sizes else 1, world.pages + 1)
    chance = random.Random(f"{SEED} {world.name}")
    wire = list(WIRE) if TORTURE else chance.sample(list(WIRE), 12)
    for fault in (*wire, *BYTES, *ROWS):
        fitting = [page for page in pages if page > 0 or fault not in ROWS]
        yield from (
            Case(fault, page) for page in (fitting if TORTURE else chance.sample(fitting, 1))
        )


@contextmanager
def faulty(world: World, case: Case | None) -> Iterator[tuple[FaultServer, Callable[[], None]]]:
    """Serve a world, one of its pages as a fault has it (twice: trying again must not hide it).

    With the server comes what ends the fault.
    """
    left = [0 if case is None else 2]

    def serve(connection: Any, request: bytes) -> None:
        ask = asked(request)
        if case is None or left[0] == 0 or number(ask) != case.page:
            answer(200, world.body(ask))(connection, request)
            return
        left[0] -= 1
        if case.fault in WIRE:
            WIRE[case.fault](world.body(ask))(connection, request)
        elif case.fault in BYTES:
            answer(200, BYTES[case.fault](world.body(ask)))(connection, request)
        else:
            left[0] = 0
            answer(200, world.body(ask, ROWS[case.fault]))(connection, request)

    def number(ask: Any) -> int:
        if not world.is_rows(ask):
            return 0
        seen.setdefault(ask.path + str(sorted(ask.params.items())), len(seen) + 1)
        return seen[ask.path + str(sorted(ask.params.items()))]

    seen: dict[str, int] = {}
    with fault_server(serve) as server:
        yield server, lambda: left.__setitem__(0, 0)


async def got(world: World, url: str, home: Path) -> Fetched:
    """Fetch all of a world."""
    wire = world.make(url)
    roomy = msgspec.structs.replace(
        wire.limits, weight_per_minute=10**6, page_bytes=PAGE_BYTES, at_once=1
    )
    fetcher = Fetcher(world.name, url, roomy, None, lambda: "", QUICK)
    try:
        return await fetch(
            Source(world.name, wire, fetcher.get),
            FetchRequest(query=world.query()),
            RawLog(home),
            now_ns=time.time_ns(),
            code_version="t",
        )
    finally:
        await fetcher.close()


def bars(done: Fetched) -> dict[int, tuple[float, ...]]:
    """Return the bars that would be stored."""
    assert isinstance(done.imported, Imported)
    kept = done.imported.cleaned.kept
    columns = (kept.open, kept.high, kept.low, kept.close, kept.volume)
    rows = zip(*(one.tolist() for one in columns), strict=True)
    return dict(zip(kept.ts_ns.tolist(), rows, strict=True))


async def outcome(world: World, case: Case, home: Path, clean: Fetched) -> str:
    """Let a case happen; return what broke the contract, or an empty text."""
    true, failure = bars(clean), ""
    with faulty(world, case) as (server, mend):
        try:
            first = await got(world, server.url, home)
        except FksError as error:
            failure = error.code
            if "\n" in error.message or len(error.message) > 400 or not 2 <= error.exit_code <= 7:
                return f"no clear line: {error.message!r}"
            if error.code not in CODES:
                return f"an unknown code {error.code}"
        else:
            stored = bars(first)
            wrong = {at for at, bar in stored.items() if true.get(at) != bar}
            report = first.imported.report
            if wrong and (case.fault not in PLAUSIBLE or len(wrong) > 1 or not report.findings):
                return f"{len(wrong)} wrong bars stored, {sorted(wrong)[:2]}"
            lacks = len(true.keys() - stored.keys())
            inside = sum(min(stored) < at < max(stored) for at in true.keys() - stored.keys())
            if inside and not (report.missing_bars or report.rows_quarantined):
                return f"{inside} of {lacks} bars are missing and nobody says so"
        mend()
        for _ in range(2):
            before = len(server.requests)
            try:
                done = await got(world, server.url, home)
            except FksError as error:
                return f"after {failure or 'a success'} the next run fails: {error.message}"
            if len(server.requests) - before > world.pages + 2:
                return f"the next run asked {len(server.requests) - before} times"
            if done.imported.info.hash == clean.imported.info.hash:
                return ""
    return f"after {failure or 'a success'} the next runs make {done.imported.info.rows} rows"


@pytest.mark.parametrize("kind", WORLDS, ids=lambda kind: kind.name)
async def test_a_fault_on_any_page_is_one_line_or_named_and_the_next_run_is_clean(
    kind: type[World], tmp_path: Path
) -> None:
    """Lost: a bar that nobody sent in a dataset, a hole that stays, or a traceback."""
    _installed(kind)
    world, chosen = kind(), asyncio.Semaphore(AT_ONCE)
    with faulty(world, None) as (server, _):
        clean = await got(world, server.url, tmp_path / "clean")
    assert clean.imported.info.rows == world.count

    async def one(case: Case) -> str:
        async with chosen:
            broken = await outcome(world, case, tmp_path / f"{case.fault}{case.page}", clean)
        return f"{case}: {broken}" if broken else ""

    every = list(cases(world))
    assert len({case.fault for case in every}) >= 52
    broken = [told for told in await asyncio.gather(*map(one, every)) if told]
    assert not broken, f"FKS_SEED={SEED}\n" + "\n".join(broken)


def _installed(kind: type[World]) -> None:
    """Skip where a library of an extra is not there."""
    if kind.name.startswith("ccxt"):
        pytest.importorskip("ccxt", reason="the extra ccxt is not installed")


DOWN: dict[str, Callable[[], Any]] = {
    "500": lambda: refusal(500),
    "a web page": lambda: answer(200, b"<html>"),
    "429": lambda: refusal(429),
}


@pytest.mark.parametrize("fault", DOWN)
@pytest.mark.parametrize("kind", WORLDS, ids=lambda kind: kind.name)
async def test_a_provider_that_is_down_is_asked_a_few_times_and_then_left_alone(
    kind: type[World], fault: str, tmp_path: Path
) -> None:
    """Lost: a provider in trouble, under the load of everybody who tries again."""
    _installed(kind)
    world = kind()
    with fault_server(DOWN[fault]()) as server:
        wire = world.make(server.url)
        limits = msgspec.structs.replace(wire.limits, weight_per_minute=10**6)
        fetcher = Fetcher(world.name, server.url, limits, None, lambda: "", QUICK)
        calls = 30
        for _ in range(calls):
            with pytest.raises(Unavailable) as refused:
                await fetcher.get(wire.first_page(world.query()))
            assert (refused.value.exit_code, "\n" in refused.value.message) == (6, False)
        state = fetcher.state
        await fetcher.close()
    assert state.retries <= 3 + calls // 10
    if fault != "429":  # that one is no failure: it says when to come again
        assert (state.breaker, len(server.requests)) == ("open", 5)


@pytest.mark.parametrize("kind", WORLDS, ids=lambda kind: kind.name)
async def test_the_same_page_for_ever_ends(kind: type[World], tmp_path: Path) -> None:
    """Lost: a run without end, on a provider that always has one more page, and it is the same."""
    _installed(kind)
    world, first, pages = kind(), list[bytes](), [0]

    def serve(connection: Any, request: bytes) -> None:
        ask, body = asked(request), b""
        pages[0] += 1
        if world.is_rows(ask):
            first.append(world.body(ask))
            body = first[0].replace(b"cursor=400", b"cursor=%d" % pages[0])
        answer(200, body or world.body(ask))(connection, request)

    with fault_server(serve) as server:
        try:
            done = await got(world, server.url, tmp_path)
        except FksError as error:
            assert error.code in CODES
        else:
            true = {row[0] * 10**9: row[1:] for row in world.rows}
            assert all(true.get(at) == bar for at, bar in bars(done).items())
    assert pages[0] < 100


@pytest.mark.parametrize("kind", WORLDS, ids=lambda kind: kind.name)
async def test_a_last_bar_that_was_not_the_last_word_is_corrected(
    kind: type[World], tmp_path: Path
) -> None:
    """Lost: a bar told as closed that changed a minute later, stored for ever as it was first."""
    _installed(kind)
    world = kind()
    now_s = int(time.time())
    world.start_s = (now_s - world.count * world.step_s) // world.step_s * world.step_s
    world.query_start_s = world.start_s // DAY_S * DAY_S
    world.rows = walk(world.count, world.start_s, world.step_s)
    lie = [True]

    def serve(connection: Any, request: bytes) -> None:
        def told(rows: Rows) -> Rows:
            last = (*rows[-1][:4], rows[-1][3], 0.5) if rows else ()
            lies = lie[0] and rows and rows[-1][0] == world.rows[-1][0]
            return [*rows[:-1], last] if lies else rows

        answer(200, world.body(asked(request), told))(connection, request)

    with fault_server(serve) as server:
        lied = await got(world, server.url, tmp_path)
        lie[0] = False
        true = await got(world, server.url, tmp_path)
    last = max(bars(lied))
    assert bars(lied)[last] != bars(true)[last] == world.rows[-1][1:]
