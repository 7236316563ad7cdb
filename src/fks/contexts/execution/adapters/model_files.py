"""Fitted models as files: one JSON document each, named by its own hash, never rewritten."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import msgspec

from fks.contexts.execution.domain.simulation.calibration import Calibration
from fks.contexts.execution.domain.simulation.models import (
    SimulationModels,
    model_hash,
    not_modelled,
)
from fks.kernel.errors import Invalid, NotFound

__all__ = ["ModelFile", "file_of", "find", "read", "read_all", "write"]

_FORMAT = 1
_SHORT = 12


class ModelFile(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the models: what they are, and what they were fitted from.

    `hash` is that of `models`; `source` names the file of fills, `source_hash` its content.
    """

    format: Annotated[int, msgspec.Meta(ge=1, le=_FORMAT)] = _FORMAT
    name: str
    hash: str
    models: SimulationModels
    calibration: Calibration
    source: str
    source_hash: str
    created_ns: int
    not_modelled: tuple[str, ...] = ()


def write(folder: Path, file: ModelFile) -> Path:
    """Write a version durably; the same models again give the same name."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{file.name}-{file.hash[:_SHORT]}.json"
    half = path.with_name(f".{path.name}.{os.getpid()}")
    with half.open("wb") as target:
        target.write(msgspec.json.format(msgspec.json.encode(file), indent=2) + b"\n")
        target.flush()
        os.fsync(target.fileno())
    half.replace(path)
    return path


def read(path: Path) -> ModelFile:
    """Read a version. Raises `NotFound`, or `Invalid` where its models are not what it says."""
    if not path.exists():
        raise NotFound(f"there is no model file {path}", code="execution.model_not_found")
    try:
        file = msgspec.json.decode(path.read_bytes(), type=ModelFile)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise Invalid(f"{path.name}: {error}", code="execution.bad_model") from error
    if model_hash(file.models) != file.hash:
        raise Invalid(
            f"{path.name} was changed: its hash is not that of its models",
            code="execution.bad_model",
        )
    return file


def read_all(folder: Path) -> list[tuple[Path, ModelFile]]:
    """Return all versions, newest first."""
    found = [(path, read(path)) for path in folder.glob("[!.]*.json")] if folder.is_dir() else []
    return sorted(found, key=lambda item: (-item[1].created_ns, item[0].name))


def find(folder: Path, name: str) -> ModelFile:
    """Return the newest version of a name, or the one whose hash begins so, or a file's."""
    if name.endswith(".json"):
        return read(Path(name))
    for path, file in read_all(folder):
        if name in (file.name, path.stem) or (len(name) >= 6 and file.hash.startswith(name)):
            return file
    raise NotFound(
        f"no models are called {name}; `fks execution models list` shows what there is",
        code="execution.model_not_found",
    )


def file_of(
    name: str, calibration: Calibration, source: str, source_hash: str, created_ns: int
) -> ModelFile:
    """Return the version that a calibration makes."""
    models = msgspec.structs.replace(
        calibration.models, name=name, source=f"{source} {source_hash[:_SHORT]}"
    )
    return ModelFile(
        name=name,
        hash=model_hash(models),
        models=models,
        calibration=msgspec.structs.replace(calibration, models=models),
        source=source,
        source_hash=source_hash,
        created_ns=created_ns,
        not_modelled=not_modelled(models),
    )
