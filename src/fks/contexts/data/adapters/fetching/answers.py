"""Reading an answer within bounds, and what may be repeated of it."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import quote, quote_plus

import httpx

from fks.kernel.errors import Unavailable

__all__ = ["Answer", "Away", "masked", "received", "told_wait_s", "words_of"]

_FREE_BYTES = 1 << 20
_MOST_RATIO = 200
_GZIP = 31
_MOST_MEMBERS = 4096
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?\Z", re.ASCII)
_WEEK_S = 604_800.0
_MASK = b"***"
_SURE_LENGTH = 8


class Away(Exception):
    """No whole answer came; the text says why and holds no address."""


class Answer(NamedTuple):
    """A whole answer: a few of its headers (names in lower case), its body unpacked, and when.

    Where the provider repeats the key that was sent, three asterisks stand in its place.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    requested_at_ns: int
    received_at_ns: int
    tries: int


async def received(name: str, response: httpx.Response, most_bytes: int) -> bytes:
    """Return the body, unpacked. Raises `Unavailable` beyond bounds, `Away` when it is not whole.

    An answer may not unpack to more than `most_bytes`, nor to more than 200 times what was sent.
    """
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("identity", "", "gzip", "x-gzip"):
        raise Unavailable(
            f"{name} sent an encoding that was not asked for: {coding[:20]!r}",
            code="data.malformed_payload",
        )
    gzip = _Gzip(name) if "gzip" in coding else None
    body = bytearray()
    sent = 0
    async for chunk in response.aiter_raw(1 << 16):
        sent += len(chunk)
        for part in (chunk,) if gzip is None else gzip.parts(chunk):
            body += part
            if len(body) > _FREE_BYTES and len(body) > _MOST_RATIO * sent:
                raise _too_large(name, f"what unpacks to {_MOST_RATIO} times its size")
            if len(body) > most_bytes:
                raise _too_large(name, f"more than {most_bytes:,} bytes")
        if sent > most_bytes:
            raise _too_large(name, f"more than {most_bytes:,} bytes")
    if gzip is not None and not gzip.whole:
        raise Away("a packed answer that ends before it is whole")
    return bytes(body)


class _Gzip:
    """Unpacks a body step by step, also one of several members."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._inflate = zlib.decompressobj(_GZIP)
        self._members = 0

    @property
    def whole(self) -> bool:
        """Tell whether the last member has ended; an empty body is whole."""
        return self._inflate.eof or not self._members

    def parts(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a chunk unpacks to, a mebibyte at most at once."""
        while chunk:
            if self._inflate.eof or not self._members:
                self._inflate = zlib.decompressobj(_GZIP)
                self._members += 1
            try:
                if self._members > _MOST_MEMBERS:  # each costs a copy of what is left
                    raise zlib.error
                part = self._inflate.decompress(chunk, _FREE_BYTES)
            except zlib.error:
                raise Unavailable(
                    f"{self._name} sent something packed that cannot be unpacked",
                    code="data.malformed_payload",
                ) from None
            chunk = self._inflate.unconsumed_tail or self._inflate.unused_data
            yield part


def masked(content: bytes, secret: str) -> bytes:
    """Return bytes without the key, however a provider repeats it.

    Keys of fewer than eight characters, such as a public `demo`, stay: data may hold such words.
    """
    return _without(content, secret) if len(secret) >= _SURE_LENGTH else content


def words_of(body: bytes, secret: str) -> str:
    """Return the start of a refusal as plain words, without the key."""
    text = _without(body, secret)[:2000].decode("utf-8", "replace")
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return plain[:160] or "no words"


def told_wait_s(text: str, wall_ns: int) -> float | None:
    """Return a `Retry-After` in seconds, a week at most; None for what is neither form of it."""
    told = text.strip()
    if _SECONDS.match(told):
        return min(float(told), _WEEK_S)
    try:
        until = parsedate_to_datetime(told)
        at_s = (until if until.tzinfo else until.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(0.0, at_s - wall_ns / 1e9), _WEEK_S)


def _without(content: bytes, secret: str) -> bytes:
    """Return bytes without the key, plain, as in a URL, and as in JSON."""
    forms = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret)}
    forms |= {json.dumps(secret)[1:-1], json.dumps(secret)[1:-1].replace("/", "\\/")}
    for form in sorted(forms - {""}, key=len, reverse=True):
        content = content.replace(form.encode(), _MASK)
    return content


def _too_large(name: str, what: str) -> Unavailable:
    return Unavailable(f"{name} sent {what}; nothing of it is used", code="data.payload_too_large")
