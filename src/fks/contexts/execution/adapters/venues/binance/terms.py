"""What a Binance venue is set up with: keys by reference, hosts pinned, patience in figures."""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec

from fks.kernel.errors import Denied, Invalid
from fks.kernel.settings import Secret

__all__ = ["BinanceSettings", "Keys", "Places", "settings_of"]

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_OTHERS = 0o077


class BinanceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The venue's section. Keys stand in an environment variable or a file, never here.

    `base_url` and `stream_url` are Binance's unless they name its test nets or loopback.
    `recv_window_ms` is how late an order may arrive there and still be taken; `timeout_s` how
    long an answer is waited for; after two heartbeats without a pong the stream is made anew,
    with pauses that double from `first_pause_s` to `longest_pause_s`.
    """

    api_key_env: str = ""
    api_key_file: str = ""
    api_secret_env: str = ""
    api_secret_file: str = ""
    base_url: str = ""
    stream_url: str = ""
    recv_window_ms: Annotated[int, msgspec.Meta(ge=100, le=60_000)] = 5000
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 10.0
    heartbeat_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 15.0
    first_pause_s: Annotated[float, msgspec.Meta(gt=0, le=30)] = 0.5
    longest_pause_s: Annotated[float, msgspec.Meta(gt=0, le=30)] = 30.0


def settings_of(given: Mapping[str, Any]) -> BinanceSettings:
    """Return the settings; raises Invalid."""
    try:
        return msgspec.convert(dict(given), BinanceSettings, strict=False)
    except msgspec.ValidationError as error:
        message = f"the settings of a Binance venue: {error}"
        raise Invalid(message, code="execution.bad_config") from None


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Where a market is: hosts that may be talked to, those that are used unless told."""

    rest_hosts: frozenset[str]
    stream_hosts: frozenset[str]
    rest_url: str
    stream_url: str
    rights_url: str

    def chosen(self, settings: BinanceSettings) -> tuple[str, str, str]:
        """Return the REST, stream and key-rights addresses; raises Denied for other hosts.

        The rights of a key are told at the production host only: elsewhere the third is "".
        """
        rest = (settings.base_url or self.rest_url).rstrip("/")
        stream = (settings.stream_url or self.stream_url).rstrip("/")
        _allow(rest, self.rest_hosts, ("https", "http"))
        _allow(stream, self.stream_hosts, ("wss", "ws"))
        at_home = [urlsplit(url).hostname in _LOOPBACK for url in (rest, stream)]
        if at_home[0] != at_home[1]:
            raise Denied(
                "base_url and stream_url must both be Binance's, or both be on this machine",
                code="execution.venue_host",
            )
        if at_home[0]:
            return rest, stream, rest
        return rest, stream, self.rights_url if rest == self.rest_url else ""


def _allow(url: str, hosts: frozenset[str], schemes: tuple[str, str]) -> None:
    """Raise Denied unless a URL is secure and of these hosts, or on this machine."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Denied("a venue's address cannot be read", code="execution.venue_host") from None
    local = host in _LOOPBACK and parts.scheme in schemes
    bare = parts.username is None and not parts.query and not parts.fragment
    pinned = host in hosts and parts.scheme == schemes[0] and port in (None, 443, 9443)
    if not bare or not (local or pinned):
        known = ", ".join(sorted(hosts))
        message = f"{host or 'this'} is no address of Binance; there are {known}"
        raise Denied(message, code="execution.venue_host")


class Keys:
    """An API key and its secret, neither of which shows itself."""

    __slots__ = ("_key", "_secret")

    def __init__(self, key: Secret, secret: Secret) -> None:
        self._key, self._secret = key, secret

    @classmethod
    def read(cls, settings: BinanceSettings) -> Keys:
        """Read the keys from where the settings say; raises Denied where there are none."""
        key = _secret("api_key", settings.api_key_env, settings.api_key_file)
        return cls(key, _secret("api_secret", settings.api_secret_env, settings.api_secret_file))

    def __repr__(self) -> str:
        return "Keys(********)"

    @property
    def header(self) -> str:
        """Return the API key, for the header that carries it."""
        return self._key.reveal()

    def sign(self, payload: str) -> str:
        """Return the signature of a payload: HMAC-SHA256, hexadecimal."""
        secret = self._secret.reveal().encode()
        return hmac.new(secret, payload.encode(), hashlib.sha256).hexdigest()


def _secret(name: str, variable: str, file: str) -> Secret:
    if bool(variable) == bool(file):
        message = f"set one of {name}_env and {name}_file"
        raise Denied(message, code="execution.venue_keys")
    if variable:
        text = os.environ.get(variable, "")
        where = f"the environment variable {variable}"
    else:
        path, where = Path(file), f"the file {file}"
        try:
            if stat.S_IMODE(path.stat().st_mode) & _OTHERS:
                message = f"{where} can be read by others: chmod 600"
                raise Denied(message, code="execution.venue_keys")
            text = path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise Denied(f"{where} cannot be read", code="execution.venue_keys") from None
    if not text or not text.isascii() or not text.isprintable():
        raise Denied(f"{where} holds no {name}", code="execution.venue_keys")
    return Secret(text)
