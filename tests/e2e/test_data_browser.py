"""The screens of data, in Chromium against a real `fks serve` and an exchange of the test's own."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.contexts.data.streaming.exchange import SYMBOL

from .exchanges import HELD, MINUTES, START_S, Exchange, exchange, sockets
from .processes import Served
from .test_browser import PATIENCE_S, WIDE, browser, number, picture, pytestmark, until  # noqa: F401

NS = 10**9
KEY = "pk-0123456789abcdef-do-not-show"
_REFUSED = re.compile(r"Failed to load resource: .* status of 4\d\d")


def holed(path: Path) -> Path:
    """Write twenty days of minutes: one gone, one half, one bar impossible."""
    with path.open("w") as out:
        out.write("ts_ns,open,high,low,close,volume\n")
        for k in range(20 * 1440):
            day, minute = divmod(k, 1440)
            if day == 4 or (day == 6 and minute < 720):
                continue
            close = 300 if k == 12_000 else 100.5
            out.write(f"{(START_S + 60 * k) * NS},100,101,99,{close},{k % 7}\n")
    return path


def fks(home: Path, *arguments: str) -> None:
    """Run a command that must succeed."""
    command = [sys.executable, "-m", "fks", "--home", str(home), "data", *arguments]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with a dataset that has holes, and one made of it."""
    made = tmp_path_factory.mktemp("data_home")
    path = holed(made / "holed.csv")
    fks(
        made, "import", str(path), "--name", "holed", "--instrument", "BTCUSDT", "--timeframe", "1m"
    )
    fks(made, "resample", "holed", "--to", "1h", "--name", "hours")
    return made


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    """Serve it; Binance is the exchange of this test."""
    with exchange() as at, sockets() as live:
        mirror = f'url = "ws://{live}/stream"\npages_url = "http://{live}"\n'
        (home / "fks.toml").write_text(f"[streams.mirrors.binance]\n{mirror}")
        settings = {
            "FKS__PROVIDER_BINANCE__BASE_URL": at,
            "FKS__FETCHING__ALLOW_LOOPBACK": "true",
        }
        with Served(home, "--port", "0", **settings) as served:
            yield served.url


@pytest.fixture(scope="module")
def http(url: str) -> Iterator[httpx.Client]:
    """Return a client of the interface beside the browser."""
    with httpx.Client(base_url=f"{url}/api/v1", timeout=30) as client:
        yield client


@pytest.fixture
def page(browser: Any, url: str) -> Iterator[Any]:  # noqa: F811
    """Open a fresh profile; an error of a script fails the test at its end."""
    errors: list[str] = []

    def heard(said: Any) -> None:
        if said.type == "error" and not _REFUSED.match(said.text):
            errors.append(said.text)

    context = browser.new_context(viewport=WIDE, base_url=url, accept_downloads=True)
    context.set_default_timeout(PATIENCE_S * 1000)
    opened = context.new_page()
    opened.on("console", heard)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert errors == []


def test_the_catalogue_shows_what_is_there_and_where_holes_are(
    page: Any, http: httpx.Client
) -> None:
    """Lost: somebody trains on a month that is not there."""
    page.goto("/")
    page.get_by_role("link", name="Data", exact=True).click()
    for dataset in http.get("/datasets").json()["datasets"]:
        row = page.get_by_role("row").filter(has_text=dataset["name"]).first
        assert f"{dataset['rows']:,}" in row.inner_text()
        bar = row.get_by_role("img")
        bar.wait_for()
        told = http.get(f"/datasets/{dataset['hash']}/coverage").json()
        whole = 1 - sum(told["missing"]) / sum(told["expected"])
        assert float(bar.get_attribute("data-whole")) == pytest.approx(whole)
    holed_bar = page.get_by_role("row").filter(has_text="holed").first.get_by_role("img")
    assert holed_bar.locator("[data-state=hole]").count() == 3
    picture(page, "data-catalogue")
    page.get_by_label("Find").fill("btcusdt hours")
    until(page.get_by_role("region", name="Datasets").locator("tbody tr").count, lambda n: n == 1)
    page.get_by_label("Find").fill("nothing at all")
    page.get_by_text("Nothing is named so").wait_for()


