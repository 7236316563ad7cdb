"""A whole app: started in order, reporting its health, its contexts failing alone."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import get
from structlog.testing import capture_logs

from fks.kernel import migrations
from fks.kernel.bus import Wiring
from fks.kernel.errors import Conflict, Unavailable
from fks.kernel.health import HealthReported, Status
from fks.kernel.hooks import impl
from fks.kernel.manifest import Manifest
from fks.kernel.messages import Meta, Query
from fks.kernel.runtime import Runtime
from fks.kernel.services import Service
from fks.kernel.testing import RecordingBus, running_app


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer."""

    text: str


class GetEcho(Query[Reply], frozen=True, kw_only=True, tag="probe.get_echo.v1"):
    """A question."""

    text: str


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """A section."""

    greeting: str = "hello"


def probe(name: str = "probe", **hooks: Callable[..., Any]) -> types.ModuleType:
    """Return a plugin that echoes."""
    module = types.ModuleType(f"plugin_{name}")

    def fks_manifest() -> Manifest:
        return Manifest(name=name, summary="")

    def fks_settings() -> dict[str, type]:
        return {name: Settings}

    def fks_messages() -> Iterable[type]:
        return [GetEcho]

    def fks_wire(runtime: Runtime, wiring: Wiring) -> None:
        greeting = runtime.section(name, Settings).greeting

        async def echo(request: GetEcho, meta: Meta) -> Reply:
            return Reply(text=f"{greeting} {request.text}")

        wiring.answer(GetEcho, echo)

    own = (fks_manifest, fks_settings, fks_messages, fks_wire)
    for function in own:
        setattr(module, function.__name__, impl(function))
    for hook, function in hooks.items():
        setattr(module, hook, impl(function))
    return module


