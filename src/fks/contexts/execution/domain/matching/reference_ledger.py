"""The ledger as the plain matching engine uses it: with a way back.

A trade is two fills. Where the second does not fit the ledger's 64 bits, the first must not have
been.
"""

from __future__ import annotations

import dataclasses

from fks.contexts.execution.domain.matching.ledger import Ledger
from fks.contexts.execution.domain.matching.ledger_terms import Account

__all__ = ["ReferenceLedger"]


class ReferenceLedger(Ledger):
    """The plain ledger, from which an account can be kept and put back."""

    def kept(self, account: int) -> Account:
        """Return what an account is now; fills do not change it."""
        one = self._accounts[account]
        return dataclasses.replace(one, rows=dict(one.rows))

    def put_back(self, account: int, kept: Account) -> None:
        """Let an account be what it was."""
        self._accounts[account] = kept

    def cash(self, account: int) -> int:
        """Return the cash of an account, nanos; 0 where it is not known."""
        return self._accounts.get(account, Account()).cash
