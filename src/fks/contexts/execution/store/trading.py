"""Projections of trading accounts: written in order with a cursor, read by pages.

Rows that are there already are written over with the same content, so that a batch which was
committed without the projector's knowledge may be written again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import msgspec
from sqlalchemy import Select, Table, delete, select

from fks.contexts.execution import tables
from fks.contexts.execution.domain.trading.effects import (
    AccountMoved,
    Decided,
    Effect,
    FillMade,
    OrderMoved,
    Told,
)
from fks.contexts.execution.domain.trading.scales import money, nanos_of
from fks.contracts.execution import (
    AccountFill,
    AccountOrder,
    AccountStep,
    PerformancePoint,
    RiskDecision,
    StoryStep,
)
from fks.kernel.persistence import Transaction

__all__ = ["Cursor", "TradingStore"]

_ORDER = msgspec.json.Decoder(AccountOrder)
_FILL = msgspec.json.Decoder(AccountFill)
_DECISION = msgspec.json.Decoder(RiskDecision)
_FINAL = ("filled", "cancelled", "rejected", "expired")
_STEP_BITS = 12
_MINUTE_NS = 60_000_000_000


class _Durable(Protocol):
    """An input that is durable, with its effects."""

    @property
    def seq(self) -> int:
        """Return its number."""
        ...

    @property
    def ts_ns(self) -> int:
        """Return its time."""
        ...

    @property
    def effects(self) -> Sequence[Effect]:
        """Return what follows from it."""
        ...


class Cursor(NamedTuple):
    """How far the projections are, and of which journal."""

    journal: str
    seq: int


class TradingStore:
    """The rows of trading accounts."""

    async def cursor(self, tx: Transaction) -> Cursor:
        """Return how far the projections are; nothing yet is sequence number 0."""
        row = (await tx.execute(select(tables.trading_cursor))).first()
        return Cursor("", 0) if row is None else Cursor(row.journal, row.seq)

    async def begin(self, tx: Transaction, journal: str) -> None:
        """Name the journal that is projected here."""
        await tx.execute(tables.trading_cursor.insert(), {"id": 1, "journal": journal, "seq": 0})

    async def write(self, tx: Transaction, batch: Sequence[_Durable]) -> None:
        """Write inputs' effects and move the cursor to the last of them."""
        rows: dict[Table, dict[int, dict[str, Any]]] = {}
        for done in batch:
            for place, effect in enumerate(done.effects):
                found = _row(done, (done.seq << _STEP_BITS) + place, effect)
                if found is not None:
                    table, row = found
                    rows.setdefault(table, {})[row["id"]] = row
        for table, by_id in rows.items():
            ids = list(by_id)
            await tx.execute(delete(table).where(table.c.id.in_(ids)))
            await tx.execute(table.insert(), list(by_id.values()))
        await self._mark(tx, batch)
        await tx.execute(
            tables.trading_cursor.update().where(tables.trading_cursor.c.id == 1),
            {"seq": batch[-1].seq},
        )

    async def _mark(self, tx: Transaction, batch: Sequence[_Durable]) -> None:
        """Keep the last equity of each account and minute."""
        table = tables.account_equity
        marks = {
            (effect.account.id, done.ts_ns // _MINUTE_NS): (done.ts_ns, effect.account.equity)
            for done in batch
            for effect in done.effects
            if isinstance(effect, AccountMoved)
        }
        for (account, minute), (ts_ns, equity) in marks.items():
            await tx.execute(
                delete(table).where(table.c.account == account, table.c.minute == minute)
            )
            row = {"account": account, "minute": minute, "ts_ns": ts_ns}
            await tx.execute(table.insert(), {**row, "equity_nanos": nanos_of(equity)})

    async def order(self, tx: Transaction, order_id: int) -> AccountOrder | None:
        """Return an order."""
        table = tables.account_orders
        row = (await tx.execute(select(table.c.body).where(table.c.id == order_id))).first()
        return None if row is None else _ORDER.decode(row.body)

    async def order_of(self, tx: Transaction, account: str, client_id: str) -> AccountOrder | None:
        """Return the newest order of an account under a client's id."""
        table = tables.account_orders
        query = (
            select(table.c.body)
            .where(table.c.account == account, table.c.client_order_id == client_id)
            .order_by(table.c.id.desc())
            .limit(1)
        )
        row = (await tx.execute(query)).first()
        return None if row is None else _ORDER.decode(row.body)

    async def orders(
        self,
        tx: Transaction,
        account: str,
        symbol: str,
        before_id: int,
        limit: int,
        *,
        working: bool,
    ) -> tuple[AccountOrder, ...]:
        """Return orders, the newest first."""
        table = tables.account_orders
        query = select(table.c.body).where(table.c.id < before_id)
        if account:
            query = query.where(table.c.account == account)
        if symbol:
            query = query.where(table.c.symbol == symbol)
        if working:
            query = query.where(table.c.working)
        rows = await tx.execute(query.order_by(table.c.id.desc()).limit(limit))
        return tuple(_ORDER.decode(row.body) for row in rows)

    async def fills(
        self,
        tx: Transaction,
        account: str,
        symbol: str,
        order_id: int,
        before_id: int,
        limit: int,
    ) -> tuple[AccountFill, ...]:
        """Return fills, the newest first."""
        table = tables.account_fills
        query = select(table.c.body).where(table.c.id < before_id)
        if account:
            query = query.where(table.c.account == account)
        if symbol:
            query = query.where(table.c.symbol == symbol)
        if order_id:
            query = query.where(table.c.order_id == order_id)
        rows = await tx.execute(query.order_by(table.c.id.desc()).limit(limit))
        return tuple(_FILL.decode(row.body) for row in rows)

    async def decisions(
        self, tx: Transaction, account: str, before_seq: int, limit: int, *, refused: bool
    ) -> tuple[RiskDecision, ...]:
        """Return decisions of the controls, the newest first."""
        table = tables.decisions
        query = select(table)
        if account:
            query = query.where(table.c.account == account)
        if refused:
            query = query.where(~table.c.passed)
        rows = await _whole(tx, table, query, before_seq, limit)
        return tuple(_DECISION.decode(row.body) for row in rows)

    async def steps(
        self, tx: Transaction, account: str, what: str, before_seq: int, limit: int
    ) -> tuple[AccountStep, ...]:
        """Return lines of an account's journal, the newest first."""
        table = tables.stories
        query = select(table).where(table.c.account == account)
        if what:
            query = query.where(table.c.what == what)
        rows = await _whole(tx, table, query, before_seq, limit)
        return tuple(
            AccountStep(
                seq=row.id >> _STEP_BITS,
                ts_ns=row.ts_ns,
                order_id=row.order_id,
                what=row.what,
                detail=row.detail,
            )
            for row in rows
        )

    async def story(self, tx: Transaction, order_id: int) -> tuple[StoryStep, ...]:
        """Return the story of an order, oldest first."""
        table = tables.stories
        query = select(table).where(table.c.order_id == order_id).order_by(table.c.id)
        return tuple(
            StoryStep(seq=row.id >> _STEP_BITS, ts_ns=row.ts_ns, what=row.what, detail=row.detail)
            for row in await tx.execute(query)
        )

    async def equity(
        self, tx: Transaction, account: str, limit: int
    ) -> tuple[PerformancePoint, ...]:
        """Return the last points of an account's equity, oldest first."""
        table = tables.account_equity
        query = (
            select(table)
            .where(table.c.account == account)
            .order_by(table.c.minute.desc())
            .limit(limit)
        )
        points = [
            PerformancePoint(ts_ns=row.ts_ns, equity=money(row.equity_nanos))
            for row in await tx.execute(query)
        ]
        return tuple(reversed(points))


async def _whole(
    tx: Transaction, table: Table, query: Select[Any], before_seq: int, limit: int
) -> list[Any]:
    """Return a page of rows, newest first, that does not end within a journal number.

    The next page begins below the last number, so what a cut left of it would never be shown.
    """
    if before_seq < 1 << 50:
        query = query.where(table.c.id < before_seq << _STEP_BITS)
    rows = list(await tx.execute(query.order_by(table.c.id.desc()).limit(limit)))
    if len(rows) == limit:
        last = rows[-1].id
        rest = query.where(table.c.id < last, table.c.id >= last >> _STEP_BITS << _STEP_BITS)
        rows += list(await tx.execute(rest.order_by(table.c.id.desc())))
    return rows


def _row(done: _Durable, number: int, effect: Effect) -> tuple[Table, dict[str, Any]] | None:
    """Return the row that an effect becomes, if any; `number` is the effect's own id."""
    match effect:
        case OrderMoved(order):
            return tables.account_orders, {
                "id": order.id,
                "account": order.account,
                "client_order_id": order.client_order_id,
                "symbol": order.symbol,
                "working": order.state.value not in _FINAL,
                "body": msgspec.json.encode(order),
            }
        case FillMade(fill):
            assert fill.id == number
            return tables.account_fills, {
                "id": number,
                "order_id": fill.order_id,
                "account": fill.account,
                "symbol": fill.symbol,
                "body": msgspec.json.encode(fill),
            }
        case Decided(decision):
            return tables.decisions, {
                "id": number,
                "account": decision.account,
                "passed": decision.passed,
                "body": msgspec.json.encode(decision),
            }
        case Told(account, order_id, what, detail):
            return tables.stories, {
                "id": number,
                "order_id": order_id,
                "account": account,
                "ts_ns": done.ts_ns,
                "what": what,
                "detail": detail,
            }
        case _:
            return None
