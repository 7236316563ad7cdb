"""The contract of a venue: one suite that every implementation passes, over its own exchange.

A test module subclasses `VenueContract` (and `TroubledVenueContract` of `troubled_contract` where
its exchange can make trouble) and gives a fixture `rig`. What an exchange cannot do is skipped with
that reason.
"""

from __future__ import annotations

import asyncio

import pytest
from tests.contexts.execution.venues.rig import K, Rig, connected, far, found, new_id, order

from fks.contracts.values import OrderType, Side, TimeInForce


class VenueContract:
    """What every venue does when nothing goes wrong, and with orders that are wrong."""

    async def test_a_resting_order_is_acknowledged_and_found(self, rig: Rig) -> None:
        """Lost: an order could rest at a venue without our knowing its number there."""
        async with connected(rig) as (venue, heard):
            sent = order(rig, price=far(rig))
            await venue.submit(sent)
            report = await heard.hears(sent.client_order_id, K.ACKNOWLEDGED)
            assert report.venue_order_id and report.ts_ns > 0
            status = await venue.find_order(sent.client_order_id, rig.instrument.id)
            assert status is not None
            assert (status.state, status.quantity, status.filled) == ("new", sent.quantity, 0)
            assert (status.price, status.side) == (sent.price, Side.BUY)
            assert status.venue_order_id == report.venue_order_id
            working = await venue.open_orders()
            assert [one.client_order_id for one in working] == [sent.client_order_id]
            assert heard.kinds(sent.client_order_id).count(K.ACKNOWLEDGED) == 1

    async def test_a_market_order_fills_and_the_history_agrees(self, rig: Rig) -> None:
        """Lost: what the reports say and what the history says would be two different positions."""
        await rig.liquidity(rig.size)
        async with connected(rig) as (venue, heard):
            sent = order(rig)
            await venue.submit(sent)
            await heard.until(lambda: heard.filled(sent.client_order_id) == sent.quantity)
            fills = heard.fills(sent.client_order_id)
            assert len({one.trade_id for one in fills}) == len(fills)
            assert {(one.price, one.side) for one in fills} == {(rig.ask, Side.BUY)}
            history = await venue.fills_since(0, rig.instrument.id)
            told = {(one.trade_id, one.quantity, one.price, one.fee) for one in history}
            assert told == {(one.trade_id, one.quantity, one.price, one.fee) for one in fills}
            assert await found(venue, sent.client_order_id, rig) == ("filled", sent.quantity)

    async def test_a_partly_filled_order_can_be_cancelled(self, rig: Rig) -> None:
        """Lost: the part that was filled could vanish with the part that was cancelled."""
        async with connected(rig) as (venue, heard):
            sent = order(rig, price=far(rig))
            await venue.submit(sent)
            await heard.hears(sent.client_order_id, K.ACKNOWLEDGED)
            await rig.hit(far(rig), sent.quantity / 2)
            fill = await heard.hears(sent.client_order_id, K.FILLED)
            assert (fill.quantity, fill.price, fill.maker) == (sent.quantity / 2, far(rig), True)
            await venue.cancel(sent.client_order_id, rig.instrument.id)
            await heard.hears(sent.client_order_id, K.CANCELLED)
            state = await found(venue, sent.client_order_id, rig)
            assert state == ("cancelled", sent.quantity / 2)
            assert await venue.open_orders() == ()
            assert heard.kinds(sent.client_order_id).count(K.CANCELLED) == 1

    async def test_what_is_off_the_grid_is_refused_not_rounded(self, rig: Rig) -> None:
        """Lost: a price or a quantity could be changed on its way without anybody's asking."""
        async with connected(rig) as (venue, heard):
            tick, lot = rig.instrument.tick_size, rig.instrument.lot_size
            wrong = [
                order(rig, price=far(rig) + tick / 2),
                order(rig, price=far(rig), quantity=rig.size + lot / 2),
            ]
            for sent in wrong:
                await venue.submit(sent)
                report = await heard.hears(sent.client_order_id, K.REJECTED)
                assert report.code and report.text
                assert rig.truth(sent.client_order_id) is None

    async def test_a_working_id_is_not_taken_twice(self, rig: Rig) -> None:
        """Lost: a repeated send would be a second order."""
        async with connected(rig) as (venue, heard):
            sent = order(rig, price=far(rig))
            await venue.submit(sent)
            await heard.hears(sent.client_order_id, K.ACKNOWLEDGED)
            await venue.submit(sent)
            report = await heard.hears(sent.client_order_id, K.REJECTED)
            assert report.code
            assert len(await venue.open_orders()) == 1

    async def test_a_post_only_order_that_would_trade_is_not_filled(self, rig: Rig) -> None:
        """Lost: an order that must not take would pay the taker's fee."""
        await rig.liquidity(rig.size)
        async with connected(rig) as (venue, heard):
            if not venue.capabilities.post_only:
                pytest.skip("this venue has no post-only orders")
            sent = order(rig, price=rig.ask, post_only=True)
            await venue.submit(sent)
            ended = (K.REJECTED, K.EXPIRED, K.CANCELLED)
            await heard.until(lambda: bool({*ended} & {*heard.kinds(sent.client_order_id)}))
            assert heard.filled(sent.client_order_id) == 0

    async def test_an_immediate_order_ends_with_what_it_got(self, rig: Rig) -> None:
        """Lost: the rest of an immediate order would count as working for ever."""
        await rig.liquidity(rig.size / 2)
        async with connected(rig) as (venue, heard):
            if TimeInForce.IOC not in venue.capabilities.times_in_force:
                pytest.skip("this venue has no immediate-or-cancel")
            sent = order(rig, price=rig.ask, tif=TimeInForce.IOC)
            await venue.submit(sent)
            ended = {K.EXPIRED, K.CANCELLED}
            await heard.until(lambda: bool(ended & {*heard.kinds(sent.client_order_id)}))
            await heard.until(lambda: heard.filled(sent.client_order_id) == rig.size / 2)

    async def test_an_unknown_order_is_neither_cancelled_nor_changed(self, rig: Rig) -> None:
        """Lost: a cancel of something that is not there would be waited for without end."""
        async with connected(rig) as (venue, heard):
            nobody = new_id()
            await venue.cancel(nobody, rig.instrument.id)
            assert (await heard.hears(nobody, K.CANCEL_REJECTED)).code
            if venue.capabilities.amend:
                await venue.amend(nobody, rig.instrument.id, rig.size, far(rig))
                assert (await heard.hears(nobody, K.REPLACE_REJECTED)).code
            assert await found(venue, nobody, rig) is None

    async def test_a_smaller_quantity_is_taken(self, rig: Rig) -> None:
        """Lost: an order could not be made smaller without losing its place."""
        async with connected(rig) as (venue, heard):
            if not venue.capabilities.amend:
                pytest.skip("this venue changes no orders")
            sent = order(rig, price=far(rig))
            await venue.submit(sent)
            await heard.hears(sent.client_order_id, K.ACKNOWLEDGED)
            await venue.amend(sent.client_order_id, rig.instrument.id, rig.size / 2, far(rig))
            report = await heard.hears(sent.client_order_id, K.REPLACED)
            assert (report.quantity, report.price) == (rig.size / 2, far(rig))
            status = await venue.find_order(sent.client_order_id, rig.instrument.id)
            assert status is not None
            assert (status.state, status.quantity) == ("new", rig.size / 2)

    async def test_fills_are_told_oldest_first_from_an_instant_on(self, rig: Rig) -> None:
        """Lost: reconciling would read a history with holes."""
        await rig.liquidity(rig.size)
        async with connected(rig) as (venue, heard):
            if not venue.capabilities.history:
                pytest.skip("this venue keeps no history")
            for side in (Side.BUY, Side.SELL):
                sent = order(rig, side=side)
                await venue.submit(sent)
                await heard.until(lambda s=sent: heard.filled(s.client_order_id) == s.quantity)
                await asyncio.sleep(0.01)
            history = await venue.fills_since(0, rig.instrument.id)
            assert [one.ts_ns for one in history] == sorted(one.ts_ns for one in history)
            assert {one.side for one in history} == {Side.BUY, Side.SELL}
            last = history[-1]
            later = await venue.fills_since(last.ts_ns, rig.instrument.id)
            assert last in later and all(one.ts_ns >= last.ts_ns for one in later)
            assert await venue.fills_since(last.ts_ns + 10**10, rig.instrument.id) == ()

    async def test_a_position_and_money_are_told(self, rig: Rig) -> None:
        """Lost: reconciling could not compare what we hold with what the venue holds."""
        await rig.liquidity(rig.size)
        async with connected(rig) as (venue, heard):
            sent = order(rig, side=Side.SELL) if venue.capabilities.holds_positions else order(rig)
            await venue.submit(sent)
            await heard.until(lambda: heard.filled(sent.client_order_id) == sent.quantity)
            held = await venue.positions()
            if venue.capabilities.holds_positions:
                assert [(one.symbol, one.quantity) for one in held] == [
                    (rig.instrument.id, -sent.quantity)
                ]
            else:
                assert held == ()
            assert all(one.total >= one.free >= 0 for one in await venue.balances())
            assert await venue.balances()
            assert abs(await venue.clock_offset_ns()) < 60 * 10**9

    async def test_what_it_cannot_do_is_not_in_its_capabilities(self, rig: Rig) -> None:
        """Lost: an order type would be found missing by the order that needed it."""
        can = rig.venue().capabilities
        assert {OrderType.MARKET, OrderType.LIMIT} <= can.order_types
        assert TimeInForce.GTC in can.times_in_force

    async def test_nothing_is_said_after_close(self, rig: Rig) -> None:
        """Lost: a report could reach an owner that is gone."""
        async with connected(rig) as (venue, heard):
            sent = order(rig, price=far(rig))
            await venue.submit(sent)
            await heard.hears(sent.client_order_id, K.ACKNOWLEDGED)
        before = len(heard.reports)
        await rig.hit(far(rig), sent.quantity)
        await asyncio.sleep(0.1)
        assert len(heard.reports) == before
        assert rig.truth(sent.client_order_id) == ("filled", sent.quantity)
