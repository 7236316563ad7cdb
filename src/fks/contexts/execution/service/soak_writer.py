"""An open loop of durable orders through the writer of trading accounts.

Two accounts trade a matched instrument with each other. Every input goes the way of a real one:
journaled, applied by the trading machine with all its controls, let out once it is durable. First
the writer is kept busy for some seconds, to see what it can sustain; then orders are sent when
they are due, from a thread of their own, and a delay is counted from then.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from fks.contexts.execution.adapters.journal.log import Journal
from fks.contexts.execution.domain.matching.engines import engine
from fks.contexts.execution.domain.risk.limit_table import LIMITS, Unit
from fks.contexts.execution.domain.trading import inputs
from fks.contexts.execution.domain.trading.machine import TradingMachine
from fks.contexts.execution.service.bench_journaled import SMALL
from fks.contexts.execution.service.soak_vitals import (
    Delays,
    Outcome,
    Reopened,
    TimedDisk,
    Vitals,
    vitals,
)
from fks.contexts.execution.service.trading.opening import TRADING_KINDS
from fks.contexts.execution.service.trading.writer import Done, Writer
from fks.contracts.execution import OpenAccount, OrderRequest
from fks.contracts.values import Instrument, OrderType, Side
from fks.kernel.clock import SystemClock

__all__ = ["soaked"]

_GOLD = Instrument(id="GC", tick_size=Decimal("0.1"), multiplier=Decimal(100))
_MIDDLE, _TICK = Decimal(2000), Decimal("0.1")
_ACCOUNTS = ("soak-1", "soak-2")
_CONFIG = hashlib.blake2b(b"soak", digest_size=16).digest()
_RESTING, _BEHIND, _WARM_S = 100, 256, 3.0
_YEAR_NS = 365 * 86_400_000_000_000
_KEPT_WORDS = frozenset({Unit.WORDS, Unit.CHOICE, Unit.GROUPS})


class _Counting(TradingMachine):
    """The machine, counting what is replayed into it."""

    count = 0

    def apply(self, seq: int, ts_ns: int, kind: int, version: int, payload: bytes) -> Any:
        """Apply a record and count it."""
        self.count += 1
        return super().apply(seq, ts_ns, kind, version, payload)


class _Flow:
    """Wishes: 55 % new, 35 % cancel, 10 % change what is working."""

    def __init__(self, machine: TradingMachine) -> None:
        self._floor = machine.floor
        self._chance = random.Random(1)  # noqa: S311  # a workload, not a secret
        self._known: list[int] = []
        self._number = 0

    def placed(self, order_id: int) -> None:
        """Note an order."""
        self._known.append(order_id)

    def next(self) -> inputs.Input:
        """Return the next wish."""
        what = self._chance.random()
        order_id = self._any() if what >= 0.55 else None
        if order_id is None:
            return self._new()
        if what < 0.9:
            return inputs.CancelAsked(order_id=order_id)
        side = self._floor.working[order_id].request.side
        return inputs.ChangeAsked(order_id=order_id, price=self._price(side, takes=False))

    def _any(self) -> int | None:
        """Return a working order."""
        known = self._known
        while known:
            at = self._chance.randrange(len(known))
            if known[at] in self._floor.working:
                return known[at]
            known[at] = known[-1]
            known.pop()
        return None

    def _new(self) -> inputs.Placed:
        self._number += 1
        side = self._chance.choice((Side.BUY, Side.SELL))
        takes = self._chance.random() < 10 / 55 * len(self._floor.working) / _RESTING
        request = OrderRequest(
            account=_ACCOUNTS[self._number % 2],
            client_order_id=f"soak-{self._number}",
            symbol=_GOLD.id,
            side=side,
            quantity=Decimal(self._chance.randint(1, 9)),
            type=OrderType.LIMIT,
            price=self._price(side, takes=takes),
        )
        return inputs.Placed(request=request)

    def _price(self, side: Side, *, takes: bool) -> Decimal:
        """Return a price on the side's own half, or one that meets the other half."""
        away = _TICK * (self._chance.randint(1, 100) if not takes else -100)
        return _MIDDLE - away if side is Side.BUY else _MIDDLE + away


