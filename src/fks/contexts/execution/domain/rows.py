"""Rows of integers and the values they stand for, each way, one function a kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from fks.contexts.execution.domain.paper import PaperSession
from fks.contexts.execution.domain.records import Mark
from fks.contexts.execution.domain.scale import Scale
from fks.contracts.execution import (
    DeskConfig,
    EquityPoint,
    Fill,
    Order,
    OrderStatus,
    Position,
    RejectReason,
    Session,
    SessionStatus,
)
from fks.contracts.values import OrderType, Side

__all__ = [
    "Terms",
    "fill_from_row",
    "fill_row",
    "mark_row",
    "order_from_row",
    "order_row",
    "point_from_row",
    "position_from_row",
    "session_from_row",
    "snapshot_row",
    "terms_of",
]

Row = Mapping[str, Any]


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a session was started with, limits filled in; it never changes."""

    strategy: str
    params: dict[str, Any]
    dataset: str
    dataset_hash: str
    config: DeskConfig
    from_ts_ns: int
    to_ts_ns: int
    bars_per_second: float


def terms_of(session: Session) -> bytes:
    """Return the terms of a session as JSON."""
    return msgspec.json.encode(
        Terms(
            strategy=session.strategy,
            params=dict(session.params),
            dataset=session.dataset,
            dataset_hash=session.dataset_hash,
            config=session.config,
            from_ts_ns=session.from_ts_ns,
            to_ts_ns=session.to_ts_ns,
            bars_per_second=session.bars_per_second,
        )
    )


def snapshot_row(live: PaperSession, scale: Scale) -> dict[str, Any]:
    """Return where a session stands, with the state of its desk."""
    session, desk = live.session, live.desk
    return {
        "last_index": session.last_index,
        "last_ts_ns": session.last_ts_ns,
        "decided": session.decided,
        "last_ticks": live.last_ticks,
        "position_lots": scale.to_lots(session.position),
        "average_nanos": scale.to_nanos(desk.average_price),
        "equity_nanos": scale.to_nanos(session.equity),
        "realised_nanos": scale.to_nanos(desk.realised_pnl),
        "orders": session.orders,
        "fills": session.fills,
        "desk": desk.snapshot(),
    }


def session_from_row(row: Row) -> Session:
    """Return the session of a row of sessions joined with its snapshot."""
    terms = msgspec.json.decode(row["terms"], type=Terms)
    scale = Scale(terms.config.instrument)
    return Session(
        id=row["id"],
        strategy=terms.strategy,
        params=terms.params,
        dataset=terms.dataset,
        dataset_hash=terms.dataset_hash,
        config=terms.config,
        status=SessionStatus(row["status"]),
        created_at_ns=row["created_at_ns"],
        from_ts_ns=terms.from_ts_ns,
        to_ts_ns=terms.to_ts_ns,
        bars_per_second=terms.bars_per_second,
        last_ts_ns=row["last_ts_ns"],
        last_index=row["last_index"],
        decided=bool(row["decided"]),
        equity=scale.to_money(row["equity_nanos"]),
        position=scale.to_quantity(row["position_lots"]),
        orders=row["orders"],
        fills=row["fills"],
        error=row["error"],
    )


def order_row(order: Order, scale: Scale) -> dict[str, Any]:
    """Return an order as it is stored."""
    limit, stop = order.limit_price, order.stop_price
    return {
        "session_id": order.session_id,
        "id": order.id,
        "signal_id": order.signal_id,
        "side": order.side.value,
        "type": order.type.value,
        "lots": scale.to_lots(order.quantity),
        "limit_ticks": None if limit is None else scale.to_ticks(limit),
        "stop_ticks": None if stop is None else scale.to_ticks(stop),
        "status": order.status.value,
        "reason": None if order.reason is None else order.reason.value,
        "created_ts_ns": order.created_ts_ns,
    }


def order_from_row(row: Row, scale: Scale) -> Order:
    """Return the order of a row."""
    limit, stop, reason = row["limit_ticks"], row["stop_ticks"], row["reason"]
    return Order(
        id=row["id"],
        side=Side(row["side"]),
        type=OrderType(row["type"]),
        quantity=scale.to_quantity(row["lots"]),
        status=OrderStatus(row["status"]),
        created_ts_ns=row["created_ts_ns"],
        limit_price=None if limit is None else scale.to_price(limit),
        stop_price=None if stop is None else scale.to_price(stop),
        reason=None if reason is None else RejectReason(reason),
        session_id=row["session_id"],
        signal_id=row["signal_id"],
    )


def fill_row(fill: Fill, scale: Scale) -> dict[str, Any]:
    """Return a fill as it is stored."""
    return {
        "session_id": fill.session_id,
        "id": fill.id,
        "order_id": fill.order_id,
        "side": fill.side.value,
        "lots": scale.to_lots(fill.quantity),
        "price_ticks": scale.to_ticks(fill.price),
        "fee_nanos": scale.to_nanos(fill.fee),
        "ts_ns": fill.ts_ns,
        "position_lots": scale.to_lots(fill.position),
        "realised_nanos": scale.to_nanos(fill.realised_pnl),
    }


def fill_from_row(row: Row, scale: Scale) -> Fill:
    """Return the fill of a row."""
    return Fill(
        id=row["id"],
        order_id=row["order_id"],
        side=Side(row["side"]),
        quantity=scale.to_quantity(row["lots"]),
        price=scale.to_price(row["price_ticks"]),
        fee=scale.to_money(row["fee_nanos"]),
        ts_ns=row["ts_ns"],
        position=scale.to_quantity(row["position_lots"]),
        realised_pnl=scale.to_money(row["realised_nanos"]),
        session_id=row["session_id"],
    )


def mark_row(session_id: str, mark: Mark, scale: Scale) -> dict[str, Any]:
    """Return the account at the end of a bar as it is stored."""
    return {
        "session_id": session_id,
        "bar_index": mark.index,
        "ts_ns": mark.ts_ns,
        "equity_nanos": scale.to_nanos(mark.equity),
        "position_lots": scale.to_lots(mark.position),
    }


def point_from_row(row: Row, scale: Scale) -> EquityPoint:
    """Return a point of the equity curve."""
    return EquityPoint(
        row["ts_ns"],
        scale.to_money(row["equity_nanos"]),
        scale.to_quantity(row["position_lots"]),
    )


def position_from_row(row: Row) -> Position:
    """Return the position of such a row, valued at its last close."""
    instrument = msgspec.json.decode(row["terms"], type=Terms).config.instrument
    scale = Scale(instrument)
    quantity = scale.to_quantity(row["position_lots"])
    average, last = scale.to_money(row["average_nanos"]), scale.to_price(row["last_ticks"])
    return Position(
        session_id=row["id"],
        instrument=instrument.id,
        quantity=quantity,
        average_price=average,
        last_price=last,
        unrealised_pnl=quantity * scale.multiplier * (last - average),
        realised_pnl=scale.to_money(row["realised_nanos"]),
    )
