"""What a live stream tells, as events of the bus."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable

from fks.contexts.data.domain.streaming.told import StateChange, Told, Top
from fks.contracts.data.live import (
    BestPriceChanged,
    MarketBarReported,
    StreamSpec,
    StreamStateChanged,
    TradeReported,
)
from fks.contracts.data.streams import DEPTH, NO_PRICE, BarUpdate, QuoteUpdate, TradeUpdate

__all__ = ["MarketNews", "Teller", "tell"]

MarketNews = BestPriceChanged | TradeReported | MarketBarReported | StreamStateChanged


async def tell(
    stream: AsyncIterable[Told], teller: Teller, publish: Callable[[MarketNews], Awaitable[None]]
) -> None:
    """Tell all that a stream says; the next is taken when all listeners have heard the last."""
    event_of = teller.event
    async for told in stream:
        event = event_of(told)
        if event is not None:
            await publish(event)


class Teller:
    """Makes events of what one stream tells.

    Best prices are those of the book where it is streamed; the exchange's own quotes, which come
    at times of their own, would contradict it.
    """

    def __init__(self, spec: StreamSpec) -> None:
        self._stream, self._exchange = spec.name, spec.exchange
        self._deep = DEPTH in spec.channels

    def event(self, told: Told) -> MarketNews | None:
        """Return the event; None for a quote beside a book."""
        if isinstance(told, Top):
            return self._best(told)
        if isinstance(told, TradeUpdate):
            return self._trade(told)
        if isinstance(told, QuoteUpdate):
            return None if self._deep else self._best(told)
        if isinstance(told, BarUpdate):
            return self._bar(told)
        return self._state(told)

    def _state(self, told: StateChange) -> StreamStateChanged:
        return self.state(told.symbol, told.state, told.reason, told.received_ns)

    def state(self, symbol: str, state: str, reason: str, at_ns: int) -> StreamStateChanged:
        """Return the event of a state."""
        return StreamStateChanged(
            stream=self._stream,
            exchange=self._exchange,
            symbol=symbol,
            state=state,
            reason=reason,
            at_ns=at_ns,
        )

    def _best(self, told: Top | QuoteUpdate) -> BestPriceChanged:
        return BestPriceChanged(
            stream=self._stream,
            exchange=self._exchange,
            symbol=told.symbol,
            price_decimals=told.scale[0],
            quantity_decimals=told.scale[1],
            bid=None if told.bid == NO_PRICE else told.bid,
            bid_quantity=told.bid_quantity,
            ask=None if told.ask == NO_PRICE else told.ask,
            ask_quantity=told.ask_quantity,
            id=told.id,
            ts_ns=told.ts_ns,
            received_ns=told.received_ns,
        )

    def _trade(self, told: TradeUpdate) -> TradeReported:
        return TradeReported(
            stream=self._stream,
            exchange=self._exchange,
            symbol=told.symbol,
            price_decimals=told.scale[0],
            quantity_decimals=told.scale[1],
            price=told.price,
            quantity=told.quantity,
            side=told.side,
            id=told.id,
            ts_ns=told.ts_ns,
            received_ns=told.received_ns,
        )

    def _bar(self, told: BarUpdate) -> MarketBarReported:
        return MarketBarReported(
            stream=self._stream,
            exchange=self._exchange,
            symbol=told.symbol,
            price_decimals=told.scale[0],
            quantity_decimals=told.scale[1],
            timeframe=told.timeframe,
            ts_ns=told.ts_ns,
            open=told.open,
            high=told.high,
            low=told.low,
            close=told.close,
            volume=told.volume,
            closed=told.closed,
            received_ns=told.received_ns,
        )
