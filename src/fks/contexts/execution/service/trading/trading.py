"""Live trading put together: journal, machine, venues, projections and the switch, in one process.

Nothing is opened before it is needed: a process that never trades makes no journal. Once there is
one, a start recovers it, links its accounts again and reconciles them before new orders pass.
"""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

import structlog

from fks.contexts.execution.adapters.journal.log import Journal
from fks.contexts.execution.domain.trading import inputs
from fks.contexts.execution.domain.trading.effects import (
    Asked,
    BreakerTripped,
    CancelSent,
    ChangeSent,
    OrderSent,
)
from fks.contexts.execution.service.trading.desk import Desk
from fks.contexts.execution.service.trading.hearing import heard_signal
from fks.contexts.execution.service.trading.linking import Linking
from fks.contexts.execution.service.trading.market import Market
from fks.contexts.execution.service.trading.opening import open_journal
from fks.contexts.execution.service.trading.oversight import Oversight
from fks.contexts.execution.service.trading.projector import Projector
from fks.contexts.execution.service.trading.questions import Questions
from fks.contexts.execution.service.trading.snapshots import Snapshots
from fks.contexts.execution.service.trading.state import Live
from fks.contexts.execution.service.trading.switch import Switch
from fks.contexts.execution.service.trading.writer import Done, Writer
from fks.contexts.execution.settings import ExecutionSettings
from fks.contexts.execution.store import Cursor, TradingStore
from fks.contracts.engine import SignalRaised
from fks.contracts.execution import AccountMode, OpenAccount
from fks.kernel.errors import Conflict, FksError, NotFound, Unavailable
from fks.kernel.health import CheckResult, Status
from fks.kernel.runtime import Runtime
from fks.kernel.telemetry import Metrics

__all__ = ["Trading"]

_log = structlog.get_logger("fks.execution")
_TICK_S = 1.0
_IDLE_S = 10  # seconds between ticks while nothing waits for time
_FUTURES_MARGIN_PPB = 100_000_000  # a tenth of the notional, where settings say nothing
T = TypeVar("T")


