"""Figures of controls as people read them: money, units, shares and seconds, each with its unit.

The policies and the engine count in integers of their own (nanos, lots, parts of a million or a
billion); nothing outside of execution has to know which.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec

from fks.contexts.execution.domain.matching.layout import UNLIMITED, Reason
from fks.contexts.execution.domain.risk.facts import Use
from fks.contexts.execution.domain.risk.limit_table import LIMITS, Limit, Unit
from fks.contexts.execution.domain.risk.limits import Limits
from fks.contexts.execution.domain.trading.floor import Floor
from fks.contexts.execution.domain.trading.scales import ExactScale
from fks.contexts.execution.domain.trading.state import AccountRecord
from fks.contracts.execution import ControlCheck, LimitUse

__all__ = ["engine_controls", "limit_uses", "policy_controls"]

_BY_NAME = {limit.name: limit for limit in LIMITS}
_NAMES = {
    Unit.SHARE: "share",
    Unit.MONEY: "money",
    Unit.QUANTITY: "quantity",
    Unit.COUNT: "count",
    Unit.SECONDS: "seconds",
    Unit.LEVEL: "points",
    Unit.SWITCH: "switch",
    Unit.WORDS: "list",
    Unit.CHOICE: "choice",
    Unit.GROUPS: "groups",
}
_PARTS = {"share": 10**6, "money": 10**9, "seconds": 10**9, "points": 10**3, "billionths": 10**9}
# Controls of the engine by code, in the order in which it names them: limit and its unit.
_ENGINE: dict[Reason, tuple[tuple[str, str], ...]] = {
    Reason.MAX_QTY: (("instrument_quantity", "quantity"), ("max_order_quantity", "quantity")),
    Reason.MAX_NOTIONAL: (("max_order_value", "money"),),
    Reason.PRICE_COLLAR: (("price_collar", "price"),),
    Reason.STALE_REFERENCE: (("stale_reference", "seconds"),),
    Reason.BUYING_POWER: (("check_margin", "money"),),
    Reason.EXPOSURE: (("max_gross_exposure", "money"), ("max_net_exposure", "money")),
    Reason.POSITION_LIMIT: (("max_position", "quantity"),),
    Reason.CONCENTRATION: (("max_concentration", "billionths"),),
    Reason.OPEN_ORDERS: (("max_open_orders", "count"), ("max_open_orders_symbol", "count")),
    Reason.MSG_RATE: (("orders_per_second", "count"), ("strategy_orders_per_second", "count")),
    Reason.DAY_ACCUMULATED: (("max_day_value", "money"), ("max_day_lots", "count")),
}
# Rows of the firm's rules and of parent orders, which are in no table of limits.
_OTHER = {
    "profit_target": "money",
    "drawdown": "money",
    "daily_loss": "money",
    "best_day": "share",
    "contracts": "share",
}
_NEAR = Decimal("0.75")

Figure = Sequence[int]  # code, used, limit, passes: as the engine says it


def _decimal(value: int, kind: str, scale: ExactScale | None = None) -> Decimal:
    """Return an integer of the engine in its unit."""
    if kind == "quantity" and scale is not None:
        return Decimal(scale.quantity(1) * value)
    if kind == "price" and scale is not None:
        return Decimal(scale.price(1) * value)
    return (Decimal(value) / _PARTS.get(kind, 1)).normalize() + 0


def _state(used: Decimal | None, limit: Decimal | None, value: str) -> str:
    if value == "none" or (not value and limit is None):
        return "waived"
    if used is None or limit is None:
        return "kept"
    if used >= limit and used > 0:
        return "reached"
    return "near" if used >= limit * _NEAR and used > 0 else "free"


def _row(
    account: str,
    limit: Limit | None,
    given: tuple[Reason, str, str, str],
    used: Decimal | None = None,
    most: Decimal | None = None,
    value: str = "",
) -> LimitUse:
    """Return a row; `given` are code, name, scope and kind of figure."""
    code, name, scope, kind = given
    left = None if used is None or most is None else most - used
    return LimitUse(
        account=account,
        code=code.name,
        name=name,
        scope=scope,
        used=used,
        limit=most,
        share=float(used / most) if used is not None and most else 0.0,
        unit={"billionths": "share"}.get(kind, kind),
        headroom=left,
        value=value,
        state=_state(used, most, value),
        meaning="" if limit is None else limit.meaning,
        soft=limit is not None and limit.soft,
    )


def limit_uses(floor: Floor, account: AccountRecord, now_ns: int) -> list[LimitUse]:
    """Return every limit of the table at least once, by code, and the rules beside the table.

    A limit that counts nothing, or nothing yet, has neither use nor headroom.
    """
    limits = floor.policies.limits(account.id)
    texts = limits.texts()
    known = floor.vix_milli is not None
    rows = [
        *(
            _of_policies(account.id, use, texts, vix_known=known)
            for use in floor.policies.uses(account.id, now_ns)
        ),
        *_of_engine(floor, account, limits, texts),
    ]
    seen = {row.name for row in rows}
    symbols = {(row.name, row.scope) for row in rows}
    for name, value in texts.items():
        plain, _, symbol = name.partition("@")
        if (plain, symbol) in symbols if symbol else plain in seen:
            continue
        limit = _BY_NAME[plain]
        kind = _NAMES[limit.unit]
        number = limits.values[name]
        scaled = number if isinstance(number, int) and kind != "switch" else None
        # A quantity that no instrument has turned into lots is kept in nanos.
        part = "money" if kind == "quantity" else kind
        most = None if scaled is None else _decimal(scaled, part)
        given = (limit.code, plain, symbol or limit.scope, kind)
        rows.append(_row(account.id, limit, given, None, most, value))
    return sorted(rows, key=lambda row: (Reason[row.code].value, row.name, row.scope))


def _of_policies(account: str, use: Use, texts: dict[str, str], *, vix_known: bool) -> LimitUse:
    limit = None if use.code is Reason.PROP_RULE else _BY_NAME.get(use.name)
    kind = _OTHER.get(use.name, "count") if limit is None else _NAMES[limit.unit]
    used = _decimal(use.used, kind)
    most = None if use.limit is None else _decimal(use.limit, kind)
    value = texts[use.name] if limit is not None else "" if most is None else f"{most:f}"
    if use.code is Reason.VIX_GATE and not vix_known:
        row = _row(account, limit, (use.code, use.name, use.scope, kind), None, most, value)
        # An unknown VIX lets no new risk through, as one that is too high.
        closed = use.name == "max_vix" and row.state != "waived"
        return msgspec.structs.replace(row, state="reached") if closed else row
    if use.name == "contracts":
        kind = "count"
    return _row(account, limit, (use.code, use.name, use.scope, kind), used, most, value)


def _of_engine(
    floor: Floor, account: AccountRecord, limits: Limits, texts: dict[str, str]
) -> Iterator[LimitUse]:
    """Yield what the engine counts: of the account once, of each symbol that it has traded."""
    mine = [n for n, record in floor.by_number.items() if record.venue == account.venue]
    for place, number in enumerate(sorted(account.holdings) or mine[:1]):
        symbol = floor.by_number[number].instrument.id
        for (name, kind), figure in _named(floor.engine.use(account.number, number), uses=True):
            limit = _BY_NAME[name]
            if limit.scope != "symbol" and place:
                continue
            used, most = _pair(figure, kind, floor.scales[number])
            scope = symbol if limit.scope == "symbol" else limit.scope
            own = texts.get(f"{name}@{symbol}", texts[name])
            yield _row(account.id, limit, (limit.code, name, scope, kind), used, most, own)


def _pair(figure: Figure, kind: str, scale: ExactScale) -> tuple[Decimal, Decimal | None]:
    most = None if figure[2] == UNLIMITED else _decimal(figure[2], kind, scale)
    return _decimal(figure[1], kind, scale), most


def _named(
    figures: Sequence[Figure], *, uses: bool = False
) -> Iterator[tuple[tuple[str, str], Figure]]:
    """Yield figures with name and kind; codes that come twice are told apart by their order."""
    seen: dict[Reason, int] = {}
    for figure in figures:
        code = Reason(figure[0])
        names = _ENGINE.get(code, ((code.name.lower(), ""),))
        place = seen.get(code, 0)
        seen[code] = place + 1
        yield names[min(place, len(names) - 1)], figure


def policy_controls(
    lines: Sequence[tuple[str, bool, str, str]],
) -> list[ControlCheck]:
    """Return what the policies say to an order: they give reasons, not figures."""
    return [
        ControlCheck(name=code.lower(), code=code, passes=passes, reason=why, value=value)
        for code, passes, why, value in lines
    ]


def engine_controls(figures: Sequence[Figure], scale: ExactScale) -> list[ControlCheck]:
    """Return what the engine says to an order: what would be used of which limit."""
    found = []
    for (name, kind), figure in _named(figures):
        passes = bool(figure[3])
        code = Reason(figure[0]).name
        if not kind:
            found.append(ControlCheck(name=name, code=code, passes=passes))
            continue
        used, most = _pair(figure, kind, scale)
        unknown = figure[1] == UNLIMITED  # the age of a price that nobody has told
        found.append(
            ControlCheck(
                name=name,
                code=code,
                passes=passes,
                used=None if unknown else used,
                limit=most,
                unit={"billionths": "share"}.get(kind, kind),
                value="waived" if most is None else "",
            )
        )
    return found
