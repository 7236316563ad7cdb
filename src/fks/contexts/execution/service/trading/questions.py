"""What can be asked about trading accounts, out of memory where it is live, else out of SQL."""

from __future__ import annotations

import msgspec

from fks.contexts.execution.domain.risk.limits import loosened, parse_limits
from fks.contexts.execution.domain.trading.overriding import open_overrides
from fks.contexts.execution.domain.trading.placing import exact
from fks.contexts.execution.domain.trading.scales import money
from fks.contexts.execution.domain.trading.views import position_view
from fks.contexts.execution.service.trading.checking import checked
from fks.contexts.execution.service.trading.comparing import compared
from fks.contexts.execution.service.trading.desk import Desk
from fks.contexts.execution.service.trading.market import Market
from fks.contexts.execution.service.trading.projector import Projector
from fks.contexts.execution.service.trading.state import Live
from fks.contexts.execution.service.trading.viewing import shown_account
from fks.contexts.execution.store import TradingStore
from fks.contracts.execution import (
    AccountFillList,
    AccountList,
    AccountOrder,
    AccountOrderList,
    AccountPerformance,
    AccountPositionList,
    AccountStepList,
    Attribution,
    BookDepth,
    CheckLimits,
    CheckOrder,
    CompareAccounts,
    DecisionList,
    GetDepth,
    GetOrder,
    GetPerformance,
    GetTradeStory,
    HeldSignalList,
    LimitDifference,
    LimitPreview,
    ListAccountFills,
    ListAccountOrders,
    ListAccountPositions,
    ListAccounts,
    ListAccountSteps,
    ListHeldSignals,
    ListOverrides,
    ListRiskDecisions,
    OrderCheck,
    OverrideList,
    TradeStory,
)
from fks.kernel.errors import NotFound
from fks.kernel.persistence import Database

__all__ = ["Questions"]


