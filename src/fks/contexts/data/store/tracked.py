"""The list of tracked assets: one file in the home folder that people may edit as well."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from fks.contexts.data.domain.tracking import checked
from fks.contexts.data.store.written import disk_faults, replace, sole_writer
from fks.contracts.data.tracking import TrackedAsset
from fks.kernel.errors import Invalid

__all__ = ["TrackedStore"]

_MOST = 10_000


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    tracked: tuple[TrackedAsset, ...] = ()


class TrackedStore:
    """`<home>/tracked/tracked.json`: what is tracked, by name."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "tracked"
        self.path = self._folder / "tracked.json"

    def all(self) -> tuple[TrackedAsset, ...]:
        """Return all assets by name. Raises `Invalid` naming what is wrong in the file."""
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            with disk_faults(self._folder, "read"):
                raise error
        try:
            found = msgspec.json.decode(text, type=_File).tracked
        except msgspec.MsgspecError as error:
            raise Invalid(f"{self.path.name}: {error}", code="data.bad_tracked") from None
        named = {asset.name: checked(asset) for asset in found}
        return tuple(named[name] for name in sorted(named))

    def put(self, asset: TrackedAsset) -> None:
        """Track an asset, in place of one of the same name. Raises `Invalid`."""
        checked(asset)
        self._change(lambda named: {**named, asset.name: asset})

    def remove(self, name: str) -> bool:
        """Leave an asset alone; tell whether it was tracked."""
        there = any(asset.name == name for asset in self.all())
        self._change(lambda named: {key: one for key, one in named.items() if key != name})
        return there

    def _change(self, change: Callable[[dict[str, TrackedAsset]], dict[str, TrackedAsset]]) -> None:
        """Replace the file by a changed one, while nobody else does."""
        with disk_faults(self._folder, "written"):
            self._folder.mkdir(parents=True, exist_ok=True)
            with sole_writer(self._folder):
                named = change({asset.name: asset for asset in self.all()})
                if len(named) > _MOST:
                    raise Invalid(f"{_MOST:,} tracked assets are the most", code="data.bad_tracked")
                found = tuple(named[name] for name in sorted(named))
                content = msgspec.json.encode(_File(tracked=found))
                replace(self.path, msgspec.json.format(content, indent=1) + b"\n")