class _Soak:
    """A writer under load, in the loop that runs."""

    def __init__(self, folder: Path, *, small: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self.delays, self.disk = Delays(), TimedDisk()
        self.machine = TradingMachine(engine)
        self.acknowledged = self.commits = self.sent = 0
        self.first: Vitals | None = None
        self.failure: BaseException | None = None
        self._due_ns: dict[int, int] = {}
        self._flow = _Flow(self.machine)
        holder: list[Writer] = []

        def on_durable(seq: int) -> None:
            self.commits += 1
            if holder:
                holder[0].on_durable(seq)

        def on_failure(error: BaseException) -> None:
            self._loop.call_soon_threadsafe(self._fail, error)

        self.journal, _ = Journal.open(
            folder,
            config_hash=_CONFIG,
            kinds=TRADING_KINDS,
            files=self.disk,
            on_durable=on_durable,
            on_failure=on_failure,
            **(SMALL if small else {}),
        )
        self.journal.recover(self.machine)
        self.writer = Writer(self.journal, self.machine, SystemClock())
        holder.append(self.writer)
        self.writer.listen(self._durable)

    async def prepare(self) -> None:
        """Define what is traded, open the accounts, fill the book, wait for the journal."""
        self.writer.put(
            inputs.InstrumentDefined(
                venue="internal",
                instrument=_GOLD,
                matched=True,
                initial_margin_ppb=50_000_000,
                stale_ns=_YEAR_NS,
            )
        )
        waived = {one.name: "none" for one in LIMITS if one.unit not in _KEPT_WORDS}
        for name in _ACCOUNTS:
            wish = OpenAccount(
                key=name, id=name, venue="internal", balance=Decimal(10**8), limits=waived
            )
            self.writer.put(inputs.AccountOpened(account=wish))
        seen = inputs.MarketSeen(venue="internal", symbol=_GOLD.id, price=_MIDDLE)
        await self.writer.take(seen)
        while len(self.machine.floor.working) < _RESTING:
            self.send()
            await self.writer.durable(self.journal.seq)
        await asyncio.to_thread(self._prepared)
        self.commits, self.disk.syncs = 0, Delays()

    def _prepared(self) -> None:
        """Wait until the journal's next segment lies ready."""
        while not self.journal.prepared and self.failure is None:
            time.sleep(0.01)

    def send(self, due_ns: int = 0) -> None:
        """Put the next wish, which was due at an instant of the monotonic clock."""
        if self.failure is not None:
            return
        seq, answer = self.writer.put(wish := self._flow.next())
        if due_ns:
            self._due_ns[seq] = due_ns
        if isinstance(wish, inputs.Placed):
            self._flow.placed(answer)

    async def flat_out(self, seconds: float) -> float:
        """Return the wishes a second with as many under way as the writer bears."""
        began_s, count = time.perf_counter(), 0
        while time.perf_counter() < began_s + seconds:
            if self.writer.behind < _BEHIND:
                self.send()
                count += 1
            else:
                await asyncio.sleep(0)
        await self._settled()
        return count / (time.perf_counter() - began_s)

    async def run(self, rate: float, seconds: float) -> tuple[int, float]:
        """Send wishes when they are due; return how many, and the seconds it took."""
        total, every_ns = int(rate * seconds), 1e9 / rate
        began_ns, over = time.perf_counter_ns(), asyncio.Event()
        call = self._loop.call_soon_threadsafe

        def drive() -> None:
            for number in range(total):
                due_ns = began_ns + int(number * every_ns)
                time.sleep(max(0, due_ns - time.perf_counter_ns()) / 1e9)
                call(self.send, due_ns)
            call(over.set)

        self._loop.call_later(min(300.0, seconds / 6), self._warmed)
        thread = threading.Thread(target=drive, name="soak-load")
        thread.start()
        ticking = asyncio.create_task(self._tick())
        await over.wait()
        await self._settled()
        taken = (time.perf_counter_ns() - began_ns) / 1e9
        ticking.cancel()
        thread.join()
        return total, taken

    async def _settled(self) -> None:
        """Wait until everything is durable. Raises what the disk has failed with."""
        if self.failure is not None:
            raise self.failure
        await self.writer.durable(self.journal.seq)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self.writer.put(inputs.Ticked())

    def _warmed(self) -> None:
        self.first = vitals()

    def _fail(self, error: BaseException) -> None:
        self.failure = error
        self.writer.fail(error)

    def _durable(self, done: Done) -> None:
        """Take what has left: it is what whoever wished waited for."""
        self.acknowledged += 1
        due_ns = self._due_ns.pop(done.seq, 0)
        if due_ns:
            self.delays.add(time.perf_counter_ns() - due_ns)


def soaked(folder: Path, rate: float, seconds: float, *, small: bool = False) -> Outcome:
    """Soak a writer, close its journal, open it again and replay it.

    Raises `JournalFailed` where the disk fails, `JournalCorrupt` and `JournalDiverged`.
    """
    return asyncio.run(_soaked(folder, rate, seconds, small=small))


async def _soaked(folder: Path, rate: float, seconds: float, *, small: bool) -> Outcome:
    soak = _Soak(folder, small=small)
    try:
        await soak.prepare()
        sustained = await soak.flat_out(min(_WARM_S, seconds))
        soak.commits, soak.disk.syncs = 0, Delays()
        orders, taken = await soak.run(rate, seconds)
        last, seq = vitals(), soak.journal.seq
        await asyncio.sleep(0)  # what was told by the log's thread is heard
    finally:
        soak.journal.close()
    state, state_ms = _timed(soak.machine.state_hash)
    return Outcome(
        orders=orders,
        seconds=taken,
        commits=soak.commits,
        acknowledged=soak.acknowledged,
        state=state,
        delays=soak.delays,
        syncs=soak.disk.syncs,
        first=soak.first or last,
        last=last,
        again=_reopened(folder, seq),
        facts={
            "flat_out_rate": round(sustained, 1),
            "working": len(soak.machine.floor.working),
            "kept_orders": len(soak.machine.floor.orders),
            "state_hash_ms": round(state_ms, 2),
        },
    )


def _reopened(folder: Path, known_durable: int) -> Reopened:
    """Open the journal again and replay it into a new machine."""
    machine, began_s = _Counting(engine), time.perf_counter()
    journal, _ = Journal.open(
        folder, config_hash=_CONFIG, kinds=TRADING_KINDS, known_durable=known_durable, **SMALL
    )
    try:
        done = journal.recover(machine)
    finally:
        journal.close()
    taken_s = time.perf_counter() - began_s
    return Reopened(machine.count, done.state_hash, done.checkpoints, taken_s)


def _timed(call: Callable[[], bytes]) -> tuple[bytes, float]:
    """Return what a call gives, and the milliseconds it took."""
    began_s = time.perf_counter()
    found = call()
    return found, 1000 * (time.perf_counter() - began_s)