async def until(so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(5):
        while not so():  # noqa: ASYNC110  # what is waited for happens in somebody else's code
            await asyncio.sleep(0.005)


async def test_a_plugin_runs_with_its_settings_in_a_real_app(tmp_path: Path) -> None:
    """Lost: a plugin's author could not test against what the plugin will meet."""
    chosen = {"probe": {"greeting": "good day"}}
    plugins = [probe()]
    async with running_app(
        home=tmp_path, contexts=["probe"], plugins=plugins, settings=chosen
    ) as app:
        got = await app.runtime.bus.ask(GetEcho(text="you"), timeout_s=1)
        assert got == Reply(text="good day you")
        assert (await app.http.get("/health")).json()["contexts"].keys() == {"kernel", "probe"}
        assert app.runtime.state()["contexts"] == ["probe"]


async def test_only_the_chosen_contexts_answer(tmp_path: Path) -> None:
    """Lost: `--only` would start twice what another process runs already."""
    async with running_app(home=tmp_path, contexts=["master"], plugins=[probe()]) as app:
        with pytest.raises(Unavailable, match="nobody answers"):
            await app.runtime.bus.ask(GetEcho(text="x"), timeout_s=1)


async def test_a_process_reports_its_health_at_once_and_again(tmp_path: Path) -> None:
    """Lost: master would not know that a process is there, or no longer."""
    heard: list[HealthReported] = []

    def listen(runtime: Runtime, wiring: Wiring) -> None:
        wiring.on(HealthReported, lambda event, _meta: heard.append(event))

    settings = {"process": {"health_interval_s": 0.02}}
    plugin = probe(fks_wire=listen)
    async with running_app(
        home=tmp_path, contexts=["probe"], plugins=[plugin], settings=settings
    ) as app:
        await until(lambda: len(heard) >= 3)
        await app.app.report_health(stopping=True)
    first = heard[0]
    assert first.contexts["probe"].status is Status.HEALTHY
    assert first.kernel is not None and first.kernel.status is Status.HEALTHY
    assert len({event.process_id for event in heard}) == 1
    assert [event.stopping for event in heard[-2:]] == [False, True]


async def test_a_failing_service_is_seen_in_its_own_context_only(tmp_path: Path) -> None:
    """Lost: one sick context would take the others down, or be sick unseen."""

    async def fail() -> None:
        raise Unavailable("the vendor is away")

    sick = probe("sick", fks_services=lambda runtime: [Service("feed", fail)])
    sick.fks_messages = impl(_no_messages)  # type: ignore[attr-defined]
    sick.fks_wire = impl(_no_wiring)  # type: ignore[attr-defined]
    with capture_logs():
        async with running_app(
            home=tmp_path, contexts=["probe", "sick"], plugins=[probe(), sick]
        ) as app:
            await asyncio.sleep(0.05)
            found = (await app.http.get("/health")).json()["contexts"]
            assert found["sick"]["status"] == "degraded"
            assert found["sick"]["message"] == "the vendor is away"
            assert found["probe"]["status"] == found["kernel"]["status"] == "healthy"
            assert (await app.runtime.bus.ask(GetEcho(text="x"), timeout_s=1)).text == "hello x"


def _no_messages() -> Iterable[type]:
    return ()


def _no_wiring(runtime: Runtime, wiring: Wiring) -> None:
    return None


async def test_what_was_opened_is_closed_when_a_start_fails(tmp_path: Path) -> None:
    """Lost: a failed start would leave the database locked for the next one."""

    def broken(runtime: Runtime, wiring: Wiring) -> None:
        raise Unavailable("cannot wire")

    with pytest.raises(Unavailable, match="cannot wire"):
        async with running_app(home=tmp_path, plugins=[probe(fks_wire=broken)]):
            raise AssertionError("it must not start")
    async with running_app(home=tmp_path, contexts=["probe"], plugins=[probe()]) as app:
        assert (await app.http.get("/health")).status_code == 200


async def test_two_apps_in_one_process_share_nothing(tmp_path: Path) -> None:
    """Lost: a test of two processes could not be written in one."""
    one = running_app(home=tmp_path / "a", contexts=["probe"], plugins=[probe()])
    two = running_app(home=tmp_path / "b", contexts=["master"], plugins=[probe()])
    async with one as first, two as second:
        assert (await first.runtime.bus.ask(GetEcho(text="x"), timeout_s=1)).text == "hello x"
        with pytest.raises(Unavailable):
            await second.runtime.bus.ask(GetEcho(text="x"), timeout_s=1)
        assert first.runtime.singleton(list, list) is not second.runtime.singleton(list, list)


async def test_a_question_carries_the_correlation_id_of_its_request(tmp_path: Path) -> None:
    """Lost: what a request set off in another context could not be found by its id."""
    heard: list[Meta] = []

    def wire(runtime: Runtime, wiring: Wiring) -> None:
        async def echo(request: GetEcho, meta: Meta) -> Reply:
            heard.append(meta)
            return Reply(text="")

        wiring.answer(GetEcho, echo)

    def routes(runtime: Runtime) -> Iterable[Any]:
        @get("/ask")
        async def ask() -> None:
            await runtime.bus.ask(GetEcho(text="x"), timeout_s=1)

        return [ask]

    plugin = probe(fks_wire=wire, fks_routes=routes)
    async with running_app(home=tmp_path, contexts=["probe"], plugins=[plugin]) as app:
        got = await app.http.get("/ask", headers={"X-Correlation-Id": "mine-1"})
        assert (got.status_code, heard[0].correlation_id) == (200, "mine-1")


@pytest.mark.postgres
async def test_a_postgres_database_is_migrated_only_when_told_to(
    tmp_path: Path, postgres_url: str
) -> None:
    """Lost: starting a process would change a shared database behind its operator's back."""
    app = {
        "home": tmp_path,
        "contexts": ["probe"],
        "plugins": [probe()],
        "settings": {"database": {"url": postgres_url}},
    }
    with pytest.raises(Conflict, match=r"lacks tables of .*kernel.*: run fks migrate first"):
        async with running_app(**app):  # type: ignore[arg-type]
            raise AssertionError("it must not start")
    await asyncio.to_thread(migrations.upgrade, postgres_url)
    try:
        async with running_app(**app) as running:  # type: ignore[arg-type]
            assert (await running.http.get("/health")).json()["status"] == "healthy"
    finally:
        for context in migrations.branches():
            await asyncio.to_thread(migrations.downgrade, postgres_url, context)


async def test_metrics_show_bus_and_services(tmp_path: Path) -> None:
    """Lost: a listener that fails all day would be seen by nobody."""
    async with running_app(home=tmp_path, contexts=["probe"], plugins=[probe()]) as app:
        await app.app.report_health()
        text = (await app.http.get("/metrics")).text
    assert 'fks_bus_published_total{topic="kernel.health_reported.v1"}' in text
    assert 'fks_service_restarts_total{service="kernel/health"} 0.0' in text


async def test_the_recording_bus_answers_as_told() -> None:
    """Lost: unit tests of services would each write a bus of their own."""
    bus = RecordingBus()
    with pytest.raises(Unavailable):
        await bus.ask(GetEcho(text="x"), timeout_s=1)
    bus.answer_with(GetEcho, lambda request: Reply(text=request.text.upper()))
    assert await bus.ask(GetEcho(text="x"), timeout_s=1) == Reply(text="X")
    await bus.publish(
        event := HealthReported(
            process_id="1", process="m:1", version="0", started_at_ns=0, contexts={}
        )
    )
    assert bus.of(HealthReported) == [event] and len(bus.asked) == 2
