"""The remote providers of this installation, each asked through one fetcher."""

from __future__ import annotations

import importlib
import os
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from fks.contexts.data.adapters.fetching import Fetcher
from fks.contexts.data.service.backfilling import Source
from fks.contexts.data.service.registered import Registered
from fks.contexts.data.settings import FetchSettings
from fks.contexts.data.store.instruments import RegistryFile
from fks.contracts.data import ProviderSpec
from fks.contracts.data.providers import RemoteProvider
from fks.kernel.errors import FksError, Invalid, NotFound

__all__ = ["Described", "Providers"]


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """A provider for people: what it gives, and whether it has its key (never the key)."""

    name: str
    summary: str
    gives: tuple[str, ...] = ()
    key: str = "none needed"
    remote: bool = False
    base_url: str = ""


class Providers:
    """Providers by name.

    `settings_of` returns the section of a spec, `key_of` the key of a provider or an empty text.
    All processes of a `home` share what a provider lets through, and its products are known by the
    names that its `instruments.toml` gives them.
    """

    def __init__(
        self,
        specs: Iterable[ProviderSpec],
        settings_of: Callable[[ProviderSpec], Any],
        key_of: Callable[[str], str],
        fetching: FetchSettings,
        home: Path | None = None,
    ) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._settings_of, self._key_of, self._fetching = settings_of, key_of, fetching
        self._home = home
        self._registry = None if home is None else RegistryFile(home)

    def described(self) -> tuple[Described, ...]:
        """Return all providers by name."""
        return tuple(self._described(spec) for spec in self.specs())

    def specs(self) -> tuple[ProviderSpec, ...]:
        """Return what plugins bring, by name."""
        return tuple(spec for _, spec in sorted(self._specs.items()))

    def spec(self, name: str) -> ProviderSpec:
        """Return the spec of a provider that `wire` knows."""
        return self._specs[name.partition(":")[0]]

    def wire(self, name: str) -> RemoteProvider:
        """Return a remote provider. Raises `NotFound`, and `Invalid` for one that is not remote."""
        family, _, member = name.partition(":")
        spec = self._specs.get(family)
        remote = sorted(one.name for one in self._specs.values() if one.remote)
        if spec is None:
            raise NotFound(
                f"no provider {name[:40]!r}; over HTTP there are {', '.join(remote)}",
                code="data.no_provider",
            )
        if not spec.remote:
            raise Invalid(
                f"{name} is not reached over HTTP: fks data import --provider {name}; over HTTP "
                f"there are {', '.join(remote)}",
                code="data.no_provider",
            )
        if spec.family != bool(member):
            raise NotFound(
                f"write {family}:MEMBER, such as {family}:bitstamp"
                if spec.family
                else f"{family} has no members: write {family}",
                code="data.no_provider",
            )
        # The dotted name comes from an installed plugin, never from a request.
        module, _, attribute = spec.factory.partition(":")
        factory = getattr(importlib.import_module(module), attribute)
        given = [] if spec.settings is None else [self._settings_of(spec)]
        made: RemoteProvider = factory(*given, *([member] if member else []))
        return made if self._registry is None else Registered(name, made, self._registry.load)

    @asynccontextmanager
    async def sources(self, names: Sequence[str]) -> AsyncIterator[tuple[Source, ...]]:
        """Return providers that can be asked, in the given order, until the block ends."""
        async with AsyncExitStack() as stack:
            found = []
            for name in names:
                source, fetcher = self.source(name)
                stack.push_async_callback(fetcher.close)
                found.append(source)
            yield tuple(found)

    def source(self, name: str) -> tuple[Source, Fetcher]:
        """Return a provider that can be asked, and its fetcher, which is yours to close.

        Raises `Invalid` where it needs a key and has none.
        """
        wire = self.wire(name)
        if wire.key is not None and wire.key.required and not self._key_of(name):
            raise Invalid(
                f"{name} needs a key: fks data keys set {name}", code="data.no_provider_key"
            )
        fetcher = Fetcher(
            name,
            wire.base_url,
            wire.limits,
            wire.key,
            lambda: self._key_of(name),
            self._fetching,
            home=self._home,
        )
        return Source(name, wire, fetcher.get), fetcher

    def _described(self, spec: ProviderSpec) -> Described:
        """Describe a provider."""
        if not spec.remote or spec.family:
            return Described(
                name=f"{spec.name}:..." if spec.family else spec.name,
                summary=spec.summary,
                gives=("bars",),
                remote=spec.remote,
            )
        wire = self.wire(spec.name)
        key = "none needed"
        if wire.key is not None:
            try:
                key = "set" if self._key_of(spec.name) else "missing"
            except FksError:
                key = "unreadable"  # fks data keys list says why
        return Described(
            name=spec.name,
            summary=spec.summary,
            gives=tuple(one.kind for one in wire.capabilities),
            key=key,
            remote=True,
            base_url=wire.base_url,
        )


def key_in_environment(name: str) -> str:
    """Return the key of a provider out of FKS_KEY_<NAME>."""
    return os.environ.get(f"FKS_KEY_{name.upper()}", "")
