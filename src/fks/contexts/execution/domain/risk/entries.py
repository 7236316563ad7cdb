"""When new risk may be taken: streaks, trades a day, the VIX, news, the close, stops.

None of these stands in the way of an order that reduces a position.
"""

from __future__ import annotations

from fks.contexts.execution.domain.matching.layout import Reason
from fks.contexts.execution.domain.risk.exposure import waiting
from fks.contexts.execution.domain.risk.facts import (
    BUY,
    Action,
    CancelAll,
    Flatten,
    OrderFacts,
    Pause,
    Verdict,
)
from fks.contexts.execution.domain.risk.limits import DEFAULTS
from fks.contexts.execution.domain.risk.state import AccountMemory, Remembered
from fks.contexts.execution.domain.risk.texts import span
from fks.contexts.execution.domain.risk.windows import MINUTE_NS

__all__ = [
    "cooldown",
    "flat_before_close",
    "near_close",
    "news",
    "stop_required",
    "streak",
    "trade_closed",
    "trades_a_day",
    "trades_used",
    "volatility",
]


def streak(
    state: Remembered, memory: AccountMemory, facts: OrderFacts, now_ns: int
) -> Verdict | None:
    """Take no entries while losses in a row pause the account, or have ended its day."""
    if facts.reduces:
        return None
    if memory.stopped_for_day:
        return Verdict(
            code=Reason.LOSING_STREAK,
            name="loss_stop_after",
            text=f"{memory.losses_in_row} losing trades in a row end the entries of the day",
        )
    if now_ns < memory.paused_until_ns:
        return Verdict(
            code=Reason.LOSING_STREAK,
            name="loss_pause",
            text=f"{memory.losses_in_row} losing trades in a row: entries resume in "
            f"{span(memory.paused_until_ns - now_ns)}",
        )
    return None


def trade_closed(
    memory: AccountMemory, account: str, symbol: str, result: int, now_ns: int
) -> list[Action]:
    """Count the result of a trade in nanos; one of exactly nothing changes no streak."""
    if memory.limits.number("entry_cooldown") is not None:
        memory.ended_ns[symbol] = now_ns
    if result > 0:
        memory.losses_in_row = 0
    if result >= 0:
        return []
    memory.losses_in_row += 1
    losses, limits = memory.losses_in_row, memory.limits
    stop, after = limits.number("loss_stop_after"), limits.number("loss_pause_after")
    text = f"{losses} losing trades in a row"
    if stop is not None and losses >= stop and not memory.stopped_for_day:
        memory.stopped_for_day = True
        return [Pause(account, 0, Reason.LOSING_STREAK, text)]
    pause = limits.number("loss_pause")
    if memory.stopped_for_day or after is None or pause is None or losses < after:
        return []
    memory.paused_until_ns = now_ns + pause
    return [Pause(account, memory.paused_until_ns, Reason.LOSING_STREAK, text)]


def trades_used(memory: AccountMemory, facts: OrderFacts | None = None) -> int:
    """Return the trades of the day; entries that work in a flat symbol count as one."""
    symbols = {order.symbol for order in waiting(memory, facts)}
    return memory.trades_today + len(symbols - set(memory.held))


def trades_a_day(
    state: Remembered, memory: AccountMemory, facts: OrderFacts, now_ns: int
) -> Verdict | None:
    """Bound the trades of a day; adding to one that is open is none."""
    most = memory.limits.number("max_trades_day")
    if most is None or facts.reduces:
        return None
    held = memory.held.get(facts.symbol)
    if held is not None and (held.lots > 0) == (facts.side == BUY):
        return None
    used = trades_used(memory, facts)
    if held is None and any(order.symbol == facts.symbol for order in waiting(memory, facts)):
        used -= 1  # this order belongs to the trade that already waits
    if used < most:
        return None
    return Verdict(
        code=Reason.TRADES_A_DAY,
        name="max_trades_day",
        text=f"{used} trades today, those that wait included; the limit is {most}",
    )


def cooldown(
    state: Remembered, memory: AccountMemory, facts: OrderFacts, now_ns: int
) -> Verdict | None:
    """Open no new trade in a symbol right after one in it has ended."""
    pause = memory.limits.number("entry_cooldown")
    ended = memory.ended_ns.get(facts.symbol)
    if pause is None or ended is None or facts.reduces or facts.symbol in memory.held:
        return None
    if now_ns - ended >= pause:
        return None
    return Verdict(
        code=Reason.TRADES_A_DAY,
        name="entry_cooldown",
        text=f"a trade in {facts.symbol} ended {span(now_ns - ended)} ago; the next may begin "
        f"after {span(pause)}",
    )


