"""One signed request to Binance, sent once, and what is certain about it afterwards.

Three ways not to succeed, told apart because money hangs on it: `Unsent` (no byte of it left),
`Refused` (Binance says no, in its own words) and `Doubt` (sent, and nobody knows).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec

from fks.contexts.execution.adapters.venues.binance.terms import BinanceSettings, Keys
from fks.kernel.errors import Denied, FksError, TimedOut, Unavailable

__all__ = ["Calls", "Doubt", "Refused", "Unsent", "failure"]

_DOUBTFUL = frozenset({-1000, -1001, -1006, -1007})  # "execution status unknown" and its kin
_CERTAIN_5XX = frozenset({-1008})  # the system was too busy to take it: it was not taken
_KEYS_WRONG = frozenset({-1022, -2014, -2015})
_MOST_BYTES = 32 << 20
_CONNECT_S = 5.0
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_NS = 1_000_000_000
# Connections are kept for a minute: a handshake before every other order would cost more than it.
_LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=16, keepalive_expiry=60)


class Unsent(Exception):
    """The request did not leave."""


class Doubt(Exception):
    """The request left, and its outcome is not known."""


class Refused(Exception):
    """Binance refused the request, in its words; it had no effect."""

    def __init__(self, code: int, text: str, status: int, retry_after_s: float | None) -> None:
        super().__init__(f"{code}: {text}")
        self.code, self.text, self.status = code, text, status
        self.retry_after_s = retry_after_s


class _Error(msgspec.Struct):
    code: int
    msg: str = ""


def failure(error: Unsent | Doubt | Refused) -> FksError:
    """Return what a question that failed this way raises."""
    if isinstance(error, Refused):
        told = f"Binance refuses ({error.code}): {error.text}"
        if error.code in _KEYS_WRONG or error.status in (401, 403):
            return Denied(told, code="execution.venue_keys")
        after_s = error.retry_after_s
        return Unavailable(told, code="execution.venue_refused", retry_after_s=after_s)
    if isinstance(error, Doubt):
        return TimedOut(f"Binance did not answer: {error}", code="execution.venue_timed_out")
    return Unavailable(f"Binance cannot be reached: {error}", code="execution.venue_unreachable")


class Calls:
    """REST of one market for one key. `offset_ns` is how far its clock is ahead of ours."""

    def __init__(
        self,
        keys: Keys,
        settings: BinanceSettings,
        wall_ns: Callable[[], int],
        monotonic_ns: Callable[[], int],
        weight_limit: int,
    ) -> None:
        self.offset_ns = 0
        self._used = (0, 0)  # the minute at the venue, and what was used of its weight
        self._keys, self._settings = keys, settings
        self._wall_ns, self._monotonic_ns = wall_ns, monotonic_ns
        self._weight_limit = weight_limit
        self._quiet_until_ns = 0
        self._transports: dict[bool, httpx.AsyncHTTPTransport] = {}

    async def close(self) -> None:
        """Close the connections."""
        for transport in self._transports.values():
            await transport.aclose()
        self._transports = {}

    def timestamp_ms(self) -> int:
        """Return the venue's time as far as we know it."""
        return (self._wall_ns() + self.offset_ns) // 1_000_000

    def signed(self, params: Mapping[str, str]) -> dict[str, str]:
        """Return parameters with window, time and signature, for REST."""
        given = dict(params)
        given["recvWindow"] = str(self._settings.recv_window_ms)
        given["timestamp"] = str(self.timestamp_ms())
        given["signature"] = self._keys.sign(urlencode(given))
        return given

    def subscription(self) -> dict[str, str | int]:
        """Return the signed parameters of a subscription, sorted as its signature wants them."""
        given: dict[str, str | int] = {
            "apiKey": self._keys.header,
            "recvWindow": self._settings.recv_window_ms,
            "timestamp": self.timestamp_ms(),
        }
        payload = "&".join(f"{name}={given[name]}" for name in sorted(given))
        return given | {"signature": self._keys.sign(payload)}

    async def call(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None = None,
        *,
        signed: bool = True,
    ) -> Any:
        """Send a request once and return its JSON; raises Unsent, Doubt or Refused."""
        quiet_s = (self._quiet_until_ns - self._monotonic_ns()) / _NS
        if quiet_s > 0:
            raise Unsent(f"Binance asked for silence, {quiet_s:.1f} s more")
        if method == "GET" and self._near_limit():
            raise Unsent("the request weight of this minute is kept for orders")
        given = self.signed(params or {}) if signed else dict(params or {})
        payload = urlencode(given)
        headers = {
            "X-MBX-APIKEY": self._keys.header,
            "Accept": "application/json",
            "User-Agent": "fks",
        }
        body = b""
        if method in ("POST", "PUT"):
            body = payload.encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif payload:
            url = f"{url}?{payload}"
        waits_s = self._settings.timeout_s
        pauses = {"connect": min(_CONNECT_S, waits_s), "pool": waits_s}
        request = httpx.Request(
            method,
            url,
            headers=headers,
            content=body,
            extensions={"timeout": pauses | {"read": waits_s, "write": waits_s}},
        )
        status, told, content = await self._exchange(request)
        return self._read(status, told, content)

    def _near_limit(self) -> bool:
        """Tell whether questions have used up their part of this minute's weight."""
        minute, used = self._used
        return minute == self.timestamp_ms() // 60_000 and used >= 0.9 * self._weight_limit

    async def _exchange(self, request: httpx.Request) -> tuple[int, httpx.Headers, bytes]:
        """Send and receive; names of errors only, since their texts may hold the address."""
        try:
            async with asyncio.timeout(self._settings.timeout_s + _CONNECT_S):
                response = await self._transport(request).handle_async_request(request)
                try:
                    content = bytearray()
                    async for part in response.aiter_bytes():
                        content += part
                        if len(content) > _MOST_BYTES:
                            raise Doubt("an answer of more than 32 MiB")
                finally:
                    await response.aclose()
        except _NOT_SENT as error:
            raise Unsent(type(error).__name__) from None
        except (httpx.HTTPError, TimeoutError) as error:
            raise Doubt(type(error).__name__) from None
        return response.status_code, response.headers, bytes(content)

    def _transport(self, request: httpx.Request) -> httpx.AsyncHTTPTransport:
        """Return the connections; no proxy, no redirect, no second try, no log of addresses."""
        secure = request.url.scheme == "https"
        if secure not in self._transports:
            if secure:
                context = ssl.create_default_context()
            else:  # loopback, without TLS; a bare context trusts nobody
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._transports[secure] = httpx.AsyncHTTPTransport(
                verify=context, retries=0, trust_env=False, limits=_LIMITS
            )
        return self._transports[secure]

    def _read(self, status: int, headers: httpx.Headers, content: bytes) -> Any:
        """Return the JSON of an answer; raises Doubt or Refused."""
        used = _number(headers.get("X-MBX-USED-WEIGHT-1M"))
        if used is not None:
            self._used = (self.timestamp_ms() // 60_000, used)
        after_s = _number(headers.get("Retry-After"))
        if status in (418, 429):
            wait_s = 1 if after_s is None else after_s
            self._quiet_until_ns = self._monotonic_ns() + wait_s * _NS
        if status == 200:
            try:
                return msgspec.json.decode(content)
            except msgspec.DecodeError:
                raise Doubt("an answer that cannot be read") from None
        try:
            error = msgspec.json.decode(content, type=_Error)
        except msgspec.DecodeError:
            error = None
        if status == 408 or not 400 <= status < 600:
            raise Doubt(f"status {status}")
        if error is None:
            if status >= 500:
                raise Doubt(f"status {status}")
            raise Refused(-status, f"status {status} without words", status, after_s)
        if error.code in _DOUBTFUL or (status >= 500 and error.code not in _CERTAIN_5XX):
            raise Doubt(f"{error.code}: {error.msg[:200]}")
        raise Refused(error.code, error.msg[:200], status, after_s)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdigit() and len(text) < 10 else None
