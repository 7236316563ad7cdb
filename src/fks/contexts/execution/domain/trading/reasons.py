"""What each code means to a person, in a sentence that says what would work."""

from __future__ import annotations

from fks.contexts.execution.domain.matching.layout import Reason

__all__ = ["explained"]

_TEXTS = {
    Reason.TRADING_STATE: "trading is halted or reduces only; see the risk page for the gate",
    Reason.RESTRICTED: "the instrument may not be traded",
    Reason.INVALID_ORDER: "the fields of the order do not go together",
    Reason.DUPLICATE_ID: "an order of this id is at work already",
    Reason.MAX_QTY: "more than an order of this account may have",
    Reason.MAX_NOTIONAL: "worth more than an order of this account may be",
    Reason.PRICE_COLLAR: "too far from the market",
    Reason.STALE_REFERENCE: "the last price is missing or too old",
    Reason.BUYING_POWER: "not enough equity for its margin and fees",
    Reason.EXPOSURE: "the account's exposure would be too large",
    Reason.POSITION_LIMIT: "the position could become too large",
    Reason.CONCENTRATION: "too much of the equity would be in one instrument",
    Reason.OPEN_ORDERS: "too many orders are open",
    Reason.MSG_RATE: "too many orders in a second",
    Reason.SELF_TRADE: "it would trade with an order of the same owner",
    Reason.DAY_ACCUMULATED: "the day's volume is used up",
    Reason.UNKNOWN_ORDER: "no such order is at work",
    Reason.UNKNOWN_INSTRUMENT: "the engine does not know the instrument",
    Reason.UNKNOWN_ACCOUNT: "the engine does not know the account",
    Reason.LIMIT_MISSING: "a limit of the account or instrument was never set",
    Reason.NO_LIQUIDITY: "nothing (more) to trade with",
    Reason.NOT_FILLABLE: "it could not be filled whole",
    Reason.WOULD_CROSS: "it would have traded at once and is post-only",
    Reason.WRONG_PHASE: "the market's phase does not take it",
    Reason.REDUCE_ONLY: "it would not reduce the position",
    Reason.LINKED: "ended with another order of its list",
    Reason.REQUESTED: "cancelled by its owner",
    Reason.SESSION_END: "the session ended",
    Reason.EXPIRED: "its time was over",
    Reason.CAPACITY: "a table of the engine is full",
    Reason.OVERFLOW: "its worth does not fit 64 bits",
}


def explained(code: Reason) -> str:
    """Return the sentence of a code."""
    return _TEXTS.get(code, code.name.lower().replace("_", " "))