def volatility(
    state: Remembered, memory: AccountMemory, facts: OrderFacts, now_ns: int
) -> Verdict | None:
    """Take no new risk above a VIX, nor without knowing it."""
    most = memory.limits.number("max_vix")
    if most is None or facts.reduces:
        return None
    text, age = "", memory.limits.number("vix_age")
    if state.vix_milli is None:
        text = "the VIX is not known; tell it, or waive max_vix"
    elif age is not None and now_ns - state.vix_ns > age:
        text = f"the VIX is {span(now_ns - state.vix_ns)} old; the limit is {span(age)}"
    elif state.vix_milli > most:
        text = f"the VIX is {_points(state.vix_milli)}; the limit is {_points(most)}"
    return Verdict(code=Reason.VIX_GATE, name="max_vix", text=text) if text else None


def _points(milli: int) -> str:
    return f"{milli // 1000}.{milli % 1000:03d}".rstrip("0").rstrip(".")


def news(
    state: Remembered, memory: AccountMemory, facts: OrderFacts, now_ns: int
) -> Verdict | None:
    """Enter nothing around high-impact news, nor blindly; both ends of the window belong to it."""
    window = memory.limits.number("news_window")
    forbidden = memory.prop is not None and not memory.prop.news
    if window is None and forbidden:
        window = DEFAULTS.number("news_window")
    if window is None or facts.reduces:
        return None
    if state.news_gap:
        text = f"scheduled news is not known: {state.news_gap}"
        return Verdict(code=Reason.NEWS_GATE, name="news_window", text=text)
    for instant in state.news_ns:
        if abs(now_ns - instant) <= window:
            when = "in" if instant > now_ns else "since"
            return Verdict(
                code=Reason.PROP_RULE if forbidden else Reason.NEWS_GATE,
                name="news_window",
                text=f"high-impact news {when} {span(abs(instant - now_ns))}; no entries within "
                f"{span(window)} of it",
            )
    return None


def _close_window(memory: AccountMemory) -> int | None:
    window = memory.limits.number("flat_before_close")
    if window is None and memory.prop is not None and not memory.prop.overnight:
        return DEFAULTS.number("flat_before_close")
    return window


def near_close(
    state: Remembered, memory: AccountMemory, facts: OrderFacts, now_ns: int
) -> Verdict | None:
    """Enter nothing shortly before the close, nor after it until the next close is known."""
    window = _close_window(memory)
    close_ns = state.closes_ns.get(facts.symbol, 0)
    if window is None or facts.reduces or not close_ns or now_ns < close_ns - window:
        return None
    when = f"closes in {span(close_ns - now_ns)}" if now_ns < close_ns else "has closed"
    return Verdict(
        code=Reason.NEAR_CLOSE,
        name="flat_before_close",
        text=f"{facts.symbol} {when}; entries end {span(window)} before the close",
    )


def flat_before_close(state: Remembered, now_ns: int) -> list[Action]:
    """Close what is held in symbols about to close; again each minute until it is flat."""
    actions: list[Action] = []
    for account, memory in sorted(state.accounts.items()):
        window = _close_window(memory)
        if window is None:
            continue
        symbols = {order.symbol for order in waiting(memory, None)}
        for symbol in sorted(symbols | set(memory.held)):
            close_ns = state.closes_ns.get(symbol, 0)
            if not close_ns or not close_ns - window <= now_ns < close_ns:
                memory.flattened.pop(symbol, None)
                continue
            if now_ns - memory.flattened.get(symbol, -MINUTE_NS) < MINUTE_NS:
                continue
            memory.flattened[symbol] = now_ns
            text = f"{symbol} closes in {span(close_ns - now_ns)}"
            actions.append(CancelAll(account=account, symbol=symbol))
            if symbol in memory.held:
                actions.append(Flatten(account, Reason.NEAR_CLOSE, text, symbol))
    return actions


def stop_required(
    state: Remembered, memory: AccountMemory, facts: OrderFacts, now_ns: int
) -> Verdict | None:
    """Take no entry without a stop that lies on the losing side of its price."""
    if facts.reduces or memory.limits.number("stop_required") is None:
        return None
    text, stop = "", facts.stop_ticks
    if stop is None:
        text = "an entry needs a stop loss"
    elif (stop >= facts.price_ticks) if facts.side == BUY else (stop <= facts.price_ticks):
        side = "below" if facts.side == BUY else "above"
        text = f"the stop at {stop} ticks is not {side} the entry at {facts.price_ticks}"
    return Verdict(code=Reason.STOP_REQUIRED, name="stop_required", text=text) if text else None