def test_the_quality_page_says_what_the_report_says(page: Any, http: httpx.Client) -> None:
    """Lost: a score without its reasons, or a day with holes that nobody sees."""
    page.goto("/data/datasets/holed/quality")
    report = http.get("/datasets/holed/quality").json()
    parts = page.get_by_test_id("score-parts").locator("li")
    parts.first.wait_for()
    lost = [one["points_lost"] for one in report["parts"] if one["points_lost"] > 0]
    shown = [number(text) for text in parts.locator("strong").all_inner_texts()]
    assert shown == pytest.approx([-points for points in lost], abs=0.005)
    assert report["score"] == pytest.approx(100 - sum(lost), abs=0.02)
    findings = page.get_by_role("region", name="Findings", exact=True).first.locator("tbody tr")
    findings.first.wait_for()
    assert findings.count() == len(report["findings"])
    doubtful = page.get_by_role("region", name="Doubtful days").first.locator("tbody tr")
    doubtful.first.wait_for()
    rows = {row.split("\t")[0]: row.split("\t") for row in doubtful.all_inner_texts()}
    assert (rows["2024-01-05"][1], rows["2024-01-07"][1]) == ("1,440", "720")
    refused = page.get_by_role("region", name="Refused rows").locator("tbody tr")
    (row,) = refused.all_inner_texts()
    told = http.get("/datasets/holed/quarantine").json()["rows"][0]
    assert row.split("\t")[:3] == [f"{told['row']:,}", "holed.csv", told["reason"]]
    picture(page, "data-quality")


def test_what_a_version_changed_is_shown(page: Any, home: Path, http: httpx.Client) -> None:
    """Lost: a provider rewrites the past, and nobody sees which bars."""
    path = home / "moved.csv"
    for count, close in ((1000, "100.5"), (1010, "100.25")):
        rows = [f"{(START_S + 60 * k) * NS},100,101,99,100.5,1" for k in range(count)]
        rows[7] = rows[7].replace("100.5", close)
        path.write_text("\n".join(["ts_ns,open,high,low,close,volume", *rows]) + "\n")
        fks(home, "import", str(path), "--name", "moved", "--timeframe", "1m")
    page.goto("/data/datasets/moved/versions")
    card = page.get_by_role("region", name="What changed")
    facts = card.get_by_test_id("difference").inner_text().split("\n")
    told = dict(zip(facts[::2], facts[1::2], strict=True))
    assert told == {"Added": "10", "Removed": "0", "Changed": "1", "Changed close": "1"}
    row = card.get_by_role("row").filter(has_text="changed")
    assert row.inner_text().split("\t")[1:] == ["changed", "close 100.5", "close 100.25"]
    assert card.get_by_role("row").filter(has_text="added").count() == 10
    picture(page, "data-changed")
    first = http.get("/datasets/moved/versions").json()["versions"][0]["hash"]
    card.get_by_label("To").select_option(first)
    card.get_by_text("That is one version").wait_for()


def test_the_lineage_leads_back_to_the_file(page: Any, home: Path, http: httpx.Client) -> None:
    """Lost: a number that nobody can trace to the bytes it came from."""
    page.goto("/data/datasets/hours/lineage")
    graph = page.get_by_role("region", name="Graph of the lineage")
    boxes = graph.get_by_role("button")
    boxes.first.wait_for()
    assert [text.split("\n")[0] for text in boxes.all_inner_texts()] == [
        "hours",
        "holed",
        "holed.csv",
    ]
    assert graph.locator("svg path").count() == 2
    picture(page, "data-lineage")
    boxes.filter(has_text="holed.csv").click()
    made = page.get_by_role("region", name="Made by")
    made.get_by_text("Files read: 1").click()
    source = http.get("/datasets/hours/lineage").json()["nodes"][1]["made_by"][0]["sources"][0]
    made.get_by_text(source["sha256"]).wait_for()
    page.get_by_role("link", name="Open this version").click()
    page.get_by_role("region", name="Facts").wait_for()
    assert "/data/datasets/holed%40" in page.url


def test_a_download_tells_how_far_it_is_and_holds_every_row(
    page: Any, http: httpx.Client, tmp_path: Path
) -> None:
    """Lost: a file that was cut off, handed over as whole."""
    page.goto("/data/datasets/holed")
    card = page.get_by_role("region", name="Download")
    with page.expect_download() as begun:
        card.get_by_role("button", name="Download").click()
    assert begun.value.suggested_filename == "holed.csv"
    begun.value.save_as(tmp_path / "got.csv")
    rows = http.get("/datasets/holed").json()["rows"]
    card.get_by_test_id("download").get_by_text(f"{rows:,} rows").wait_for()
    assert card.get_by_role("progressbar").get_attribute("aria-valuenow") == "100"
    with (tmp_path / "got.csv").open(newline="") as got:
        assert sum(1 for _ in csv.DictReader(got)) == rows
    card.get_by_label("From").fill("2024-01-03")
    card.get_by_label("Before").fill("2024-01-02")
    card.get_by_text("after the first date").wait_for()
    assert card.get_by_role("button", name="Download").is_disabled()
    picture(page, "data-overview")


