"""Money at a venue: our count of it is the exchange's own, whatever was traded and charged."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contexts.execution.trading.floor import LOOSE, reference

from fks.contexts.execution.domain.matching.layout import OrderKind
from fks.contexts.execution.domain.trading import inputs
from fks.contexts.execution.domain.trading.machine import TradingMachine
from fks.contracts.execution import OpenAccount, VenueCash, VenueReport, VenueReportKind
from fks.contracts.values import Instrument, Side
from fks.testing.exchange import Listing, Market
from fks.testing.exchange.orders import Order, User, settle

BTC = Listing(
    symbol="BTCUSDT", base="BTC", quote="USDT", tick=Decimal("0.01"), lot=Decimal("0.00001")
)
TRADED = Instrument(id="BTCUSDT", tick_size=BTC.tick, lot_size=BTC.lot, currency="USDT")
NOW_NS = 1_700_000_000_000_000_000

fills = st.tuples(
    st.just("fill"),
    st.sampled_from(["BUY", "SELL"]),
    st.integers(1, 5_000),
    st.integers(2_900_000, 3_100_000),
    st.booleans(),
    st.sampled_from(["", "BNB"]),
)
moves = st.tuples(
    st.just("cash"),
    st.sampled_from(["USDT", "BTC", "BNB"]),
    st.integers(-10_000, 10_000).filter(bool),
    st.booleans(),
)


class Both:
    """A machine, and an exchange's user whose money is moved by the exchange's own code."""

    def __init__(self, market: Market) -> None:
        self.market, self.seq = market, 0
        self.machine = TradingMachine(reference)
        self.user = User("me", 1, "", "", {"USDT": Decimal(1_000_000), "BNB": Decimal(9)})
        self.put(inputs.InstrumentDefined(venue="v", instrument=TRADED))
        wish = OpenAccount(key="k", id="a", venue="v", currency="USDT", limits=LOOSE)
        self.put(inputs.AccountOpened(account=wish))
        self.put(
            inputs.MoneyAdopted(
                account="a",
                amounts=dict(self.user.wallet),
                opening=True,
                exchange=market is Market.SPOT,
            )
        )

    def put(self, wish: inputs.Input) -> None:
        """Apply an input a millisecond later."""
        self.seq += 1
        self.machine.take(self.seq, NOW_NS + self.seq * 1_000_000, wish)

    def fill(self, side: str, lots: int, ticks: int, maker: bool, fee_asset: str) -> None:
        """Fill a stranger's order: the exchange settles it, we book what it tells."""
        self.user.fee_asset, self.user.fee_rate = fee_asset, Decimal("0.0017")
        order = Order(
            id=self.seq, client_id="", user=self.user, listing=BTC, side=side, type="MARKET",
            tif="GTC", kind=OrderKind.MARKET, lots=lots,
        )  # fmt: skip
        event = {"price": ticks, "quantity": lots}
        trade = settle(self.market, order, event, self.seq, maker, 0)
        report = VenueReport(
            kind=VenueReportKind.FILLED,
            ts_ns=NOW_NS,
            venue_order_id=f"v{self.seq}",
            symbol=BTC.symbol,
            side=Side.BUY if side == "BUY" else Side.SELL,
            trade_id=f"t{self.seq}",
            quantity=BTC.quantity(lots),
            price=BTC.price(ticks),
            fee=trade.fee,
            fee_currency=trade.fee_asset,
            maker=maker,
        )
        for _ in range(2):  # a repeat moves nothing
            self.put(inputs.OutsideFill(account="a", report=report))

    def cash(self, asset: str, cents: int, adopted: bool) -> None:
        """Let money come or go, and be adopted by the settings or by a person."""
        amount = Decimal(cents) / 100
        self.user.wallet[asset] = self.user.wallet.get(asset, Decimal(0)) + amount
        moved = VenueCash(
            id=f"c{self.seq}", what="transfer", currency=asset, amount=amount, ts_ns=NOW_NS
        )
        for _ in range(2):
            self.put(inputs.CashMoved(account="a", cash=moved, adopted=adopted))
        if not adopted:
            wish = inputs.MoneyAdopted(account="a", amounts={asset: amount}, reason="ours")
            self.put(wish)

    def money(self) -> dict[str, Decimal]:
        """Return what we count."""
        return dict(self.machine.floor.accounts["a"].money.wallets)  # type: ignore[union-attr]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(Market)), st.lists(fills | moves, max_size=25))
def test_our_money_is_the_exchanges(market: Market, steps: list[tuple]) -> None:
    """Lost: comparing with the venue would cry wolf, and be switched off."""
    both = Both(market)
    for what, *rest in steps:
        getattr(both, what)(*rest)
    ours, theirs = both.money(), both.user.wallet
    for asset in set(ours) | set(theirs):
        apart = abs(ours.get(asset, Decimal(0)) - theirs.get(asset, Decimal(0)))
        # Spot is exact. Futures realise at average cost, which either side rounds in its way.
        assert apart <= (0 if market is Market.SPOT else Decimal("0.000001")), (asset, ours, theirs)
    state = both.machine.snapshot()
    again = TradingMachine(reference)
    again.restore(state)
    assert again.snapshot() == state
