"""A process with execution in it, for a test that kills it: runs one session to its end.

Arguments: home, number of bars, journal file. Prints the session's status at the end.
"""

from __future__ import annotations

import asyncio
import sys
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import feeder

from fks.contracts.execution import (
    CostModel,
    DeskConfig,
    GetSession,
    RiskLimits,
    SessionStatus,
    StartSession,
)
from fks.contracts.values import FillRule, Instrument
from fks.kernel.testing import running_app


def command() -> StartSession:
    """Return the one session this process is for; its key makes it the same every time."""
    return StartSession(
        key="the-session",
        strategy="feeder",
        params={},
        dataset="known",
        dataset_hash="hash",
        config=DeskConfig(
            instrument=Instrument(id="TEST", tick_size=Decimal("0.25"), lot_size=Decimal("0.5")),
            cash=100_000.0,
            quantity=3.0,
            fill_rule=FillRule.NEXT_OPEN,
            costs=CostModel(fee_bps=2.5, fee_per_unit=0.01, slippage_ticks=1),
            limits=RiskLimits(
                max_order_quantity=None, max_position_quantity=None, max_order_notional=None
            ),
        ),
    )


async def main(home: Path, bars: int, journal: str) -> None:
    """Run until the session is over."""
    plugin = feeder.Plugin(bars, journal)
    async with running_app(home=home, contexts=["execution", "feeder"], plugins=[plugin]) as app:
        bus = app.runtime.bus
        session = await bus.ask(command(), timeout_s=30)
        while session.status in (SessionStatus.RUNNING, SessionStatus.PAUSED):
            await asyncio.sleep(0.02)
            session = await bus.ask(GetSession(session_id=session.id), timeout_s=30)
        sys.stdout.write(session.status.value)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
