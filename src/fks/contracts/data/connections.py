"""Providers as people see them: what each gives, how it has been, whether it has its key.

A key is part of one command, and of nothing that is answered, published or logged.
"""

from __future__ import annotations

import msgspec

from fks.contracts.data.providers import Capability
from fks.kernel.messages import Command, Event, Query

__all__ = [
    "ListProviders",
    "ProviderConnection",
    "ProviderConnections",
    "ProviderKey",
    "ProviderKeyChanged",
    "RemoveProviderKey",
    "SetProviderKey",
]


class ProviderKey(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a provider has its key, masked; times are UTC nanoseconds, 0 where there is none.

    `state` is `not_needed`, `missing`, `set`, `environment` (given by FKS_KEY_<NAME>, which wins
    over a stored one) or `unreadable`, of which `fault` says why.
    """

    state: str
    required: bool = False
    masked: str = ""
    set_at_ns: int = 0
    rotated_at_ns: int = 0
    fault: str = ""


class ProviderConnection(msgspec.Struct, frozen=True, kw_only=True):
    """A provider: what it gives, what it lets through, and how it has been since the start.

    `state` is `local` (reached without HTTP), `idle` (not asked yet), `working`, `failing` (its
    last request failed) or `resting` (not asked for `quiet_s` more seconds). `error_code` is that
    of the last request. `used_weight` counts the last 60 s.
    """

    name: str
    summary: str
    state: str
    key: ProviderKey
    gives: tuple[Capability, ...] = ()
    base_url: str = ""
    weight_per_minute: int = 0
    used_weight: int = 0
    calls: int = 0
    retries: int = 0
    refused: int = 0
    waited_s: float = 0.0
    quiet_s: float = 0.0
    error_code: str = ""


class ProviderConnections(msgspec.Struct, frozen=True, kw_only=True):
    """All providers by name."""

    providers: tuple[ProviderConnection, ...]


class ListProviders(
    Query[ProviderConnections], frozen=True, kw_only=True, tag="data.list_providers.v1"
):
    """Which providers are there, how have they been, and have they their keys?"""


class SetProviderKey(
    Command[ProviderConnection], frozen=True, kw_only=True, tag="data.set_provider_key.v1"
):
    """Store the key of a provider, sealed; `replace` allows that it had another one.

    The same key again changes nothing.
    """

    provider: str
    secret: str
    replace: bool = False

    def __repr__(self) -> str:
        """Show everything but the key."""
        return f"SetProviderKey(provider={self.provider!r}, replace={self.replace})"


class RemoveProviderKey(
    Command[ProviderConnection], frozen=True, kw_only=True, tag="data.remove_provider_key.v1"
):
    """Remove the stored key of a provider, readable or not."""

    provider: str


class ProviderKeyChanged(Event, frozen=True, kw_only=True, tag="data.provider_key_changed.v1"):
    """The key of a provider was `set`, `rotated` or `removed` by a request to the server."""

    provider: str
    change: str
