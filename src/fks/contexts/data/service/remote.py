"""Fetching for a server: one fetcher a provider for as long as the process lives."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import fks
from fks.contexts.data.adapters.fetching import Fetcher, FetcherState
from fks.contexts.data.domain.tracking import checked
from fks.contexts.data.service.backfilling import Gone, Source
from fks.contexts.data.service.fetching import FetchRequest
from fks.contexts.data.service.keeping import Keeping
from fks.contexts.data.service.providers import Providers, key_in_environment
from fks.contexts.data.service.quality import rules_of
from fks.contexts.data.settings import DataSettings, FetchSettings
from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.keys import KeyStore
from fks.contracts.data import DatasetInfo, ProviderSpec
from fks.contracts.data.providers import DataQuery
from fks.contracts.data.tracking import HistoryRewritten, TrackedAsset
from fks.kernel.runtime import Runtime

__all__ = ["Remote"]


class Remote:
    """The remote providers of a server. Limits and breakers of a provider hold for all its jobs."""

    def __init__(self, runtime: Runtime, store: DatasetStore) -> None:
        self._runtime, self._store = runtime, store
        self._sources: dict[str, tuple[Source, Fetcher]] = {}

    async def fetch(
        self, asset: TrackedAsset, told: Callable[[Gone], None]
    ) -> tuple[DatasetInfo, str]:
        """Fetch and store an asset up to now. Raises what `first_able` raises."""
        checked(asset)
        now_ns = time.time_ns()
        query = DataQuery(
            kind=asset.kind,
            symbol=asset.symbol,
            timeframe=asset.timeframe if asset.kind == "bars" else "",
            start_ns=asset.start_ns,
            end_ns=now_ns,
        )
        rules = rules_of(self._runtime.hook)
        keeping = Keeping(self._store, rules, code_version=fks.__version__, told=told)
        recheck = self._runtime.section("fetching", FetchSettings).recheck_pages
        done = await keeping.fetch(
            [self._source(name) for name in asset.providers],
            FetchRequest(query=query, name=asset.name, recheck=recheck),
            now_ns=now_ns,
        )
        for one in done.rewritten:
            await self._runtime.bus.publish(
                HistoryRewritten(
                    dataset=done.info.name,
                    dataset_hash=done.info.hash,
                    provider=done.provider,
                    symbol=asset.symbol,
                    rows=one.rows,
                    from_ts_ns=one.from_ts_ns,
                    to_ts_ns=one.to_ts_ns,
                )
            )
        return done.info, done.provider

    def states(self) -> dict[str, FetcherState]:
        """Return how the providers that were asked have been."""
        return {name: fetcher.state for name, (_, fetcher) in dict(self._sources).items()}

    async def close(self) -> None:
        """Close all connections."""
        while self._sources:
            _, (_, fetcher) = self._sources.popitem()
            await fetcher.close()

    def _source(self, name: str) -> Source:
        """Return a provider that can be asked."""
        if name not in self._sources:
            self._sources[name] = self.providers().source(name)
        return self._sources[name][0]

    def keys(self) -> KeyStore:
        """Return the keys of providers, opened as the settings of this process say."""
        named = self._runtime.section("data", DataSettings).master_key_file
        return KeyStore(self._store.home, master_file=Path(named).expanduser() if named else None)

    def providers(self) -> Providers:
        """Return the providers as the settings of this process say."""
        runtime, keys = self._runtime, self.keys()
        return Providers(
            [spec for specs in runtime.hook.fks_providers() for spec in specs],
            self._settings_of,
            lambda name: key_in_environment(name) or keys.key(name),
            runtime.section("fetching", FetchSettings),
            self._store.home,
        )

    def _settings_of(self, spec: ProviderSpec) -> object:
        """Return the section of a provider."""
        assert spec.settings is not None, f"{spec.name} has no settings"
        owned = [
            section
            for sections in self._runtime.hook.fks_settings()
            for section, kind in sections.items()
            if kind is spec.settings
        ]
        return self._runtime.section(owned[0], spec.settings)
