"""The checks before an order, in the order of asking: each refuses, or has nothing to say.

Each is given the whole memory, the account's, the order and the time, and changes nothing. The
name is that of the limit whose value a what-if shows.
"""

from __future__ import annotations

from collections.abc import Callable

from fks.contexts.execution.domain.matching.layout import Reason
from fks.contexts.execution.domain.risk import conduct, entries, exposure, prop
from fks.contexts.execution.domain.risk.facts import OrderFacts, Verdict
from fks.contexts.execution.domain.risk.state import AccountMemory, Remembered

__all__ = ["CHECKS", "Check"]

Check = Callable[[Remembered, AccountMemory, OrderFacts, int], Verdict | None]
CHECKS: tuple[tuple[Reason, str, Check], ...] = (
    (Reason.NOT_AUTHORIZED, "principals", conduct.authorized),
    (Reason.RESTRICTED, "symbols", conduct.tradable),
    (Reason.DUPLICATE_PATTERN, "duplicate_orders", conduct.duplicates),
    (Reason.MSG_RATE, "orders_per_minute", conduct.minute_rate),
    (Reason.PARENT_CHILD, "child_orders_per_second", exposure.parent_child),
    (Reason.MODEL_STALE, "signal_age", conduct.models),
    (Reason.LOSING_STREAK, "loss_pause_after", entries.streak),
    (Reason.TRADES_A_DAY, "max_trades_day", entries.trades_a_day),
    (Reason.TRADES_A_DAY, "entry_cooldown", entries.cooldown),
    (Reason.VIX_GATE, "max_vix", entries.volatility),
    (Reason.NEWS_GATE, "news_window", entries.news),
    (Reason.NEAR_CLOSE, "flat_before_close", entries.near_close),
    (Reason.STOP_REQUIRED, "stop_required", entries.stop_required),
    (Reason.AVERAGING_DOWN, "no_averaging_down", exposure.averaging_down),
    (Reason.CORRELATION, "max_correlated_exposure", exposure.correlation),
    (Reason.PROP_RULE, "prop", prop.contracts),
    (Reason.TRADE_RISK, "max_trade_risk", exposure.trade_risk),
)
