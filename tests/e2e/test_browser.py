"""A person's walk through the screens, in Chromium against a real `fks serve`.

What the pages say is compared with what the interface says at the same moment; anything that the
browser reports as an error fails the walk. Pictures are left in `.fks/screens` for the eye.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from .processes import Served

sync_api = pytest.importorskip(
    "playwright.sync_api", reason="needs playwright, of the dev extra", exc_type=ImportError
)

ROOT = Path(__file__).resolve().parents[2]
SCREENS = ROOT / ".fks" / "screens"
BUILT = ROOT / "src" / "fks" / "contexts" / "web" / "static" / "index.html"
NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = os.environ.get("FKS_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), "")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = {"width": 1600, "height": 1000}
NARROW = {"width": 390, "height": 844}
PATIENCE_S = 40.0

T = TypeVar("T")

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not BROWSER, reason="no Chromium on this machine"),
    pytest.mark.skipif(not BUILT.is_file(), reason="screens not built: python build_web.py"),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a fresh home on a free port."""
    with Served(tmp_path_factory.mktemp("home"), "--port", "0") as served:
        yield served.url


@pytest.fixture(scope="module")
def http(url: str) -> Iterator[httpx.Client]:
    """Return a client of the interface beside the browser."""
    with httpx.Client(base_url=f"{url}/api/v1", timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def run(http: httpx.Client) -> dict[str, Any]:
    """Return a backtest that is done."""
    request = {
        "strategy": "sma_cross",
        "dataset": "sp500_daily",
        "params": {"fast": 10, "slow": 30},
        "quantity": 10,
        "costs": {"fee_bps": 1},
    }
    run: dict[str, Any] = http.post("/backtests", json=request).raise_for_status().json()
    path = f"/backtests/{run['id']}"
    done: dict[str, Any] = until(
        lambda: http.get(path).json(), lambda found: bool(found["status"] == "done")
    )
    return done


@pytest.fixture(scope="module")
def session(http: httpx.Client) -> dict[str, Any]:
    """Return a paper session that runs slowly enough to be watched."""
    request = {
        "strategy": "sma_cross",
        "dataset": "sp500_daily",
        "params": {"fast": 3, "slow": 8},
        "quantity": 10,
        "last_bars": 2000,
        "bars_per_second": 10,
    }
    started: dict[str, Any] = http.post("/sessions", json=request).raise_for_status().json()
    return started


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Run Chromium."""
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def page(browser: Any, url: str) -> Iterator[Any]:
    """Open a fresh profile; what the browser calls an error fails the test at its end."""
    context = browser.new_context(viewport=WIDE, base_url=url)
    context.set_default_timeout(PATIENCE_S * 1000)
    opened = context.new_page()
    errors: list[str] = []
    opened.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert errors == []


def until(read: Callable[[], T], good: Callable[[T], bool]) -> T:
    """Read until it is good; fail with the last reading."""
    end = time.monotonic() + PATIENCE_S
    while not good(found := read()):
        assert time.monotonic() < end, f"still {found!r}"
        time.sleep(0.1)
    return found


def picture(page: Any, name: str) -> None:
    """Leave pictures of the page: both themes, wide and narrow. Nothing may overflow."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    for size, view in (("wide", WIDE), ("narrow", NARROW)):
        page.set_viewport_size(view)
        for theme in ("light", "dark"):
            page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
            page.wait_for_timeout(250)
            page.screenshot(path=SCREENS / f"{name}-{theme}-{size}.png")
        beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert beyond <= 0, f"{name} is {beyond} pixels wider than a {size} screen"
    page.set_viewport_size(WIDE)


def number(text: str) -> float:
    """Return the number a person reads there."""
    return float(re.sub(r"[^0-9.−-]", "", text).replace("−", "-"))


def test_home_shows_every_context_the_session_and_the_run(
    page: Any, http: httpx.Client, url: str, run: dict[str, Any], session: dict[str, Any]
) -> None:
    """Lost: the page one opens first could look well while saying nothing true."""
    page.goto("/")
    page.get_by_test_id("link").get_by_text("live").wait_for()
    for service in httpx.get(f"{url}/api/services").json()["services"]:
        card = page.get_by_test_id(f"service-{service['id']}")
        card.get_by_text("healthy").wait_for()
    listed = page.locator(f"a[href='/chart?session={session['id']}']")
    listed.get_by_text("running").wait_for()
    assert session["dataset"] in listed.inner_text()
    for dataset in http.get("/datasets").json()["datasets"]:
        row = page.get_by_role("row").filter(has_text=dataset["name"]).last
        assert f"{dataset['rows']:,}" in row.inner_text()
    shown = page.get_by_role("row").filter(has_text="fast 10, slow 30").first.inner_text()
    assert f"{abs(run['metrics']['total_return']) * 100:.2f} %" in shown
    picture(page, "home")


def test_the_chart_follows_a_running_session(
    page: Any, http: httpx.Client, session: dict[str, Any]
) -> None:
    """Lost: the chart of a running session would stand still, or show other fills than it had."""
    page.goto(f"/chart?session={session['id']}&i=sma:period=3&i=sma:period=8&i=rsi:period=14")
    chart = page.get_by_test_id("chart")
    chart.locator("canvas").first.wait_for()
    bars = int(chart.get_attribute("data-bars"))
    assert bars > 0
    until(lambda: int(chart.get_attribute("data-bars")), lambda now: now >= bars + 20)
    rows = page.get_by_role("region", name="Fills").locator("tbody tr")
    count = page.get_by_test_id("fill-count")
    first = number(until(count.inner_text, lambda text: number(text) >= 1))
    until(lambda: number(count.inner_text()), lambda now: now >= first + 2)
    assert rows.count() >= 3
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Resume").wait_for()
    # A pause lets the bar under way finish, so the server's count may still grow by a fill.
    until(
        lambda: number(count.inner_text()),
        lambda shown: shown == len(http.get(f"/sessions/{session['id']}/fills").json()["fills"]),
    )
    page.get_by_role("button", name="Resume").click()
    legend = page.get_by_test_id("legend").inner_text()
    assert "UTC" in legend
    assert "RSI 14" in legend
    picture(page, "chart")


def test_a_session_is_paused_resumed_and_stopped_from_the_chart(
    page: Any, http: httpx.Client
) -> None:
    """Lost: the buttons that steer money would do nothing, or not what they say."""
    page.goto("/chart?dataset=nasdaq_daily")
    page.get_by_role("button", name="Start a paper session").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Strategy").select_option("sma_cross")
    dialog.get_by_label("fast", exact=True).fill("0")
    dialog.get_by_text(re.compile("must be 1 to")).wait_for()
    dialog.get_by_role("button", name="Start").click()
    assert dialog.is_visible()
    dialog.get_by_label("fast", exact=True).fill("4")
    dialog.get_by_label("Bars a second").fill("20")
    dialog.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Resume").wait_for()
    session_id = page.evaluate("new URLSearchParams(location.search).get('session')")
    path = f"/sessions/{session_id}"
    assert http.get(path).json()["status"] == "paused"
    assert http.get(path).json()["params"]["fast"] == 4
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("button", name="Pause").wait_for()
    page.once("dialog", lambda asked: asked.accept())
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Start another like it").wait_for()
    stopped = http.get(path).json()
    assert stopped["status"] == "stopped"
    fills = http.get(f"{path}/fills").json()["fills"]
    assert number(page.get_by_test_id("fill-count").inner_text()) == len(fills)
    assert abs(number(page.get_by_test_id("equity").inner_text()) - stopped["equity"]) < 0.01


def test_a_backtest_is_asked_for_and_its_page_tells_what_the_interface_tells(
    page: Any, http: httpx.Client
) -> None:
    """Lost: figures on the screen could differ from those of the record."""
    page.goto("/backtests")
    page.get_by_label("Strategy").select_option("breakout")
    page.get_by_label("Quantity").fill("5")
    page.get_by_label("First", exact=True).fill("2005-01-03")
    page.get_by_role("button", name="Run backtest").click()
    page.wait_for_url(re.compile(r"/backtests/.+"))
    equity = page.get_by_test_id("metric-final_equity").locator("dd")
    equity.wait_for()
    run = http.get(f"/backtests/{page.url.rsplit('/', 1)[1]}").json()
    assert run["request"]["from_ts_ns"] == 1_104_710_400 * 10**9
    metrics = run["metrics"]
    assert abs(number(equity.inner_text()) - metrics["final_equity"]) < 0.01
    drawdown = page.get_by_test_id("metric-max_drawdown").locator("dd").inner_text()
    assert abs(number(drawdown) / 100 - metrics["max_drawdown"]) < 1e-4
    page.get_by_test_id("chart").locator("canvas").first.wait_for()
    for left_out in run["not_modelled"]:
        assert page.get_by_text(left_out, exact=True).is_visible()
    trades = http.get(f"{page.url.replace('/backtests/', '/api/v1/backtests/')}/trades").json()
    assert page.get_by_text(f"{trades['total_trades']:,}, after fees").is_visible()
    page.get_by_role("button", name="Profit", exact=True).click()
    best = page.get_by_role("region", name="Trades").locator("tbody tr").first.inner_text()
    assert f"{max(trade['pnl'] for trade in trades['trades']):,.2f}" in best
    page.get_by_role("button", name="Show the tear sheet here").click()
    page.frame_locator("iframe").locator("body").wait_for()
    picture(page, "run")


def test_two_runs_are_compared(page: Any, http: httpx.Client, run: dict[str, Any]) -> None:
    """Lost: a comparison could mix up its columns."""
    request = {**run["request"], "params": {"fast": 20, "slow": 60}, "to_ts_ns": 2**63 - 1}
    other = http.post("/backtests", json=request).raise_for_status().json()
    path = f"/backtests/{other['id']}"
    other = until(lambda: http.get(path).json(), lambda found: bool(found["status"] == "done"))
    page.goto(f"/compare?run={run['id']}&run={other['id']}")
    row = page.get_by_role("row").filter(has_text="Final equity")
    row.wait_for()
    cells = [number(text) for text in row.locator("td").all_inner_texts()[1:]]
    first, second = run["metrics"]["final_equity"], other["metrics"]["final_equity"]
    assert cells == pytest.approx([first, second, second - first], abs=0.011)
    page.get_by_test_id("chart").locator("canvas").first.wait_for()
    picture(page, "compare")


def test_keys_lead_from_page_to_page_and_the_theme_stays(page: Any) -> None:
    """Lost: hands on the keyboard would need the mouse, eyes in the dark would be blinded."""
    page.goto("/")
    page.get_by_role("heading", name="Home").wait_for()
    for key, path in (("c", "/chart"), ("b", "/backtests"), ("h", "/")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url(re.compile(rf"{path}(\?.*)?$"))
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Help").wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("Light", exact=True).first.click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "light"


def test_a_context_that_does_not_run_is_named_with_the_way_to_start_it(
    browser: Any, tmp_path: Path
) -> None:
    """Lost: a half-started installation would show empty pages, or none."""
    with Served(tmp_path / "home", "--port", "0", "--without", "engine") as served:
        context = browser.new_context(viewport=WIDE, base_url=served.url)
        page = context.new_page()
        page.goto("/backtests")
        page.get_by_text("The engine context is not running").first.wait_for()
        assert page.get_by_text("fks serve --only engine").first.is_visible()
        picture(page, "missing")
        page.goto("/")
        page.get_by_test_id("service-data").get_by_text("healthy").wait_for()
        page.get_by_text("sp500_daily").first.wait_for()
        context.close()
