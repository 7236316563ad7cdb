"""The kernel's own settings sections: process, http, bus, database, telemetry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from fks.kernel.settings import Secret

__all__ = [
    "SECTIONS",
    "BusSettings",
    "DatabaseSettings",
    "HttpSettings",
    "ProcessSettings",
    "TelemetrySettings",
]


class ProcessSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How this process is named, reports and ends.

    `name` is the stable name under which it keeps its outbox and hears a network bus; empty
    means `fks`, or with a part of the contexts their names. `health_interval_s` is the pause
    between health reports; `stop_timeout_s` how long a service may take to end.
    """

    name: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_+-]{0,100}$")] = ""
    health_interval_s: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 5.0
    stop_timeout_s: Annotated[float, msgspec.Meta(gt=0, le=600)] = 10.0


class HttpSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where HTTP is served; `body_limit_bytes` bounds a request body."""

    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8000
    body_limit_bytes: Annotated[int, msgspec.Meta(ge=1024, le=1 << 30)] = 1 << 20
    access_log: bool = True


class BusSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which bus: an empty `url` keeps it in this process."""

    url: Secret = Secret("")


class DatabaseSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which database: an empty `url` is the embedded SQLite file in the home folder."""

    url: Secret = Secret("")


class TelemetrySettings(msgspec.Struct, frozen=True, kw_only=True):
    """Logs and traces.

    `log_format` `auto` writes for people on a terminal and JSON lines elsewhere. Traces go to
    `otlp_endpoint` (OTLP over HTTP, extra `otlp`) when it is set.
    """

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "console", "json"] = "auto"
    otlp_endpoint: str = ""


SECTIONS: Mapping[str, type[Any]] = {
    "process": ProcessSettings,
    "http": HttpSettings,
    "bus": BusSettings,
    "database": DatabaseSettings,
    "telemetry": TelemetrySettings,
}
"""What the kernel owns, by section name."""