class Questions:
    """Answers about accounts, orders, fills and decisions."""

    def __init__(
        self,
        live: Live,
        store: TradingStore,
        database: Database,
        projector: Projector,
        desk: Desk,
        market: Market,
    ) -> None:
        self._live = live
        self._store = store
        self._database = database
        self._projector = projector
        self._desk = desk
        self._market = market

    async def accounts(self, wish: ListAccounts) -> AccountList:
        """Return accounts as they stand."""
        floor = self._live.floor
        names = [self._live.account(wish.account).id] if wish.account else sorted(floor.accounts)
        return AccountList(
            accounts=tuple(shown_account(self._live, floor.accounts[name]) for name in names)
        )

    async def positions(self, wish: ListAccountPositions) -> AccountPositionList:
        """Return positions that are not flat or have open orders."""
        floor = self._live.floor
        names = [self._live.account(wish.account).id] if wish.account else sorted(floor.accounts)
        found = []
        for name in names:
            for number, holding in sorted(floor.accounts[name].holdings.items()):
                record, open_lots = floor.by_number[number], floor.open_lots(name, number)
                if holding.lots or any(open_lots):
                    held = (holding.lots, holding.cost_nanos, holding.realised_nanos)
                    scale = floor.scales[number]
                    symbol = record.instrument.id
                    found.append(
                        position_view(name, symbol, scale, held, record.last_ticks, open_lots)
                    )
        return AccountPositionList(positions=tuple(found))

    async def order(self, wish: GetOrder) -> AccountOrder:
        """Return an order, by id or by its client's id."""
        floor = self._live.floor
        number = wish.order_id or floor.client_ids.get((wish.account, wish.client_order_id), 0)
        if number in floor.orders:
            return self._desk.shown(floor.orders[number])
        async with self._database.reading() as tx:
            if number:
                found = await self._store.order(tx, number)
            else:
                found = await self._store.order_of(tx, wish.account, wish.client_order_id)
        if found is None:
            name = wish.order_id or wish.client_order_id
            raise NotFound(f"no order {name}", code="execution.no_order")
        return found

    async def orders(self, wish: ListAccountOrders) -> AccountOrderList:
        """Return orders, newest first; working ones out of memory."""
        if wish.working:
            working = sorted(self._live.floor.working.values(), key=lambda o: -o.id)
            chosen = [
                self._desk.shown(order)
                for order in working
                if wish.account in ("", order.request.account)
                and wish.symbol in ("", order.request.symbol)
                and order.id < wish.before_id
            ]
            return AccountOrderList(orders=tuple(chosen[: wish.limit]))
        async with self._database.reading() as tx:
            found = await self._store.orders(
                tx, wish.account, wish.symbol, wish.before_id, wish.limit, working=False
            )
        return AccountOrderList(orders=found)

    async def fills(self, wish: ListAccountFills) -> AccountFillList:
        """Return fills, newest first."""
        async with self._database.reading() as tx:
            found = await self._store.fills(
                tx, wish.account, wish.symbol, wish.order_id, wish.before_id, wish.limit
            )
        return AccountFillList(fills=found)

    async def decisions(self, wish: ListRiskDecisions) -> DecisionList:
        """Return decisions of the controls, newest first."""
        async with self._database.reading() as tx:
            found = await self._store.decisions(
                tx, wish.account, wish.before_seq, wish.limit, refused=wish.refused
            )
        return DecisionList(decisions=found)

    async def steps(self, wish: ListAccountSteps) -> AccountStepList:
        """Return lines of an account's journal, newest first, once what is durable is projected."""
        account = self._live.account(wish.account)
        await self._projector.idle()
        async with self._database.reading() as tx:
            found = await self._store.steps(tx, account.id, wish.what, wish.before_seq, wish.limit)
        return AccountStepList(steps=found)

    async def overrides(self, wish: ListOverrides) -> OverrideList:
        """Return overrides that are neither used nor expired."""
        live = self._live
        if wish.account:
            live.account(wish.account)
        return OverrideList(
            overrides=tuple(
                one
                for one in open_overrides(live.floor, live.clock.now_ns())
                if wish.account in ("", one.account)
            )
        )

    async def check_limits(self, wish: CheckLimits) -> LimitPreview:
        """Return what a change of limits would do. Raises `Invalid` for one that cannot be."""
        account = self._live.account(wish.account)
        old = parse_limits(account.limits)
        new = parse_limits(wish.limits, old)
        loose = set(loosened(old, new))
        before, after = old.texts(), new.texts()
        found = tuple(
            LimitDifference(
                name=name,
                before=before.get(name, before[name.partition("@")[0]]),
                after=text,
                looser=name in loose,
            )
            for name, text in after.items()
            if before.get(name) != text
        )
        return LimitPreview(
            account=account.id,
            limits_version=account.limits_version,
            differences=found,
            needs_reason=bool(loose),
        )

    async def story(self, wish: GetTradeStory) -> TradeStory:
        """Return a trade from signal to fills, once what is durable is projected."""
        await self._projector.idle()
        order = await self.order(GetOrder(order_id=wish.order_id))
        async with self._database.reading() as tx:
            steps = await self._store.story(tx, wish.order_id)
            fills = await self._store.fills(tx, "", "", wish.order_id, 2**63 - 1, 1000)
        return TradeStory(order=order, steps=steps, fills=tuple(reversed(fills)))

    async def held(self, wish: ListHeldSignals) -> HeldSignalList:
        """Return signals that wait for a person, newest first."""
        held = sorted(self._live.floor.held.values(), key=lambda one: -one.id)
        return HeldSignalList(signals=tuple(held[: wish.limit]))

    async def depth(self, wish: GetDepth) -> BookDepth:
        """Return the book of a symbol, own prices marked. Raises `NotFound` without one."""
        found = self._market.depth(wish.symbol, wish.levels)
        if found is None:
            raise NotFound(f"no book of {wish.symbol} is kept here", code="execution.no_book")
        floor = self._live.floor
        own = {
            floor.scale(order).price(order.price_ticks)
            for order in floor.working.values()
            if order.request.symbol == wish.symbol and order.price_ticks is not None
        }
        return msgspec.structs.replace(found, own=tuple(sorted(own)))

    async def check(self, wish: CheckOrder) -> OrderCheck:
        """Return what every control says to an order; nothing is placed or counted."""
        self._desk.check(wish.request)
        _, order = exact(self._live.floor, wish.request)
        return checked(self._live, order)

    async def compare(self, wish: CompareAccounts) -> Attribution:
        """Return where the difference between two accounts comes from."""
        one, other = self._live.account(wish.account), self._live.account(wish.against)
        await self._projector.idle()
        async with self._database.reading() as tx:
            return await compared(tx, self._store, self._live.floor, one, other)

    async def performance(self, wish: GetPerformance) -> AccountPerformance:
        """Return trades, profit and the equity of an account."""
        account = self._live.account(wish.account)
        async with self._database.reading() as tx:
            points = await self._store.equity(tx, account.id, wish.limit)
        return AccountPerformance(
            account=account.id,
            trades=account.wins + account.losses,
            wins=account.wins,
            losses=account.losses,
            realised_pnl=money(account.cash_nanos - account.start_nanos),
            fees=money(account.fees_nanos),
            largest_win=money(account.largest_win_nanos),
            largest_loss=money(account.largest_loss_nanos),
            max_drawdown=money(account.drawdown_nanos),
            points=points,
        )
