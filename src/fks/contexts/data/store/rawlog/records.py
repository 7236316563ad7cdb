"""A payload with its request: what is kept, and what must never be."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec

from fks.kernel.errors import Invalid

__all__ = ["BODY_BYTES", "HEAD_BYTES", "RawRecord", "check", "folder_name"]

BODY_BYTES = 64 << 20
"""The most bytes of a body."""

HEAD_BYTES = 256 << 10
"""The most bytes of all the rest, as JSON."""

_FOLDER_LENGTH = 200
_JOB_LENGTH = 512
_SECRET = re.compile(
    r"apikey|apisecret|secret|signature|password|passphrase|authoriz|credential|cookie|privatekey"
    r"|accesskey|accesstoken|authtoken|apitoken|refreshtoken|sessiontoken|bearer"
)
_SECRET_ALONE = frozenset({"token", "key", "sig", "sign", "auth", "pass", "pwd", "jwt"})


class RawRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An answer of a provider: what was asked, when, and the bytes that came.

    `job` names the backfill and `number` its page; times are UTC nanoseconds of our clock. Headers
    are those few that say something of the answer. `sha256` is that of the body, in hex; it is
    computed where it is not given, and one that does not fit raises `Invalid`.
    """

    provider: str
    job: str
    number: int
    path: str
    params: tuple[tuple[str, str], ...]
    requested_at_ns: int
    received_at_ns: int
    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    method: str = "GET"
    sha256: str = ""

    def __post_init__(self) -> None:
        """Compute the hash, or check the one that was given."""
        digest = hashlib.sha256(self.body).hexdigest()
        if self.sha256 not in ("", digest):
            raise Invalid(
                f"the SHA-256 of the body is {digest}, not {self.sha256[:64]!r}",
                code="data.wrong_sha256",
            )
        msgspec.structs.force_setattr(self, "sha256", digest)


def folder_name(provider: str) -> str:
    """Return the name of a provider's folder. Raises `Invalid` for one that has none."""
    try:
        name = quote(provider, safe="").replace(".", "%2E")
    except UnicodeEncodeError:
        name = ""
    if not 0 < len(name) <= _FOLDER_LENGTH:
        raise Invalid(f"{provider[:70]!r} is no name of a provider", code="data.bad_record")
    return name


def check(record: RawRecord) -> RawRecord:
    """Return a record that may be kept. Raises `Invalid` for what looks like a key, or is huge."""
    if len(record.body) > BODY_BYTES:
        raise Invalid(
            f"a payload of {len(record.body):,} bytes is too large; {BODY_BYTES:,} are the most",
            code="data.payload_too_large",
        )
    folder_name(record.provider)
    fits = 0 < len(record.job) <= _JOB_LENGTH and 0 <= record.number < 2**63
    fits = fits and 0 <= record.status < 1000
    times = (record.requested_at_ns, record.received_at_ns)
    if not fits or any(not -(2**63) <= one < 2**63 for one in times):
        raise Invalid(
            f"a record needs a job of 1 to {_JOB_LENGTH} characters, a number and a status from 0 "
            "on, and times of 64 bits",
            code="data.bad_record",
        )
    _check_secrets(record)
    return record


def _check_secrets(record: RawRecord) -> None:
    """Raise `Invalid` where a parameter or header has the name of a key."""
    try:
        place = urlsplit(record.path)
        inside = parse_qsl(place.query, keep_blank_values=True)
    except ValueError:
        raise Invalid(f"{record.path[:80]!r} is no path", code="data.bad_record") from None
    if "@" in place.netloc:
        raise Invalid(
            "a path with a name and password is not kept; they belong to the key of the provider",
            code="data.secret_in_log",
        )
    for name, _ in (*record.params, *record.headers, *inside):
        plain = "".join(one for one in name.lower() if one.isalnum())
        if plain in _SECRET_ALONE or _SECRET.search(plain):
            raise Invalid(
                f"a payload with {name[:40]!r} may hold a key and is not kept",
                code="data.secret_in_log",
            )
