"""backtesting.py: averages computed once as indicators, orders filled at the next open."""

import json
import resource
import sys
import time
import warnings

import numpy as np
import pandas as pd
from backtesting import Backtest, Strategy

warnings.simplefilter("ignore")


def mean(values, period):
    """Return the rolling mean."""
    return pd.Series(values).rolling(period).mean().to_numpy()


class SmaCross(Strategy):
    """Long while the fast mean is above the slow one."""

    def init(self):
        """Compute the means."""
        self.fast = self.I(mean, self.data.Close, 10)
        self.slow = self.I(mean, self.data.Close, 30)

    def next(self):
        """Compare them."""
        if self.fast[-1] - self.slow[-1] > 1e-4:
            if not self.position:
                self.buy(size=10)
        elif self.position:
            self.position.close()


data = np.load(sys.argv[1])
columns = {name.title(): data[name] for name in ("open", "high", "low", "close", "volume")}
# It skips the first bar at which all indicators are there, so one bar is put before the others.
frame = pd.DataFrame(
    {name: np.concatenate((values[:1], values)) for name, values in columns.items()},
    index=pd.to_datetime(np.concatenate((data["ts_ns"][:1] - 60_000_000_000, data["ts_ns"]))),
)
begun = time.perf_counter()
test = Backtest(frame, SmaCross, cash=100_000_000, commission=0.001, finalize_trades=False)
stats = test.run()
seconds = time.perf_counter() - begun
equity = float(stats["_equity_curve"]["Equity"].iloc[-1])
open_trades = len(stats["_strategy"].trades)
fills = 2 * len(stats["_trades"]) + open_trades
rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "equity": equity, "fills": fills, "rss_mb": rss_mb}))
