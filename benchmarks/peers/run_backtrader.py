"""backtrader: its own averages, market orders filled at the next open."""

import json
import resource
import sys
import time

import backtrader as bt
import numpy as np
import pandas as pd


class SmaCross(bt.Strategy):
    """Long while the fast mean is above the slow one."""

    def __init__(self):
        """Make the means."""
        self.fast = bt.ind.SMA(period=10)
        self.slow = bt.ind.SMA(period=30)
        self.fills = 0

    def notify_order(self, order):
        """Count fills."""
        self.fills += order.status == order.Completed

    def next(self):
        """Compare them."""
        if self.fast[0] - self.slow[0] > 1e-4:
            if not self.position:
                self.buy(size=10)
        elif self.position:
            self.close()


data = np.load(sys.argv[1])
frame = pd.DataFrame(
    {name: data[name] for name in ("open", "high", "low", "close", "volume")},
    index=pd.to_datetime(data["ts_ns"]),
)
cerebro = bt.Cerebro(stdstats=False)
cerebro.addstrategy(SmaCross)
cerebro.adddata(bt.feeds.PandasData(dataname=frame))
cerebro.broker.setcash(100_000_000.0)
cerebro.broker.setcommission(commission=0.001)
begun = time.perf_counter()
(ran,) = cerebro.run()
equity = cerebro.broker.getvalue()
seconds = time.perf_counter() - begun
rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "equity": equity, "fills": ran.fills, "rss_mb": rss_mb}))
