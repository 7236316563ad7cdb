"""Accounts and their venues: made, connected, fed, reconciled; instruments learnt where needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pkgutil import resolve_name
from typing import Any

import msgspec
import structlog

from fks.contexts.execution.domain.routing.beliefs import MINOR_UNITS
from fks.contexts.execution.domain.routing.breaker import Breaker
from fks.contexts.execution.domain.trading import inputs
from fks.contexts.execution.service.trading.asking import Asking
from fks.contexts.execution.service.trading.links import Link
from fks.contexts.execution.service.trading.market import Market
from fks.contexts.execution.service.trading.reconciling import Reconciling
from fks.contexts.execution.service.trading.state import Live
from fks.contexts.execution.settings import ExecutionSettings
from fks.contracts.data import GetInstrument
from fks.contracts.execution import (
    Venue,
    VenueCapabilities,
    VenueContext,
    VenuePosition,
    VenueSpec,
)
from fks.contracts.values import Instrument
from fks.kernel.errors import Denied, FksError
from fks.kernel.runtime import Runtime

__all__ = ["Linking"]

_log = structlog.get_logger("fks.execution")
_FUTURES_MARGIN_PPB = 100_000_000  # a tenth of the notional, where settings say nothing
_ASK_S = 10.0
_REFUSED_S = 300.0
_SIZES = ("tick_size", "lot_size", "multiplier", "currency", "calendar", "description")
_STALE_LIVE_NS = 5_000_000_000
_STALE_PAPER_NS = 300_000_000_000  # bars of a minute may feed it


class Linking:
    """Everything between accounts and venues of one process."""

    def __init__(
        self,
        runtime: Runtime,
        live: Live,
        market: Market,
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._runtime = runtime
        self._settings = runtime.section("execution", ExecutionSettings)
        self._live = live
        self._market = market
        self._spawn = spawn
        self.asking: dict[str, Asking] = {}
        self._learning = asyncio.Lock()

    async def link(self, name: str) -> None:
        """Connect an account to its venue; one that cannot be reached is tried for ever."""
        live, clock = self._live, self._runtime.clock
        account = live.floor.accounts[name]
        spec = live.specs.get(account.venue)
        if spec is None or name in live.links:
            return
        venue = resolve_name(spec.factory)(self._context(name, spec))
        breaker = Breaker(account.venue)
        link = Link(account, venue, live.writer, live.switch, breaker, live.latencies, clock)
        link.adopts = frozenset(self._settings.adopts)
        live.links[name] = link
        self.asking[name] = Asking(link, live.writer, clock)
        self._market.attach(live, link)
        self._prime(link)
        self._spawn(self._connect(link))
        settings = self._settings
        reconciling = Reconciling(
            link,
            live.writer,
            clock,
            settings.reconcile_every_s,
            ticks={**MINOR_UNITS, **settings.cash_tolerance},
            own=not spec.live,
        )
        live.reconciling[name] = reconciling
        self._spawn(reconciling.run())
        if not spec.live:
            await self._settled(link)

    async def learn(self, venue: str, symbol: str) -> None:
        """Make an instrument known at a venue, out of data's list. Raises `NotFound`."""
        async with self._learning:  # nobody trades a symbol before its last price is known too
            if (venue, symbol) not in self._live.floor.instruments:
                await self._learn(venue, symbol)

    async def _learn(self, venue: str, symbol: str) -> None:
        live = self._live
        chosen = dict(self._settings.instruments.get(symbol, {}))
        sizes = {name: chosen.pop(name) for name in _SIZES if name in chosen}
        if "tick_size" in sizes:
            found = msgspec.convert({"id": symbol, **sizes}, Instrument, strict=False)
        else:
            found = await self._runtime.bus.ask(GetInstrument(symbol=symbol), timeout_s=_ASK_S)
        margin_ppb = 1_000_000_000 if found.multiplier == 1 else _FUTURES_MARGIN_PPB
        spec = live.specs.get(venue)
        stale_ns = _STALE_LIVE_NS if spec is not None and spec.live else _STALE_PAPER_NS
        given = {"initial_margin_ppb": margin_ppb, "stale_ns": stale_ns, **chosen}
        await live.writer.take(
            inputs.InstrumentDefined(
                venue=venue, instrument=found, matched=venue == "internal", **given
            )
        )
        for link in live.links.values():
            learn = getattr(link.venue, "learn", None)
            if link.account.venue == venue and learn is not None:
                learn(found)
        self._market.catch_up(symbol)

    async def close(self) -> None:
        """Give up questions, and disconnect."""
        for asking in self.asking.values():
            await asking.close()
        for link in self._live.links.values():
            await link.close()

    async def _settled(self, link: Link) -> None:
        """Wait a moment for a venue of our own, which is there at once."""
        for _ in range(100):
            if link.reconciled:
                return
            await asyncio.sleep(0.02)

    async def _connect(self, link: Link) -> None:
        while True:
            try:
                await link.connect()
            except Denied as error:  # asking again and again could lock the account there
                _log.error("venue_refused", account=link.account.id, error=error.message)
                await asyncio.sleep(_REFUSED_S)
            except FksError as error:
                _log.warning("venue_connect", account=link.account.id, error=error.message)
                await asyncio.sleep(1.0)
            else:
                return

    def _prime(self, link: Link) -> None:
        """Give a venue of our own what was open there before the start."""
        prime = getattr(link.venue, "prime", None)
        if prime is None:
            return
        floor = self._live.floor
        orders = [order for order in link.working() if order.sent]
        held = [
            VenuePosition(
                symbol=floor.by_number[number].instrument.id,
                quantity=floor.scales[number].quantity(holding.lots),
                average_price=floor.scales[number].average_of_nanos(
                    holding.cost_nanos, holding.lots
                ),
            )
            for number, holding in link.account.holdings.items()
            if holding.lots
        ]
        money = link.account.money
        wallets = {} if money is msgspec.UNSET else money.wallets
        prime(
            [(link.wire(o), floor.scale(o).quantity(o.filled_lots)) for o in orders], held, wallets
        )

    def capabilities(self, name: str, venue: str) -> VenueCapabilities | None:
        """Return what a venue could do for an account, None where orders are matched here.

        Raises `Invalid` for settings that make no venue, before anything is journaled.
        """
        spec = self._live.specs.get(venue)
        if spec is None:
            return None
        made: Venue = resolve_name(spec.factory)(self._context(name, spec))
        return made.capabilities

    def _context(self, name: str, spec: VenueSpec) -> VenueContext:
        venues = self._settings.venues
        return VenueContext(
            account=name,
            settings=venues.get(name) or venues.get(spec.name, {}),
            instruments=tuple(
                record.instrument
                for record in self._live.floor.instruments.values()
                if record.venue == spec.name
            ),
            wall_ns=self._runtime.clock.now_ns,
            monotonic_ns=self._runtime.clock.monotonic_ns,
        )
