"""The paper venue: the contract of a venue over simulated fills.

Two clocks. `paper` lives in ours: orders travel by the latency model from now on. `simulated`
lives in the market data's: time is what the last datum says, so a replayed stream gives the same
fills however fast it is replayed. With bars both live in the data's, since an order that is
decided on a bar has to be there when the next one opens.

It keeps its orders in memory; after a restart its owner primes it with what was open.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path

import msgspec

from fks.contexts.execution.adapters import model_files
from fks.contexts.execution.adapters.venues.paper_words import (
    KINDS,
    OffGrid,
    PaperOrder,
    Symbol,
    kept,
    order_of,
    state_of,
    words_of,
)
from fks.contexts.execution.domain.simulation.inputs import MarketData
from fks.contexts.execution.domain.simulation.models import DataKind, SimulationModels
from fks.contexts.execution.domain.simulation.money import Purse
from fks.contexts.execution.domain.simulation.orders import Report, ReportKind
from fks.contracts.execution import (
    SelfTradeMode,
    VenueBalance,
    VenueCapabilities,
    VenueContext,
    VenueFill,
    VenueOrder,
    VenueOrderStatus,
    VenuePosition,
    VenueReport,
    VenueReportKind,
)
from fks.contracts.values import Instrument, OrderType, Side, TimeInForce
from fks.kernel.errors import Invalid

__all__ = ["PaperSettings", "PaperVenue", "make", "make_simulated"]

_CAPABILITIES = VenueCapabilities(
    order_types=frozenset(OrderType),
    times_in_force=frozenset(TimeInForce),
    amend=True,
    post_only=True,
    reduce_only=True,
    dedups=True,
    holds_positions=True,
    iceberg=True,
    money="profit",
)
_NO_MONEY: Mapping[str, Decimal] = {}


class PaperSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The venue's section: the models themselves or the file that holds them, and its money.

    `cash` is what the account begins with, in the currency of its instruments; those of one
    currency share it. `self_trade` is what happens instead of a trade with oneself; without it
    own orders pass one another.
    """

    models: SimulationModels = SimulationModels()
    models_file: str = ""
    cash: Decimal = Decimal(100_000)
    self_trade: SelfTradeMode | None = None


