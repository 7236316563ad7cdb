"""Accounts and instruments coming in, limits changing, days turning, equity being marked."""

from __future__ import annotations

from fks.contexts.execution.domain.matching.layout import (
    AccountKey,
    CommandKind,
    InstrumentKey,
    Kind,
)
from fks.contexts.execution.domain.risk.limits import ledger_settings, parse_limits
from fks.contexts.execution.domain.trading.effects import Told
from fks.contexts.execution.domain.trading.floor import Floor
from fks.contexts.execution.domain.trading.gates import Gates
from fks.contexts.execution.domain.trading.inputs import (
    AccountArmed,
    AccountOpened,
    InstrumentDefined,
    LimitsSet,
    MarketSeen,
)
from fks.contexts.execution.domain.trading.scales import ExactScale, nanos_of
from fks.contexts.execution.domain.trading.state import AccountRecord, InstrumentRecord

__all__ = ["Accounts"]

_DAY_NS = 86_400_000_000_000
_MONDAY = 4  # the first of January 1970 was a Thursday


class Accounts:
    """Keep accounts and instruments, in the records and in the engine."""

    def __init__(self, floor: Floor, gates: Gates) -> None:
        self._floor = floor
        self._gates = gates

    def define(self, given: InstrumentDefined) -> None:
        """Make an instrument known, or its numbers new."""
        floor = self._floor
        key = (given.venue, given.instrument.id)
        known = floor.instruments.get(key)
        number = known.number if known is not None else len(floor.instruments)
        record = InstrumentRecord(
            number=number,
            venue=given.venue,
            instrument=given.instrument,
            matched=given.matched,
            initial_margin_ppb=given.initial_margin_ppb,
            taker_fee_ppb=given.taker_fee_ppb,
            lot_fee_nanos=given.lot_fee_nanos,
            collar_ppm=0 if given.collar_ticks else given.collar_ppm,
            collar_ticks=given.collar_ticks,
        )
        if known is not None:
            record.last_ticks, record.last_ts_ns = known.last_ticks, known.last_ts_ns
        floor.instruments[key] = floor.by_number[number] = record
        scale = floor.scales[number] = ExactScale(given.instrument)
        numbers = {
            InstrumentKey.KIND: Kind.BOOK if given.matched else Kind.ROUTED,
            InstrumentKey.UNIT_NANOS: scale.unit_nanos,
            InstrumentKey.MIN_LOTS: 1,
            InstrumentKey.MAX_LOTS: given.max_lots,
            InstrumentKey.MIN_TICKS: -(2**40),
            InstrumentKey.MAX_TICKS: 2**40,
            InstrumentKey.COLLAR_TICKS: given.collar_ticks or 1,
            InstrumentKey.STALE_NS: given.stale_ns,
            InstrumentKey.INITIAL_MARGIN_PPB: given.initial_margin_ppb,
            InstrumentKey.MAINTENANCE_MARGIN_PPB: given.maintenance_margin_ppb,
            InstrumentKey.MAKER_FEE_PPB: given.maker_fee_ppb,
            InstrumentKey.TAKER_FEE_PPB: given.taker_fee_ppb,
            InstrumentKey.LOT_FEE_NANOS: given.lot_fee_nanos,
            InstrumentKey.RESTRICTED: int(given.restricted),
        }
        for name, value in numbers.items():
            floor.govern(
                CommandKind.CONFIGURE_INSTRUMENT,
                instrument=number,
                flags=int(name),
                price=int(value),
            )
        for account in floor.accounts.values():
            if account.venue == given.venue:
                self._set_limits(account, record)

    def open(self, given: AccountOpened) -> None:
        """Open an account with its limits; what it does not name takes the hard rules."""
        floor, wish = self._floor, given.account
        start = nanos_of(wish.balance)
        account = AccountRecord(
            id=wish.id,
            number=len(floor.accounts) + 1,
            mode=wish.mode.value,
            venue=wish.venue,
            currency=wish.currency,
            name=wish.name,
            start_nanos=start,
            limits=dict(wish.limits),
            limits_version=1,
            sizing=wish.sizing,
            prop=wish.prop,
            amends=given.amends,
            dedups=given.dedups,
            cash_nanos=start,
            peak_nanos=start,
        )
        floor.accounts[account.id] = account
        floor.policies.open_account(
            account.id, parse_limits(account.limits), account.prop, start, floor.now_ns
        )
        self._all_limits(account)
        floor.govern(CommandKind.CREDIT, account=account.number, price=start)
        floor.set_gate_numbers()
        self._turn_day(account)
        floor.emit(Told(account.id, 0, "opened", f"{account.mode} at {account.venue}"))
        floor.account_moved(account.id)

    def change_limits(self, given: LimitsSet) -> None:
        """Take over changed limits as a new version."""
        floor, change = self._floor, given.change
        account = floor.accounts[change.account]
        before = parse_limits(account.limits).texts()
        account.limits = {**account.limits, **change.limits}
        account.limits_version += 1
        account.prop = change.prop if change.prop is not None else account.prop
        account.sizing = change.sizing if change.sizing is not None else account.sizing
        self._gates.act(
            floor.policies.change_limits(
                account.id, parse_limits(account.limits), account.prop, floor.now_ns
            )
        )
        self._all_limits(account)
        words = [
            f"{name} {before.get(name, before[name.partition('@')[0]])} → {value}"
            for name, value in sorted(change.limits.items())
        ]
        words += ["rules of the firm"] * (change.prop is not None)
        words += ["sizing"] * (change.sizing is not None)
        detail = f"version {account.limits_version} by {change.person}: {', '.join(words)}"
        because = f" ({change.reason.strip()})" if change.reason.strip() else ""
        floor.emit(Told(account.id, 0, "limits", detail + because))
        floor.account_moved(account.id)

    def arm(self, given: AccountArmed) -> None:
        """Let a live account send until an instant, or no longer."""
        account = self._floor.accounts[given.account]
        account.armed_until_ns = given.until_ts_ns
        what = "armed" if given.until_ts_ns else "disarmed"
        self._floor.emit(Told(account.id, 0, what, f"by {given.person}"))
        self._floor.account_moved(account.id)

    def seen(self, given: MarketSeen) -> None:
        """Take over a price: references, marks, losses."""
        floor = self._floor
        record = floor.instruments[(given.venue, given.symbol)]
        record.last_ticks = floor.scales[record.number].nearest_ticks(given.price)
        record.last_ts_ns = floor.now_ns
        floor.command(CommandKind.REFERENCE, instrument=record.number, price=record.last_ticks)
        self._move_collar(record)
        for account in floor.accounts.values():
            holding = account.holdings.get(record.number)
            if account.venue == given.venue and holding is not None and holding.lots:
                self.mark(account)

    def _move_collar(self, record: InstrumentRecord) -> None:
        """Keep a collar that is a share of the price in step with it, by a hundredth."""
        wanted = max(1, abs(record.last_ticks) * record.collar_ppm // 1_000_000)
        if not record.collar_ppm or abs(wanted - record.collar_ticks) * 100 < wanted:
            return
        record.collar_ticks = wanted
        self._floor.govern(
            CommandKind.CONFIGURE_INSTRUMENT,
            instrument=record.number,
            flags=int(InstrumentKey.COLLAR_TICKS),
            price=wanted,
        )

    def mark(self, account: AccountRecord) -> None:
        """Measure an account's equity against its peak, its day and its week."""
        floor = self._floor
        equity = floor.marked_nanos(account)
        account.peak_nanos = max(account.peak_nanos, equity)
        account.drawdown_nanos = max(account.drawdown_nanos, account.peak_nanos - equity)
        self._gates.act(floor.policies.on_mark(account.id, equity, floor.now_ns))
        floor.account_moved(account.id)

    def tick(self) -> None:
        """Look at what time alone changes: the day, gates that expire, policies' windows."""
        floor = self._floor
        floor.command(CommandKind.TIME)
        for account in floor.accounts.values():
            self._turn_day(account)
        self._gates.expire()
        self._gates.act(floor.policies.on_time(floor.now_ns))

    def _turn_day(self, account: AccountRecord) -> None:
        """Begin an account's day (UTC) and week (from Monday) where a new one has come."""
        floor = self._floor
        day = floor.now_ns // _DAY_NS
        if day == account.day:
            return
        equity = floor.marked_nanos(account)
        week = (day - _MONDAY) // 7
        new_week = week != account.week
        if new_week:
            account.week, account.week_start_nanos = week, equity
        account.day, account.day_start_nanos = day, equity
        account.trades_today = account.losses_in_row = 0
        floor.command(CommandKind.NEW_DAY, account=account.number)
        self._gates.act(floor.policies.on_day(account.id, floor.now_ns, new_week=new_week))
        floor.account_moved(account.id)

    def _all_limits(self, account: AccountRecord) -> None:
        for instrument in self._floor.instruments.values():
            if instrument.venue == account.venue:
                self._set_limits(account, instrument)
        settings = ledger_settings(parse_limits(account.limits))
        numbers = [(int(key), 0, value) for key, value in settings]
        numbers.append((int(AccountKey.LIMITS_VERSION), 0, account.limits_version))
        self._floor.configure(account, numbers)

    def _set_limits(self, account: AccountRecord, record: InstrumentRecord) -> None:
        """Bring an account's limits at an instrument into the engine."""
        settings = ledger_settings(parse_limits(account.limits), record.instrument)
        self._floor.configure(
            account, [(int(key), record.number, value) for key, value in settings]
        )
