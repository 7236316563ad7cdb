"""One fused loop by numba, warm: the least there is to do."""

import json
import resource
import sys
import time

import numba
import numpy as np


@numba.njit
def run(opens, closes, fast, slow, cash, quantity, fee, threshold):
    """Return final equity and fills."""
    fills = 0
    fast_sum = slow_sum = 0.0
    want = have = False
    for i in range(len(closes)):
        if want != have:
            cash += quantity * opens[i] * ((-1.0 - fee) if want else (1.0 - fee))
            have = want
            fills += 1
        fast_sum += closes[i] - (closes[i - fast] if i >= fast else 0.0)
        slow_sum += closes[i] - (closes[i - slow] if i >= slow else 0.0)
        if i >= slow - 1:
            want = fast_sum / fast - slow_sum / slow > threshold
    return cash + (quantity if have else 0.0) * closes[-1], fills


data = np.load(sys.argv[1])
opens, closes = data["open"], data["close"]
arguments = (opens, closes, 10, 30, 100_000_000.0, 10.0, 0.001, 1e-4)
run(*arguments)
begun = time.perf_counter()
equity, fills = run(*arguments)
seconds = time.perf_counter() - begun
rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "equity": equity, "fills": int(fills), "rss_mb": rss_mb}))
