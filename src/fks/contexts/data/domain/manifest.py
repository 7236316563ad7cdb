"""The manifest of a version: `DatasetInfo`, and from version 2 on its files and what made it.

A manifest of version 1 is a `DatasetInfo` and nothing else. Version 2 adds fields beside it, so
that an older FKS reads the part it knows.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fks.contracts.data import DatasetInfo
from fks.contracts.data.datasets import DatasetManifest, Provenance, StoredFile
from fks.kernel.errors import Unavailable

__all__ = ["VERSION", "Recorded", "manifest_of", "recorded"]

VERSION = 2


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What a manifest says beyond `DatasetInfo`; `version` is absent in the first one."""

    version: int = 1
    files: tuple[StoredFile, ...] = ()
    made_by: Provenance = Provenance()


def recorded(
    info: DatasetInfo, files: tuple[StoredFile, ...], made_by: Provenance
) -> dict[str, Any]:
    """Return the document of a manifest."""
    document: dict[str, Any] = msgspec.to_builtins(info, str_keys=True)
    rest = Recorded(version=VERSION, files=files, made_by=made_by)
    return {**document, **msgspec.to_builtins(rest, str_keys=True)}


def manifest_of(info: DatasetInfo, rest: Recorded) -> DatasetManifest:
    """Return the manifest, lifted to the present version where it is an older one.

    Raises `Unavailable` for one that a newer FKS wrote.
    """
    if rest.version > VERSION:
        raise Unavailable(
            f"the manifest of {info.name} has version {rest.version}, which a newer FKS wrote; "
            f"this one reads up to {VERSION}",
            code="data.newer_manifest",
        )
    made_by = rest.made_by
    if rest.version < 2:
        made_by = Provenance(kind="unrecorded", command=info.source, code_version=info.code_version)
    return DatasetManifest(
        version=rest.version,
        hash=info.hash,
        name=info.name,
        instrument=info.instrument.id,
        timeframe=info.timeframe,
        created_at_ns=info.created_at_ns,
        files=rest.files,
        made_by=made_by,
    )
