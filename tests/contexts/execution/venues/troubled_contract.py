"""The contract of a venue under trouble: what is lost, late, doubled or cut is found by asking."""

from __future__ import annotations

import asyncio
import random
from decimal import Decimal

import pytest
from tests.contexts.execution.venues.rig import (
    DOUBT,
    PATIENCE_S,
    Heard,
    K,
    Rig,
    Trouble,
    connected,
    far,
    found,
    order,
    total,
)

from fks.contracts.execution import Venue
from fks.kernel.errors import FksError, TimedOut, Unavailable


class TroubledVenueContract:
    """What every venue does when requests, answers and reports are lost, late or doubled."""

    def needs(self, rig: Rig, *troubles: Trouble) -> None:
        """Skip where the exchange of this venue cannot make this trouble."""
        missing = {one.value for one in troubles} - {one.value for one in rig.troubles}
        if missing:
            pytest.skip(f"the exchange of this venue cannot make: {', '.join(sorted(missing))}")

    @pytest.mark.parametrize("trouble", DOUBT, ids=lambda one: one.value)
    async def test_doubt_is_unknown_and_asking_finds_the_truth(
        self, rig: Rig, trouble: Trouble
    ) -> None:
        """Lost: a blind resend would double an order, a blind rejection would forget one."""
        self.needs(rig, trouble)
        async with connected(rig) as (venue, heard):
            await rig.inject(trouble)
            sent = order(rig, price=far(rig))
            await venue.submit(sent)
            await heard.hears(sent.client_order_id, K.UNKNOWN)
            assert K.REJECTED not in heard.kinds(sent.client_order_id)
            await rig.heal()
            lost = trouble is Trouble.LOST_REQUEST
            truth = await found(venue, sent.client_order_id, rig)
            assert truth == rig.truth(sent.client_order_id)
            assert truth == (None if lost else ("new", Decimal(0)))
            assert rig.arrivals(sent.client_order_id) == 1

    async def test_a_late_acknowledgement_is_no_refusal(self, rig: Rig) -> None:
        """Lost: a slow venue would be taken for one that said no."""
        self.needs(rig, Trouble.LATE_ACK)
        async with connected(rig) as (venue, heard):
            await rig.inject(Trouble.LATE_ACK)
            sent = order(rig, price=far(rig))
            await venue.submit(sent)
            await heard.hears(sent.client_order_id, K.ACKNOWLEDGED)
            assert K.REJECTED not in heard.kinds(sent.client_order_id)
            assert rig.arrivals(sent.client_order_id) == 1

    async def test_a_refusal_carries_the_words_of_the_venue(self, rig: Rig) -> None:
        """Lost: nobody could tell why an order was refused, nor count a storm of refusals."""
        self.needs(rig, Trouble.REFUSED)
        async with connected(rig) as (venue, heard):
            for _ in range(20):
                await rig.inject(Trouble.REFUSED)
                sent = order(rig, price=far(rig))
                await venue.submit(sent)
                report = await heard.hears(sent.client_order_id, K.REJECTED)
                assert report.code and report.text
            assert await venue.open_orders() == ()

    async def test_a_limit_of_rates_turns_one_order_away_and_passes(self, rig: Rig) -> None:
        """Lost: an order that was turned away would be waited for, or all after it be lost."""
        self.needs(rig, Trouble.RATE_LIMITED)
        async with connected(rig) as (venue, heard):
            await rig.inject(Trouble.RATE_LIMITED)
            sent = order(rig, price=far(rig))
            await venue.submit(sent)
            await heard.until(lambda: bool(heard.kinds(sent.client_order_id)))
            # A word that may also mean overload (ccxt has one for both) is doubt, not refusal.
            assert {*heard.kinds(sent.client_order_id)} <= {K.REJECTED, K.UNSENT, K.UNKNOWN}
            assert rig.truth(sent.client_order_id) is None
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    later = order(rig, price=far(rig))
                    await venue.submit(later)
                    if K.ACKNOWLEDGED in heard.kinds(later.client_order_id):
                        break
                    await asyncio.sleep(0.2)
            assert await found(venue, sent.client_order_id, rig) is None

    async def test_a_clock_that_is_off_is_measured_and_leaves_no_doubt_behind(
        self, rig: Rig
    ) -> None:
        """Lost: orders would be refused, or taken twice, because two clocks differ."""
        async with connected(rig) as (venue, heard):
            ahead_ns = 30 * 10**9
            rig.skew(ahead_ns)
            assert abs(await venue.clock_offset_ns() - ahead_ns) < 10 * 10**9
            sent = order(rig, price=far(rig))
            await venue.submit(sent)
            ends = {K.ACKNOWLEDGED, K.REJECTED, K.UNKNOWN}
            await heard.until(lambda: bool(ends & {*heard.kinds(sent.client_order_id)}))
            rig.skew(0)
            truth = rig.truth(sent.client_order_id)
            assert await found(venue, sent.client_order_id, rig) == truth
            assert rig.arrivals(sent.client_order_id) <= 1

    async def test_a_fill_told_twice_counts_once(self, rig: Rig) -> None:
        """Lost: a repeated message would double a position."""
        self.needs(rig, Trouble.DUPLICATE_FILL)
        async with connected(rig) as (venue, heard):
            await rig.inject(Trouble.DUPLICATE_FILL)
            first = order(rig, price=far(rig))
            await venue.submit(first)
            await heard.hears(first.client_order_id, K.ACKNOWLEDGED)
            await rig.hit(far(rig), first.quantity / 2)
            await rig.hit(far(rig), first.quantity / 2)
            await heard.until(lambda: heard.filled(first.client_order_id) >= first.quantity)
            await asyncio.sleep(0.1)
            assert heard.filled(first.client_order_id) == first.quantity
            assert len(heard.fills(first.client_order_id)) == 2

    async def test_a_fill_before_its_acknowledgement_counts(self, rig: Rig) -> None:
        """Lost: a fast fill would be thrown away because its order was not known yet."""
        self.needs(rig, Trouble.FILL_BEFORE_ACK)
        await rig.liquidity(rig.size)
        async with connected(rig) as (venue, heard):
            await rig.inject(Trouble.FILL_BEFORE_ACK)
            sent = order(rig)
            await venue.submit(sent)
            await heard.until(lambda: heard.filled(sent.client_order_id) == sent.quantity)
            assert await found(venue, sent.client_order_id, rig) == ("filled", sent.quantity)

    @pytest.mark.parametrize("moment", ["idle", "sent", "working", "partly", "cancelled"])
    @pytest.mark.parametrize("trouble", [Trouble.CUT, Trouble.SILENCE], ids=lambda one: one.value)
    async def test_a_break_of_the_stream_loses_nothing(
        self, rig: Rig, trouble: Trouble, moment: str
    ) -> None:
        """Lost: what happened while we were deaf would never be known."""
        self.needs(rig, trouble)
        async with connected(rig) as (venue, heard):
            sent = order(rig, price=far(rig))
            if moment == "sent":
                await rig.inject(trouble)
            if moment != "idle":
                await venue.submit(sent)
            if moment in ("working", "partly", "cancelled"):
                await heard.hears(sent.client_order_id, K.ACKNOWLEDGED)
            if moment == "partly":
                await rig.hit(far(rig), sent.quantity / 2)
                await heard.hears(sent.client_order_id, K.FILLED)
            if moment != "sent":
                await rig.inject(trouble)
            if moment == "cancelled":
                await venue.cancel(sent.client_order_id, rig.instrument.id)
            elif moment != "idle":
                await rig.hit(far(rig), sent.quantity / 2)
            await heard.until(lambda: heard.count(K.DISCONNECTED) == 1)
            await rig.heal()
            await heard.until(lambda: heard.count(K.CONNECTED) == 2)
            if moment == "idle":
                return
            truth = rig.truth(sent.client_order_id)
            assert truth is not None
            assert await found(venue, sent.client_order_id, rig) == truth
            history = await venue.fills_since(0, rig.instrument.id)
            assert total(history, sent.client_order_id) == truth[1]
            later = order(rig, price=far(rig))
            await venue.submit(later)
            await heard.hears(later.client_order_id, K.ACKNOWLEDGED)

    async def test_what_cannot_be_sent_is_unsent(self, rig: Rig) -> None:
        """Lost: an order that never left would be held as exposure, or waited for."""
        async with connected(rig) as (venue, heard):
            await rig.unplug()
            await heard.until(lambda: heard.count(K.DISCONNECTED) == 1)
            sent = order(rig, price=far(rig))
            await venue.submit(sent)
            await heard.hears(sent.client_order_id, K.UNSENT)
            assert rig.arrivals(sent.client_order_id) == 0
            with pytest.raises(FksError):
                await venue.open_orders()

    async def test_a_venue_that_is_away_at_first_is_unavailable(self, rig: Rig) -> None:
        """Lost: a start would hang, or call itself connected."""
        venue = rig.venue()
        await rig.unplug()
        with pytest.raises((Unavailable, TimedOut)):
            await venue.connect(Heard())
        await venue.close()

    async def random_troubles(self, rig: Rig, seed: int, steps: int) -> None:
        """Send, fill, change, cancel under random trouble; then ask, and compare with the truth."""
        chance = random.Random(seed)
        sent: list[str] = []
        tick = rig.instrument.tick_size
        # A silence that was asked for is kept for a second each time: it has a test of its own.
        troubles = sorted(rig.troubles - {Trouble.RATE_LIMITED}, key=lambda t: t.value)
        async with connected(rig) as (venue, heard):
            for _ in range(steps):
                if chance.random() < 0.4:
                    await rig.inject(chance.choice(troubles))
                what = chance.random()
                if what < 0.6 or not sent:
                    price = far(rig) - chance.randrange(3) * tick
                    one = order(rig, price=None if chance.random() < 0.2 else price)
                    sent.append(one.client_order_id)
                    await venue.submit(one)
                elif what < 0.8:
                    await venue.cancel(chance.choice(sent), rig.instrument.id)
                else:
                    await rig.hit(far(rig) - 2 * tick, rig.size)
                    await rig.liquidity(rig.size)
            await rig.heal()
            await self.agree(rig, venue, heard, sent, f"seed {seed}")

    async def agree(self, rig: Rig, venue: Venue, heard: Heard, sent: list[str], told: str) -> None:
        """Check that what was heard, and what is found by asking, is the exchange's own truth."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    history = await venue.fills_since(0, rig.instrument.id)
                    working = await venue.open_orders()
                    break
                except (Unavailable, TimedOut):
                    await asyncio.sleep(0.05)
        for one in sent:
            truth = rig.truth(one)
            assert rig.arrivals(one) <= 1, f"{told}: {one} was sent more than once"
            assert await found(venue, one, rig) == truth, f"{told}: {one}"
            filled = truth[1] if truth else Decimal(0)
            assert total(history, one) == filled, f"{told}: {one}"
            assert heard.filled(one) <= filled, f"{told}: {one} was told more than was filled"
            if truth is None:
                assert {K.UNKNOWN, K.REJECTED, K.UNSENT} & {*heard.kinds(one)}, f"{told}: {one}"
            elif K.REJECTED in heard.kinds(one):
                raise AssertionError(f"{told}: {one} was called rejected and is {truth}")
        ids = {one.client_order_id for one in working}
        open_states = ("new", "partially_filled")
        assert ids == {one for one in sent if (rig.truth(one) or ("",))[0] in open_states}, told
