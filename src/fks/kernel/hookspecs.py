"""The platform's hooks: what a plugin may declare.

All hooks are synchronous and only declare; none does any work of its own. Heavy imports happen
inside the factories they return. Extension points that one context owns (strategies, desks,
providers) are specified in that context's contract, not here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from fks.kernel.bus import Wiring
from fks.kernel.hooks import spec
from fks.kernel.manifest import Manifest
from fks.kernel.runtime import Runtime

if TYPE_CHECKING:
    import click
    from sqlalchemy import MetaData

    from fks.kernel.benchmarks import Benchmark
    from fks.kernel.health import Check
    from fks.kernel.services import Service
    from fks.kernel.transport import TransportSpec

__all__: list[str] = []


@spec
def fks_manifest() -> Manifest:  # type: ignore[empty-body]  # a spec has no body
    """Name the context and what it requires. Every plugin implements this once."""


@spec
def fks_settings() -> Mapping[str, type[Any]]:  # type: ignore[empty-body]  # a spec has no body
    """Return the settings sections this context owns, each a frozen Struct with defaults."""


@spec
def fks_messages() -> Iterable[type[Any]]:  # type: ignore[empty-body]  # a spec has no body
    """Return the event, query and command classes this context publishes or answers."""


@spec
def fks_wire(runtime: Runtime, wiring: Wiring) -> None:
    """Register the context's bus handlers. Called only where its services run."""


@spec
def fks_routes(runtime: Runtime) -> Iterable[Any]:  # type: ignore[empty-body]  # as above
    """Return the Litestar controllers of the context. Called only where its services run."""


@spec
def fks_commands() -> Iterable[click.Command]:  # type: ignore[empty-body]  # as above
    """Return the context's commands for the `fks` program."""


@spec
def fks_services(runtime: Runtime) -> Iterable[Service]:  # type: ignore[empty-body]  # as above
    """Return the background services the host supervises where this context runs."""


@spec
def fks_tables() -> MetaData:  # type: ignore[empty-body]  # a spec has no body
    """Return the tables of the context, all named `<context>_...`."""


@spec
def fks_health(runtime: Runtime) -> Iterable[Check]:  # type: ignore[empty-body]  # as above
    """Return the checks that together make the context's health."""


@spec
def fks_transports() -> Iterable[TransportSpec]:  # type: ignore[empty-body]  # as above
    """Return the network transports this plugin brings, by URL scheme."""


@spec
def fks_benchmarks() -> Iterable[Benchmark]:  # type: ignore[empty-body]  # as above
    """Return benchmarks for `fks bench`: name, summary, dotted `module:function`, options.

    The function takes `quick`, and each option by its name, and returns rows as
    `fks.kernel.benchmarks.Row` describes them, or `Measured`.
    """