def test_longer_bars_are_made_on_the_page(page: Any, http: httpx.Client) -> None:
    """Lost: whoever has no terminal keeps minutes only."""
    page.goto("/data/datasets/holed")
    card = page.get_by_role("region", name="Make bars")
    card.get_by_role("button", name="Make them").click()
    card.get_by_text("this is needed").wait_for()
    card.get_by_label("Bars of").fill("90s")
    card.get_by_role("button", name="Make them").click()
    card.get_by_text("90s").last.wait_for()
    card.get_by_label("Bars of").fill("4h")
    card.get_by_label("Name of the bars").fill("fours")
    card.get_by_role("button", name="Make them").click()
    card.get_by_test_id("made").get_by_text("bars of 4h").wait_for()
    made = http.get("/datasets/fours").json()
    assert card.get_by_test_id("made").inner_text() == f"fours has {made['rows']} bars of 4h"
    picture(page, "data-make-bars")
    card.get_by_role("link", name="fours").click()
    page.get_by_role("heading", name="fours").wait_for()


def test_an_asset_is_tracked_fetched_and_left(page: Any, http: httpx.Client) -> None:
    """Lost: a list that says fresh while nothing comes."""
    page.goto("/data/tracked")
    page.get_by_text("Nothing is tracked yet").wait_for()
    page.get_by_role("button", name="Track an asset…").click()
    form = page.get_by_role("form", name="Track an asset")
    form.get_by_role("button", name="Track it").click()
    form.get_by_text("a date").wait_for()
    form.get_by_label("Symbol").fill("BTCUSDT")
    form.get_by_label("Name of the dataset").fill("btc_minutes")
    form.get_by_label("From").fill("2024-01-01")
    Exchange.going.clear()
    form.get_by_role("button", name="Track it").click()
    row = page.get_by_role("row").filter(has_text="btc_minutes")
    row.get_by_text(f"{HELD:,} rows until 2024-01-02 09:20").wait_for()
    row.get_by_role("progressbar", name="Fetch of btc_minutes").wait_for()
    picture(page, "data-fetching")
    Exchange.going.set()
    row.get_by_text(f"{MINUTES:,}", exact=True).wait_for()
    state = http.get("/tracked").json()["assets"][0]
    assert (state["rows"], state["asset"]["start_ns"]) == (MINUTES, START_S * NS)
    row.get_by_text(state["state"], exact=True).wait_for()
    picture(page, "data-tracked")
    row.get_by_role("button", name="Pause btc_minutes").click()
    row.get_by_text("paused", exact=True).wait_for()
    page.get_by_role("link", name="Providers", exact=True).click()
    card = page.get_by_test_id("provider-binance")
    card.get_by_text("working").wait_for()
    card.get_by_text("requests").wait_for()
    page.go_back()
    row.get_by_role("button", name="Stop tracking btc_minutes…").click()
    row.get_by_role("button", name="Stop tracking btc_minutes", exact=True).click()
    page.get_by_text("Nothing is tracked yet").wait_for()
    assert http.get("/datasets/btc_minutes").json()["rows"] == MINUTES


def test_a_key_is_typed_sealed_replaced_and_removed(
    page: Any, home: Path, http: httpx.Client
) -> None:
    """Lost: a key stays on the page, or in a file that can be read."""
    page.goto("/data/providers")
    card = page.get_by_test_id("provider-polygon")
    card.get_by_text("no key").wait_for()
    card.get_by_role("button", name="Key of polygon…").click()
    form = card.get_by_role("form", name="Key of polygon")
    field = form.get_by_label("Key", exact=True)
    assert field.get_attribute("type") == "password"
    field.fill("two words")
    field.press("Enter")
    form.get_by_role("alert").wait_for()
    assert field.input_value() == ""
    field.fill(KEY)
    field.press("Enter")
    card.get_by_text("key set").wait_for()
    card.get_by_text(f"****{KEY[-4:]}").wait_for()
    assert KEY not in page.content()
    picture(page, "data-providers")
    assert all(KEY.encode() not in path.read_bytes() for path in home.rglob("*") if path.is_file())
    card.get_by_role("button", name="Key of polygon…").click()
    form.get_by_role("button", name="Remove…").click()
    form.get_by_role("button", name="Remove it for good").click()
    card.get_by_text("no key").wait_for()


