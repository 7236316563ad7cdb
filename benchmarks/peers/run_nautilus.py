"""nautilus_trader: bars through its matching engine, which fills a market order at the close."""

import json
import resource
import sys
import time
from decimal import Decimal

import numpy as np
import pandas as pd
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig
from nautilus_trader.indicators import SimpleMovingAverage
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CurrencyPair
from nautilus_trader.model.objects import Currency, Money, Price, Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.trading.strategy import Strategy

VENUE = Venue("SIM")
BTC = Currency.from_str("BTC")
INSTRUMENT = CurrencyPair(
    instrument_id=InstrumentId(Symbol("BENCH/USD"), VENUE),
    raw_symbol=Symbol("BENCHUSD"),
    base_currency=BTC,
    quote_currency=USD,
    price_precision=2,
    size_precision=4,
    price_increment=Price.from_str("0.01"),
    size_increment=Quantity.from_str("0.0001"),
    lot_size=None,
    max_quantity=None,
    min_quantity=None,
    max_notional=None,
    min_notional=None,
    max_price=None,
    min_price=None,
    margin_init=Decimal(0),
    margin_maint=Decimal(0),
    maker_fee=Decimal("0.001"),
    taker_fee=Decimal("0.001"),
    ts_event=0,
    ts_init=0,
)
BAR_TYPE = BarType.from_str(f"{INSTRUMENT.id}-1-MINUTE-LAST-EXTERNAL")


class SmaCross(Strategy):
    """Long while the fast mean is above the slow one."""

    def __init__(self):
        """Make the means."""
        super().__init__()
        self.fast = SimpleMovingAverage(10)
        self.slow = SimpleMovingAverage(30)
        self.long = False
        self.fills = 0

    def on_start(self):
        """Subscribe."""
        self.register_indicator_for_bars(BAR_TYPE, self.fast)
        self.register_indicator_for_bars(BAR_TYPE, self.slow)
        self.subscribe_bars(BAR_TYPE)

    def on_bar(self, bar):
        """Compare them."""
        if not self.slow.initialized:
            return
        want = self.fast.value - self.slow.value > 1e-4
        if want is not self.long:
            self.long = want
            side = OrderSide.BUY if want else OrderSide.SELL
            order = self.order_factory.market(INSTRUMENT.id, side, Quantity.from_str("10.0000"))
            self.submit_order(order)

    def on_order_filled(self, event):
        """Count fills."""
        self.fills += 1


data = np.load(sys.argv[1])
frame = pd.DataFrame(
    {name: data[name] for name in ("open", "high", "low", "close", "volume")},
    index=pd.to_datetime(data["ts_ns"], utc=True),
)
frame["volume"] = 1_000_000.0  # its simulated book must never run out: partial fills are not meant
bars = BarDataWrangler(BAR_TYPE, INSTRUMENT).process(frame)
engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
engine.add_venue(
    venue=VENUE,
    oms_type=OmsType.NETTING,
    account_type=AccountType.MARGIN,
    base_currency=USD,
    starting_balances=[Money(100_000_000, USD)],
)
engine.add_instrument(INSTRUMENT)
engine.add_data(bars)
strategy = SmaCross()
engine.add_strategy(strategy)
begun = time.perf_counter()
engine.run()
balance = engine.trader.generate_account_report(VENUE)["total"].iloc[-1]
seconds = time.perf_counter() - begun
positions = engine.cache.positions_open()
unrealised = sum(
    float(p.unrealized_pnl(Price.from_str(f"{data['close'][-1]:.2f}"))) for p in positions
)
equity = float(balance) + unrealised
rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "equity": equity, "fills": strategy.fills, "rss_mb": rss_mb}))