class PaperVenue:
    """A venue that fills from market data it is told through `on_market`."""

    def __init__(self, context: VenueContext, *, market_clock: bool) -> None:
        try:
            settings = msgspec.convert(dict(context.settings), PaperSettings, strict=False)
            models = settings.models
            if settings.models_file:
                models = model_files.read(Path(settings.models_file)).models
        except msgspec.ValidationError as error:
            raise Invalid(
                f"the paper venue's settings: {error}", code="execution.bad_config"
            ) from error
        self.models = models
        self._wall_ns = context.wall_ns
        self._market_clock = market_clock or models.data is DataKind.BARS
        self._cash = settings.cash
        self._kept: Mapping[str, Decimal] = {}
        self._self_trade = settings.self_trade
        self._purses: dict[str, Purse] = {}
        self._symbols: dict[str, Symbol] = {}
        for instrument in context.instruments:
            self.learn(instrument)
        self._orders: dict[str, PaperOrder] = {}
        self._numbers: dict[int, PaperOrder] = {}
        self._fills: list[VenueFill] = []
        self._listener: Callable[[VenueReport], None] | None = None
        self._timer: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        self._market_ns = 0

    # --- the venue -------------------------------------------------------------------------

    @property
    def capabilities(self) -> VenueCapabilities:
        """Return what the paper venue can do."""
        return _CAPABILITIES

    async def connect(self, listener: Callable[[VenueReport], None]) -> None:
        """Begin to report; with our own clock, also to let time pass."""
        self._listener = listener
        if not self._market_clock:
            self._timer = asyncio.create_task(self._pass_time())
        self._say(VenueReport(kind=VenueReportKind.CONNECTED, ts_ns=self._now()))

    async def close(self) -> None:
        """Stop; orders stay where they are."""
        if self._timer is not None:
            self._timer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._timer
            self._timer = None
        self._say(VenueReport(kind=VenueReportKind.DISCONNECTED, ts_ns=self._now()))
        self._listener = None

    async def submit(self, order: VenueOrder) -> None:
        """Send an order; a second one under the same client id is refused."""
        symbol = self._symbols.get(order.instrument.id)
        if order.client_order_id in self._orders:
            self._reject(order, "duplicate_client_order_id", "this client order id was used")
        elif symbol is None:
            self._reject(order, "unknown_symbol", f"{order.instrument.id} is not traded here")
        else:
            number = len(self._orders) + 1
            try:
                sent = order_of(order, symbol, number, self._self_trade)
            except OffGrid as error:
                self._reject(order, "off_grid", str(error))
                return
            paper = PaperOrder(order, number, order.quantity, self._now())
            self._orders[order.client_order_id] = self._numbers[number] = paper
            symbol.simulator.submit(sent, self._now())
            self._tick(symbol)

    async def cancel(self, client_order_id: str, symbol: str) -> None:
        """Ask for a cancel."""
        paper = self._orders.get(client_order_id)
        if paper is None:
            self._refuse(VenueReportKind.CANCEL_REJECTED, client_order_id, symbol)
            return
        where = self._symbols[paper.order.instrument.id]
        where.simulator.cancel(paper.number, self._now())
        self._tick(where)

    async def amend(
        self, client_order_id: str, symbol: str, quantity: Decimal, price: Decimal | None
    ) -> None:
        """Ask for another total quantity and limit price."""
        paper = self._orders.get(client_order_id)
        if paper is None:
            self._refuse(VenueReportKind.REPLACE_REJECTED, client_order_id, symbol)
            return
        where = self._symbols[paper.order.instrument.id]
        try:
            lots = where.lots(quantity)
            ticks = None if price is None else where.ticks(price)
        except OffGrid:
            self._refuse(VenueReportKind.REPLACE_REJECTED, client_order_id, symbol, "off_grid")
            return
        paper.wanted.append((quantity, price))
        where.simulator.amend(paper.number, lots, ticks, self._now())
        self._tick(where)

    async def find_order(self, client_order_id: str, symbol: str) -> VenueOrderStatus | None:
        """Return an order; None for one that never came here, or ended before a restart."""
        paper = self._orders.get(client_order_id)
        return None if paper is None else state_of(paper)

    async def open_orders(self) -> tuple[VenueOrderStatus, ...]:
        """Return all working orders."""
        found = (state_of(paper) for paper in self._orders.values())
        return tuple(status for status in found if status.state in ("new", "partially_filled"))

    async def fills_since(self, ts_ns: int, symbol: str) -> tuple[VenueFill, ...]:
        """Return the fills of a symbol at or after an instant."""
        return tuple(f for f in self._fills if f.ts_ns >= ts_ns and f.symbol == symbol)

    async def positions(self) -> tuple[VenuePosition, ...]:
        """Return the positions that are not flat."""
        return tuple(
            found for symbol in self._symbols.values() if (found := symbol.position()) is not None
        )

    async def balances(self) -> tuple[VenueBalance, ...]:
        """Return the money: what it began with, and what each instrument made of it."""
        total: dict[str, Decimal] = {}
        for symbol in self._symbols.values():
            currency = symbol.instrument.currency
            began = self._kept.get(currency, self._cash)
            total[currency] = total.get(currency, began) + symbol.made()
        return tuple(
            VenueBalance(currency=currency, total=amount, free=amount)
            for currency, amount in total.items()
        )

    async def clock_offset_ns(self) -> int:
        """Return how far this venue's clock is ahead: it is ours, or the data's."""
        return self._market_ns - self._wall_ns() if self._market_clock else 0

    # --- what its owner tells it -----------------------------------------------------------

    def on_market(self, data: MarketData) -> None:
        """Take market data in; what it fills is reported before this returns, or when heard."""
        symbol = self._symbols.get(data.symbol)
        if symbol is not None:
            reports = symbol.feed(data)
            self._market_ns = max(self._market_ns, symbol.now_ns)
            self._publish(symbol, reports)
            self._woken.set()

    def learn(self, instrument: Instrument) -> None:
        """Trade one more instrument."""
        if instrument.id not in self._symbols:
            purse = self._purses.setdefault(instrument.currency, Purse())
            cash = self._kept.get(instrument.currency, self._cash)
            self._symbols[instrument.id] = Symbol(instrument, self.models, cash, purse)

    def prime(
        self,
        orders: Iterable[tuple[VenueOrder, Decimal]] = (),
        positions: Iterable[VenuePosition] = (),
        money: Mapping[str, Decimal] = _NO_MONEY,
    ) -> None:
        """Put back what was there before a restart: orders with what was filled, positions, money.

        Orders take new places at the end of their queues, in the order given.
        """
        self._kept = money
        for known in self._symbols.values():
            if known.instrument.currency in money:
                known.prime_cash(money[known.instrument.currency])
        for held in positions:
            if held.symbol in self._symbols:
                self._symbols[held.symbol].prime_position(held)
        for order, filled in orders:
            symbol = self._symbols.get(order.instrument.id)
            if symbol is None or order.client_order_id in self._orders:
                continue
            number = len(self._orders) + 1
            paper = PaperOrder(order, number, order.quantity, self._now())
            paper.state, paper.filled = ("partially_filled" if filled else "new"), filled
            self._orders[order.client_order_id] = self._numbers[number] = paper
            sent = order_of(order, symbol, number, self._self_trade)
            symbol.simulator.prime(sent, symbol.lots(filled), self._now())

    # --- inside ----------------------------------------------------------------------------

    def _now(self) -> int:
        return self._market_ns if self._market_clock else self._wall_ns()

    def _tick(self, symbol: Symbol) -> None:
        """Let what needs no time happen at once."""
        self._publish(symbol, symbol.simulator.on_time(self._now()))
        self._woken.set()

    async def _pass_time(self) -> None:
        """Let messages arrive and reports come back when they are due."""
        while True:
            dues = [symbol.simulator.next_due_ns for symbol in self._symbols.values()]
            due = min((due for due in dues if due is not None), default=None)
            self._woken.clear()
            wait_s = None if due is None else max((due - self._wall_ns()) / 1e9, 0.0)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), wait_s)
            for symbol in self._symbols.values():
                self._publish(symbol, symbol.simulator.on_time(self._wall_ns()))

    def _publish(self, symbol: Symbol, reports: Iterable[Report]) -> None:
        """Turn the simulator's reports into the venue's."""
        for report in reports:
            if report.kind not in KINDS:
                continue
            paper = self._numbers.get(report.order_id)
            known = paper is not None
            quantity = symbol.quantity(report.lots)
            if paper is not None:
                kept(paper, symbol, report)
                if report.kind is ReportKind.REPLACED:
                    quantity = paper.quantity  # the whole of it, filled or not
            told = VenueReport(
                kind=KINDS[report.kind],
                ts_ns=report.ts_ns,
                client_order_id=paper.order.client_order_id if paper is not None else "",
                venue_order_id=f"{symbol.instrument.id}-{report.order_id}"
                if known
                else f"{symbol.instrument.id}-liquidation-{report.trade_id}",
                symbol=symbol.instrument.id,
                side=Side.SELL if report.side else Side.BUY,
                trade_id=symbol.trade_id(report) if report.kind is ReportKind.FILLED else "",
                quantity=quantity,
                price=symbol.price(report.price_ticks),
                fee=symbol.money(report.fee_nanos),
                fee_currency=symbol.instrument.currency,
                maker=report.maker,
                code=words_of(report.why),
                text=words_of(report.why).replace("_", " "),
            )
            if report.kind is ReportKind.FILLED:
                self._fills.append(_fill_of(told))
            self._say(told)

    def _reject(self, order: VenueOrder, code: str, text: str) -> None:
        self._say(
            VenueReport(
                kind=VenueReportKind.REJECTED,
                ts_ns=self._now(),
                client_order_id=order.client_order_id,
                symbol=order.instrument.id,
                side=order.side,
                code=code,
                text=text,
            )
        )

    def _refuse(
        self, kind: VenueReportKind, client_order_id: str, symbol: str, code: str = "unknown_order"
    ) -> None:
        self._say(
            VenueReport(
                kind=kind,
                ts_ns=self._now(),
                client_order_id=client_order_id,
                symbol=symbol,
                code=code,
                text=code.replace("_", " "),
            )
        )

    def _say(self, report: VenueReport) -> None:
        if self._listener is not None:
            self._listener(report)


def _fill_of(report: VenueReport) -> VenueFill:
    """Return the history's line of a fill."""
    assert report.side is not None
    return VenueFill(
        trade_id=report.trade_id,
        client_order_id=report.client_order_id,
        venue_order_id=report.venue_order_id,
        symbol=report.symbol,
        side=report.side,
        quantity=report.quantity,
        price=report.price,
        fee=report.fee,
        fee_currency=report.fee_currency,
        ts_ns=report.ts_ns,
        maker=report.maker,
    )


def make(context: VenueContext) -> PaperVenue:
    """Make a paper venue: live data, simulated fills, our clock."""
    return PaperVenue(context, market_clock=False)


def make_simulated(context: VenueContext) -> PaperVenue:
    """Make a simulated venue: replayed data, simulated fills, the data's clock."""
    return PaperVenue(context, market_clock=True)
