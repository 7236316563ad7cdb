"""Limits, overrides, routes, arming, the past and the kill button, in Chromium."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import httpx

from fks.contexts.execution.domain.risk.limit_table import LIMITS

from .processes import Served
from .test_browser import picture, until
from .test_trading_browser import (  # noqa: F401  # fixtures
    HELD_MS,
    browser,
    http,
    newest,
    open_account,
    page,
    pytestmark,
    trading,
    url,
)


def at(page: Any, account: str, part: str) -> None:  # noqa: F811
    """Open a part of the trade area for an account."""
    page.get_by_label("Account", exact=True).select_option(account)
    page.get_by_role("link", name=part, exact=True).click()


def test_every_control_of_the_table_has_its_place_on_the_risk_page(
    page: Any,  # noqa: F811
    http: httpx.Client,  # noqa: F811
) -> None:
    """Lost: a control could bind without anybody seeing that it is there."""
    http.post("/accounts", json={"id": "places"}).raise_for_status()
    at(page, "places", "Risk")
    page.get_by_role("button", name=re.compile(r"Show \d+ waived")).click()
    limits = http.get("/risk", params={"account": "places"}).json()["limits"]
    listed = page.get_by_test_id("limits")
    listed.locator("li").first.wait_for()
    assert len(LIMITS) == 54
    for limit in LIMITS:
        shown = listed.locator(f'[data-limit="{limit.name}"]')
        said = [row for row in limits if row["name"] == limit.name]
        assert shown.count() == len(said) >= 1, limit.name
        assert shown.first.get_attribute("data-code") == limit.code.name
        states = {row["state"] for row in said}
        assert shown.first.get_attribute("data-state") in states
        assert shown.first.get_by_text(re.compile("free|near|reached|kept|waived")).count() >= 1


def test_limits_are_changed_by_keyboard_with_a_look_at_what_differs(
    page: Any,  # noqa: F811
    http: httpx.Client,  # noqa: F811
) -> None:
    """Lost: a typing error could loosen a limit, or a good change could be dropped."""
    open_account(http, "edited")
    at(page, "edited", "Risk")
    card = page.get_by_role("region", name="Limits in use")
    card.get_by_role("button", name=re.compile("^Change max open orders, account")).click()
    form = card.get_by_role("form", name="Change limits")
    field = form.get_by_label("max open orders", exact=True)
    assert field.input_value() == "1000"
    field.fill("many")
    field.press("Enter")
    form.get_by_text("max_open_orders cannot be 'many'; it takes count, or none").wait_for()
    field.fill("1500")
    field.press("Enter")
    differs = page.get_by_test_id("limit-diff")
    row = differs.get_by_role("row").filter(has_text="max open orders")
    assert [cell.strip() for cell in row.locator("td").all_inner_texts()][:3] == [
        "max open orders",
        "1000",
        "1500",
    ]
    differs.get_by_role("button", name="Put version 2 in force").click()
    differs.get_by_text("at least three characters").wait_for()
    assert http.get("/accounts/edited").json()["limits_version"] == 1
    differs.get_by_label("Reason").fill("more room for the close")
    picture(page, "trade-limits")
    differs.get_by_role("button", name="Put version 2 in force").press("Enter")
    page.get_by_test_id("limits-version").get_by_text("version 2 is in force").wait_for()
    versions = page.get_by_role("region", name="Versions of the limits")
    versions.get_by_text("1000 → 1500 (more room for the close)").wait_for()
    account = http.get("/accounts/edited").json()
    assert account["limits"]["max_open_orders"] == "1500"


def test_a_blocked_order_passes_once_a_second_person_approves(
    page: Any,  # noqa: F811
    http: httpx.Client,  # noqa: F811
) -> None:
    """Lost: one person alone could pass a limit, or two could not."""
    open_account(http, "blocked")
    http.post("/risk/market", json={"news_ts_ns": [time.time_ns()]}).raise_for_status()
    order = {"account": "blocked", "symbol": "SPX", "side": "buy", "quantity": "2"}
    http.post("/orders", json=order).raise_for_status()
    until(lambda: newest(http, "blocked"), lambda found: found["code"] == "NEWS_GATE")
    at(page, "blocked", "Overrides")
    blocked = page.get_by_role("region", name="Blocked by a soft limit")
    blocked.get_by_role("button", name=re.compile("^Ask for an override")).click()
    ask = blocked.get_by_role("form", name="Ask for an override")
    ask.get_by_role("button", name="Ask for it").click()
    ask.get_by_text("at least three characters").wait_for()
    ask.get_by_label("Reason").fill("hedge of a real risk")
    ask.get_by_role("button", name="Ask for it").click()
    opened = page.get_by_role("region", name="Open overrides")
    approve = opened.get_by_role("button", name=re.compile("^Approve override"))
    approve.click()
    opened.get_by_text("another person has to approve it").wait_for()
    opened.get_by_label("Your name").fill("bert")
    approve.click()
    opened.get_by_text("by bert").wait_for()
    picture(page, "trade-overrides")
    opened.get_by_role("button", name=re.compile("^Send the order of override")).click()
    opened.get_by_role("button", name="Send buy 2 SPX").click()
    opened.get_by_text("No override is open").wait_for()
    done = until(lambda: newest(http, "blocked"), lambda found: found["state"] == "filled")
    assert (done["side"], done["quantity"]) == ("buy", "2")
    http.post("/risk/market", json={"news_ts_ns": []}).raise_for_status()


def test_a_route_is_set_and_turned_off(
    page: Any,  # noqa: F811
    http: httpx.Client,  # noqa: F811
) -> None:
    """Lost: signals could go to an account that nobody sees on the screen."""
    open_account(http, "heard")
    at(page, "heard", "Routes")
    page.get_by_role("button", name="Add or change a route").click()
    form = page.get_by_role("form", name="Add or change a route")
    form.get_by_role("button", name="Set the route").click()
    form.get_by_text("its name").wait_for()
    form.get_by_label("Strategy").fill("momentum")
    form.get_by_label("To the account").select_option("heard")
    form.get_by_role("button", name="Set the route").click()
    row = page.get_by_role("row").filter(has_text="momentum")
    row.get_by_text("1 % of equity at the stop").wait_for()
    row.get_by_role("button", name="Turn momentum to heard off").click()
    row.get_by_text("off", exact=True).wait_for()
    (route,) = (r for r in http.get("/risk").json()["routes"] if r["account"] == "heard")
    assert (route["strategy_id"], route["approval"], route["enabled"]) == ("momentum", True, False)


def test_the_rules_of_a_firm_show_what_is_left(
    page: Any,  # noqa: F811
    http: httpx.Client,  # noqa: F811
) -> None:
    """Lost: an evaluation could be failed without anybody having seen how near it was."""
    rules = {"firm": "Sample", "min_days": 3, "max_contracts": "5"}
    body = {"id": "evaluated", "balance": "50000", "prop": rules}
    http.post("/accounts", json=body).raise_for_status()
    at(page, "evaluated", "Prop rules")
    standing = page.get_by_test_id("prop")
    for text in ("running", "4,000", "2,500", "1,500", "47,500"):
        standing.get_by_text(text, exact=True).wait_for()
    table = page.get_by_role("region", name="Rules of the firm")
    for rule in ("profit target", "drawdown", "daily loss", "trading days", "contracts"):
        assert table.get_by_role("row").filter(has_text=rule).count() == 1
    picture(page, "trade-prop")


def test_the_past_is_fetched_a_page_at_a_time(
    page: Any,  # noqa: F811
    http: httpx.Client,  # noqa: F811
) -> None:
    """Lost: old orders could not be reached, or all of them would be loaded."""
    open_account(http, "long")
    orders = [
        {"account": "long", "symbol": "SPX", "side": "buy", "quantity": "1", "type": "limit",
         "price": str(300 + number)}
        for number in range(70)
    ]  # fmt: skip
    http.post("/orders/bulk", json={"orders": orders}).raise_for_status()
    until(
        lambda: http.get("/orders", params={"account": "long"}).json()["orders"],
        lambda listed: len(listed) == 70,
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    at(page, "long", "History")
    rows = page.get_by_role("region", name="Orders of the past").locator("tbody tr")
    until(rows.count, lambda shown: shown == 50)
    page.get_by_role("button", name="Older").click()
    until(rows.count, lambda shown: shown == 70)
    page.get_by_text("the first is among them").wait_for()
    assert page.get_by_role("button", name="Older").is_disabled()
    pages = [one for one in asked if "/orders?" in one and "limit=50" in one]
    assert len(pages) == 2
    page.get_by_role("button", name="decisions").click()
    page.get_by_role("region", name="Decisions of the past").locator("tbody tr").first.wait_for()
    page.get_by_role("button", name="journal").click()
    page.get_by_role("region", name="Journal", exact=True).locator("tbody tr").first.wait_for()


def test_a_live_account_that_is_not_ready_is_not_armed(
    page: Any,  # noqa: F811
    http: httpx.Client,  # noqa: F811
) -> None:
    """Lost: money could move before its check list is done."""
    body = {"id": "money", "mode": "live", "venue": "binance_usdm"}
    http.post("/accounts", json=body).raise_for_status()
    at(page, "money", "Accounts")
    listed = page.get_by_test_id("readiness")
    listed.get_by_text("venue reconciled").wait_for()
    assert listed.get_by_text("missing", exact=True).count() >= 1
    form = page.get_by_role("form", name="Arm money")
    arm = form.get_by_role("button", name="Arm for 8 h")
    assert arm.is_disabled()
    form.get_by_label("Type its id to arm it").fill("mone")
    assert arm.is_disabled()
    form.get_by_label("Type its id to arm it").fill("money")
    arm.click()
    form.get_by_text("money is not ready").wait_for()
    assert http.get("/accounts/money").json()["armed_until_ts_ns"] == 0
    picture(page, "trade-arming")


def test_the_kill_button_falls_only_when_the_mouse_holds_it(
    browser: Any,  # noqa: F811
    tmp_path: Path,
) -> None:
    """Lost: a click by mistake could stop the desk, or a held press could fail to."""
    with (
        Served(tmp_path / "home", "--port", "0") as served,
        httpx.Client(base_url=f"{served.url}/api/v1", timeout=30) as asked,
        trading(browser, served.url) as shown,
    ):
        open_account(asked, "calm")
        box = shown.get_by_test_id("kill").bounding_box()
        middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        shown.mouse.move(*middle)
        shown.mouse.down()
        shown.wait_for_timeout(400)
        shown.mouse.up()
        shown.mouse.down()
        shown.mouse.move(middle[0], middle[1] + 300)  # slipped off the button
        shown.wait_for_timeout(HELD_MS)
        shown.mouse.up()
        assert not asked.get("/risk").json()["killed"]
        shown.mouse.move(*middle)
        shown.mouse.down()
        shown.get_by_test_id("killed").wait_for()
        shown.mouse.up()
        assert asked.get("/risk").json()["killed"]
