"""The tables of the tear sheet: figures, months, drawdowns, trades, and how it was run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

import numpy as np

from fks.contexts.engine.domain.drawdown import Drawdown
from fks.contexts.engine.domain.sheet_format import (
    DASH,
    GROUPS,
    count,
    days,
    moment,
    money,
    number,
    percent,
    price,
    text,
)
from fks.contracts.columns import Float64, Int64
from fks.contracts.engine import BacktestRequest, Run, Trade
from fks.contracts.execution import CostModel, RiskLimits
from fks.contracts.values import FillRule, Instrument, PositionSide

__all__ = ["drawdown_table", "figures", "how", "monthly_table", "trade_table"]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MOST_YEARS = 40
DARKEST = 0.62  # of the colour behind a month, so that its number stays legible


def figures(run: Run) -> str:
    """Return all figures by group."""
    groups = []
    for title, rows in GROUPS:
        cells = "".join(
            f"<tr><td>{text(label)}</td><td>{form(run.metrics.get(key))}</td></tr>"
            for key, label, form in rows
            if key in run.metrics
        )
        groups.append(f"<div><h3>{title}</h3><table>{cells}</table></div>")
    return f'<div class="figures">{"".join(groups)}</div>'


def monthly_table(ts_ns: Int64, equity: Float64, cash: float) -> str:
    """Return the returns by month and year, the last forty years at most."""
    month = ts_ns.astype("datetime64[ns]").astype("datetime64[M]").astype(np.int64)
    last = np.flatnonzero(np.append(month[1:] != month[:-1], True))
    level = equity[last]
    before = np.concatenate(([cash], level[:-1]))
    returns = {
        int(key): (float(now), float(then))
        for key, now, then in zip(month[last], level, before, strict=True)
    }
    changes = [now / then - 1 for now, then in returns.values() if then > 0]
    strongest = max((abs(change) for change in changes), default=0.0) or 1.0
    first_year, last_year = 1970 + min(returns) // 12, 1970 + max(returns) // 12
    head = "".join(f"<th>{name}</th>" for name in (*MONTHS, "Year"))
    rows = []
    for year in range(max(first_year, last_year - MOST_YEARS + 1), last_year + 1):
        cells = [returns.get((year - 1970) * 12 + k) for k in range(12)]
        known = [cell for cell in cells if cell is not None]
        body = "".join(_month(cell, strongest) for cell in cells)
        whole = (known[-1][0], known[0][1]) if known else None
        rows.append(f"<tr><th>{year}</th>{body}{_month(whole, None)}</tr>")
    return (
        f'<div class="scroll"><table class="heat"><tr><th></th>{head}</tr>'
        f"{''.join(rows)}</table></div>"
    )


def _month(cell: tuple[float, float] | None, strongest: float | None) -> str:
    """Return one month's cell, coloured by its return; a year's cell has no colour."""
    if cell is None or cell[1] <= 0:
        return "<td></td>"
    change = cell[0] / cell[1] - 1
    body = percent(change, 1)
    if strongest is None:
        return f'<td class="sum">{body}</td>'
    share = abs(change) / strongest * DARKEST
    kind = "gain" if change > 0 else "loss"
    return f'<td class="{kind}" style="--a:{share:.2f}">{body}</td>'


def drawdown_table(found: Sequence[Drawdown]) -> str:
    """Return the deepest drawdowns."""
    if not found:
        return '<p class="empty">The account never stood below an earlier peak.</p>'
    rows = "".join(
        f"<tr><td>{percent(fall.fraction)}</td><td>{money(fall.amount)}</td>"
        f"<td>{moment(fall.peak_ts_ns)}</td><td>{moment(fall.trough_ts_ns)}</td>"
        f"<td>{_recovered(fall)}</td><td>{days(fall.underwater_days)}</td></tr>"
        for fall in found
    )
    names = ("Depth", "Amount", "Peak", "Trough", "Recovered", "Under water")
    return _table(names, rows)


def _recovered(fall: Drawdown) -> str:
    """Return when a drawdown ended."""
    return "not yet" if fall.recovered_ts_ns is None else moment(fall.recovered_ts_ns)


def trade_table(trades: Sequence[Trade], tick_size: Decimal) -> str:
    """Return trades, the newest first."""
    if not trades:
        return '<p class="empty">No order was filled, so there is no trade.</p>'
    rows = "".join(_trade(trade, tick_size) for trade in reversed(trades))
    names = ("No.", "Side", "Quantity", "Entry", "Price", "Exit", "Price", "Bars", "Fees")
    return _table((*names, "Worst", "Best", "Profit", "Return"), rows)


def _trade(trade: Trade, tick_size: Decimal) -> str:
    """Return one trade's row."""
    side = "long" if trade.side is PositionSide.LONG else "short"
    kind = "up" if trade.pnl > 0 else "down"
    end = "open" if trade.open else moment(trade.exit_ts_ns)
    cells = (
        count(trade.number),
        side,
        f"{trade.quantity:,.10g}",
        moment(trade.entry_ts_ns),
        price(trade.entry_price, tick_size),
        end,
        price(trade.exit_price, tick_size),
        count(trade.bars),
        money(trade.fees),
        money(trade.mae),
        money(trade.mfe),
    )
    plain = "".join(f"<td>{cell}</td>" for cell in cells)
    result = f'<td class="{kind}">{money(trade.pnl)}</td><td>{percent(trade.return_fraction)}</td>'
    return f"<tr>{plain}{result}</tr>"


