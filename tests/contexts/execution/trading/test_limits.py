"""Limits as people see and change them, overrides, and pages of an account's journal."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from fks.contexts.execution.domain.risk.limit_table import LIMITS, Unit

from .running import LIMITS as WAIVED
from .running import TradingApp, trading_app


async def rows_of(app: TradingApp) -> dict[str, dict[str, Any]]:
    """Return the rows of the paper account by name; the last of a name's scopes."""
    risk = await app.call("GET", "/risk?account=paper")
    return {row["name"]: row for row in risk["limits"]}


async def test_every_limit_of_the_table_has_a_row_with_its_unit(tmp_path: Path) -> None:
    """Lost: a control that binds would not be seen, or its figure read a billion times too big."""
    async with trading_app(tmp_path) as app:
        await app.call("GET", "/accounts")
        await app.bar(1999, 2001, 2000)
        await app.place(quantity="2")
        await app.bar(1999, 2001, 2000)
        rows = await rows_of(app)
        for limit in LIMITS:
            row = rows[limit.name]
            assert row["code"] == limit.code.name
            assert row["meaning"] == limit.meaning
            assert row["state"] in ("free", "near", "reached", "kept", "waived")
            assert (row["state"] == "waived") == (row["value"] == "none"), limit.name
            if limit.unit is not Unit.SWITCH:
                assert row["value"] == WAIVED.get(limit.name, row["value"])
        gross = rows["max_gross_exposure"]
        worth = Decimal(2) * 2000 * 100
        assert (gross["unit"], gross["scope"]) == ("money", "account")
        assert Decimal(gross["used"]) == worth
        assert Decimal(gross["headroom"]) == Decimal(gross["limit"]) - worth == 5_000_000 - worth
        held = rows["max_position"]
        assert (held["unit"], held["scope"], held["used"]) == ("quantity", "GC", "2")
        assert (Decimal(held["limit"]), Decimal(held["headroom"])) == (1000, 998)
        share = rows["max_concentration"]
        assert share["unit"] == "share"
        assert Decimal("2.6") < Decimal(share["used"]) < Decimal("2.7")
        assert Decimal(rows["weekly_loss"]["limit"]) == Decimal("0.06")
        assert Decimal(rows["heartbeat"]["limit"]) == 10
        assert rows["principals"]["value"] == "operator, strategy:*"


async def test_the_word_of_every_control_has_a_name_and_a_unit(tmp_path: Path) -> None:
    """Lost: the ticket would count in lots and nanos."""
    async with trading_app(tmp_path) as app:
        await app.call("GET", "/accounts")
        await app.bar(1999, 2001, 2000)
        order = {"symbol": "GC", "side": "buy", "quantity": "3", "type": "limit", "price": "1990"}
        said = await app.call("POST", "/orders/check", order)
        controls = {control["name"]: control for control in said["controls"] if control["unit"]}
        most = controls["max_order_quantity"]
        assert (most["used"], most["limit"], most["unit"]) == ("3", "1000", "quantity")
        worth = controls["max_order_value"]
        assert (Decimal(worth["used"]), worth["unit"]) == (Decimal(3 * 1990 * 100), "money")
        assert controls["stale_reference"]["unit"] == "seconds"


async def test_limits_are_previewed_changed_and_their_versions_kept(tmp_path: Path) -> None:
    """Lost: a change could surprise, overwrite another's, or leave no trace."""
    async with trading_app(tmp_path) as app:
        await app.call("GET", "/accounts")
        path = "/accounts/paper/limits"
        wish = {"limits": {"max_trades_day": "4", "max_open_orders": "2000"}}
        seen = await app.call("POST", f"{path}/check", wish)
        assert {(d["name"], d["before"], d["after"], d["looser"]) for d in seen["differences"]} == {
            ("max_trades_day", "none", "4", False),
            ("max_open_orders", "1000", "2000", True),
        }
        assert (seen["needs_reason"], seen["limits_version"]) == (True, 1)
        bad = await app.call("POST", f"{path}/check", {"limits": {"max_vix": "high"}}, 422)
        assert bad["code"] == "execution.bad_limit"
        assert "max_vix cannot be 'high'" in bad["detail"]
        refused = await app.call("PUT", path, wish, 422)
        assert refused["code"] == "execution.needs_reason"
        await app.call("PUT", path, {**wish, "reason": "more room", "expected_version": 1})
        late = await app.call(
            "PUT", path, {"limits": {"max_trades_day": "3"}, "expected_version": 1}, 409
        )
        assert late["code"] == "execution.limits_changed"
        await app.call("PUT", path, {"limits": {"max_position@GC": "5"}, "person": "anna"})
        await app.settle()
        told = await app.call("GET", "/accounts/paper/journal?what=limits")
        assert [step["detail"] for step in told["steps"]] == [
            "version 3 by anna: max_position@GC 1000 → 5",
            "version 2 by operator: max_open_orders 1000 → 2000, max_trades_day none → 4 "
            "(more room)",
        ]
        assert (await rows_of(app))["max_trades_day"]["value"] == "4"


async def test_an_order_blocked_by_news_passes_once_two_persons_want_it(tmp_path: Path) -> None:
    """Lost: a soft limit could not be overridden, or by one person alone, or for ever."""
    async with trading_app(tmp_path) as app:
        await app.call("GET", "/accounts")
        await app.bar(1999, 2001, 2000)
        now_ns = app.trading.live.clock.now_ns()
        await app.call("POST", "/risk/market", {"news_ts_ns": [now_ns]})
        blocked = await app.place(quantity="2")
        assert blocked["code"] == "NEWS_GATE"
        wish = {"symbol": "GC", "side": "buy", "quantity": "2", "account": "paper"}
        ask = {"order": wish, "reason": "hedge of a real risk", "person": "anna"}
        number = (await app.call("POST", "/risk/overrides", ask, 201))["number"]
        (listed,) = (await app.call("GET", "/risk/overrides?account=paper"))["overrides"]
        assert (listed["symbol"], listed["side"], listed["quantity"]) == ("GC", "buy", "2")
        assert (listed["asked_by"], listed["approved"]) == ("anna", False)
        assert listed["expires_ts_ns"] - listed["asked_ts_ns"] == 300_000_000_000
        path = f"/risk/overrides/{number}/approve"
        await app.call("POST", path, {"person": "anna"}, 403)
        await app.call("POST", path, {"person": "bert"})
        (listed,) = (await app.call("GET", "/risk/overrides"))["overrides"]
        assert (listed["approved"], listed["approved_by"]) == (True, "bert")
        passed = await app.place(quantity="2", override=number)
        assert passed["code"] == ""
        assert (await app.call("GET", "/risk/overrides"))["overrides"] == []
        again = await app.place(quantity="2", override=number)
        assert again["code"] == "NEWS_GATE"


async def test_pages_of_the_journal_and_of_decisions_leave_nothing_out(tmp_path: Path) -> None:
    """Lost: what lies at the edge of a page would never be shown."""
    async with trading_app(tmp_path) as app:
        await app.call("GET", "/accounts")
        await app.bar(1999, 2001, 2000)
        for price in range(1900, 1907):
            await app.place(type="limit", price=str(price))
        for path, key in (("/accounts/paper/journal?", "steps"), ("/risk/decisions?", "decisions")):
            whole = (await app.call("GET", f"{path}limit=1000"))[key]
            paged: list[Any] = []
            before = 2**62
            while page := (await app.call("GET", f"{path}limit=3&before_seq={before}"))[key]:
                paged += page
                before = page[-1]["seq"]
            assert paged == whole
            assert len(whole) >= 7
