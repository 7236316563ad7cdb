"""A provider asked in the user's words: products of `instruments.toml`, with their sizes.

Only what the user defined or changed there is looked up. A product's alias for the provider
(`aliases.binance`, for `ccxt:bitstamp` that is `aliases.bitstamp`) is what the provider is asked
for; the dataset has the product's name, tick, lot, multiplier, currency, venue and calendar.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from fks.contexts.data.domain.registry.registry import Registry
from fks.contexts.data.domain.registry.symbols import meaning_of
from fks.contracts.data.providers import (
    Capability,
    DataQuery,
    KeyUse,
    Limits,
    Page,
    PageRequest,
    RemoteProvider,
)
from fks.contracts.values import Instrument

__all__ = ["Meant", "Registered", "meant_by", "unregistered"]

_ANY_YEAR = 2025


class Meant(msgspec.Struct, frozen=True, kw_only=True):
    """What the registry said of a symbol: what a provider calls it, and its sizes."""

    symbol: str
    instrument: Instrument


class Registered:
    """A remote provider that knows the registry, which is read whenever it is asked.

    Raises what the provider raises, and `Invalid` for a registry that cannot be read or in which
    a symbol means two things.
    """

    def __init__(self, name: str, wire: RemoteProvider, load: Callable[[], Registry]) -> None:
        family, _, member = name.partition(":")
        self._name, self._wire, self._load = member or family, wire, load

    def __getattr__(self, name: str) -> Any:
        """Return what else the provider says of itself."""
        return getattr(self._wire, name)

    @property
    def base_url(self) -> str:
        """Return where its paths begin."""
        return self._wire.base_url

    @property
    def limits(self) -> Limits:
        """Return what it lets through."""
        return self._wire.limits

    @property
    def capabilities(self) -> tuple[Capability, ...]:
        """Return what it has."""
        return self._wire.capabilities

    @property
    def key(self) -> KeyUse | None:
        """Return where it wants a key."""
        return self._wire.key

    def instrument_page(self, symbol: str) -> PageRequest | None:
        """Return where the sizes of a symbol are told; None where the provider does not."""
        return self._wire.instrument_page(self._asked(symbol))

    def read_instrument(self, symbol: str, body: bytes) -> Instrument:
        """Return the sizes that the registry says, else those that the page does."""
        told, meant = self._wire.read_instrument(self._asked(symbol), body), self.meant(symbol)
        return told if meant is None else meant.instrument

    def plain(self) -> RemoteProvider:
        """Return the provider without the registry."""
        return self._wire

    def first_page(self, query: DataQuery) -> PageRequest:
        """Return the first page of a query."""
        return self._wire.first_page(self._query(query))

    def read_page(self, query: DataQuery, request: PageRequest, body: bytes) -> Page:
        """Read a page."""
        return self._wire.read_page(self._query(query), request, body)

    def _query(self, query: DataQuery) -> DataQuery:
        """Return a query in the provider's words."""
        return msgspec.structs.replace(query, symbol=self._asked(query.symbol))

    def _asked(self, symbol: str) -> str:
        """Return what the provider calls a symbol."""
        meant = self.meant(symbol)
        return symbol if meant is None else meant.symbol

    def meant(self, symbol: str) -> Meant | None:
        """Return what a symbol means, where it is one of the user's."""
        registry = self._load()
        found = meaning_of(symbol, registry, _ANY_YEAR) if registry.own else None
        plain = found is not None and found.contract is None and found.ahead is None
        if found is None or not plain or found.product not in registry.own:
            return None
        product = registry.products[found.product]
        names = product.aliases.get(self._name, ())
        instrument = product.instrument(found.product)
        return Meant(symbol=names[0] if names else symbol, instrument=instrument)


def meant_by(wire: RemoteProvider, symbol: str) -> Meant | None:
    """Return what the user's registry says of a symbol, None where it says nothing."""
    return wire.meant(symbol) if isinstance(wire, Registered) else None


def unregistered(wire: RemoteProvider) -> RemoteProvider:
    """Return a provider that asks no registry: what was meant stands in the manifest."""
    return wire.plain() if isinstance(wire, Registered) else wire
