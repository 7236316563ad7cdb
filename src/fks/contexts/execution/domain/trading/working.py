"""Orders at work: amended, cancelled one by one or all, joined in lists, and positions closed."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from fks.contexts.execution.domain.matching.layout import (
    AccountKey,
    CommandKind,
    EventKind,
    Gate,
    Reason,
)
from fks.contexts.execution.domain.trading.effects import CancelSent, ChangeSent
from fks.contexts.execution.domain.trading.floor import Floor, Todo
from fks.contexts.execution.domain.trading.gates import Gates
from fks.contexts.execution.domain.trading.inputs import CancelManyAsked, ChangeAsked, Placed
from fks.contexts.execution.domain.trading.numbers import child_of, order_id
from fks.contexts.execution.domain.trading.placing import RISK, Placing
from fks.contexts.execution.domain.trading.reasons import explained
from fks.contexts.execution.domain.trading.reporting import Reporting
from fks.contexts.execution.domain.trading.settling import Settling
from fks.contexts.execution.domain.trading.state import FINAL, OrderRecord
from fks.contracts.execution import OrderLink, OrderRequest, OrderState
from fks.contracts.values import OrderType, Side, TimeInForce

__all__ = ["Working"]

_OCO = (OrderLink.OCO, OrderLink.CHILD_OCO)
_OUO = (OrderLink.OUO, OrderLink.CHILD_OUO)


class Working:
    """Change and end orders that are at work."""

    def __init__(
        self,
        floor: Floor,
        gates: Gates,
        placing: Placing,
        settling: Settling,
        reporting: Reporting,
    ) -> None:
        self._floor = floor
        self._gates = gates
        self._placing = placing
        self._settling = settling
        self._reporting = reporting

    def cancel(self, number: int, why: str = "") -> None:
        """Ask for the cancel of an order that is not final; asking again does no harm."""
        floor = self._floor
        order = floor.orders[number]
        if order.state in FINAL:
            return
        if floor.by_number[order.instrument].matched:
            events = floor.command(CommandKind.CANCEL, id=number, instrument=order.instrument)
            self._settling.matched(events)
            return
        if order.cancel_asked:
            return  # on its way; the link asks again until the venue answers
        floor.told(order, "cancel asked", why)
        order.cancel_asked = True
        self._reporting.follow(order, floor.routed[number].cancel_asked(floor.now_ns))
        floor.emit(CancelSent(order.request.account, number))

    def cancel_many(self, given: CancelManyAsked, why: str = "") -> list[int]:
        """Ask for the cancel of all orders at work that the filter names."""
        found = [
            order.id
            for order in list(self._floor.working.values())
            if given.account in ("", order.request.account)
            and given.symbol in ("", order.request.symbol)
            and given.side in (None, order.request.side)
        ]
        for number in found:
            self.cancel(number, why)
        return found

    def change(self, given: ChangeAsked) -> str:
        """Ask for an amended order; return a reason when it is refused."""
        floor = self._floor
        order = floor.orders[given.order_id]
        scale = floor.scale(order)
        lots = order.leaves if given.quantity is None else scale.lots(given.quantity)
        price = order.price_ticks if given.price is None else scale.ticks(given.price)
        stop = order.stop_ticks if given.stop_price is None else scale.ticks(given.stop_price)
        why = self._by_policies(order, lots, price, stop)
        if why:
            return why
        events = floor.command(
            CommandKind.REPLACE,
            id=order.id,
            account=floor.accounts[order.request.account].number,
            instrument=order.instrument,
            price=price or 0,
            stop=stop or 0,
            quantity=lots,
        )
        refused = [e for e in events if int(e["kind"]) == EventKind.REJECTED]
        code = Reason(int(refused[0]["reason"])) if refused else Reason.NONE
        floor.decided(order, code, explained(code) if refused else "amended")
        if refused:
            floor.told(order, "amend refused", code.name)
            return f"{code.name}: {explained(code)}"
        if floor.by_number[order.instrument].matched:
            order.price_ticks, order.stop_ticks = price, stop
            order.lots = order.filled_lots + lots
            self._settling.matched(events)
            return ""
        floor.told(order, "amend asked", f"{scale.quantity(lots)} open")
        effects = floor.routed[order.id].change_asked(order.filled_lots + lots, price, floor.now_ns)
        self._reporting.follow(order, effects)
        floor.emit(ChangeSent(order.request.account, order.id, order.filled_lots + lots, price))
        return ""

    def _by_policies(
        self, order: OrderRecord, lots: int, price: int | None, stop: int | None
    ) -> str:
        """Ask the policies about what an order would become; return why not."""
        floor = self._floor
        facts = self._placing.facts(order, Placed(request=order.request), amends=True)
        facts = msgspec.structs.replace(
            facts, lots=lots, price_ticks=price or stop or facts.price_ticks
        )
        verdict = floor.policies.before_order(facts, floor.now_ns)
        self._gates.act(floor.policies.on_decision(facts, verdict.code, floor.now_ns))
        if verdict.code is Reason.NONE:
            return ""
        floor.decided(order, verdict.code, verdict.text)
        floor.told(order, "amend refused", verdict.code.name)
        return f"{verdict.code.name}: {verdict.text}"

    def take_up(self, work: Todo, place: int) -> None:
        """Do what an input left behind."""
        floor = self._floor
        if work.what == "cancel":
            self.cancel(work.order_id, work.reason)
        elif work.what == "cancel_all":
            self.cancel_many(CancelManyAsked(account=work.account), work.reason)
        elif work.what == "flatten":
            self.flatten(work.account, work.symbol, work.reason, place)
        elif work.what == "kill":
            self._gates.finish_kill(work.account, work.reason)
        elif work.what == "bracket":
            order = floor.orders[work.order_id]
            self._siblings(order, work.lots)
            self._placing.leader_filled(order, work.lots)
        elif work.what == "ended":
            order = floor.orders[work.order_id]
            if order.request.link in _OCO + _OUO or order.leader:
                self._cancel_siblings(order)

    def flatten(self, name: str, symbol: str, why: str, place: int) -> None:
        """Close positions of an account by market orders that may only reduce."""
        floor = self._floor
        account = floor.accounts[name]
        # Closing passes any gate; the gate's own number comes back behind it.
        floor.configure(account, [(AccountKey.GATE, 0, int(Gate.ACTIVE))])
        for number, holding in sorted(account.holdings.items()):
            instrument = floor.by_number[number]
            if not holding.lots or symbol not in ("", instrument.instrument.id):
                continue
            request = OrderRequest(
                account=name,
                client_order_id=f"flat-{floor.seq}-{place}-{number}",
                symbol=instrument.instrument.id,
                side=Side.SELL if holding.lots > 0 else Side.BUY,
                quantity=floor.scales[number].quantity(abs(holding.lots)),
                type=OrderType.MARKET,
                time_in_force=TimeInForce.IOC,
                reduce_only=True,
                reference=why[:200],
            )
            given = Placed(request=request, principal=RISK)
            self._placing.place(given, order_id(floor.seq, place=place, child=number % 255))
        floor.set_gate_numbers()

    def _siblings(self, order: OrderRecord, lots: int) -> None:
        """After a fill: OCO siblings are cancelled, OUO siblings and bracket pairs shrink."""
        for other in self._list_of(order):
            if (
                order.request.link in _OCO
                or other.leaves <= lots
                or order.state is OrderState.FILLED
            ):
                self.cancel(other.id, f"order {order.id} of its list traded")
            elif self._floor.accounts[order.request.account].amends:
                left = self._floor.scale(other).quantity(other.leaves - lots)
                self.change(ChangeAsked(order_id=other.id, quantity=Decimal(left)))

    def _cancel_siblings(self, order: OrderRecord) -> None:
        for other in self._list_of(order):
            self.cancel(other.id, f"order {order.id} of its list ended")

    def _list_of(self, order: OrderRecord) -> list[OrderRecord]:
        """Return the other working orders of an order's list, or of its bracket's pair."""
        request = order.request
        linked = request.list_id and request.link in _OCO + _OUO
        if not linked and not order.leader:
            return []
        return [
            other
            for other in list(self._floor.working.values())
            if other.id != order.id
            and other.request.account == request.account
            and (
                (linked and other.request.list_id == request.list_id)
                or (order.leader and other.leader == order.leader and _pair(order, other))
            )
        ]


def _pair(one: OrderRecord, other: OrderRecord) -> bool:
    """Tell whether two children are the stop and the target of one fill of their leader.

    They are numbered 1 and 2, 3 and 4, ...; a leader with one of the two has no pairs.
    """
    if one.request.type is other.request.type:
        return False
    return (child_of(one.id) - 1) // 2 == (child_of(other.id) - 1) // 2
