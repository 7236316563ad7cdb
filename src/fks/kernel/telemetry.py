"""Logs, metrics and traces of one process.

Logs are structured and carry the correlation id of what they belong to; bodies, headers and
settings never go into them. Metrics live in a registry of their own, so that two apps in one
process count apart. Traces use the OpenTelemetry API; an exporter is set up only when asked for.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import structlog

from fks.kernel.errors import Unavailable

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric

    from fks.kernel.sections import TelemetrySettings

__all__ = ["Metrics", "configure_logging", "configure_tracing"]

_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def configure_logging(settings: TelemetrySettings) -> None:
    """Write structured logs to stderr, for people on a terminal and as JSON lines elsewhere."""
    human = settings.log_format == "console" or (
        settings.log_format == "auto" and sys.stderr.isatty()
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    final: list[Any]
    if human:
        final = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    else:
        final = [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    structlog.configure(
        processors=[*shared, *final],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # Libraries speak up only when something is wrong; their everyday talk is not ours.
    root.setLevel(max(level, logging.WARNING))


def configure_tracing(settings: TelemetrySettings, process: str) -> Callable[[], None]:
    """Send traces to the OTLP endpoint if there is one; return what flushes them at the end.

    Raises `Unavailable` when an endpoint is set and the extra is not installed.
    """
    if not settings.otlp_endpoint:
        return lambda: None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise Unavailable(
            "telemetry.otlp_endpoint is set: install fks[otlp] to send traces",
            code="telemetry.no_exporter",
        ) from None
    from opentelemetry import trace

    resource = Resource.create({"service.name": "fks", "service.instance.id": process})
    provider = TracerProvider(resource=resource)
    exporter = OTLPSpanExporter(endpoint=settings.otlp_endpoint)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return provider.shutdown


class Metrics:
    """The Prometheus metrics of one app."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram

        self.registry: CollectorRegistry = CollectorRegistry()
        self.http_seconds = Histogram(
            "fks_http_request_seconds",
            "Time to answer a request.",
            ["method", "route", "status"],
            buckets=_BUCKETS_S,
            registry=self.registry,
        )
        self.http_refused = Counter(
            "fks_http_refused",
            "Requests refused by the Host and Origin check.",
            ["reason"],
            registry=self.registry,
        )

    def read(
        self,
        name: str,
        text: str,
        values: Callable[[], Mapping[str, float]],
        *,
        label: str = "what",
        counter: bool = False,
    ) -> None:
        """Add a family of gauges (or counters) whose values, by label, are read when scraped.

        A context reaches the metrics of its app by `runtime.singleton(Metrics, Metrics)`.
        """
        self.registry.register(_Reading(name, text, label, values, counter))

    def render(self) -> tuple[bytes, str]:
        """Return the exposition text and its content type."""
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        return generate_latest(self.registry), CONTENT_TYPE_LATEST


class _Reading:
    """Values that are kept elsewhere, read at each scrape."""

    def __init__(
        self,
        name: str,
        text: str,
        label: str,
        values: Callable[[], Mapping[str, float]],
        counter: bool,
    ) -> None:
        self._name = name
        self._text = text
        self._label = label
        self._values = values
        self._counter = counter

    def describe(self) -> Iterable[Metric]:
        """Return nothing: what there is, is known at the scrape."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Return one family with a sample for each value."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        kind = CounterMetricFamily if self._counter else GaugeMetricFamily
        family = kind(self._name, self._text, labels=[self._label])
        for value, number in sorted(self._values().items()):
            family.add_metric([value], number)
        return [family]