def _table(names: Iterable[str], rows: str) -> str:
    """Return a table that scrolls on a narrow screen."""
    head = "".join(f"<th>{name}</th>" for name in names)
    return f'<div class="scroll"><table><tr>{head}</tr>{rows}</table></div>'


def how(run: Run, instrument: Instrument) -> str:
    """Return how the run was made: parameters, costs, limits, instrument, hashes, omissions."""
    request = run.request
    parameters = [(name, value) for name, value in request.params.items()] or [
        ("parameters", "all at their defaults")
    ]
    blocks = (
        ("Strategy", [("name", run.strategy or request.strategy), *parameters, *_sizing(request)]),
        ("Costs and limits", [*_costs(request.costs), *_limits(request.limits)]),
        ("Instrument", _instrument(instrument)),
    )
    parts = [f"<div><h3>{title}</h3>{_pairs(rows)}</div>" for title, rows in blocks]
    hashes = [
        ("run", run.id),
        ("dataset", run.dataset_hash or DASH),
        ("result", run.manifest_hash or DASH),
        ("code", run.code_version or DASH),
        ("tier", f"{run.tier or request.tier}, {'compiled' if request.compiled else 'reference'}"),
        ("seed", request.seed),
    ]
    parts.append(f'<div class="wide"><h3>To make it again</h3>{_pairs(hashes, "hash")}</div>')
    if run.not_modelled:
        items = "".join(f"<li>{text(item)}</li>" for item in run.not_modelled)
        parts.append(f'<div class="wide"><h3>Not modelled</h3><ul>{items}</ul></div>')
    return f'<div class="how">{"".join(parts)}</div>'


def _pairs(rows: Iterable[tuple[str, object]], kind: str = "") -> str:
    """Return names and values side by side."""
    mark = f' class="{kind}"' if kind else ""
    body = "".join(f"<dt>{text(name)}</dt><dd{mark}>{text(value)}</dd>" for name, value in rows)
    return f"<dl>{body}</dl>"


def _sizing(request: BacktestRequest) -> list[tuple[str, object]]:
    """Return cash, quantity and when orders fill."""
    at_close = request.fill_rule is FillRule.SAME_CLOSE
    return [
        ("starting cash", money(request.cash)),
        ("quantity", f"{request.quantity:,.10g}"),
        ("fills at", "the same close" if at_close else "the next open"),
    ]


def _costs(costs: CostModel) -> list[tuple[str, object]]:
    """Return what a fill costs, and plainly where it costs nothing."""
    rows: list[tuple[str, object]] = []
    if costs.fee_bps:
        rows.append(("commission", f"{costs.fee_bps:g} bps of the notional"))
    if costs.fee_per_unit:
        rows.append(("commission", f"{costs.fee_per_unit:g} a unit"))
    if costs.fee_minimum:
        rows.append(("at least", f"{costs.fee_minimum:g} a fill"))
    if not rows:
        rows.append(("commission", "none"))
    slippage = [
        f"{size:g} {unit}"
        for size, unit in ((costs.slippage_ticks, "ticks"), (costs.slippage_bps, "bps"))
        if size
    ]
    rows.append(("slippage", " and ".join(slippage) or "none"))
    if costs.spread_ticks:
        rows.append(("spread", f"{costs.spread_ticks} ticks, half of it a fill"))
    return rows


def _limits(limits: RiskLimits) -> list[tuple[str, object]]:
    """Return the risk limits that were set."""
    rows: list[tuple[str, object]] = [
        (name, number(value))
        for name, value in (
            ("largest order", limits.max_order_quantity),
            ("largest position", limits.max_position_quantity),
            ("largest notional", limits.max_order_notional),
        )
        if value is not None
    ]
    if not limits.allow_short:
        rows.append(("short selling", "refused"))
    return rows


def _instrument(instrument: Instrument) -> list[tuple[str, object]]:
    """Return what was traded."""
    return [
        ("name", instrument.id),
        ("tick size", instrument.tick_size),
        ("lot size", instrument.lot_size),
        ("multiplier", instrument.multiplier),
        ("currency", instrument.currency),
        ("calendar", instrument.calendar),
    ]
