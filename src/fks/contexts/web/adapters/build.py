"""Read what `build_web.py` wrote into `static/`: a few files, small enough to keep in memory.

The names are read from the folder once; a request is only ever looked up among them, so that no
path of a request reaches the file system.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

__all__ = ["INDEX", "STATIC", "Asset", "built_at_ns", "read_build"]

STATIC = Path(__file__).resolve().parent.parent / "static"
INDEX = "index.html"

_MEDIA_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}
_WORTH_PACKING = 512


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the build, ready to send; `packed` is its gzip form where that is smaller."""

    body: bytes
    packed: bytes | None
    etag: str
    media_type: str


def built_at_ns(folder: Path = STATIC) -> int:
    """Return when the page was last written, in nanoseconds; 0 where there is none."""
    try:
        return (folder / INDEX).stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def read_build(folder: Path = STATIC) -> Mapping[str, Asset]:
    """Return the files by their path below the folder; none where nothing was built.

    Files of other kinds than a page needs (the build's own note of its sources) are left out.
    """
    return {
        path.relative_to(folder).as_posix(): _read(path)
        for path in sorted(folder.rglob("*"))
        if path.suffix in _MEDIA_TYPES and path.is_file()
    }


def _read(path: Path) -> Asset:
    """Read one file. The same bytes always have the same tag, in every process."""
    body = path.read_bytes()
    packed = gzip.compress(body, 9, mtime=0) if len(body) > _WORTH_PACKING else body
    return Asset(
        body=body,
        packed=packed if len(packed) < len(body) else None,
        etag=f'"{hashlib.sha256(body).hexdigest()[:20]}"',
        media_type=_MEDIA_TYPES[path.suffix],
    )
