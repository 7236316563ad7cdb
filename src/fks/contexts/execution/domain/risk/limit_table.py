"""Every limit of an account in one table: the settings, the page of docs and the checks read it.

Figures that stand in an account as text ("0.03", "30", "none") become integers by it: shares in
parts per million, money in nanos, durations in nanoseconds. `looser` names the direction in which
a change lets more through; such a change needs a reason.
"""

from __future__ import annotations

import enum

import msgspec

from fks.contexts.execution.domain.matching.layout import AccountKey, Reason

__all__ = ["LIMITS", "Limit", "Looser", "Unit"]


class Unit(enum.Enum):
    """How the text of a limit is read."""

    SHARE = "share (0.03 or 3%)"
    MONEY = "account currency"
    QUANTITY = "units of the instrument"
    COUNT = "count"
    SECONDS = "seconds (30, 5m, 1h)"
    LEVEL = "points"
    SWITCH = "on or off"
    WORDS = "list"
    CHOICE = "choice"
    GROUPS = "groups (name=A,B; other=C,D)"


class Looser(enum.Enum):
    """Which change of a limit lets more through. Waiving one ("none") always does."""

    HIGHER = "higher"
    LOWER = "lower"
    MORE = "more entries"
    ANY = "any other value"


class Limit(msgspec.Struct, frozen=True):
    """A limit: its name, how it is written, what holds when it is not given, what it does.

    `key` is set where the compiled ledger keeps it, `by_symbol` where `name@SYMBOL` may differ
    from it, `soft` where two people together may let one order past it.
    """

    name: str
    unit: Unit
    default: str
    code: Reason
    meaning: str
    looser: Looser = Looser.HIGHER
    key: AccountKey | None = None
    scope: str = "account"
    by_symbol: bool = False
    soft: bool = False
    choices: tuple[str, ...] = ()


_LEDGER = (
    Limit(
        "max_order_quantity", Unit.QUANTITY, "1000", Reason.MAX_QTY,
        "Largest quantity of one order.",
        key=AccountKey.MAX_ORDER_LOTS, scope="order", by_symbol=True,
    ),
    Limit(
        "max_order_value", Unit.MONEY, "2500000", Reason.MAX_NOTIONAL,
        "Largest notional of one order.",
        key=AccountKey.MAX_ORDER_NANOS, scope="order",
    ),
    Limit(
        "check_margin", Unit.SWITCH, "on", Reason.BUYING_POWER,
        "Cash less holds, margin and fees stays at or above zero.",
        key=AccountKey.CHECK_MARGIN,
    ),
    Limit(
        "max_gross_exposure", Unit.MONEY, "5000000", Reason.EXPOSURE,
        "Largest sum of notionals, long and short, working orders counted in full.",
        key=AccountKey.MAX_GROSS_NANOS,
    ),
    Limit(
        "max_net_exposure", Unit.MONEY, "5000000", Reason.EXPOSURE,
        "Largest difference between long and short notionals, working orders counted in full.",
        key=AccountKey.MAX_NET_NANOS,
    ),
    Limit(
        "max_position", Unit.QUANTITY, "1000", Reason.POSITION_LIMIT,
        "Largest position, long or short, working orders of its side counted in.",
        key=AccountKey.MAX_POSITION_LOTS, scope="symbol", by_symbol=True,
    ),
    Limit(
        "max_concentration", Unit.SHARE, "10", Reason.CONCENTRATION,
        "Largest notional in one instrument as a share of equity. Futures are a multiple of "
        "equity; 0.25 suits an account that pays in full.",
        key=AccountKey.MAX_CONCENTRATION_PPB, scope="symbol",
    ),
    Limit(
        "max_open_orders", Unit.COUNT, "1000", Reason.OPEN_ORDERS, "Most working orders.",
        key=AccountKey.MAX_OPEN_ORDERS,
    ),
    Limit(
        "max_open_orders_symbol", Unit.COUNT, "200", Reason.OPEN_ORDERS,
        "Most working orders of one instrument.",
        key=AccountKey.MAX_OPEN_ORDERS_INSTRUMENT, scope="symbol",
    ),
    Limit(
        "orders_per_second", Unit.COUNT, "200", Reason.MSG_RATE,
        "Most new and changed orders a second; cancels are not counted.",
        key=AccountKey.ORDERS_PER_SECOND,
    ),
    Limit(
        "strategy_orders_per_second", Unit.COUNT, "50", Reason.MSG_RATE,
        "Most new and changed orders a second of one strategy.",
        key=AccountKey.ORDERS_PER_SECOND, scope="strategy",
    ),
    Limit(
        "max_day_value", Unit.MONEY, "100000000", Reason.DAY_ACCUMULATED,
        "Largest notional traded in a day.",
        key=AccountKey.MAX_DAY_NANOS,
    ),
    Limit(
        "max_day_lots", Unit.COUNT, "100000", Reason.DAY_ACCUMULATED, "Most lots traded in a day.",
        key=AccountKey.MAX_DAY_LOTS,
    ),
)  # fmt: skip

