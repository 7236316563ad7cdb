"""Trace context on messages: W3C traceparent in and out of OpenTelemetry spans.

Spans are made only where the publisher's span is being recorded; without an SDK nothing here is
called for an event.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from contextvars import ContextVar

from opentelemetry import trace
from opentelemetry.context import get_current
from opentelemetry.trace import (
    NonRecordingSpan,
    ProxyTracerProvider,
    SpanContext,
    SpanKind,
    TraceFlags,
)

from fks.kernel.messages import Meta

__all__ = ["ORIGIN", "SpanKind", "configured", "recording", "span", "traceparent"]

ORIGIN: ContextVar[Meta | None] = ContextVar("fks_origin", default=None)
"""The request from outside that is being answered: the cause of questions that name none."""

_TRACER = trace.get_tracer("fks.bus")
_FORMAT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


def configured() -> bool:
    """Return whether this process records traces at all."""
    return not isinstance(trace.get_tracer_provider(), ProxyTracerProvider)


def recording() -> bool:
    """Return whether the current span is recorded."""
    # An empty context holds no span: this is asked for every event, and nearly always so.
    return bool(get_current()) and trace.get_current_span().is_recording()


def traceparent() -> str:
    """Return the current span as a W3C traceparent, or an empty string when none is recorded."""
    current = trace.get_current_span()
    if not current.is_recording():
        return ""
    context = current.get_span_context()
    flags = int(context.trace_flags)
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{flags:02x}"


@contextlib.contextmanager
def span(name: str, kind: SpanKind, parent: str = "") -> Iterator[None]:
    """Record a span, under the traceparent `parent` or, without one, the current span."""
    found = _FORMAT.fullmatch(parent)
    context = None
    if found is not None:
        remote = SpanContext(
            trace_id=int(found[1], 16),
            span_id=int(found[2], 16),
            is_remote=True,
            trace_flags=TraceFlags(int(found[3], 16)),
        )
        context = trace.set_span_in_context(NonRecordingSpan(remote))
    with _TRACER.start_as_current_span(name, context=context, kind=kind):
        yield
