"""One GET to a provider: to a checked address, with its key, within time and size."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable

import httpx

from fks.contexts.data.adapters.fetching.answers import Answer, Away, masked, received
from fks.contexts.data.adapters.fetching.destinations import Destination, destination
from fks.contexts.data.settings import FetchSettings
from fks.contracts.data.providers import KeyUse, Limits, PageRequest
from fks.kernel.errors import Invalid, TimedOut, Unavailable

__all__ = ["Sender"]

_RESOLVED_S = 60.0
_KEPT_HEADERS = frozenset({"content-type", "date", "retry-after"})


class Sender:
    """The connections to one provider."""

    def __init__(
        self,
        name: str,
        base_url: str,
        limits: Limits,
        key: KeyUse | None,
        secret: Callable[[], str],
        settings: FetchSettings,
    ) -> None:
        self._name, self._base_url, self._limits = name, base_url, limits
        self._key, self._secret, self._settings = key, secret, settings
        self._kept = _KEPT_HEADERS | {limits.used_weight_header.lower()} - {""}
        self._transport: httpx.AsyncHTTPTransport | None = None
        self._destination: Destination | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._transport is not None:
            await self._transport.aclose()
            self._transport = None

    def secret(self) -> str:
        """Return the key as it is now; empty without one. Raises `Invalid` for what is no key."""
        secret = self._secret() if self._key is not None else ""
        if secret and not (secret.isascii() and secret.isprintable()):
            raise Invalid(
                f"the key of {self._name} holds characters that no header can carry",
                code="data.bad_key",
            )
        return secret

    async def send(
        self, request: PageRequest, tries: int, now_s: float, wall_ns: Callable[[], int]
    ) -> Answer:
        """Send once and return the whole answer, whatever its status.

        Raises `Away` or `TimedOut` where none came, `Unavailable` for one that is out of bounds,
        `Invalid` for what must not be sent.
        """
        secret = self.secret()
        try:
            async with asyncio.timeout(self._settings.deadline_s):
                where = await self._where(now_s)
                requested_at_ns = wall_ns()
                response = await self._connected(self._made(where, request, secret))
                try:
                    body = await received(self._name, response, self._limits.page_bytes)
                finally:
                    await response.aclose()
        # Names of errors only: their texts may hold the address, and with it the key.
        except (httpx.TimeoutException, TimeoutError):
            raise TimedOut(
                f"{self._name} did not answer in time", code="data.provider_timed_out"
            ) from None
        except (httpx.TransportError, httpx.StreamError, OSError) as error:
            raise Away(_why(error)) from None
        told = tuple(
            (name.lower(), masked(value.encode(), secret).decode("utf-8", "replace")[:200])
            for name, value in response.headers.items()
            if name.lower() in self._kept
        )
        body = masked(body, secret)
        return Answer(response.status_code, told, body, requested_at_ns, wall_ns(), tries)

    async def _where(self, now_s: float) -> Destination:
        """Return where to connect, resolved and checked, anew every minute."""
        if self._destination is None or now_s - self._destination.resolved_at_s > _RESOLVED_S:
            self._destination = None
            try:
                self._destination = await destination(
                    self._base_url, allow_loopback=self._settings.allow_loopback, now_s=now_s
                )
            except Unavailable as error:
                raise Away(error.message) from None
        return self._destination

    async def _connected(self, request: httpx.Request) -> httpx.Response:
        """Return the head of an answer; an address that cannot be reached is the last to try."""
        if self._transport is None:
            # It would log the headers of answers, and some providers repeat a key in them.
            logging.getLogger("httpcore.http11").setLevel(logging.INFO)
            self._transport = httpx.AsyncHTTPTransport(
                http1=True,
                http2=False,
                retries=0,
                trust_env=False,
                # Certificates take 40 ms to read; a mirror on this machine needs none.
                verify=not self._base_url.startswith("http:"),
                limits=httpx.Limits(max_connections=self._limits.at_once, keepalive_expiry=30),
            )
        try:
            return await self._transport.handle_async_request(request)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            if self._destination is not None:
                self._destination = self._destination.after_the_first()
            raise

    def _made(self, where: Destination, request: PageRequest, secret: str) -> httpx.Request:
        """Return the request, with the key where the provider wants it."""
        params: list[tuple[str, str | int | float | bool | None]] = list(request.params)
        headers = {
            "Accept": "application/json, text/csv;q=0.9, */*;q=0.1",
            "Accept-Encoding": "gzip",
            "Host": where.host_header,
            "User-Agent": "fks",
        }
        if self._key is not None and secret:
            value = f"{self._key.prefix}{secret}"
            if self._key.place == "header":
                headers[self._key.name] = value
            else:
                params.append((self._key.name, value))
        waits = httpx.Timeout(
            self._settings.read_timeout_s, connect=self._settings.connect_timeout_s
        )
        return httpx.Request(
            "GET",
            where.url(request.path),
            params=params,
            headers=headers,
            extensions={"timeout": waits.as_dict(), "sni_hostname": where.host},
        )


def _why(error: BaseException) -> str:
    """Say why no whole answer came, in words that hold no address."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not accepted: {cause.verify_message[:100]}"
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
