"""How a stream looks: a table that follows it, or one line of JSON for each update."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from fks.contexts.data.domain.streaming.told import Counters, StateChange, Told, Top
from fks.contracts.data.streams import NO_PRICE, QuoteUpdate, TradeUpdate

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["StreamView", "line_of"]

_COLOURS = {"live": "green", "stale": "yellow", "resyncing": "yellow"}
_SHOWN = ("messages", "trades", "gaps", "resyncs", "reconnects", "checksum_failures", "conflated")
_PRICES = ("price", "bid", "ask", "open", "high", "low", "close")
_QUANTITIES = ("quantity", "bid_quantity", "ask_quantity", "volume")


def _decimal(units: int, decimals: int) -> str:
    """Return units as the decimal they are; a dash for an empty side."""
    return "-" if units == NO_PRICE else format(Decimal(units).scaleb(-decimals), "f")


def line_of(told: Told) -> dict[str, Any]:
    """Return an update as a document: prices and quantities as decimals, None for an empty side."""
    found: dict[str, Any] = {"kind": type(told).__name__.removesuffix("Update").lower()}
    found |= msgspec.structs.asdict(told)
    if isinstance(told, StateChange):
        return found | {"kind": "state"}
    price, quantity = found.pop("scale")
    for names, decimals in ((_PRICES, price), (_QUANTITIES, quantity)):
        for name in names:
            if name in found:
                units = found[name]
                found[name] = None if units == NO_PRICE else _decimal(units, decimals)
    return found


class StreamView:
    """The newest of each symbol. Prices stand there only while they are live."""

    def __init__(
        self, name: str, symbols: Sequence[str], counters: Counters, *, deep: bool
    ) -> None:
        self._name, self._deep, self.counters = name, deep, counters
        self.states = dict.fromkeys(symbols, "connecting")
        self._tops: dict[str, Top | QuoteUpdate] = {}
        self._trades: dict[str, TradeUpdate] = {}

    def take(self, told: Told) -> None:
        """Note an update."""
        if isinstance(told, StateChange):
            self.states[told.symbol] = told.state
            if told.state != "live":
                self._tops.pop(told.symbol, None)
        elif isinstance(told, Top) or (isinstance(told, QuoteUpdate) and not self._deep):
            self._tops[told.symbol] = told
        elif isinstance(told, TradeUpdate):
            self._trades[told.symbol] = told

    def table(self) -> Table:
        """Return it as a table."""
        from rich.table import Table

        told = ", ".join(
            f"{getattr(self.counters, name):,} {name.replace('_', ' ')}" for name in _SHOWN
        )
        table = Table(title=self._name, caption=told)
        table.add_column("symbol")
        table.add_column("state")
        for heading in ("bid size", "bid", "ask", "ask size", "spread", "last trade"):
            table.add_column(heading, justify="right")
        for symbol, state in self.states.items():
            colour = _COLOURS.get(state, "dim")
            table.add_row(symbol, f"[{colour}]{state}[/]", *self._prices(symbol))
        return table

    def _prices(self, symbol: str) -> tuple[str, ...]:
        """Return the cells of a symbol's prices."""
        top, trade = self._tops.get(symbol), self._trades.get(symbol)
        last = "-"
        if trade is not None:
            last = _decimal(trade.price, trade.scale.price)
        if top is None:
            return "-", "-", "-", "-", "-", last
        price, quantity = top.scale
        spread = NO_PRICE if NO_PRICE in (top.bid, top.ask) else top.ask - top.bid
        return (
            _decimal(top.bid_quantity, quantity),
            _decimal(top.bid, price),
            _decimal(top.ask, price),
            _decimal(top.ask_quantity, quantity),
            _decimal(spread, price),
            last,
        )
