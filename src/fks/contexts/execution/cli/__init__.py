"""The commands of execution."""

from __future__ import annotations

from collections.abc import Sequence

import rich_click as click

from fks.contexts.execution.cli.calendar import calendar
from fks.contexts.execution.cli.journal import journal, replay
from fks.contexts.execution.cli.simulation import calibrate, models, simulate
from fks.contexts.execution.cli.switch import kill, rearm
from fks.contexts.execution.cli.trading import accounts, approvals, orders, risk

__all__ = ["commands"]


@click.group()
def execution() -> None:
    """Look after the journal, fit and try the simulation of fills."""


def commands() -> Sequence[click.Command]:
    """Return every command of execution."""
    for command in (journal, replay, calibrate, models, simulate):
        execution.add_command(command)
    risk.add_command(calendar)
    return [execution, accounts, orders, risk, approvals, kill, rearm]
