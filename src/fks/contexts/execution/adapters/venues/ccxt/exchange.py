"""ccxt's exchange objects, and what its errors mean to an order that was sent.

Certain refusals are those that an exchange gives in its own words before it takes an order. All
else that can go wrong, the vendor's own mistakes in reading an answer included, leaves doubt.
"""

from __future__ import annotations

import importlib
import re
from decimal import Decimal
from typing import Any

from fks.contexts.execution.adapters.venues.ccxt.terms import CcxtSettings
from fks.contexts.execution.adapters.venues.secrets import secret
from fks.contracts.execution import VenueFill, VenueOrderStatus
from fks.contracts.values import Side
from fks.kernel.errors import Denied, FksError, Invalid, TimedOut, Unavailable

__all__ = ["Errors", "amount", "exchange_of", "fill_from", "status_from", "words_of"]

_STATES = {
    "closed": "filled",
    "canceled": "cancelled",
    "canceling": "new",
    "rejected": "rejected",
    "expired": "expired",
    "expired_in_match": "expired",
}
_MILLI = 1_000_000
_QUERY = re.compile(r"\?\S+")


class Errors:
    """The kinds of ccxt's errors."""

    def __init__(self, ccxt: Any) -> None:
        self.missing: type[Exception] = ccxt.OrderNotFound
        # What ccxt raises, and what its parsers let through when an answer cannot be read.
        self.any: tuple[type[Exception], ...] = (
            ccxt.BaseError,
            LookupError,
            TypeError,
            ValueError,
            AttributeError,
            ArithmeticError,
            OSError,
        )
        self.refusals: tuple[type[Exception], ...] = (
            ccxt.InvalidOrder,
            ccxt.InsufficientFunds,
            ccxt.BadRequest,
            ccxt.BadSymbol,
            ccxt.AuthenticationError,
            ccxt.PermissionDenied,
            ccxt.NotSupported,
            ccxt.MarketClosed,
            ccxt.RateLimitExceeded,
            ccxt.InvalidNonce,
        )
        self._denied = (ccxt.AuthenticationError, ccxt.PermissionDenied)
        self._slow = ccxt.RequestTimeout

    def told(self, error: Exception, what: str) -> FksError:
        """Return an error of ours for a question that failed."""
        text = f"{what}: {type(error).__name__}: {words_of(error)}"
        if isinstance(error, self._denied):
            return Denied(text, code="execution.venue_refused")
        if isinstance(error, self._slow):
            return TimedOut(text, code="execution.venue_timed_out")
        return Unavailable(text, code="execution.venue_unavailable")


def exchange_of(settings: CcxtSettings) -> tuple[Any, Errors]:
    """Return ccxt's exchange as it was set up. Raises `Invalid`, `Unavailable` without ccxt."""
    try:
        ccxt: Any = importlib.import_module("ccxt.async_support")
    except ModuleNotFoundError as error:
        raise Unavailable(
            "this venue needs ccxt: install fks[ccxt]", code="execution.extra_missing"
        ) from error
    if settings.exchange not in ccxt.exchanges:
        raise Invalid(f"ccxt knows no exchange {settings.exchange!r}", code="execution.bad_config")
    made = getattr(ccxt, settings.exchange)(
        {
            "apiKey": secret("api_key", settings.api_key_env, settings.api_key_file),
            "secret": secret("api_secret", settings.api_secret_env, settings.api_secret_file),
            "password": secret("passphrase", settings.passphrase_env, settings.passphrase_file),
            "timeout": int(settings.timeout_s * 1000),
            "enableRateLimit": True,
            "options": {"defaultType": settings.market, **settings.options},
        }
    )
    made.number = str  # figures as they were written: floats would lose some
    made.options["maxRetriesOnFailure"] = 0  # an order is never sent twice
    if settings.sandbox:
        made.set_sandbox_mode(True)
    made.urls = made.deep_extend(made.urls, dict(settings.urls))
    return made, Errors(ccxt)


def words_of(error: Exception) -> str:
    """Return what an error says, without the query of an address: that bears a signature."""
    return _QUERY.sub("?...", str(error))[:200]


def amount(figure: Any) -> Decimal:
    """Return one of ccxt's figures; 0 for none."""
    return Decimal(str(figure)) if figure not in (None, "") else Decimal(0)


def status_from(order: Any, symbol: str) -> VenueOrderStatus:
    """Return ccxt's order."""
    filled = amount(order["filled"])
    state = _STATES.get(order["status"] or "", "new")
    if state == "new" and filled:
        state = "partially_filled"
    return VenueOrderStatus(
        client_order_id=order["clientOrderId"] or "",
        venue_order_id=str(order["id"] or ""),
        symbol=symbol,
        side=Side(order["side"]),
        state=state,
        quantity=amount(order["amount"]),
        filled=filled,
        ts_ns=(order["lastUpdateTimestamp"] or order["timestamp"] or 0) * _MILLI,
        price=amount(order["price"]) or None if order["type"] != "market" else None,
        average_price=amount(order["average"]) if filled else None,
    )


def fill_from(trade: Any, client_order_id: str, symbol: str) -> VenueFill:
    """Return ccxt's trade."""
    fee = trade["fee"] or {}
    return VenueFill(
        trade_id=str(trade["id"]),
        client_order_id=client_order_id,
        venue_order_id=str(trade["order"] or ""),
        symbol=symbol,
        side=Side(trade["side"]),
        quantity=amount(trade["amount"]),
        price=amount(trade["price"]),
        fee=amount(fee.get("cost")),
        fee_currency=fee.get("currency") or "",
        ts_ns=(trade["timestamp"] or 0) * _MILLI,
        maker=trade["takerOrMaker"] == "maker",
    )
