"""The providers of a server for people: capabilities, health, keys."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

from fks.contexts.data.adapters.fetching import FetcherState
from fks.contexts.data.service.providers import Providers, key_in_environment
from fks.contexts.data.service.remote import Remote
from fks.contexts.data.store.keys import KeyInfo, KeyStore, check_key, masked
from fks.contracts.data import ProviderSpec
from fks.contracts.data.connections import (
    ProviderConnection,
    ProviderConnections,
    ProviderKey,
    ProviderKeyChanged,
    RemoveProviderKey,
    SetProviderKey,
)
from fks.contracts.data.providers import Capability, KeyUse
from fks.kernel.bus import Bus
from fks.kernel.errors import Conflict, Invalid
from fks.kernel.health import CheckResult, Status

__all__ = ["Connections"]


class _Known(NamedTuple):
    """What all descriptions of one answer are made of."""

    providers: Providers
    keys: Mapping[str, KeyInfo]
    states: Mapping[str, FetcherState]


class Connections:
    """Tell of providers, and change their keys. A new key counts from the next request on."""

    def __init__(self, remote: Remote, bus: Bus) -> None:
        self._remote, self._bus = remote, bus

    async def listed(self) -> ProviderConnections:
        """Return all providers by name; members of families as far as they were asked."""
        return await asyncio.to_thread(self._listed)

    async def set_key(self, command: SetProviderKey) -> ProviderConnection:
        """Store a key. Raises `Invalid`, `NotFound`, and `Conflict` where another one is there."""
        change = await asyncio.to_thread(self._store_key, command)
        return await self._told(command.provider, change)

    async def remove_key(self, command: RemoveProviderKey) -> ProviderConnection:
        """Remove a key. Raises `NotFound` without one."""
        self._use_of(command.provider)
        await asyncio.to_thread(self._remote.keys().remove, command.provider)
        return await self._told(command.provider, "removed")

    async def probe(self) -> CheckResult:
        """Tell whether the providers that were asked answer; whom nobody asked is not judged."""
        states = self._remote.states()
        asked = {name: _state(state) for name, state in states.items() if state.calls}
        ill = [
            f"{name} {state} ({states[name].error_code or 'limits'})"
            for name, state in sorted(asked.items())
            if state != "working"
        ]
        if ill:
            return CheckResult(Status.DEGRADED, f"of {len(asked)} providers: {', '.join(ill[:5])}")
        return CheckResult(Status.HEALTHY, f"{len(asked)} providers were asked, all answer")

    async def _told(self, provider: str, change: str) -> ProviderConnection:
        """Tell of a change, and return how the provider is now."""
        if change:
            await self._bus.publish(ProviderKeyChanged(provider=provider, change=change))
        known = await asyncio.to_thread(self._known)
        return _connection(known, known.providers.spec(provider), provider)

    def _store_key(self, command: SetProviderKey) -> str:
        """Return `set`, `rotated`, or nothing where the key was there already."""
        provider, keys = command.provider, self._remote.keys()
        self._use_of(provider)
        key = check_key(command.secret)
        before = {one.provider: one for one in keys.infos()}.get(provider)
        if before is None:
            keys.set(provider, key)
            return "set"
        if not before.fault and keys.key(provider) == key:
            return ""
        if not command.replace:
            raise Conflict(
                f"{provider} has a key already; say that it shall be replaced",
                code="data.key_exists",
            )
        if before.fault:
            keys.remove(provider)
            keys.set(provider, key)
        else:
            keys.rotate(provider, key)
        return "rotated"

    def _use_of(self, provider: str) -> KeyUse:
        """Return where a provider wants its key. Raises `Invalid` for one that wants none."""
        use = self._remote.providers().wire(provider).key
        if use is None:
            raise Invalid(f"{provider} needs no key", code="data.no_key_needed")
        return use

    def _known(self) -> _Known:
        """Look at keys and fetchers once."""
        keys: KeyStore = self._remote.keys()
        infos = {one.provider: one for one in keys.infos()}
        return _Known(self._remote.providers(), infos, self._remote.states())

    def _listed(self) -> ProviderConnections:
        """List everything."""
        known = self._known()
        found = []
        for spec in known.providers.specs():
            members = [name for name in known.states if name.startswith(f"{spec.name}:")]
            names = [f"{spec.name}:…", *sorted(members)] if spec.family else [spec.name]
            found += [_connection(known, spec, name) for name in names]
        return ProviderConnections(providers=tuple(found))


def _connection(known: _Known, spec: ProviderSpec, name: str) -> ProviderConnection:
    """Describe a provider."""
    state = known.states.get(name)
    if not spec.remote or (spec.family and state is None):
        return ProviderConnection(
            name=name,
            summary=spec.summary,
            state="idle" if spec.remote else "local",
            key=ProviderKey(state="not_needed"),
            gives=(Capability(kind="bars"),),
        )
    wire = known.providers.wire(name)
    said = FetcherState("closed", 0, 0, 0, 0, 0.0, "") if state is None else state
    return ProviderConnection(
        name=name,
        summary=spec.summary,
        state="idle" if state is None or not state.calls else _state(state),
        gives=wire.capabilities,
        base_url=wire.base_url,
        key=_key(name, wire.key, known.keys.get(name)),
        weight_per_minute=wire.limits.weight_per_minute,
        used_weight=said.used_weight,
        calls=said.calls,
        retries=said.retries,
        refused=said.refused,
        waited_s=round(said.waited_s, 3),
        quiet_s=round(said.quiet_s, 3),
        error_code=said.error_code,
    )


def _state(state: FetcherState) -> str:
    """Return how a provider that was asked is."""
    if state.quiet_s > 0:
        return "resting"
    return "failing" if state.error_code else "working"


def _key(name: str, use: KeyUse | None, info: KeyInfo | None) -> ProviderKey:
    """Describe the key of a provider."""
    if use is None:
        return ProviderKey(state="not_needed")
    given = key_in_environment(name)
    if given:
        return ProviderKey(state="environment", required=use.required, masked=masked(given))
    if info is None:
        return ProviderKey(state="missing", required=use.required)
    return ProviderKey(
        state="unreadable" if info.fault else "set",
        required=use.required,
        masked=info.masked,
        set_at_ns=info.set_at_ns,
        rotated_at_ns=info.rotated_at_ns,
        fault=info.fault,
    )
