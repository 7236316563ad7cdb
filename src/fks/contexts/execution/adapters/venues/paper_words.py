"""Between a venue's decimals and the simulator's ticks and lots."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from fks.contexts.execution.domain.matching.layout import OrderKind, SelfTrade, Tif
from fks.contexts.execution.domain.simulation.auctions import CLOSES, OPENS
from fks.contexts.execution.domain.simulation.events import BUY, SELL
from fks.contexts.execution.domain.simulation.inputs import (
    AuctionSeen,
    BarSeen,
    DepthSeen,
    FundingSeen,
    MarketData,
    QuoteSeen,
    TradeSeen,
)
from fks.contexts.execution.domain.simulation.models import SimulationModels
from fks.contexts.execution.domain.simulation.money import Purse
from fks.contexts.execution.domain.simulation.orders import Report, ReportKind, SimOrder, Why
from fks.contexts.execution.domain.simulation.simulator import Simulator, facts_of
from fks.contracts.execution import (
    SelfTradeMode,
    VenueOrder,
    VenueOrderStatus,
    VenuePosition,
    VenueReportKind,
)
from fks.contracts.values import NANOS, Instrument, OrderType, Side, TimeInForce

__all__ = [
    "KINDS",
    "OffGrid",
    "PaperOrder",
    "Symbol",
    "kept",
    "order_of",
    "state_of",
    "words_of",
]

_DAY_NS = 86_400 * NANOS
_TYPES = {kind: OrderKind[kind.name] for kind in OrderType}
_TIFS = {kind: Tif[kind.name] for kind in TimeInForce}

KINDS = {
    ReportKind.ACCEPTED: VenueReportKind.ACKNOWLEDGED,
    ReportKind.REJECTED: VenueReportKind.REJECTED,
    ReportKind.FILLED: VenueReportKind.FILLED,
    ReportKind.CANCELLED: VenueReportKind.CANCELLED,
    ReportKind.EXPIRED: VenueReportKind.EXPIRED,
    ReportKind.REPLACED: VenueReportKind.REPLACED,
    ReportKind.CANCEL_REJECTED: VenueReportKind.CANCEL_REJECTED,
    ReportKind.REPLACE_REJECTED: VenueReportKind.REPLACE_REJECTED,
}
_STATES = {
    ReportKind.REJECTED: "rejected",
    ReportKind.CANCELLED: "cancelled",
    ReportKind.EXPIRED: "expired",
}


class OffGrid(ValueError):
    """A price is no whole number of ticks, or a quantity no whole number of lots."""


class PaperOrder:
    """An order as its owner has heard of it."""

    def __init__(self, order: VenueOrder, number: int, quantity: Decimal, ts_ns: int) -> None:
        self.order = order
        self.number = number
        self.quantity = quantity
        self.price = order.price
        self.filled = Decimal(0)
        self.paid = Decimal(0)
        self.state = "new"
        self.ts_ns = ts_ns
        self.wanted: list[tuple[Decimal, Decimal | None]] = []  # amendments under way


class Symbol:
    """One instrument of a paper venue with its simulator."""

    def __init__(
        self,
        instrument: Instrument,
        models: SimulationModels,
        cash: Decimal,
        purse: Purse | None = None,
    ) -> None:
        self.instrument = instrument
        self._began = cash
        facts = facts_of(instrument)
        self._unit = facts.unit_nanos
        self.simulator = Simulator(facts, models, int(cash * NANOS), purse=purse)
        self.now_ns = 0
        self._prefix = ""

    # --- numbers ---------------------------------------------------------------------------

    def ticks(self, price: Decimal) -> int:
        """Return a price in ticks. Raises `OffGrid`."""
        return _whole(price, self.instrument.tick_size, "price", "tick")

    def lots(self, quantity: Decimal) -> int:
        """Return a quantity in lots. Raises `OffGrid`."""
        return _whole(quantity, self.instrument.lot_size, "quantity", "lot")

    def price(self, ticks: int) -> Decimal:
        """Return ticks as a price."""
        return self.instrument.tick_size * ticks

    def quantity(self, lots: int) -> Decimal:
        """Return lots as a quantity."""
        return self.instrument.lot_size * lots

    @staticmethod
    def money(nanos: int) -> Decimal:
        """Return nanos as an amount."""
        return Decimal(nanos) / NANOS

    def trade_id(self, report: Report) -> str:
        """Return a fill's id: unique across restarts, since no two begin at one instant."""
        if not self._prefix:
            self._prefix = f"{self.instrument.id}-{report.ts_ns}"
        return f"{self._prefix}-{report.trade_id}"

    # --- data ------------------------------------------------------------------------------

    def feed(self, data: MarketData) -> tuple[Report, ...]:
        """Hand data to the simulator; what is off the grid goes to the nearest tick or lot."""
        simulator = self.simulator
        if isinstance(data, BarSeen):
            bar = data.bar
            opened, high, low, close = (
                self._near(price) for price in (bar.open, bar.high, bar.low, bar.close)
            )
            ended = self._at(bar.ts_ns)
            self._at(data.end_ns)
            volume = int(Decimal(repr(bar.volume)) / self.instrument.lot_size)
            prices = (opened, high, low, close)
            flags = OPENS * data.opens | CLOSES * data.closes
            return ended + simulator.on_bar(bar.ts_ns, data.end_ns, prices, volume, flags)
        return self._at(data.ts_ns) + self._seen(data)

    def _seen(
        self, data: AuctionSeen | QuoteSeen | TradeSeen | DepthSeen | FundingSeen
    ) -> tuple[Report, ...]:
        simulator = self.simulator
        if isinstance(data, QuoteSeen):
            return simulator.on_quote(
                data.ts_ns,
                self._near(data.bid),
                self._floor(data.bid_quantity),
                self._near(data.ask),
                self._floor(data.ask_quantity),
            )
        if isinstance(data, TradeSeen):
            aggressor = 2 if data.aggressor is None else int(data.aggressor is Side.SELL)
            lots = self._floor(data.quantity)
            return simulator.on_trade(data.ts_ns, self._near(data.price), lots, aggressor)
        if isinstance(data, AuctionSeen):
            price, lots = self._near(data.price), self._floor(data.quantity)
            return simulator.on_auction(data.ts_ns, price, lots, closing=data.closing)
        if isinstance(data, FundingSeen):
            rate = int(data.rate * NANOS)
            return simulator.on_funding(data.ts_ns, rate, self._near(data.mark))
        return self._depth(data)

    def _depth(self, data: DepthSeen) -> tuple[Report, ...]:
        levels = [
            (side, self._near(price), self._floor(quantity))
            for side, told in ((BUY, data.bids), (SELL, data.asks))
            for price, quantity in told
        ]
        return self.simulator.on_depth(data.ts_ns, levels, snapshot=data.snapshot)

    def _at(self, ts_ns: int) -> tuple[Report, ...]:
        """Bring the data's time up to date; the first datum of a UTC day ends the one before."""
        begins = ts_ns // _DAY_NS * _DAY_NS
        ended = 0 < self.now_ns < begins
        self.now_ns = max(self.now_ns, ts_ns)
        return self.simulator.on_day_end(begins) if ended else ()

    def _near(self, price: Decimal | float) -> int:
        exact = price if isinstance(price, Decimal) else Decimal(repr(price))
        return int((exact / self.instrument.tick_size).to_integral_value(ROUND_HALF_EVEN))

    def _floor(self, quantity: Decimal) -> int:
        return int(quantity / self.instrument.lot_size)

    # --- the account -----------------------------------------------------------------------

    def position(self) -> VenuePosition | None:
        """Return the position, None when flat."""
        lots, average = self.simulator.average_ticks()
        if lots == 0:
            return None
        return VenuePosition(
            symbol=self.instrument.id,
            quantity=self.quantity(lots),
            average_price=average * self.instrument.tick_size,
        )

    def made(self) -> Decimal:
        """Return what this instrument added to the cash it began with."""
        return self.money(self.simulator.holding().cash_nanos) - self._began

    def prime_cash(self, cash: Decimal) -> None:
        """Begin with this money instead."""
        self._began = cash
        self.simulator.prime_position(0, 0, int(cash * NANOS))

    def prime_position(self, held: VenuePosition) -> None:
        """Put a position back at its average price."""
        lots = self.lots(held.quantity)
        cost = held.average_price / self.instrument.tick_size * lots * self._unit
        cash = self.simulator.holding().cash_nanos
        self.simulator.prime_position(lots, int(cost), cash)