_CONDUCT = (
    Limit(
        "principals", Unit.WORDS, "operator, strategy:*", Reason.NOT_AUTHORIZED,
        "Who may trade this account. An entry may end in * and may name symbols: "
        "`anna=ES+NQ`. Whoever is not listed may not.",
        Looser.MORE, scope="principal",
    ),
    Limit(
        "symbols", Unit.WORDS, "*", Reason.RESTRICTED,
        "Symbols that may be traded: an id, a root of futures (ES), or a start with *.",
        Looser.MORE, scope="symbol",
    ),
    Limit(
        "duplicate_orders", Unit.COUNT, "3", Reason.DUPLICATE_PATTERN,
        "Most orders with the same side, symbol, quantity and price within a second.",
        scope="strategy, symbol", soft=True,
    ),
    Limit(
        "duplicate_breaker", Unit.COUNT, "10", Reason.DUPLICATE_PATTERN,
        "That many orders refused as duplicates within a minute halt the strategy.",
        scope="strategy",
    ),
    Limit(
        "orders_per_minute", Unit.COUNT, "100", Reason.MSG_RATE,
        "Most orders a minute that bring new risk, as a bucket that refills evenly.",
    ),
    Limit(
        "orders_burst", Unit.COUNT, "10", Reason.MSG_RATE,
        "Most orders at once within `orders_per_minute`.",
    ),
    Limit(
        "rate_breaker", Unit.SECONDS, "3", Reason.MSG_RATE,
        "Refusals for rate that go on this long halt the strategy.",
        scope="strategy",
    ),
    Limit(
        "automated_fills", Unit.COUNT, "50", Reason.EXEC_THROTTLE,
        "That many automated fills within a minute halt the strategy until a person has looked.",
        scope="strategy",
    ),
    Limit(
        "rejects_in_row", Unit.COUNT, "10", Reason.REJECT_STORM,
        "That many refusals by a venue in a row halt the strategy and open the venue's breaker.",
        scope="strategy, venue",
    ),
    Limit(
        "reject_share", Unit.SHARE, "0.5", Reason.REJECT_STORM,
        "More than this share of the last 50 orders refused by a venue does the same.",
        scope="strategy, venue",
    ),
    Limit(
        "child_orders_per_second", Unit.COUNT, "10", Reason.PARENT_CHILD,
        "Most child orders a second of one parent order.",
        scope="parent",
    ),
    Limit(
        "heartbeat", Unit.SECONDS, "10", Reason.DEAD_MAN,
        "A strategy that has sent heartbeats and is silent for longer may only reduce.",
        scope="strategy",
    ),
    Limit(
        "signal_age", Unit.SECONDS, "300", Reason.MODEL_STALE,
        "Oldest signal that may become an order.",
        scope="strategy", soft=True,
    ),
    Limit(
        "signal_ahead", Unit.SECONDS, "60", Reason.MODEL_STALE,
        "Furthest that a signal's time may lie ahead of ours.",
        scope="strategy", soft=True,
    ),
    Limit(
        "min_confidence", Unit.SHARE, "0.6", Reason.MODEL_STALE,
        "Lowest confidence of a signal that may become an order.",
        Looser.LOWER, scope="strategy", soft=True,
    ),
)  # fmt: skip

