"""What a Binance venue has from its first connect on: keys read, addresses checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from fks.contexts.execution.adapters.venues.binance.calls import Calls
from fks.contexts.execution.adapters.venues.binance.stream import UserStream
from fks.contexts.execution.adapters.venues.binance.terms import BinanceSettings, Keys, settings_of
from fks.contexts.execution.adapters.venues.binance.trades import Trades
from fks.contexts.execution.adapters.venues.binance.words import Market
from fks.contracts.execution import VenueContext, VenueReport
from fks.kernel.resilience import Backoff

__all__ = ["Link", "opened"]


class Link(NamedTuple):
    """Requests, stream and history of one account."""

    settings: BinanceSettings
    base_url: str
    rights_url: str
    calls: Calls
    stream: UserStream
    trades: Trades


def opened(
    context: VenueContext,
    market: Market,
    read: Callable[[dict[str, Any]], VenueReport | None],
    say: Callable[[VenueReport], None],
    on_state: Callable[[bool], None],
) -> Link:
    """Read settings and keys, which a venue that is only made has no need of.

    Raises Invalid for settings that cannot be used, Denied for strange hosts and missing keys.
    """
    settings = settings_of(context.settings)
    base_url, stream_url, rights_url = market.places.chosen(settings)
    keys, limit = Keys.read(settings), market.weight_limit
    calls = Calls(keys, settings, context.wall_ns, context.monotonic_ns, limit)
    stream = UserStream(
        market.source(calls, base_url, stream_url),
        read,
        say,
        on_state,
        heartbeat_s=settings.heartbeat_s,
        backoff=Backoff(settings.first_pause_s, settings.longest_pause_s),
    )
    return Link(settings, base_url, rights_url, calls, stream, Trades(calls, market, base_url))
