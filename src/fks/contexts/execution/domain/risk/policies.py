"""The policies as the trading machine sees them: asked before an order, told of what happens.

Deterministic and without a clock: equal calls give equal answers and an equal `state`. The order
of things: `before_order` (changes nothing, so it also answers what-if), then the ledger, then
`on_decision` with the outcome of both. The caller's times never run backwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fks.contexts.execution.domain.matching.layout import Gate, Reason
from fks.contexts.execution.domain.risk import (
    conduct,
    entries,
    exposure,
    gates,
    losses,
    overrides,
    prop,
    rearming,
)
from fks.contexts.execution.domain.risk.checks import CHECKS
from fks.contexts.execution.domain.risk.facts import (
    Action,
    CancelAll,
    FillFacts,
    OrderFacts,
    Use,
    Verdict,
    Warn,
)
from fks.contexts.execution.domain.risk.limits import Limits, parse_limits
from fks.contexts.execution.domain.risk.state import (
    AccountMemory,
    OverrideMemory,
    ParentMemory,
    Remembered,
    decoded,
    encoded,
)
from fks.contexts.execution.domain.risk.uses import uses
from fks.contracts.execution import PropRules, Scope

__all__ = ["Policies"]


class Policies:
    """The account-level controls of every account, with what they remember."""

    def __init__(self) -> None:
        self._state = Remembered()

    # --- accounts ---------------------------------------------------------------------------

    def open_account(
        self,
        account: str,
        limits: Limits,
        rules: PropRules | None,
        balance_nanos: int,
        now_ns: int,
    ) -> None:
        """Watch an account from now on. Raises `Invalid` for rules that make no sense."""
        assert account not in self._state.accounts, account
        if rules is not None:
            prop.checked(rules)
        self._state.accounts[account] = AccountMemory(
            limits=limits,
            prop=rules,
            start_nanos=balance_nanos,
            equity_nanos=balance_nanos,
            day_start_nanos=balance_nanos,
            week_start_nanos=balance_nanos,
            peak_nanos=balance_nanos,
            day_peak_nanos=balance_nanos,
            prop_state=None if rules is None else prop.begun(balance_nanos),
        )

    def change_limits(
        self, account: str, limits: Limits, rules: PropRules | None, now_ns: int
    ) -> tuple[Action, ...]:
        """Take other limits and rules, and measure by them at once.

        Another firm or phase begins the rules' figures anew at the present equity.
        """
        memory = self._state.accounts[account]
        if rules is not None:
            prop.checked(rules)
        if rules is None:
            memory.prop_state = None
        elif memory.prop is None or (memory.prop.firm, memory.prop.phase) != (
            rules.firm,
            rules.phase,
        ):
            memory.prop_state = prop.begun(memory.equity_nanos)
        memory.limits, memory.prop = limits, rules
        return self.on_mark(account, memory.equity_nanos, now_ns)

    def limits(self, account: str) -> Limits:
        """Return the limits of an account."""
        return self._state.accounts[account].limits

    # --- orders -----------------------------------------------------------------------------

    def before_order(self, facts: OrderFacts, now_ns: int) -> Verdict:
        """Say whether the policies let an order pass. Changes nothing."""
        memory = self._state.accounts.get(facts.account)
        if memory is None:
            text = f"no account is called {facts.account}"
            return Verdict(code=Reason.UNKNOWN_ACCOUNT, text=text)
        refusal = self._gate(facts)
        if refusal is not None:
            return refusal
        used = 0
        for _, _, check in CHECKS:
            refusal = check(self._state, memory, facts, now_ns)
            if refusal is None:
                continue
            soft = overrides.is_soft(refusal.name) and refusal.code is not Reason.PROP_RULE
            if not (soft and overrides.granted(self._state, facts, now_ns)):
                return refusal
            used = facts.override
        return Verdict(code=Reason.NONE, cap_lots=facts.lots, override=used)

    def what_if(self, facts: OrderFacts, now_ns: int) -> tuple[tuple[str, bool, str, str], ...]:
        """Return a line for each control: code, whether it passes, why not, the limit."""
        memory = self._state.accounts.get(facts.account)
        if memory is None:
            return ()
        texts = memory.limits.texts()
        refusal = self._gate(facts)
        lines = [(Reason.TRADING_STATE.name, refusal is None, refusal.text if refusal else "", "")]
        for code, name, check in CHECKS:
            found = check(self._state, memory, facts, now_ns)
            shown = texts.get(found.name if found and found.name else name, "")
            lines.append((code.name, found is None, found.text if found else "", shown))
        return tuple(lines)

    def _gate(self, facts: OrderFacts) -> Verdict | None:
        gate, text = gates.strictest(self._state, facts)
        if gate is Gate.ACTIVE or (gate is Gate.REDUCING and facts.reduces):
            return None
        return Verdict(code=Reason.TRADING_STATE, text=text)

    def on_decision(self, facts: OrderFacts, code: Reason, now_ns: int) -> tuple[Action, ...]:
        """Count an order that was decided on, by the policies or by the ledger."""
        memory = self._state.accounts.get(facts.account)
        if memory is None:
            return ()
        actions: list[Action] = []
        if code is Reason.PARENT_CHILD:
            found = exposure.parent_child(self._state, memory, facts, now_ns)
            if found is not None and not found.name:
                actions += conduct.halt(
                    self._state,
                    facts.strategy,
                    facts.account,
                    Gate.KILLED,
                    code,
                    found.text,
                    now_ns,
                )
                actions.append(
                    CancelAll(strategy=facts.strategy)
                    if facts.strategy
                    else CancelAll(account=facts.account)
                )
        actions += conduct.attempted(self._state, memory, facts, code, now_ns)
        if code is Reason.NONE:
            if overrides.granted(self._state, facts, now_ns):
                del self._state.overrides[str(facts.override)]
            exposure.taken(memory, facts, now_ns)
        return tuple(actions)

    def on_done(self, account: str, client_order_id: str, now_ns: int) -> None:
        """Release what is left of an order that was cancelled, refused or expired."""
        memory = self._state.accounts.get(account)
        if memory is not None:
            exposure.over(memory, client_order_id)

    def on_fill(self, facts: FillFacts, now_ns: int) -> tuple[Action, ...]:
        """Count a fill: the position, the trade, the streak, the strategy's result."""
        state = self._state
        memory = state.accounts[facts.account]
        if exposure.filled(memory, facts):
            memory.trades_today += 1
            if memory.prop_state is not None:
                memory.prop_state.traded = True
        sender = conduct.strategy_of(state, facts.strategy, facts.account)
        sender.outcomes.row = 0
        actions = list(conduct.automated_fill(state, memory, facts, now_ns))
        if facts.strategy:
            actions += losses.strategy_filled(state, sender, memory, facts, now_ns)
        if facts.closed_nanos is not None:
            actions += entries.trade_closed(
                memory, facts.account, facts.symbol, facts.closed_nanos, now_ns
            )
        return tuple(actions)

    def on_accept(self, account: str, strategy: str, venue: str, now_ns: int) -> None:
        """Count an order that its venue took."""
        conduct.venue_said(self._state, account, strategy, venue, now_ns, refused=False)

    def on_reject(self, account: str, strategy: str, venue: str, now_ns: int) -> tuple[Action, ...]:
        """Count an order that its venue refused."""
        return tuple(
            conduct.venue_said(self._state, account, strategy, venue, now_ns, refused=True)
        )

    def open_parent(
        self, account: str, parent: str, strategy: str, symbol: str, side: int, lots: int
    ) -> None:
        """Open an order that children are cut from; they will never add up to more."""
        memory = self._state.accounts[account]
        assert parent not in memory.parents, parent
        memory.parents[parent] = ParentMemory(strategy, symbol, side, lots)

    def close_parent(self, account: str, parent: str) -> None:
        """Forget a parent; a child that comes later is a violation."""
        self._state.accounts[account].parents.pop(parent, None)

    # --- the world --------------------------------------------------------------------------

    def on_mark(self, account: str, equity_nanos: int, now_ns: int) -> tuple[Action, ...]:
        """Measure an account's equity, open positions included."""
        memory = self._state.accounts[account]
        memory.equity_nanos = equity_nanos
        actions = losses.marked(self._state, account, memory, now_ns)
        actions += prop.prop_marked(self._state, account, memory, now_ns)
        return tuple(dict.fromkeys(actions))  # two rungs at once cancel once

    def on_day(self, account: str, now_ns: int, *, new_week: bool = False) -> tuple[Action, ...]:
        """Begin a trading day, or week, at the equity last marked. Opens no gate."""
        memory = self._state.accounts[account]
        prop.day_ended(memory)
        memory.day_peak_nanos = max(memory.day_peak_nanos, memory.equity_nanos)
        memory.day_start_nanos = memory.equity_nanos
        memory.day_rung = memory.trades_today = memory.losses_in_row = 0
        memory.stopped_for_day = False
        memory.flattened.clear()
        cooldown = memory.limits.number("entry_cooldown") or 0
        memory.ended_ns = {k: ns for k, ns in memory.ended_ns.items() if now_ns - ns < cooldown}
        if new_week:
            memory.week_start_nanos = memory.equity_nanos
            memory.week_rung = 0
        for sender in self._state.strategies.values():
            results = sender.results.get(account)
            if results is not None:
                results.day_nanos = results.rung = 0
        return ()

    def on_market(
        self,
        now_ns: int,
        *,
        vix_milli: int | None = None,
        vix_ns: int = 0,
        news_ns: Iterable[int] | None = None,
        news_gap: str | None = None,
        closes_ns: Mapping[str, int] | None = None,
    ) -> tuple[Action, ...]:
        """Take the VIX in thousandths, the instants of high-impact news, the next closes.

        What is `None` stays as it was; a close of 0 forgets the symbol's. `vix_ns` is when the
        figure was made (0: now); an older one than is known changes nothing.
        """
        state = self._state
        made_ns = min(vix_ns or now_ns, now_ns)
        if vix_milli is not None and made_ns >= state.vix_ns:
            state.vix_milli, state.vix_ns = vix_milli, made_ns
        if news_gap is not None:
            state.news_gap = news_gap
        if news_ns is not None:
            state.news_ns = sorted(set(news_ns))
        for symbol, close_ns in (closes_ns or {}).items():
            state.closes_ns[symbol] = close_ns
            if not close_ns:
                del state.closes_ns[symbol]
        return ()

    def on_time(self, now_ns: int) -> tuple[Action, ...]:
        """Look at what time alone brings: closes, silent strategies, expired overrides."""
        overrides.swept(self._state, now_ns)
        return (
            *conduct.silent(self._state, now_ns),
            *entries.flat_before_close(self._state, now_ns),
        )

    def heartbeat(self, strategy: str, now_ns: int) -> None:
        """Note that a strategy is alive; from its first heartbeat on its silence counts."""
        sender = conduct.strategy_of(self._state, strategy, "")
        sender.beat_ns, sender.silent = now_ns, False

    def hears(self, strategy: str = "") -> bool:
        """Tell whether heartbeats are expected of a strategy; without a name: of any."""
        if strategy:
            known = self._state.strategies.get(strategy)
            return known is not None and known.beat_ns > 0
        return any(one.beat_ns and not one.silent for one in self._state.strategies.values())

    def retire(self, strategy: str) -> None:
        """Expect no more heartbeats of a strategy that was stopped on purpose."""
        sender = self._state.strategies.get(strategy)
        if sender is not None:
            sender.beat_ns, sender.silent = 0, False

    def on_model(self, strategy: str, alarm: str) -> None:
        """Doubt the model of a strategy (not approved, drifting), or trust it again (empty)."""
        conduct.strategy_of(self._state, strategy, "").alarm = alarm

    def on_gap(self, account: str, text: str, now_ns: int) -> tuple[Action, ...]:
        """Take an unexplained difference with the venue; empty: all agrees again."""
        memory = self._state.accounts[account]
        before, memory.gap = memory.gap, text
        if text:
            return gates.close(
                self._state, Scope.ACCOUNT, account, Gate.REDUCING, Reason.RECON_GAP, text, now_ns
            )
        if not before:
            return ()
        told = f"{account} agrees with its venue again; a person may re-arm it"
        return (Warn(Scope.ACCOUNT, account, Reason.RECON_GAP, told),)

    # --- persons ----------------------------------------------------------------------------

    def close_gate(
        self,
        scope: Scope,
        target: str,
        gate: Gate,
        code: Reason,
        text: str,
        person: str,
        now_ns: int,
    ) -> tuple[Action, ...]:
        """Close a gate by hand, or by a watch outside; it never opens one."""
        return gates.close(self._state, scope, target, gate, code, text, now_ns, by=person)

    def rearm(
        self,
        scope: Scope,
        target: str,
        person: str,
        reason: str,
        now_ns: int,
        *,
        live: bool = False,
    ) -> tuple[Action, ...]:
        """Open a gate for a person. Raises `Conflict` or `Denied` where that cannot be yet."""
        return rearming.rearm(self._state, scope, target, person, reason, now_ns, live=live)

    def ask_override(self, facts: OrderFacts, person: str, reason: str, now_ns: int) -> int:
        """Ask for one order past a soft limit; return the override's number."""
        return overrides.ask(self._state, facts, person, reason, now_ns)

    def approve_override(self, number: int, person: str, now_ns: int) -> None:
        """Approve an override as another person than the one who asked."""
        overrides.approve(self._state, number, person, now_ns)

    def open_overrides(self, now_ns: int) -> list[tuple[int, OverrideMemory]]:
        """Return the overrides that are neither used nor expired, by number."""
        return overrides.still_open(self._state, now_ns)

    # --- to be read and kept ----------------------------------------------------------------

    def uses(self, account: str, now_ns: int) -> tuple[Use, ...]:
        """Return how much of each limit an account uses."""
        return uses(self._state, account, self._state.accounts[account], now_ns)

    def gates(self) -> tuple[rearming.ClosedGate, ...]:
        """Return the gates that are not active."""
        return rearming.closed_gates(self._state)

    def prop_progress(self, account: str) -> prop.PropProgress | None:
        """Return how an account stands under its firm's rules."""
        return prop.progress(self._state.accounts[account])

    def pauses(self, account: str) -> tuple[int, bool, int, int]:
        """Return paused until, stopped for the day, losses in a row, trades today."""
        memory = self._state.accounts[account]
        return (
            memory.paused_until_ns,
            memory.stopped_for_day,
            memory.losses_in_row,
            memory.trades_today,
        )

    def state(self) -> bytes:
        """Return all that is remembered, as bytes: equal memories, equal bytes."""
        return encoded(self._state)

    def restore(self, state: bytes) -> None:
        """Remember what `state` gave. Raises `Invalid` for bytes of another version."""
        remembered = decoded(state)
        for memory in remembered.accounts.values():
            memory.limits = parse_limits({}, memory.limits)
        self._state = remembered