_LOSSES = (
    Limit(
        "daily_loss_warn", Unit.SHARE, "0.02", Reason.DAILY_LOSS,
        "Loss of the day, open positions included, that warns; of the equity at its start.",
        scope="strategy, account",
    ),
    Limit(
        "daily_loss_reduce", Unit.SHARE, "0.03", Reason.DAILY_LOSS,
        "Loss of the day from which on only reducing orders pass.",
        scope="strategy, account",
    ),
    Limit(
        "daily_loss_halt", Unit.SHARE, "0.05", Reason.DAILY_LOSS,
        "Loss of the day that halts, and cancels what works.",
        scope="strategy, account",
    ),
    Limit(
        "weekly_loss", Unit.SHARE, "0.06", Reason.DAILY_LOSS,
        "Loss of the week that halts, and cancels what works; of the equity at its start.",
    ),
    Limit(
        "ladder_warn", Unit.SHARE, "0.04", Reason.DRAWDOWN,
        "Fall of equity from its peak that warns.",
    ),
    Limit(
        "ladder_reduce", Unit.SHARE, "0.06", Reason.DRAWDOWN,
        "Fall from the peak from which on only reducing orders pass.",
    ),
    Limit(
        "ladder_cancel", Unit.SHARE, "0.08", Reason.DRAWDOWN,
        "Fall from the peak that halts, and cancels what works.",
    ),
    Limit(
        "ladder_flatten", Unit.SHARE, "0.1", Reason.DRAWDOWN,
        "Fall from the peak at which the kill switch falls and positions are closed.",
    ),
    Limit(
        "max_drawdown", Unit.SHARE, "0.1", Reason.DRAWDOWN,
        "Largest drawdown, as `drawdown_kind` measures it; reaching it halts.",
        scope="strategy, account",
    ),
    Limit(
        "drawdown_kind", Unit.CHOICE, "trailing", Reason.DRAWDOWN,
        "What `max_drawdown` is measured from: the peak of equity (trailing), the highest equity "
        "at an end of day (end_of_day), or the equity at the start (static).",
        Looser.ANY, choices=("trailing", "end_of_day", "static"),
    ),
    Limit(
        "loss_pause_after", Unit.COUNT, "2", Reason.LOSING_STREAK,
        "That many losing trades in a row, and each one more, pause new entries.",
    ),
    Limit(
        "loss_pause", Unit.SECONDS, "30m", Reason.LOSING_STREAK,
        "How long that pause lasts.",
        Looser.LOWER,
    ),
    Limit(
        "loss_stop_after", Unit.COUNT, "3", Reason.LOSING_STREAK,
        "That many losing trades in a row end the entries of the day.",
    ),
    Limit(
        "rearm_cooldown", Unit.SECONDS, "5m", Reason.TRADING_STATE,
        "Shortest time between the fall of a gate and its re-arming by a person.",
        Looser.LOWER, scope="strategy, account",
    ),
)  # fmt: skip

_ENTRIES = (
    Limit(
        "max_trades_day", Unit.COUNT, "6", Reason.TRADES_A_DAY,
        "Most trades opened in a day; an entry that works counts as one.",
    ),
    Limit(
        "entry_cooldown", Unit.SECONDS, "none", Reason.TRADES_A_DAY,
        "No new trade in a symbol this long after one in it has ended.",
        Looser.LOWER, scope="symbol",
    ),
    Limit(
        "max_vix", Unit.LEVEL, "25", Reason.VIX_GATE,
        "No new risk above this VIX, nor while it is unknown or stale.",
    ),
    Limit(
        "vix_age", Unit.SECONDS, "24h", Reason.VIX_GATE,
        "A VIX older than this is stale.",
    ),
    Limit(
        "news_window", Unit.SECONDS, "30m", Reason.NEWS_GATE,
        "No entries this long before and after high-impact news.",
        Looser.LOWER, soft=True,
    ),
    Limit(
        "flat_before_close", Unit.SECONDS, "15m", Reason.NEAR_CLOSE,
        "Positions are closed this long before the session's close, entries end with it.",
        Looser.LOWER, scope="symbol",
    ),
    Limit(
        "stop_required", Unit.SWITCH, "on", Reason.STOP_REQUIRED,
        "Every entry brings a stop on the losing side of its price.",
        scope="order",
    ),
    Limit(
        "no_averaging_down", Unit.SWITCH, "on", Reason.AVERAGING_DOWN,
        "Nothing is added to a position at a price worse for it than its own.",
        scope="symbol",
    ),
    Limit(
        "max_trade_risk", Unit.SHARE, "0.01", Reason.TRADE_RISK,
        "Largest share of equity that an entry may lose at its stop.",
        scope="order",
    ),
    Limit(
        "max_position_risk", Unit.SHARE, "0.05", Reason.TRADE_RISK,
        "Largest share of equity that a position and its working entries may lose at their stops.",
        scope="symbol",
    ),
    Limit(
        "correlation_groups", Unit.GROUPS,
        "index=ES,NQ,RTY,YM,MES,MNQ,M2K,MYM; metals=GC,SI,HG,PL,MGC,SIL; energy=CL,NG,RB,HO,MCL; "
        "grains=ZC,ZW,ZS; currencies=6E,6J,6B,6C,M6E; crypto=BTC,ETH,MBT,MET",
        Reason.CORRELATION,
        "Symbols, or roots of futures, that move together.",
        Looser.ANY, scope="group",
    ),
    Limit(
        "max_correlated_exposure", Unit.MONEY, "3000000", Reason.CORRELATION,
        "Largest sum of notionals within one group, long and short, working entries included.",
        scope="group", soft=True,
    ),
)  # fmt: skip

LIMITS: tuple[Limit, ...] = _LEDGER + _CONDUCT + _LOSSES + _ENTRIES
