"""What is checked of a key and of the venue's rules before anything is traded."""

from __future__ import annotations

from decimal import Decimal

from fks.contexts.execution.adapters.venues.binance.calls import Calls
from fks.contexts.execution.adapters.venues.binance.words import Market
from fks.contracts.values import Instrument
from fks.kernel.errors import Denied, Invalid

__all__ = ["check_rights", "check_rules"]

_RIGHTS_PATH = "/sapi/v1/account/apiRestrictions"


async def check_rights(calls: Calls, rights_url: str) -> None:
    """Refuse a key that may take money out; raises Denied, or what a call raises.

    A test net tells no rights; there `rights_url` is "".
    """
    if not rights_url:
        return
    rights = await calls.call("GET", rights_url + _RIGHTS_PATH)
    if rights["enableWithdrawals"] is not False:
        message = "this key may withdraw: make one that may only trade"
        raise Denied(message, code="execution.venue_keys")


async def check_rules(
    calls: Calls, market: Market, base_url: str, instruments: tuple[Instrument, ...]
) -> None:
    """Check that our grids lie on the venue's; raises Invalid, or what a call raises."""
    if not instruments:
        return
    query = market.info_query(tuple(one.id for one in instruments))
    info = await calls.call("GET", base_url + market.info_path, query, signed=False)
    told = {row["symbol"]: row for row in info["symbols"]}
    for instrument in instruments:
        row = told.get(instrument.id)
        if row is None:
            message = f"{instrument.id} is not traded at Binance"
            raise Invalid(message, code="execution.bad_config")
        filters = {one["filterType"]: one for one in row["filters"]}
        tick = Decimal(filters["PRICE_FILTER"]["tickSize"])
        lot = Decimal(filters["LOT_SIZE"]["stepSize"])
        for ours, theirs, what in (
            (instrument.tick_size, tick, "tick"),
            (instrument.lot_size, lot, "lot"),
        ):
            if theirs and ours % theirs:
                message = f"the {what} of {instrument.id} is {theirs} at Binance, {ours} here"
                raise Invalid(message, code="execution.bad_config")
