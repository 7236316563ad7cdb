"""Seal, open and look after the holdout vault of one home."""

from __future__ import annotations

from pathlib import Path

from fks.contexts.data.store import DatasetStore, check_name
from fks.contexts.data.store.vault import whoever_runs_this
from fks.contracts.data.datasets import VaultState

__all__ = ["open_vault", "seal_range", "vault_state"]


def seal_range(
    home: Path, name: str, from_ts_ns: int, to_ts_ns: int, *, by: str = ""
) -> VaultState:
    """Seal bars of a name. Raises `NotFound` where there is none, `Invalid` for an empty span."""
    store = DatasetStore(home)
    store.history(check_name(name))
    store.vault.seal(name, from_ts_ns, to_ts_ns, by or whoever_runs_this())
    return store.vault.state(name)


def open_vault(
    home: Path, name: str, reason: str, *, reads: int = 1, by: str = "", key: str = ""
) -> VaultState:
    """Let the next reads of a name's sealed bars pass. Raises `Invalid` without a reason."""
    store = DatasetStore(home)
    who = by or whoever_runs_this()
    store.vault.open(check_name(name), reason, who, reads=reads, key=key)
    return store.vault.state(name)


def vault_state(home: Path, name: str = "") -> VaultState:
    """Return what is sealed and who looked, of all names or one."""
    return DatasetStore(home).vault.state(check_name(name) if name else "")
