"""Trading accounts through the front door: placed, filled, refused, remembered over restarts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from fks.kernel.clock import Clock
from fks.kernel.errors import Unavailable

from .running import LIMITS, trading_app


async def test_an_order_lives_from_ticket_to_fill_to_story(tmp_path: Path) -> None:
    """Lost: the screens would show something else than what happened."""
    async with trading_app(tmp_path) as app:
        await app.call("GET", "/accounts")
        await app.bar(1999, 2001, 2000)
        order = await app.place(type="limit", price="1998", stop_loss="1990", take_profit="2010")
        assert order["state"] in ("pending_new", "new")
        assert (await app.order(order["id"]))["state"] == "new"
        await app.bar(1997, 2000, 1998)
        filled = await app.order(order["id"])
        assert (filled["state"], filled["average_price"]) == ("filled", "1998")
        (held,) = (await app.call("GET", "/accounts/paper/positions"))["positions"]
        assert (held["quantity"], held["average_price"], held["open_sell"]) == ("1", "1998", "2")
        await app.bar(1998, 2011, 2010)
        assert (await app.call("GET", "/accounts/paper/positions"))["positions"] == []
        story = await app.call("GET", f"/orders/{order['id']}/story")
        assert [s["what"] for s in story["steps"]][:4] == ["passed", "sent", "new", "filled"]
        done = await app.call("GET", "/accounts/paper/performance")
        assert (done["trades"], done["wins"], done["realised_pnl"]) == (1, 1, "1200")


async def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    """Lost: after a restart an order would rest at the venue and nobody would know."""
    async with trading_app(tmp_path) as app:
        await app.call("GET", "/accounts")
        await app.bar(1999, 2001, 2000)
        first = await app.place(client_order_id="one")
        await app.bar(1999, 2001, 2000)
        second = await app.place(type="limit", price="1990", client_order_id="two")
        before = app.trading.live.writer.machine.floor.orders.copy()
    async with trading_app(tmp_path) as app:
        again = await app.place(type="limit", price="1990", client_order_id="two")
        assert again["id"] == second["id"], (
            "the same request is the same order, after a restart too"
        )
        assert set(app.trading.live.writer.machine.floor.orders) == set(before)
        (held,) = (await app.call("GET", "/accounts/paper/positions"))["positions"]
        assert held["quantity"] == "1"
        await app.bar(1989, 2000, 1990)
        assert (await app.order(second["id"]))["state"] == "filled"
        assert (await app.order(first["id"]))["state"] == "filled"
        fills = (await app.call("GET", "/fills"))["fills"]
        assert len({fill["id"] for fill in fills}) == len(fills) == 2


async def test_one_key_has_one_effect(tmp_path: Path) -> None:
    """Lost: a client that asks again after a timeout would trade twice."""
    async with trading_app(tmp_path) as app:
        await app.call("GET", "/accounts")
        await app.bar(1999, 2001, 2000)
        body = {"symbol": "GC", "side": "buy", "quantity": "1", "type": "limit", "price": "1990"}
        answers = await asyncio.gather(
            *(
                app.http.post("/api/v1/orders", json=body, headers={"Idempotency-Key": "k1"})
                for _ in range(64)
            )
        )
        placed = [a.json()["id"] for a in answers if a.status_code == 201]
        assert {a.status_code for a in answers} <= {201, 409}
        assert len(set(placed)) == 1
        again = await app.call("POST", "/orders", body, 201, Idempotency_Key="k1")
        assert (again["id"], again["code"]) == (placed[0], "")
        other = await app.call(
            "POST", "/orders", {**body, "quantity": "2"}, 422, Idempotency_Key="k1"
        )
        assert other["code"] == "execution.client_id_reused"
        assert len((await app.call("GET", "/orders?working=true"))["orders"]) == 1


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"symbol": "NOPE"}, 404, "data.instrument_not_found"),
        ({"account": "nobody"}, 404, "execution.no_account"),
        ({"quantity": "0"}, 422, "execution.bad_quantity"),
        ({"quantity": "1.5"}, 422, "execution.bad_quantity"),
        ({"quantity": "NaN"}, 422, "execution.bad_quantity"),
        ({"type": "limit"}, 422, "execution.bad_order"),
        ({"type": "limit", "price": "2000.05"}, 422, "execution.bad_price"),
        ({"type": "market", "price": "2000"}, 422, "execution.bad_order"),
        ({"side": "up"}, 422, "api.bad_side"),
        (
            {"type": "limit", "price": "2000", "stop_loss": "2001"},
            422,
            "execution.bad_bracket",
        ),
        ({"client_order_id": "a b"}, 400, ""),
    ],
)
async def test_nonsense_is_refused_and_leaves_no_trace(
    tmp_path: Path, fields: dict[str, str], status: int, code: str
) -> None:
    """Lost: bad input would be journaled, or answered with a riddle."""
    async with trading_app(tmp_path) as app:
        await app.call("GET", "/accounts")
        await app.bar(1999, 2001, 2000)
        problem = await app.place(status, **fields)
        assert not code or problem["code"] == code
        assert problem["detail"]
        assert (await app.call("GET", "/orders"))["orders"] == []


async def test_asking_what_would_happen_changes_nothing(tmp_path: Path) -> None:
    """Lost: looking would use up limits."""
    async with trading_app(tmp_path) as app:
        await app.call("GET", "/accounts")
        await app.bar(1999, 2001, 2000)
        floor = app.trading.live.writer.machine.floor
        body = {"symbol": "GC", "side": "buy", "quantity": "2", "strategy_id": "new"}
        for _ in range(20):
            seq, before = floor.seq, (floor.engine.state_hash(), floor.policies.state())
            found = await app.call("POST", "/orders/check", body)
            refused = await app.call("POST", "/orders/check", {**body, "quantity": "900"})
            if floor.seq == seq:  # no second went by meanwhile
                break
        assert floor.seq == seq
        assert found["accepted"] and found["notional"] == "400000"
        assert not refused["accepted"] and refused["code"]
        assert (floor.engine.state_hash(), floor.policies.state()) == before


async def test_a_journal_that_is_full_denies_orders_and_lets_cancels_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost: with a full disk one could neither trade safely nor get out."""
    async with trading_app(tmp_path) as app:
        await app.call("GET", "/accounts")
        await app.bar(1999, 2001, 2000)
        order = await app.place(type="limit", price="1990")
        journal = app.trading._journal
        append = journal.append

        def full(*given: object, urgent: bool = False) -> int:
            if not urgent:
                raise Unavailable("the disk is full", code="execution.journal_unavailable")
            return append(*given, urgent=True)

        monkeypatch.setattr(journal, "append", full)
        problem = await app.place(503, type="limit", price="1991")
        assert problem["code"] == "execution.journal_unavailable"
        await app.call("DELETE", f"/orders/{order['id']}")
        await app.settle()
        assert (await app.order(order["id"]))["state"] == "cancelled"
        killed = await app.call("POST", "/risk/kill", {"reason": "disk is full"})
        assert killed["killed"]


