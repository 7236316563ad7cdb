"""Render the tear sheet of a run: one HTML page that needs nothing but itself.

A pure function of the run, its series and its trades: no script, no network, no clock. Series
are thinned, so the page of a million bars is as small as that of a thousand.
"""

from __future__ import annotations

from dataclasses import dataclass

from fks.contexts.engine.domain.drawdown import drawdowns
from fks.contexts.engine.domain.returns import daily_returns
from fks.contexts.engine.domain.sheet_charts import (
    equity_chart,
    held_beside,
    position_chart,
    rolling_sharpe_chart,
    rolling_window,
    underwater_chart,
)
from fks.contexts.engine.domain.sheet_format import count, metric, moment, text
from fks.contexts.engine.domain.sheet_marks import DOTS, return_histogram, trade_scatter
from fks.contexts.engine.domain.sheet_style import STYLE
from fks.contexts.engine.domain.sheet_tables import (
    drawdown_table,
    figures,
    how,
    monthly_table,
    trade_table,
)
from fks.contexts.engine.domain.statistics import stayed_solvent
from fks.contexts.engine.domain.trades import TradeColumns, trades_of
from fks.contracts.columns import Float64, Int64
from fks.contracts.engine import Run
from fks.contracts.values import Instrument

__all__ = ["SheetSeries", "render"]

LAST_TRADES = 40
DEEPEST = 10
NO_TRADE = "No order was filled, so there is no trade."
KEYS = (
    ("total_return", "Total return", True),
    ("cagr", "Yearly growth", True),
    ("sharpe", "Sharpe", False),
    ("max_drawdown", "Deepest drawdown", False),
    ("win_rate", "Win rate", False),
    ("trades", "Closed trades", False),
)


@dataclass(frozen=True, slots=True)
class SheetSeries:
    """What the charts are drawn from, one row a bar.

    `ts_ns` is the bar's open, `equity` in currency and `position` in units after it, `close` the
    bar's closing price. The trades' bar numbers count these rows.
    """

    ts_ns: Int64
    equity: Float64
    position: Float64
    close: Float64


def render(run: Run, series: SheetSeries, trades: TradeColumns, instrument: Instrument) -> str:
    """Return the page. Everything that users named is escaped; `run.metrics` are the figures."""
    name = run.strategy or run.request.strategy
    body = _header(run, series, name, instrument)
    if len(series.ts_ns):
        body += _charts(run, series, trades, instrument)
    else:
        body += _card("", _empty("There was no bar to trade on."))
    body += _card(_head("Figures", "after fees; daily returns, risk-free rate zero"), figures(run))
    if len(series.ts_ns):
        body += _tables(run, series, trades, instrument)
    body += _card(_head("How it was run"), how(run, instrument))
    body += f"<footer>Run {text(run.id)}, made {moment(run.created_at_ns)} UTC by FKS.</footer>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(name)} on {text(run.dataset or run.request.dataset)}</title>"
        f"<style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    )


def _header(run: Run, series: SheetSeries, name: str, instrument: Instrument) -> str:
    """Return the title, the warning for made-up prices, and the six figures read first."""
    dataset = text(run.dataset or run.request.dataset)
    lead = f"{text(instrument.id)} from {dataset}"
    if len(series.ts_ns):
        first, last = moment(int(series.ts_ns[0])), moment(int(series.ts_ns[-1]))
        lead += f", {first} to {last} UTC, {count(len(series.ts_ns))} bars"
    banner = ""
    if run.synthetic:
        banner = (
            '<p class="banner"><strong>SYNTHETIC DATA.</strong> These prices were generated, '
            "not traded. The result says nothing about any market.</p>"
        )
    tiles = []
    for key, label, signed in KEYS:
        value = run.metrics.get(key)
        kind = ""
        if signed and value:
            kind = ' class="up"' if value > 0 else ' class="down"'
        tiles.append(f"<div><dt>{label}</dt><dd{kind}>{metric(key, value)}</dd></div>")
    return (
        f'<header><p class="kind">Backtest</p><h1>{text(name)}</h1><p class="lead">{lead}</p>'
        f'</header>{banner}<dl class="keys">{"".join(tiles)}</dl>'
    )


