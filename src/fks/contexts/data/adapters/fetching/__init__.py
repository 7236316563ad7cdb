"""Ask a provider over HTTP: within its limits, again where that helps, with nothing leaked."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

from fks.contexts.data.adapters.fetching.answers import Answer, Away, told_wait_s, words_of
from fks.contexts.data.adapters.fetching.sending import Sender
from fks.contexts.data.adapters.fetching.sharing import SharedWindow, shared_file
from fks.contexts.data.domain.fetching.breaking import Breaker, Budget
from fks.contexts.data.settings import FetchSettings
from fks.contracts.data.providers import KeyUse, Limits, PageRequest
from fks.kernel.errors import Denied, FksError, Invalid, NotFound, TimedOut, Unavailable
from fks.kernel.resilience import Backoff

__all__ = ["Answer", "Fetcher", "FetcherState", "Keep"]

Keep = Callable[[PageRequest, Answer], None]
_RETRIED = frozenset({429, 500, 502, 503, 504})
_THEIR_FAULTS = frozenset({"data.malformed_payload", "data.payload_too_large"})
_BAN_S = 120.0


class FetcherState(NamedTuple):
    """How a provider has been: for health and for people.

    `quiet_s` is for how long it is not asked; `refused` counts the calls that failed for that.
    """

    breaker: str
    failures: int
    calls: int
    retries: int
    used_weight: int
    waited_s: float
    error_code: str
    quiet_s: float = 0.0
    refused: int = 0


class Fetcher:
    """Requests of one provider. `secret` returns its key when a request is sent.

    With `home`, all processes of that home share what the provider lets through.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        limits: Limits,
        key: KeyUse | None,
        secret: Callable[[], str],
        settings: FetchSettings,
        *,
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_s: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: random.Random | None = None,
        home: Path | None = None,
    ) -> None:
        self.name = name
        self._limits, self._settings = limits, settings
        self._wall_ns, self._now_s, self._sleeping = wall_ns, monotonic_s, sleep
        self._sender = Sender(name, base_url, limits, key, secret, settings)
        shared = None if home is None else shared_file(home, name, base_url)
        self._window = SharedWindow(limits.weight_per_minute, shared, wall_ns)
        self._breaker, self._budget = Breaker(), Budget()
        self._backoff = Backoff(
            first_s=settings.first_pause_s,
            longest_s=settings.longest_pause_s,
            tries=settings.tries,
            chance=chance or random.Random(),  # noqa: S311  # it spreads tries, nothing else
        )
        self._at_once = asyncio.Semaphore(limits.at_once)
        self._limited = self._refused = 0
        self._waited_s, self._error_code = 0.0, ""

    @property
    def state(self) -> FetcherState:
        """Return how the provider has been."""
        now_s = self._now_s()
        return FetcherState(
            self._breaker.state(now_s),
            self._breaker.failures,
            self._budget.calls,
            self._budget.retries,
            self._window.used(now_s),
            self._waited_s,
            self._error_code,
            max(self._window.quiet_s(now_s), self._breaker.wait_s(now_s)),
            self._refused,
        )

    async def get(self, request: PageRequest, keep: Keep = lambda request, answer: None) -> Answer:
        """Return a whole answer of status 200; `keep` was called with it, and with refusals.

        Raises `Unavailable` (`data.rate_limited`, `data.provider_down`, `data.malformed_payload`,
        `data.payload_too_large`), `TimedOut` (`data.provider_timed_out`), `Denied`
        (`data.provider_key`), `NotFound` (`data.no_symbol`), and `Invalid`
        (`data.provider_refuses`, `data.bad_destination`, `data.bad_request`, `data.bad_key`).
        """
        async with self._at_once:
            try:
                answer = await self._tried(request, keep)
            except FksError as error:
                self._error_code = error.code
                raise
            self._error_code = ""
            return answer

    async def close(self) -> None:
        """Close connections."""
        await self._sender.close()

    async def _tried(self, request: PageRequest, keep: Keep) -> Answer:
        """Ask until there is an answer, or trying again does not help."""
        self._budget.called()
        for tries in range(1, self._settings.tries + 1):
            await self._turn(request)
            answer, error = await self._once(request, keep, tries)
            if answer is not None and answer.status == 200:
                return self._plausible(answer)
            pause_s = self._pause_s(answer, tries)
            if not self._again(answer, tries, pause_s):
                raise error or self._refusal(answer, pause_s)
            self._budget.retried()
            await self._sleep(pause_s)
        raise AssertionError("the last try returns or raises")

    async def _turn(self, request: PageRequest) -> None:
        """Wait until the provider may be asked. Raises `Unavailable` when it is left alone."""
        while True:
            now_s = self._now_s()
            if (away_s := self._breaker.wait_s(now_s)) > 0:
                self._refused += 1
                raise Unavailable(
                    f"{self.name} is left alone for another {away_s:.0f} s after it failed",
                    code="data.provider_down",
                    retry_after_s=away_s,
                )
            quiet_s = self._window.quiet_s(now_s)
            if quiet_s > self._settings.longest_wait_s:
                self._refused += 1
                raise Unavailable(
                    f"{self.name} lets nothing through for another {quiet_s:.0f} s",
                    code="data.rate_limited",
                    retry_after_s=quiet_s,
                )
            # Looked at and counted in one step: nobody else can take the same place.
            pause_s = quiet_s or self._window.take(now_s, request.weight)
            if pause_s <= 0:
                break
            await self._sleep(pause_s)
        self._breaker.began(now_s)

    async def _once(
        self, request: PageRequest, keep: Keep, tries: int
    ) -> tuple[Answer | None, FksError | None]:
        """Send a request once; return a whole answer, or the error that none came."""
        try:
            answer = await self._sender.send(request, tries, self._now_s(), self._wall_ns)
            used = dict(answer.headers).get(self._limits.used_weight_header.lower(), "")
            if used.isascii() and used.isdigit():
                self._window.believe(self._now_s(), int(used))
            keep(request, answer)
        except Away as error:
            self._breaker.failed(self._now_s())
            told = f"{self.name} cannot be reached: {error}"
            return None, Unavailable(told, code="data.provider_down")
        except TimedOut as error:
            self._breaker.failed(self._now_s())
            return None, error
        except FksError as error:
            if error.code in _THEIR_FAULTS:
                self._breaker.failed(self._now_s())
            raise
        finally:  # also when it was cancelled, or the one who keeps failed: nothing is under way
            self._breaker.released()
        self._count(answer)
        return answer, None

    def _count(self, answer: Answer) -> None:
        """Tell the breaker of an answer: a refusal that is about us shows that they are there."""
        now_s, status = self._now_s(), answer.status
        if status == 418:
            told_s = told_wait_s(dict(answer.headers).get("retry-after", ""), self._wall_ns())
            self._breaker.open(now_s, max(told_s or 0.0, _BAN_S))
            self._window.hush(now_s, max(told_s or 0.0, _BAN_S))
        elif status == 429:
            self._breaker.released()
        elif status >= 500:
            self._breaker.failed(now_s)
        elif status != 200:
            self._breaker.succeeded()
        self._limited = self._limited + 1 if status == 429 else 0

    def _plausible(self, answer: Answer) -> Answer:
        """Return an answer that can be data. Raises `Unavailable` for a page made for people."""
        kind = dict(answer.headers).get("content-type", "").lower()
        if "html" in kind or answer.body[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
            self._breaker.failed(self._now_s())
            raise Unavailable(
                f"{self.name} sent a web page where data should be", code="data.malformed_payload"
            )
        self._breaker.succeeded()
        return answer

    def _pause_s(self, answer: Answer | None, tries: int) -> float:
        """Return how long to wait before the next try, and keep everybody from asking so long.

        A 429 that says nothing gets a pause that grows from one to the next, whoever asked.
        """
        if answer is None:
            return self._backoff.pause_s(tries)
        told_s = None
        if answer.status in _RETRIED or answer.status == 418:
            told_s = told_wait_s(dict(answer.headers).get("retry-after", ""), self._wall_ns())
        if told_s is None:
            limited = answer.status == 429
            pause_s = self._backoff.pause_s(self._limited + 2 if limited else tries)
        else:
            pause_s = told_s
        if answer.status == 429 or told_s is not None:
            self._window.hush(self._now_s(), pause_s)
        return pause_s

    def _again(self, answer: Answer | None, tries: int, pause_s: float) -> bool:
        """Tell whether another try may help and is within every bound."""
        if answer is not None and answer.status not in _RETRIED:
            return False
        if tries >= self._settings.tries or pause_s > self._settings.longest_wait_s:
            return False
        if self._breaker.state(self._now_s()) != "closed":
            return False
        return self._budget.may_retry()

    async def _sleep(self, pause_s: float) -> None:
        """Wait, and note how long."""
        self._waited_s += pause_s
        await self._sleeping(pause_s)

    def _refusal(self, answer: Answer | None, pause_s: float) -> FksError:
        """Return what a refusal means to the one who asked, in the provider's words."""
        assert answer is not None, "there is an answer or an error"
        name, status = self.name, answer.status
        told = words_of(answer.body, self._sender.secret())
        if status in (429, 418):
            wait_s = max(pause_s, _BAN_S) if status == 418 else pause_s
            return Unavailable(
                f"{name} lets nothing through for {wait_s:.0f} s ({status}): {told}",
                code="data.rate_limited",
                retry_after_s=wait_s,
            )
        if status in (401, 403):
            return Denied(f"{name} refuses the key ({status}): {told}", code="data.provider_key")
        if status == 404:
            return NotFound(f"{name} has no such thing: {told}", code="data.no_symbol")
        if 300 <= status < 400:
            return Unavailable(
                f"{name} sends us elsewhere ({status}), and redirects are not followed; does its "
                "base URL still hold?",
                code="data.provider_down",
            )
        if 400 <= status < 500:
            return Invalid(f"{name} refuses ({status}): {told}", code="data.provider_refuses")
        return Unavailable(f"{name} fails ({status}): {told}", code="data.provider_down")