async def test_every_refusal_is_on_record_with_its_version_of_limits(tmp_path: Path) -> None:
    """Lost: nobody could say why an order was refused, or under which limits."""
    async with trading_app(tmp_path) as app:
        await app.call("GET", "/accounts")
        await app.bar(1999, 2001, 2000)
        await app.place(quantity="900")
        await app.call("PUT", "/accounts/paper/limits", {"limits": {"max_order_quantity": "1"}})
        refused = await app.place(quantity="2")
        assert refused["code"] == "MAX_QTY"
        found = (await app.call("GET", "/risk/decisions?refused=true"))["decisions"]
        assert (found[0]["code"], found[0]["limits_version"]) == ("MAX_QTY", 2)
        assert all(not d["passed"] and d["reason"] for d in found)
        loose = {"limits": {"max_order_quantity": "5"}}
        problem = await app.call("PUT", "/accounts/paper/limits", loose, 422)
        assert problem["code"] == "execution.needs_reason"


async def test_cancel_all_and_amend(tmp_path: Path) -> None:
    """Lost: orders could be placed and not be got rid of."""
    async with trading_app(tmp_path) as app:
        await app.call("GET", "/accounts")
        await app.bar(1999, 2001, 2000)
        orders = [await app.place(type="limit", price=str(1990 - n)) for n in range(3)]
        amended = await app.call("PATCH", f"/orders/{orders[0]['id']}", {"price": "1991"})
        assert amended["state"] in ("pending_replace", "new")
        await app.settle()
        assert (await app.order(orders[0]["id"]))["price"] == "1991.0"
        done = await app.call("POST", "/orders/cancel-all?account=paper")
        assert len(done["order_ids"]) == 3
        await app.settle()
        assert (await app.call("GET", "/orders?working=true"))["orders"] == []
        problem = await app.call("PATCH", f"/orders/{orders[0]['id']}", {"price": "1992"}, 409)
        assert problem["code"] == "execution.order_is_final"


