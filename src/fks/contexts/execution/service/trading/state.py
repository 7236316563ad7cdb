"""What the parts of live trading share: the writer, links to venues, the switch, latencies."""

from __future__ import annotations

from fks.contexts.execution.domain.trading.floor import Floor
from fks.contexts.execution.domain.trading.state import AccountRecord
from fks.contexts.execution.service.trading.latency import Latencies
from fks.contexts.execution.service.trading.links import Link
from fks.contexts.execution.service.trading.reconciling import Reconciling
from fks.contexts.execution.service.trading.switch import Switch
from fks.contexts.execution.service.trading.writer import Writer
from fks.contracts.execution import VenueSpec
from fks.kernel.clock import Clock
from fks.kernel.errors import NotFound

__all__ = ["Live"]


class Live:
    """Trading while it runs."""

    def __init__(
        self,
        writer: Writer,
        switch: Switch,
        specs: dict[str, VenueSpec],
        clock: Clock,
    ) -> None:
        self.writer = writer
        self.switch = switch
        self.specs = specs
        self.clock = clock
        self.latencies = Latencies()
        self.links: dict[str, Link] = {}
        self.reconciling: dict[str, Reconciling] = {}
        self.kill_when_flat = ""
        self.durable = "group"

    @property
    def floor(self) -> Floor:
        """Return the machine's records, for reading."""
        return self.writer.machine.floor

    def account(self, name: str) -> AccountRecord:
        """Return an account. Raises `NotFound`."""
        found = self.floor.accounts.get(name)
        if found is None:
            known = ", ".join(sorted(self.floor.accounts)) or "none yet"
            raise NotFound(f"no account {name}; there are: {known}", code="execution.no_account")
        return found
