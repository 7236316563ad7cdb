"""Commands that set numbers: instruments, accounts, strategies, cash, references, days.

Part of the plain matching engine; the rules are in `docs/explanation/matching.md`,
"Configuration". What the numbers mean is the ledger's business, except for the few that say how
orders are matched.
"""

from __future__ import annotations

from fks.contexts.execution.domain.matching.layout import (
    AccountKey,
    CommandKind,
    InstrumentKey,
    Reason,
)
from fks.contexts.execution.domain.matching.reference_state import (
    Book,
    Command,
    State,
)

__all__ = ["configured"]


def configured(state: State, c: Command) -> int:
    """Apply a command that sets something; return 0, or why it was not applied."""
    if c.kind == CommandKind.TIME:
        return Reason.NONE
    if c.kind == CommandKind.CONFIGURE_INSTRUMENT:
        return configure_instrument(state, c)
    if c.kind == CommandKind.CONFIGURE_ACCOUNT:
        return configure_account(state, c)
    if c.kind == CommandKind.CONFIGURE_STRATEGY:
        return state.ledger.configure_strategy(c.strategy, c.flags, c.price)
    if c.kind == CommandKind.CREDIT:
        return state.ledger.credit(c.account, c.price)
    if c.kind == CommandKind.NEW_DAY:
        return state.ledger.new_day(c.account)
    if c.kind == CommandKind.REFERENCE:
        return set_reference(state, c)
    return Reason.INVALID_ORDER


def fixed(book: Book | None, key: int, value: int) -> bool:
    """Tell whether a number cannot change: the kind, as long as there are live orders."""
    return key == InstrumentKey.KIND and book is not None and book.kind != value and book.live > 0


def configure_instrument(state: State, c: Command) -> int:
    """Set a number of an instrument; its kind comes first."""
    if c.instrument >= state.max_instruments:
        return Reason.CAPACITY
    book = state.books.get(c.instrument)
    if book is None and c.flags != InstrumentKey.KIND:
        return Reason.UNKNOWN_INSTRUMENT
    if fixed(book, c.flags, c.price):
        return Reason.INVALID_ORDER
    reason = state.ledger.configure_instrument(c.instrument, c.flags, c.price)
    if reason:
        return reason
    if book is None:
        book = state.books[c.instrument] = Book(c.instrument)
    if c.flags == InstrumentKey.KIND:
        book.kind = c.price
    elif c.flags == InstrumentKey.MIN_LOTS:
        book.min_lots = c.price
    elif c.flags == InstrumentKey.MIN_TICKS:
        book.min_ticks = c.price
    elif c.flags == InstrumentKey.MAX_TICKS:
        book.max_ticks = c.price
    return Reason.NONE


def configure_account(state: State, c: Command) -> int:
    """Set a number of an account."""
    reason = state.ledger.configure_account(c.account, c.instrument, c.flags, c.price)
    if reason == Reason.NONE and c.flags == AccountKey.SELF_TRADE_GROUP:
        state.groups[c.account] = c.price
    return reason


def set_reference(state: State, c: Command) -> int:
    """Set the reference price of an instrument."""
    book = state.books.get(c.instrument)
    if book is None:
        return Reason.UNKNOWN_INSTRUMENT
    reason = state.ledger.set_reference(c.instrument, c.price, state.now_ns)
    if reason == Reason.NONE:
        book.reference = c.price
    return reason