async def test_money_may_not_trade_before_it_is_armed(tmp_path: Path) -> None:
    """Lost: a live account could send by mistake."""
    async with trading_app(tmp_path) as app:
        await app.call("GET", "/accounts")
        body = {"id": "real", "mode": "live", "venue": "paper"}
        problem = await app.call("POST", "/accounts", body, 422)
        assert problem["code"] == "execution.bad_account"
        body = {"id": "wrong", "mode": "paper", "venue": "binance_spot"}
        problem = await app.call("POST", "/accounts", body, 422)
        assert problem["code"] == "execution.bad_account"


async def test_the_book_of_the_house_shows_its_levels_and_own_prices(tmp_path: Path) -> None:
    """Lost: the ladder would be empty where orders rest."""
    async with trading_app(tmp_path) as app:
        body = {"id": "house", "venue": "internal", "limits": LIMITS}
        await app.call("POST", "/accounts", body, 201)
        for price, quantity in (("1990", "2"), ("1990", "1"), ("1989.5", "4")):
            order = {"type": "limit", "price": price, "quantity": quantity, "post_only": True}
            placed = await app.place(account="house", **order)
            assert placed["state"] == "new", placed["reason"]
        depth = await app.call("GET", "/depth/GC?levels=5")
        assert depth["bids"] == [["1990.0", "3", 2], ["1989.5", "4", 1]]
        assert depth["asks"] == []
        assert depth["own"] == ["1989.5", "1990.0"]


class Leapt:
    """A clock that is hours off."""

    def __init__(self, clock: Clock, hours: int) -> None:
        self._clock = clock
        self._off_ns = hours * 3_600_000_000_000

    def now_ns(self) -> int:
        """Return the wrong time."""
        return self._clock.now_ns() + self._off_ns

    def monotonic_ns(self) -> int:
        """Return what no leap changes."""
        return self._clock.monotonic_ns()


async def test_a_clock_that_goes_back_does_not_take_the_sequence_with_it(tmp_path: Path) -> None:
    """Lost: after a leap of the clock decisions would seem to precede their causes."""
    async with trading_app(tmp_path) as app:
        await app.call("GET", "/accounts")
        await app.bar(1999, 2001, 2000)
        live = app.trading.live
        assert live is not None
        clock = live.clock
        first = await app.place(type="limit", price="1990")
        for hours in (-24, -1, 1, 24, 0):
            live.writer._clock = Leapt(clock, hours)
            order = await app.place(type="limit", price="1991")
            assert order["created_ts_ns"] >= first["created_ts_ns"]
            first = order
