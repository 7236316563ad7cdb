"""What the user's registry of instruments says that a fill costs."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import numpy as np

from fks.contracts.data import DatasetSource
from fks.contracts.engine import BacktestRequest
from fks.kernel.errors import Invalid

__all__ = ["with_registry_fees"]


def with_registry_fees(request: BacktestRequest, datasets: DatasetSource) -> BacktestRequest:
    """Return a request whose fee a unit is commission and exchange fee of the registry.

    Raises `Invalid` where the registry has none for the period, or has two, and where the request
    has a fee a unit of its own.
    """
    if request.costs.fee_per_unit:
        raise Invalid(
            "the fee a unit comes from --fee-per-unit or from the registry, not from both",
            code="engine.bad_option",
        )
    info = datasets.open(request.dataset).info
    symbol = info.instrument.id
    first = _date(max(request.from_ts_ns, info.first_ts_ns))
    last = _date(min(request.to_ts_ns - 1, info.last_ts_ns))
    entry, later = (datasets.resolved(symbol, day).commission for day in (first, last))
    if entry is None or (entry.per_side is None and entry.exchange_fee is None):
        raise Invalid(
            f"the registry has no commission of {symbol} on {first}: fks instruments set PRODUCT "
            f"commission.per_side=... --since {first}",
            code="engine.no_commission",
        )
    if later != entry:
        assert later is not None, "a schedule does not end"
        raise Invalid(
            f"the commission of {symbol} changes on {later.since}: choose a period on one side of "
            "it, or give --fee-per-unit",
            code="engine.no_commission",
        )
    fee = (entry.per_side or Decimal(0)) + (entry.exchange_fee or Decimal(0))
    costs = msgspec.structs.replace(request.costs, fee_per_unit=float(fee))
    return msgspec.structs.replace(request, costs=costs)


def _date(ts_ns: int) -> str:
    """Return the UTC date of a time."""
    return str(np.datetime64(ts_ns, "ns").astype("datetime64[D]"))