def test_a_stream_is_kept_watched_and_ended(page: Any, http: httpx.Client) -> None:
    """Lost: a live book that stands still, or one shown while it cannot be believed."""
    page.goto("/data/streams")
    page.get_by_text("No stream is kept").wait_for()
    page.get_by_role("button", name="Keep a stream…").click()
    form = page.get_by_role("form", name="Keep a stream")
    form.get_by_label("Name").fill("eth")
    form.get_by_label("Exchange").fill("nowhere")
    form.get_by_label("Symbols").fill(SYMBOL)
    form.get_by_role("button", name="Keep it").click()
    form.get_by_text("Could not keep the stream").wait_for()
    form.get_by_label("Exchange").fill("binance")
    form.get_by_role("button", name="Keep it").click()
    row = page.get_by_test_id("stream-eth")
    row.get_by_text("live", exact=True).wait_for()
    row.get_by_role("button", name=SYMBOL).click()
    tape = page.get_by_test_id("tape").locator("tbody tr")
    until(tape.count, lambda found: found >= 3)
    book = page.get_by_test_id("live-book")
    shown = book.inner_text()
    until(book.inner_text, lambda text: text != shown)
    prices = [number(text) for text in book.locator("td:first-child").all_inner_texts()]
    assert prices == sorted(prices, reverse=True)
    assert len(set(prices)) == len(prices) > 10
    picture(page, "data-streams")
    row.get_by_role("button", name="Pause eth").click()
    row.get_by_text("paused", exact=True).first.wait_for()
    row.get_by_role("button", name="End eth…").click()
    row.get_by_role("button", name="End eth", exact=True).click()
    page.get_by_text("No stream is kept").wait_for()
    assert http.get("/streams").json() == {"streams": []}


def test_instruments_are_found_and_a_spelling_is_told(page: Any, http: httpx.Client) -> None:
    """Lost: an order for another contract than the one that was meant."""
    page.goto("/data/instruments")
    listed = http.get("/instruments").json()["instruments"]
    rows = page.get_by_role("region", name="Instruments").last.locator("tbody tr")
    rows.first.wait_for()
    assert rows.count() == len(listed)
    page.get_by_label("Find").fill("gold")
    until(rows.count, lambda found: 0 < found < len(listed))
    page.get_by_label("Symbol", exact=True).fill("ES 03-25")
    page.get_by_label("On", exact=True).fill("2025-01-15")
    page.get_by_test_id("meaning").get_by_text("ESH25", exact=True).first.wait_for()
    picture(page, "data-instruments")
    page.get_by_label("Symbol", exact=True).fill("NO SUCH 99-99")
    page.get_by_text("Could not tell what it means").wait_for()


def test_a_bad_version_alerts_whoever_has_a_page_open(page: Any, home: Path) -> None:
    """Lost: a night of bad data is found by the strategy that traded on it."""
    page.goto("/")
    page.get_by_test_id("link").get_by_text("live").wait_for()
    path = home / "bad.csv"
    rows = [
        f"{(START_S + 60 * k) * NS},100,101,99,{'300' if k % 9 else '100'},1" for k in range(90)
    ]
    path.write_text("\n".join(["ts_ns,open,high,low,close,volume", *rows]))
    fks(home, "import", str(path), "--name", "bad", "--instrument", "BTCUSDT", "--timeframe", "1m")
    page.get_by_label("1 alerts").wait_for()
    page.get_by_role("link", name="Data").first.click()
    alert = page.get_by_role("region", name="Quality alerts")
    alert.get_by_role("link", name="bad").wait_for()
    picture(page, "data-alerts")
    alert.get_by_role("button", name="Dismiss the alert of bad").click()
    alert.wait_for(state="detached")


def test_versions_comparison_and_empty_parts_have_their_words(
    page: Any, http: httpx.Client
) -> None:
    """Lost: an empty page that does not say what would fill it."""
    page.goto("/data/datasets/nasdaq_daily/versions")
    page.get_by_role("row").filter(has_text="latest").wait_for()
    page.get_by_role("link", name="Compare", exact=True).last.click()
    page.get_by_label("With").select_option("sp500_daily")
    verdict = page.get_by_test_id("verdict")
    told = http.get("/datasets/nasdaq_daily/compare?other=sp500_daily").json()
    verdict.get_by_text(told["verdict"][0]).wait_for()
    picture(page, "data-compare")
    page.get_by_role("link", name="Splits and vault").click()
    page.get_by_text("It is not parted yet").wait_for()
    page.get_by_text("Nothing of it is sealed").wait_for()
    page.goto("/data/datasets/absent")
    page.get_by_text("Could not open the dataset").wait_for()
    page.goto("/data/nowhere")
    page.get_by_text("No such page").wait_for()
