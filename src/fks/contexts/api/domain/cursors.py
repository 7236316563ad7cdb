"""Cursors of paged routes: where the next page of one version of a dataset begins.

Opaque to whoever holds one, and good for ever: nothing is remembered here, so a restart does not
matter. A cursor names the version by its hash, so that rows of a newer one never come in between.
It carries a checksum against mistakes, not a signature: it lets nobody ask for anything that a
request without one could not.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Annotated

import msgspec

from fks.kernel.errors import Invalid

__all__ = ["Cursor", "packed", "unpacked"]

_MOST = 400
_CHECK = 9
_FORMAT = 1
_Time = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class Cursor(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Where a page begins: in `[from_ts_ns, to_ts_ns)` of a version, after `skip` rows of it."""

    what: str
    dataset: str
    hash: str
    from_ts_ns: _Time
    to_ts_ns: _Time
    skip: Annotated[int, msgspec.Meta(ge=0, le=2**62)] = 0
    timeframe: str = ""
    format: int = _FORMAT


def packed(cursor: Cursor) -> str:
    """Return a cursor as a text for a URL."""
    content = msgspec.msgpack.encode(cursor)
    return base64.urlsafe_b64encode(_check(content) + content).decode().rstrip("=")


def unpacked(text: str, what: str, dataset: str) -> Cursor:
    """Return the cursor of a text. Raises `Invalid` for one that this route did not give."""
    try:
        if len(text) > _MOST or not text.isascii():
            raise ValueError("no cursor")
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        content = raw[_CHECK:]
        found = msgspec.msgpack.decode(content, type=Cursor)
        canonical = base64.urlsafe_b64encode(raw).decode().rstrip("=") == text
        if raw[:_CHECK] != _check(content) or not canonical or found.format != _FORMAT:
            raise ValueError("no cursor")
    except (ValueError, msgspec.MsgspecError):
        raise Invalid(
            "this is no cursor of this API, or it was changed; begin again without one",
            code="api.bad_cursor",
        ) from None
    if (found.what, found.dataset) != (what, dataset):
        raise Invalid(
            f"this cursor is one of {found.what} of {found.dataset[:80]}, not of {what} of "
            f"{dataset[:80]}; begin again without one",
            code="api.bad_cursor",
        )
    return found


def _check(content: bytes) -> bytes:
    """Return the checksum of a cursor."""
    return hashlib.blake2b(content, digest_size=_CHECK, person=b"fks cursor").digest()
