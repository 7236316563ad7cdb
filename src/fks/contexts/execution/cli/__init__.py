"""The commands of execution."""

from __future__ import annotations

from collections.abc import Sequence

import rich_click as click

from fks.contexts.execution.cli.switch import kill, rearm
from fks.contexts.execution.cli.trading import accounts, approvals, orders, risk

__all__ = ["commands"]


def commands() -> Sequence[click.Command]:
    """Return every command of execution."""
    return [accounts, orders, risk, approvals, kill, rearm]
