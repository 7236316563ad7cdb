"""A trader's walk through the screens, in Chromium against a real `fks serve`.

Orders are placed through the ticket on paper accounts whose prices come from a running session;
what the pages say is compared with what the interface says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from .processes import Served
from .test_browser import BROWSER, BUILT, FLAGS, WIDE, picture, sync_api, until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not BROWSER, reason="no Chromium on this machine"),
    pytest.mark.skipif(not BUILT.is_file(), reason="screens not built: python build_web.py"),
]

PATIENCE_MS = 20_000
HELD_MS = 1_900
# Chromium reports every answer of 4xx as an error; refusals are part of this walk.
REFUSAL = re.compile(r"Failed to load resource: (.* status of 4\d\d|net::ERR_FAILED)")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a fresh home on a free port, with a session that brings prices of SPX."""
    with Served(tmp_path_factory.mktemp("home"), "--port", "0") as served:
        with httpx.Client(base_url=f"{served.url}/api/v1", timeout=30) as client:
            bring_prices(client)
        yield served.url


@pytest.fixture(scope="module")
def http(url: str) -> Iterator[httpx.Client]:
    """Return a client of the interface beside the browser."""
    with httpx.Client(base_url=f"{url}/api/v1", timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Run Chromium."""
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def page(browser: Any, url: str) -> Iterator[Any]:
    """Open the trade area of the shared server."""
    with trading(browser, url) as opened:
        yield opened


@contextmanager
def trading(browser: Any, url: str) -> Iterator[Any]:
    """Open the trade area in a fresh profile; an error of a script fails the test at its end."""
    errors: list[str] = []

    def heard(said: Any) -> None:
        if said.type == "error" and not REFUSAL.match(said.text):
            errors.append(said.text)

    context = browser.new_context(viewport=WIDE, base_url=url)
    context.set_default_timeout(PATIENCE_MS)
    opened = context.new_page()
    opened.on("console", heard)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("dialog", lambda asked: asked.accept())
    opened.goto("/")
    opened.get_by_role("link", name="Trade", exact=True).click()
    yield opened
    context.close()
    assert errors == []


def newest(http: httpx.Client, account: str) -> dict[str, Any]:
    """Return the newest order of an account."""
    listed: list[dict[str, Any]] = until(
        lambda: http.get("/orders", params={"account": account}).json()["orders"], bool
    )
    return listed[0]


def bring_prices(http: httpx.Client) -> None:
    """Start a session, and wait until it has brought a price."""
    session = {
        "strategy": "sma_cross",
        "dataset": "sp500_daily",
        "params": {"fast": 50, "slow": 200},
        "quantity": 1,
        "last_bars": 2000,
        "bars_per_second": 4,
    }
    http.post("/sessions", json=session).raise_for_status()
    open_account(http, "gauge")
    order = {"symbol": "SPX", "side": "buy", "quantity": "1", "account": "gauge"}
    until(lambda: http.post("/orders/check", json=order).json(), lambda said: said["accepted"])


def open_account(http: httpx.Client, name: str) -> None:
    """Open an account on which a person may trade without a stop."""
    limits = dict.fromkeys(
        ("stop_required", "max_vix", "max_trade_risk", "no_averaging_down"), "none"
    )
    body = {"id": name, "balance": "1000000", "limits": limits}
    http.post("/accounts", json=body).raise_for_status()


def test_an_order_is_weighed_refused_filled_and_told(page: Any, http: httpx.Client) -> None:
    """Lost: a ticket that hides why an order is refused, or a blotter that stands still."""
    ticket = page.get_by_role("region", name="Order ticket")
    ticket.get_by_label("Symbol").fill("SPX")
    ticket.get_by_label("Quantity", exact=True).fill("x")
    ticket.get_by_role("button", name=re.compile("^Buy")).click()
    ticket.get_by_text("a number above zero").wait_for()
    ticket.get_by_label("Quantity", exact=True).fill("2")
    ticket.get_by_text("would be refused").wait_for()
    ticket.get_by_text("an entry needs a stop loss").first.wait_for()
    ticket.get_by_role("button", name="Buy 2 SPX").click()
    page.get_by_test_id("answer").get_by_text("Refused: stop required").wait_for()
    assert newest(http, "paper")["code"] == "STOP_REQUIRED"

    ticket.get_by_label("Stop loss").fill("900")
    ticket.get_by_text("would pass").wait_for()
    ticket.get_by_text(re.compile(r"All \d+ controls: \d+ pass$")).wait_for()
    ticket.get_by_role("button", name="Buy 2 SPX").click()
    page.get_by_test_id("answer").get_by_text("filled").wait_for()
    orders = http.get("/orders", params={"account": "paper"}).json()["orders"]
    placed = next(order for order in orders if order["state"] == "filled")
    blotter = page.get_by_role("region", name="Blotter")
    stop = blotter.get_by_role("row").filter(has_text="900")
    stop.get_by_text("new", exact=True).wait_for()
    picture(page, "trade-orders")

    blotter.get_by_role("button", name="History").click()
    row = blotter.locator("tbody tr").filter(has_text="filled")
    average = f"{float(placed['average_price']):,.2f}"
    assert average in row.inner_text()
    row.get_by_role("link").click()
    told = page.get_by_test_id("story")
    told.get_by_text("filled", exact=True).first.wait_for()
    story = http.get(f"/orders/{placed['id']}/story").json()
    assert told.locator("li").count() == len(story["steps"])
    for step in story["steps"]:
        assert step["detail"] in told.inner_text()
    picture(page, "trade-story")

    page.get_by_role("link", name="All orders").click()
    page.get_by_role("link", name="Risk").click()
    refused = page.get_by_role("region", name="Decisions", exact=True)
    refused.get_by_text("stop required").wait_for()
    assert page.get_by_role("meter").count() > 10
    picture(page, "trade-risk")


def test_working_orders_are_amended_and_cancelled_in_the_blotter(
    page: Any, http: httpx.Client
) -> None:
    """Lost: an order could look changed or gone while it still works."""
    open_account(http, "resting")
    for price in ("500", "501", "502"):
        order = {"symbol": "SPX", "side": "buy", "quantity": "4", "type": "limit", "price": price}
        http.post("/orders", json={**order, "account": "resting"}).raise_for_status()
    page.get_by_label("Account", exact=True).select_option("resting")
    blotter = page.get_by_role("region", name="Blotter")
    rows = blotter.get_by_role("region", name="Orders").locator("tbody tr")
    until(rows.count, lambda shown: shown == 3)
    rows.filter(has_text="501.00").get_by_role("button", name=re.compile("^Amend")).click()
    blotter.get_by_label("Limit price").fill("505.25")
    blotter.get_by_role("button", name="Change").click()
    changed = rows.filter(has_text="505.25")
    changed.wait_for()
    changed.get_by_role("button", name=re.compile("^Cancel")).click()
    until(rows.count, lambda shown: shown == 2)
    blotter.get_by_role("button", name="Cancel all").click()
    blotter.get_by_text("No order works").wait_for()
    orders = until(
        lambda: http.get("/orders", params={"account": "resting"}).json()["orders"],
        lambda listed: {order["state"] for order in listed} == {"cancelled"},
    )
    assert "505.25" in {order["price"] for order in orders}


def test_an_answer_that_was_lost_places_nothing_twice(page: Any, http: httpx.Client) -> None:
    """Lost: pressing again after a cut of the line would double the position."""
    open_account(http, "once")
    lost: list[str] = []

    def lose_the_first(route: Any) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().json()["client_order_id"])
            route.abort()
        else:
            route.continue_()

    page.route("**/api/v1/orders", lose_the_first)
    page.get_by_label("Account", exact=True).select_option("once")
    ticket = page.get_by_role("region", name="Order ticket")
    ticket.get_by_label("Symbol").fill("SPX")
    ticket.get_by_role("button", name="Buy 1 SPX").click()
    ticket.get_by_text("No connection to the FKS server").wait_for()
    ticket.get_by_role("button", name="Buy 1 SPX").click()
    page.get_by_test_id("answer").get_by_text("filled").wait_for()
    orders = http.get("/orders", params={"account": "once"}).json()["orders"]
    assert [order["client_order_id"] for order in orders] == lost


def test_a_position_is_closed_from_its_row(page: Any, http: httpx.Client) -> None:
    """Lost: the close button could open the opposite position, or do nothing."""
    open_account(http, "closing")
    order = {"account": "closing", "symbol": "SPX", "side": "sell", "quantity": "3"}
    http.post("/orders", json=order).raise_for_status()
    until(lambda: newest(http, "closing"), lambda found: bool(found["state"] == "filled"))
    page.get_by_label("Account", exact=True).select_option("closing")
    page.get_by_role("link", name="Positions").click()
    row = page.get_by_role("region", name="Positions").get_by_role("row").filter(has_text="SPX")
    row.get_by_text("−3", exact=True).wait_for()
    picture(page, "trade-positions")
    row.get_by_role("button", name="Close SPX").click()
    page.get_by_text("closing is flat").wait_for()
    closed = newest(http, "closing")
    assert (closed["side"], closed["reduce_only"], closed["state"]) == ("buy", True, "filled")


def test_signals_wait_for_a_person(page: Any, http: httpx.Client, url: str) -> None:
    """Lost: a signal could be acted on without the person it waits for, or never."""
    open_account(http, "careful")
    route = {"strategy_id": "trend", "account": "careful", "approval": True}
    http.put("/risk/routes", json=route).raise_for_status()
    for quantity in ("2", "3"):
        signal = {"symbol": "SPX", "side": "long", "strategy_id": "trend", "quantity": quantity}
        httpx.post(f"{url}/execute/signal", json=signal).raise_for_status()
    page.get_by_role("link", name=re.compile("Approvals")).click()
    rows = page.get_by_role("region", name="Signals that wait").locator("tbody tr")
    until(rows.count, lambda shown: shown == 2)
    assert re.search(r"[45]:\d\d", rows.first.inner_text())
    rows.filter(has_text="2").last.get_by_role("button", name=re.compile("^Reject")).click()
    until(rows.count, lambda shown: shown == 1)
    rows.first.get_by_role("button", name=re.compile("^Approve")).click()
    page.get_by_text("Nothing waits").wait_for()
    assert newest(http, "careful")["quantity"] == "3"
    assert len(http.get("/orders", params={"account": "careful"}).json()["orders"]) == 1


def test_an_account_is_opened_with_its_limits(page: Any, http: httpx.Client) -> None:
    """Lost: limits typed into the form could be dropped on the way."""
    page.get_by_role("link", name="Accounts").click()
    page.get_by_role("button", name="Open an account").click()
    form = page.get_by_role("form", name="Open an account")
    form.get_by_label("Id").fill("mine")
    form.get_by_label("Balance").fill("25000.50")
    form.get_by_label("Limits that differ").fill("max_order_quantity = 7\nnonsense")
    form.get_by_role("button", name="Open the account").click()
    form.get_by_text('"nonsense" is not name = value').wait_for()
    form.get_by_label("Limits that differ").fill("max_order_quantity = 7")
    form.get_by_role("button", name="Open the account").click()
    page.get_by_role("row").filter(has_text="mine").get_by_text(
        "25,000.5", exact=True
    ).first.wait_for()
    account = http.get("/accounts/mine").json()
    assert account["limits"] == {"max_order_quantity": "7"}
    assert page.get_by_test_id("readiness").locator("li").count() > 5
    picture(page, "trade-accounts")


def test_a_held_press_kills_and_a_reason_is_asked_before_trading_goes_on(
    browser: Any, tmp_path: Path
) -> None:
    """Lost: a slip of the hand could stop the desk, or a panic could fail to."""
    with (
        Served(tmp_path / "home", "--port", "0") as served,
        httpx.Client(base_url=f"{served.url}/api/v1", timeout=30) as http,
        trading(browser, served.url) as page,
    ):
        bring_prices(http)
        press_and_hold(page, http)
        try_to_trade_and_go_on(page, http)


def press_and_hold(page: Any, http: httpx.Client) -> None:
    """Press too short by mouse and by key, then long enough."""
    button = page.get_by_test_id("kill")
    button.click(delay=300)
    button.focus()
    page.keyboard.down("Enter")
    page.wait_for_timeout(500)
    page.keyboard.up("Enter")
    assert not http.get("/risk").json()["killed"]
    page.keyboard.down("Space")
    page.wait_for_timeout(HELD_MS)
    page.keyboard.up("Space")
    banner = page.get_by_test_id("killed")
    banner.get_by_text("kill button of the screen").wait_for()
    assert http.get("/risk").json()["killed"]


def try_to_trade_and_go_on(page: Any, http: httpx.Client) -> None:
    """Place an order that must be refused, walk the pages, and ask to re-arm too early."""
    banner = page.get_by_test_id("killed")
    ticket = page.get_by_role("region", name="Order ticket")
    ticket.get_by_label("Symbol").fill("SPX")
    ticket.get_by_label("Stop loss").fill("900")
    ticket.get_by_text("would be refused").wait_for()
    ticket.get_by_role("button", name="Buy 1 SPX").click()
    page.get_by_test_id("answer").get_by_text("Refused: trading state").wait_for()
    picture(page, "trade-killed")
    for name in ("Home", "Compare"):
        page.get_by_role("link", name=name, exact=True).click()
        page.get_by_test_id("killed").wait_for()
    banner.get_by_role("button", name="Re-arm").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("a test of the button")
    dialog.get_by_role("button", name="Re-arm").click()
    dialog.get_by_role("alert").wait_for()
    reply = http.post("/risk/rearm", json={"reason": "asked beside the screen"})
    assert reply.is_error
    assert reply.json()["code"] in dialog.get_by_role("alert").inner_text()
