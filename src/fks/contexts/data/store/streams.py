"""The list of streams to keep: one file in the home folder that people may edit as well."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from fks.contexts.data.domain.content import NAME
from fks.contexts.data.store.written import disk_faults, replace, sole_writer
from fks.contracts.data.live import StreamSpec
from fks.kernel.errors import Invalid

__all__ = ["StreamStore"]

_MOST = 100
_MOST_BYTES = 4 << 20


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    streams: tuple[StreamSpec, ...] = ()


class StreamStore:
    """`<home>/streams/streams.json`: what is streamed, by name."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "streams"
        self.path = self._folder / "streams.json"

    def all(self) -> tuple[StreamSpec, ...]:
        """Return all streams by name. Raises `Invalid` naming what is wrong in the file."""
        try:
            with self.path.open("rb") as file:
                text = file.read(_MOST_BYTES + 1)
        except FileNotFoundError:
            return ()
        except OSError as error:
            with disk_faults(self._folder, "read"):
                raise error
        try:
            found = msgspec.json.decode(text[:_MOST_BYTES], type=_File).streams
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Invalid(f"{self.path.name}: {error}", code="data.bad_stream") from None
        named = {_named(spec).name: spec for spec in found}
        return tuple(named[name] for name in sorted(named))

    def put(self, spec: StreamSpec) -> None:
        """Keep a stream, in place of one of the same name. Raises `Invalid`."""
        _named(spec)
        self._change(lambda named: {**named, spec.name: spec})

    def remove(self, name: str) -> bool:
        """Keep a stream no more; tell whether it was kept."""
        there = any(spec.name == name for spec in self.all())
        self._change(lambda named: {key: one for key, one in named.items() if key != name})
        return there

    def _change(self, change: Callable[[dict[str, StreamSpec]], dict[str, StreamSpec]]) -> None:
        """Replace the file by a changed one, while nobody else does."""
        with disk_faults(self._folder, "written"):
            self._folder.mkdir(parents=True, exist_ok=True)
            with sole_writer(self._folder):
                named = change({spec.name: spec for spec in self.all()})
                if len(named) > _MOST:
                    raise Invalid(f"{_MOST} streams are the most", code="data.bad_stream")
                found = tuple(named[name] for name in sorted(named))
                content = msgspec.json.encode(_File(streams=found))
                replace(self.path, msgspec.json.format(content, indent=1) + b"\n")


def _named(spec: StreamSpec) -> StreamSpec:
    """Return a stream that has a name. Raises `Invalid`."""
    if not NAME.match(spec.name):
        raise Invalid(
            f"{spec.name[:80]!r} is no name of a stream: use a-z, 0-9, _ and -, at most 64",
            code="data.bad_name",
        )
    return spec
