"""The providers that a command can ask, with their settings and keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from fks.contracts.data import ProviderSpec
from fks.kernel.commands import CommandContext

if TYPE_CHECKING:
    from fks.contexts.data.service.providers import Providers
    from fks.contexts.data.store.keys import KeyStore

__all__ = ["keys_of", "providers_of", "settings_of", "specs_of"]


def specs_of(surroundings: CommandContext) -> list[ProviderSpec]:
    """Return what all plugins bring."""
    return [spec for specs in surroundings.hook.fks_providers() for spec in specs]


def settings_of(surroundings: CommandContext, spec: ProviderSpec) -> Any:
    """Return the section of a provider."""
    sections = surroundings.host.sections()
    owned = [section for section, kind in sections.items() if kind is spec.settings]
    assert owned and spec.settings is not None, f"{spec.name} declares no such section"
    return surroundings.settings.section(owned[0], spec.settings)


def keys_of(surroundings: CommandContext) -> KeyStore:
    """Return the keys below the home of a command, opened as its settings say."""
    from fks.contexts.data.settings import DataSettings
    from fks.contexts.data.store.keys import KeyStore

    named = surroundings.settings.section("data", DataSettings).master_key_file
    return KeyStore(surroundings.home, master_file=Path(named).expanduser() if named else None)


def providers_of(surroundings: CommandContext) -> Providers:
    """Return the providers as the settings of a command say."""
    from fks.contexts.data.service.providers import Providers, key_in_environment
    from fks.contexts.data.settings import FetchSettings

    stored = keys_of(surroundings)

    return Providers(
        specs_of(surroundings),
        lambda spec: settings_of(surroundings, spec),
        lambda name: key_in_environment(name) or stored.key(name),
        surroundings.settings.section("fetching", FetchSettings),
        surroundings.home,
    )