def _charts(run: Run, series: SheetSeries, trades: TradeColumns, instrument: Instrument) -> str:
    """Return the charts, those that a short run cannot fill with the reason why."""
    cash, ts_ns = run.request.cash, series.ts_ns
    daily = daily_returns(ts_ns, series.equity, cash)
    solvent = stayed_solvent(series.equity)
    keys = "<span><i></i>Account</span>"
    if held_beside(series.equity, series.close, cash) is not None:
        keys += '<span><i class="other"></i>Same cash held in the instrument</span>'
    sides = '<span><i class="upward"></i>Long</span><span><i class="downward"></i>Short</span>'
    window = rolling_window(len(daily.returns))
    sharpe = rolling_sharpe_chart(ts_ns, daily) if solvent else ""
    histogram = return_histogram(daily.returns) if solvent else ""
    unit = text(instrument.currency)
    worst, best = trade_scatter(trades), trade_scatter(trades, best=True)
    some = f"{count(DOTS)} of {count(len(trades))} shown; " if len(trades) > DOTS else ""
    return "".join(
        (
            _card(
                _head("Equity", text(instrument.currency), keys),
                equity_chart(ts_ns, series.equity, series.close, cash),
            ),
            _card(
                _head("Drawdown", "below the highest equity so far"),
                underwater_chart(ts_ns, series.equity, cash),
            ),
            _card(
                _head("Position", "largest held in each stretch of bars", sides),
                position_chart(ts_ns, series.position),
            ),
            '<div class="pair">',
            _card(
                _head("Rolling Sharpe", f"{window} days" if window else ""),
                sharpe or _empty("Needs thirty days of a solvent account."),
            ),
            _card(
                _head("Daily returns", "days by return; dashed: the mean"),
                histogram or _empty("Needs two days of a solvent account."),
            ),
            '</div><div class="pair">',
            _card(
                _head("Profit by worst moment", f"{some}a trade's profit over its MAE, {unit}"),
                worst or _empty(NO_TRADE),
            ),
            _card(
                _head("Profit by best moment", f"{some}a trade's profit over its MFE, {unit}"),
                best or _empty(NO_TRADE),
            ),
            "</div>",
        )
    )


def _tables(run: Run, series: SheetSeries, trades: TradeColumns, instrument: Instrument) -> str:
    """Return months, drawdowns and the last trades."""
    cash, unit = run.request.cash, text(instrument.currency)
    last = trades_of(trades, instrument, last=LAST_TRADES)
    shown = f"the last {count(len(last))} of {count(len(trades))}" if last else ""
    note = f"{shown}; money in {unit}, profit after fees" if last else ""
    deepest = drawdowns(series.ts_ns, series.equity, cash, deepest=DEEPEST)
    return "".join(
        (
            _card(_head("Returns by month"), monthly_table(series.ts_ns, series.equity, cash)),
            _card(_head("Deepest drawdowns", "measured at every bar"), drawdown_table(deepest)),
            _card(_head("Trades", note), trade_table(last, instrument.tick_size)),
        )
    )


def _head(title: str, note: str = "", legend: str = "") -> str:
    """Return a card's title with a remark and a legend."""
    remark = f'<span class="note">{note}</span>' if note else ""
    keys = f'<span class="legend">{legend}</span>' if legend else ""
    return f'<div class="head"><h2>{title}</h2>{remark}{keys}</div>'


def _card(head: str, body: str) -> str:
    """Return a card."""
    return f'<section class="card">{head}{body}</section>'


def _empty(reason: str) -> str:
    """Return why there is nothing to see."""
    return f'<p class="empty">{reason}</p>'