class Trading:
    """Trading accounts of this process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._settings = runtime.section("execution", ExecutionSettings)
        self._folder = runtime.home / "execution"
        self._store = TradingStore()
        self._opening = asyncio.Lock()
        self._journal: Journal | None = None
        self._live: Live | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._linking: Linking | None = None
        self._projector = Projector(runtime.database, self._store)
        self._desk: Desk | None = None
        self._oversight: Oversight | None = None
        self._questions: Questions | None = None
        self.market = Market()
        self.failed: BaseException | None = None
        self._seconds = 0
        runtime.singleton(Metrics, Metrics).read(
            "fks_trading", "What trading accounts hold now, and their latencies.", self.counts
        )

    @property
    def live(self) -> Live | None:
        """Return what runs, None before it is opened."""
        return self._live

    @property
    def begun(self) -> bool:
        """Tell whether there is a journal."""
        return (self._folder / "journal").exists()

    @property
    def projecting(self) -> int:
        """Return how many durable inputs the database does not show yet."""
        return self._projector.behind

    async def check(self) -> CheckResult:
        """Tell how trading is: not begun, killed, behind, or cut off from a venue."""
        live = self._live
        if self.failed is not None:
            return CheckResult(Status.UNHEALTHY, str(self.failed))
        if live is None:
            return CheckResult(Status.HEALTHY, "no trading account yet")
        away = [link.account.id for link in live.links.values() if not link.connected]
        if live.switch.down:
            return CheckResult(Status.DEGRADED, f"killed: {live.switch.reason or 'kill.lock'}")
        if away:
            return CheckResult(Status.DEGRADED, f"{', '.join(away)} not connected to its venue")
        mirror = self._journal.mirror if self._journal is not None else None
        if mirror is not None and mirror.failing:
            said = f"the journal's mirror is {mirror.behind} records behind: {mirror.failing}"
            return CheckResult(Status.DEGRADED, said)
        anchors = self._journal.anchors if self._journal is not None else None
        if anchors is not None and anchors.failing:
            return CheckResult(Status.DEGRADED, anchors.failing)
        if self._projector.failing:
            return CheckResult(Status.DEGRADED, f"projections wait: {self._projector.failing}")
        return CheckResult(Status.HEALTHY)

    def counts(self) -> dict[str, float]:
        """Return what is held and what waits, for metrics."""
        live = self._live
        if live is None:
            return {}
        return {
            "accounts": float(len(live.floor.accounts)),
            "working_orders": float(len(live.floor.working)),
            "not_durable": float(live.writer.behind),
            "not_projected": float(self._projector.behind),
            "journal_seq": float(live.floor.seq),
            "killed": float(live.switch.down),
            **self._mirrored(),
            **live.latencies.percentiles_us(),
        }

    def _mirrored(self) -> dict[str, float]:
        mirror = self._journal.mirror if self._journal is not None else None
        return {} if mirror is None else {"not_mirrored": float(mirror.behind)}

    # --- opening ---

    async def run(self) -> None:
        """Recover what there is, then tick until cancelled; close at the end."""
        try:
            if self.begun:
                await self.open()
            while True:
                await asyncio.sleep(_TICK_S)
                if self.failed is not None:
                    raise self.failed
                if self._live is not None:
                    await self._tick(self._live)
        finally:
            await self.close()

    async def open(self) -> Live:
        """Open the journal and link the accounts, once.

        Raises `Unavailable` where the journal cannot be opened, `Conflict` where the database
        knows more than it.
        """
        async with self._opening:
            if self._live is not None:
                return self._live
            self._live = live = await self._open()
            self._desk = Desk(live.writer, live.latencies)
            self._linking = linking = Linking(self._runtime, live, self.market, self._spawn)
            self._oversight = Oversight(live, linking)
            self._questions = Questions(
                live, self._store, self._runtime.database, self._projector, self._desk, self.market
            )
            self._spawn(self._projector.run())
            self._spawn(live.switch.watch())
            self._spawn(Snapshots(self._runtime.home).run())
            for account in list(live.floor.accounts):
                await linking.link(account)
            return live

    async def close(self) -> None:
        """Stop, and make durable what was taken."""
        self.failed = None
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5.0)
        if self._linking is not None:
            await self._linking.close()
        journal, self._journal, self._live = self._journal, None, None
        self._linking = None
        self.market.detach()
        if journal is not None:
            try:
                await asyncio.to_thread(journal.close)
            except FksError as error:
                _log.error("journal_close", error=error.message)

    async def _open(self) -> Live:
        async with self._runtime.database.reading() as tx:
            cursor = await self._store.cursor(tx)
        writers: list[Writer] = []  # none before the journal is read
        loop = asyncio.get_running_loop()

        def durable(seq: int) -> None:
            if writers:
                writers[0].on_durable(seq)

        def failed(error: BaseException) -> None:
            loop.call_soon_threadsafe(self._stop_at, error)

        folder = self._folder / "journal"
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True, mode=0o700)
        opened = await open_journal(folder, cursor, self._settings, durable, failed)
        self._journal = opened.journal
        await self._same_journal(cursor, opened.name)
        writer = Writer(opened.journal, opened.machine, self._runtime.clock)
        writers.append(writer)
        writer.listen(self._let_out)
        self._projector.moved = opened.journal.keep_after
        for done in opened.missed:
            self._projector.add(done)
        specs = {s.name: s for found in self._runtime.hook.fks_venues() for s in found}
        switch = Switch(self._folder, self._fall)
        live = Live(writer, switch, specs, self._runtime.clock)
        live.durable = self._settings.durability
        return live

    async def _same_journal(self, cursor: Cursor, name: str) -> None:
        """Refuse a database that shows another journal; name ours to a fresh one."""
        if cursor.journal and cursor.journal != name:
            raise Conflict(
                f"the database shows another journal than {self._folder}; restore them together",
                code="execution.other_journal",
            )
        if not cursor.journal:
            async with self._runtime.database.transaction() as tx:
                await self._store.begin(tx, name)

    # --- what runs ---

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.failed = task.exception()

    def _stop_at(self, error: BaseException) -> None:
        """Acknowledge nothing more: the disk failed. The service ends and begins anew."""
        self.failed = error
        if self._live is not None:
            self._live.writer.fail(error)

    def _let_out(self, done: Done) -> None:
        """Do and tell what has become durable."""
        live = self._live
        self._projector.add(done)
        if live is None:
            return
        for effect in done.effects:
            match effect:
                case OrderSent(account, _) | CancelSent(account, _):
                    if account in live.links:
                        live.links[account].send(effect)
                case ChangeSent():
                    if effect.account in live.links:
                        live.links[effect.account].send(effect)
                case Asked():
                    if self._linking is not None and effect.account in self._linking.asking:
                        self._linking.asking[effect.account].ask(effect)
                case BreakerTripped(venue, reason):
                    for link in live.links.values():
                        if link.account.venue == venue:
                            link.breaker.failed(reason, self._runtime.clock.monotonic_ns())

    def _fall(self, reason: str) -> None:
        """Take the fall of the switch by file, signal or socket into the journal."""
        live = self._live
        assert live is not None
        gate = live.floor.gates.get(("global", ""))
        if gate is not None and gate[0] == "killed":
            return
        try:
            live.writer.put(
                inputs.Killed(scope="global", target="", reason=reason, person="switch"),
                urgent=True,
            )
        except Unavailable as error:
            _log.error("kill_not_journaled", error=error.message)
            for link in live.links.values():
                for order in link.working():
                    link.send(CancelSent(order.request.account, order.id))

    async def _tick(self, live: Live) -> None:
        """Let a second pass: windows, patience, cancels that were not answered."""
        self._seconds += 1
        try:
            if self._seconds % _IDLE_S == 0 or _waits(live):
                live.writer.put(inputs.Ticked(), urgent=True)
        except Unavailable as error:
            _log.warning("tick_not_journaled", error=error.message)
        for link in live.links.values():
            await link.resend_cancels()
        flat = all(not h.lots for a in live.floor.accounts.values() for h in a.holdings.values())
        if live.kill_when_flat and flat and not live.floor.working:
            live.switch.drop(live.kill_when_flat)
            live.kill_when_flat = ""

    # --- doors ---

    async def ready(self, account: str = "", symbol: str = "") -> Live:
        """Return what runs, with the account and the symbol known where they can be.

        The first wish of all opens the paper account of the house.
        """
        live = await self.open()
        if not live.floor.accounts and self._settings.paper_account:
            assert self._oversight is not None
            await self._oversight.open_account(
                OpenAccount(
                    key="first",
                    id="paper",
                    mode=AccountMode.PAPER,
                    limits=self._settings.paper_limits,
                )
            )
        if account and symbol and account in live.floor.accounts:
            assert self._linking is not None
            venue = live.floor.accounts[account].venue
            await self._linking.learn(venue, symbol)
            self.market.flush(venue, symbol)
        return live

    async def trading(self, account: str, symbol: str) -> Desk:
        """Return the desk for a new order. Raises `Unavailable` before reconciling is through."""
        live = await self.ready(account, symbol)
        link = live.links.get(account)
        if link is not None and not link.reconciled and not live.floor.accounts[account].gap:
            raise Unavailable(
                f"{account} is being reconciled with {link.account.venue}; new orders wait",
                code="execution.reconciling",
                retry_after_s=1.0,
            )
        assert self._desk is not None
        return self._desk

    async def desk(self) -> Desk:
        """Return the desk, for what only ends or looks."""
        await self.ready()
        assert self._desk is not None
        return self._desk

    async def hear_signal(self, event: SignalRaised) -> None:
        """Act on what a strategy raised, at the accounts that are routed to it, once."""
        live = self._live
        if live is None:
            return
        routed = [r for r in live.floor.routes.values() if r.enabled]
        if not any(r.strategy_id == event.strategy for r in routed):
            return
        wish = heard_signal(event, live.clock.now_ns())
        if wish is None or wish.signal_id in live.floor.signals:
            return
        for route in routed:
            if route.strategy_id == event.strategy:
                await self.ready(route.account, event.instrument)
        try:
            await (await self.desk()).take_signal(wish)
        except FksError as error:
            _log.warning("signal_not_taken", signal=wish.signal_id, error=error.message)

    async def oversight(self) -> Oversight:
        """Return what is above orders."""
        await self.ready()
        assert self._oversight is not None
        return self._oversight

    async def questions(self) -> Questions:
        """Return what answers questions. Asking does not open a journal that is not there."""
        if not self.begun and self._live is None:
            raise NotFound("there are no trading accounts yet", code="execution.no_account")
        await self.open()
        assert self._questions is not None
        return self._questions


def _waits(live: Live) -> bool:
    """Tell whether the next second matters: to an order, a signal, a gate, a strategy's silence."""
    floor = live.floor
    opens = any(gate[4] for gate in floor.gates.values())
    return bool(floor.working or floor.held or opens or floor.policies.hears())