def order_of(
    order: VenueOrder, symbol: Symbol, number: int, self_trade: SelfTradeMode | None = None
) -> SimOrder:
    """Return a venue's order in ticks and lots. Raises `OffGrid`.

    A DAY order ends at its expiry where it has one, and with the UTC day of the data.
    """
    trigger = order.trail if order.trail is not None else order.stop_price
    lasting = order.time_in_force in (TimeInForce.DAY, TimeInForce.GTD)
    return SimOrder(
        id=number,
        side=BUY if order.side is Side.BUY else SELL,
        type=_TYPES[order.type],
        lots=symbol.lots(order.quantity),
        price=0 if order.price is None else symbol.ticks(order.price),
        stop=0 if trigger is None else symbol.ticks(trigger),
        tif=_TIFS[order.time_in_force],
        display=0 if order.display_quantity is None else symbol.lots(order.display_quantity),
        expire_ns=order.expire_ts_ns if lasting else 0,
        post_only=order.post_only,
        reduce_only=order.reduce_only,
        self_trade=None if self_trade is None else SelfTrade[self_trade.name],
    )


def kept(paper: PaperOrder, symbol: Symbol, report: Report) -> None:
    """Bring an order's state up to date with a report."""
    paper.ts_ns = report.ts_ns
    if report.kind is ReportKind.FILLED:
        quantity = symbol.quantity(report.lots)
        paper.filled += quantity
        paper.paid += quantity * symbol.price(report.price_ticks)
        paper.state = "filled" if report.leaves == 0 else "partially_filled"
    elif report.why is Why.SELF_TRADE and report.kind is ReportKind.REPLACED:
        paper.quantity = paper.filled + symbol.quantity(report.leaves)
    elif report.kind in (ReportKind.REPLACED, ReportKind.REPLACE_REJECTED):
        if paper.wanted:
            quantity, price = paper.wanted.pop(0)
            if report.kind is ReportKind.REPLACED:
                paper.quantity = quantity
                paper.price = price if price is not None else paper.price
    elif report.kind in _STATES:
        paper.state = _STATES[report.kind]


def words_of(why: Why) -> str:
    """Return a reason as the venue's code; nothing for none."""
    return "" if why is Why.NONE else why.name.lower()


def state_of(paper: PaperOrder) -> VenueOrderStatus:
    """Return how an order stands."""
    return VenueOrderStatus(
        client_order_id=paper.order.client_order_id,
        venue_order_id=f"{paper.order.instrument.id}-{paper.number}",
        symbol=paper.order.instrument.id,
        side=paper.order.side,
        state=paper.state,
        quantity=paper.quantity,
        filled=paper.filled,
        ts_ns=paper.ts_ns,
        price=paper.price,
        average_price=paper.paid / paper.filled if paper.filled else None,
    )


def _whole(value: Decimal, unit: Decimal, name: str, what: str) -> int:
    """Return how many units a value is. Raises `OffGrid` where that is no whole number."""
    units = value / unit
    if not value.is_finite() or units != units.to_integral_value():
        raise OffGrid(f"{name} {value} is no whole number of {what}s of {unit}")
    return int(units)
