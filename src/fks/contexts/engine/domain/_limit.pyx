"""The least work there is in a moving-average backtest: the bound that benchmarks compare with.

One fused loop over two float columns, no orders, no risk, no record: nothing of it is of use but
its speed. Same rule as `domain/workload.py`.
"""


def sma_cross(
    const double[::1] opens,
    const double[::1] closes,
    Py_ssize_t fast,
    Py_ssize_t slow,
    double cash,
    double quantity,
    double fee,
    double threshold,
    bint same_close,
):
    """Return (final equity, number of fills)."""
    cdef Py_ssize_t i, n = closes.shape[0]
    cdef long fills = 0
    cdef double fast_sum = 0.0, slow_sum = 0.0, held = 0.0, price
    cdef double fast_bars = fast, slow_bars = slow
    cdef bint want = False, have = False
    if opens.shape[0] != n or fast < 1 or slow < fast:
        raise ValueError("columns of one length, and 1 <= fast <= slow")
    with nogil:
        for i in range(n):
            if not same_close and want != have:
                price = opens[i]
                cash += quantity * price * ((-1.0 - fee) if want else (1.0 - fee))
                have = want
                fills += 1
            fast_sum += closes[i] - (closes[i - fast] if i >= fast else 0.0)
            slow_sum += closes[i] - (closes[i - slow] if i >= slow else 0.0)
            if i >= slow - 1:
                want = fast_sum / fast_bars - slow_sum / slow_bars > threshold
            if same_close and want != have:
                price = closes[i]
                cash += quantity * price * ((-1.0 - fee) if want else (1.0 - fee))
                have = want
                fills += 1
        if have:
            held = quantity
    return cash + held * closes[n - 1], fills
