"""Traces across publish, handle, ask and answer, with a real OpenTelemetry SDK."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from fks.kernel import tracing
from fks.kernel.bus import LocalBus, current_meta
from fks.kernel.messages import Event, Meta, Query


class Said(Event, frozen=True, kw_only=True, tag="trace_test.said.v1"):
    """A fact for these tests."""


class Heard(Event, frozen=True, kw_only=True, tag="trace_test.heard.v1"):
    """What it causes."""


class Ask(Query[int], frozen=True, kw_only=True, tag="trace_test.ask.v1"):
    """A question for these tests."""


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """Record spans with a provider of this test only."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "_TRACER", provider.get_tracer("test"))
    yield exporter
    provider.shutdown()


def _by_name(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exporter.get_finished_spans()}


async def test_one_trace_spans_everything_one_cause_sets_off(
    spans: InMemorySpanExporter,
) -> None:
    """Lost otherwise: following a bar through the contexts, also over a network."""
    bus, metas = LocalBus(traced=True), []

    async def on_said(_event: Said, meta: Meta) -> None:
        assert current_meta() is meta
        metas.append(meta)
        await bus.publish(Heard(), cause=meta)
        assert await bus.ask(Ask(), timeout_s=1, cause=meta) == 1

    async def on_heard(_event: Heard, meta: Meta) -> None:
        metas.append(meta)

    async def answer(_request: Ask, _meta: Meta) -> int:
        return 1

    bus.on(Said, on_said)
    bus.on(Heard, on_heard)
    bus.answer(Ask, answer)
    with tracing.span("request", tracing.SpanKind.SERVER):
        await bus.publish(Said())
    found = _by_name(spans)
    assert set(found) == {
        "request",
        "publish",
        "handle trace_test.said.v1",
        "handle trace_test.heard.v1",
        "ask trace_test.ask.v1",
        "answer trace_test.ask.v1",
    }
    assert len({span.context.trace_id for span in found.values()}) == 1
    said, heard = found["handle trace_test.said.v1"], found["handle trace_test.heard.v1"]
    assert said.parent is not None and heard.parent is not None
    assert said.parent.span_id == found["publish"].context.span_id
    assert heard.parent.span_id == said.context.span_id
    assert [meta.traceparent[3:35] for meta in metas] == [f"{said.context.trace_id:032x}"] * 2
    assert current_meta() is None


async def test_without_a_recorded_span_nothing_is_traced(spans: InMemorySpanExporter) -> None:
    """Lost otherwise: the speed of events nobody traces."""
    bus, metas = LocalBus(traced=True), []
    bus.on(Said, lambda _event, meta: metas.append(meta))
    await bus.publish(Said())
    assert spans.get_finished_spans() == () and metas[0].traceparent == ""


def test_a_bus_finds_out_by_itself_whether_traces_are_set_up() -> None:
    """Lost otherwise: traces that never begin, or a cost without any."""
    expected = not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)
    assert tracing.configured() is expected
