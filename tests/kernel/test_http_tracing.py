"""Traces over HTTP: a request goes on with its caller's trace, named by route."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from structlog.testing import capture_logs

from .http_app import client


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """Record spans in memory for one test."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    with capture_logs():
        yield exporter
    provider.shutdown()


async def test_a_request_joins_the_trace_of_its_caller(spans: InMemorySpanExporter) -> None:
    """Lost: a trace would end at our door."""
    parent = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    async with client() as http:
        await http.get("/fails/missing?key=hush", headers={**parent, "X-Correlation-Id": "abc"})
        await http.get("/fails/bug")
    joined, own = spans.get_finished_spans()
    assert joined.name == "GET /fails/{how}"
    assert joined.context is not None and joined.parent is not None
    assert f"{joined.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert f"{joined.parent.span_id:016x}" == "b7ad6b7169203331"
    assert joined.attributes is not None and own.attributes is not None
    assert joined.attributes["http.response.status_code"] == 404
    assert joined.attributes["fks.correlation_id"] == "abc"
    assert "hush" not in str(dict(joined.attributes))
    assert joined.status.is_unset and own.status.status_code is trace.StatusCode.ERROR
