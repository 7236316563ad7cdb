"""Corporate actions as datasets: imported, fetched, compared, exported, sealed, and adjusted by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from tests.contexts.data import kit
from tests.contexts.data.providers.served import Answer, ok, served

from fks.cli import program
from fks.contexts.data.service.vault import seal_range
from fks.contexts.data.store import DatasetStore
from fks.contracts.data.ticks import ActionColumns
from fks.kernel.errors import Denied, FksError, Invalid

DAY_NS = 86_400_000_000_000
EQUITY = "lean/equity/usa"


def invoke(home: Path, *arguments: str) -> Result:
    """Run the program in this process."""
    return CliRunner().invoke(program, ["--home", str(home), "data", *arguments])


def answer(home: Path, *arguments: str) -> Any:
    """Run the program and return its one JSON document."""
    result = invoke(home, *arguments, "--json")
    assert result.exception is None, result.output
    return json.loads(result.stdout)


def write(path: Path, text: str) -> str:
    """Write a file and return its name."""
    path.write_text(text)
    return str(path)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home with ten days of ACME from 2024-01-01, closing at 100.00 and up."""
    rows = [
        f"{kit.START_NS + k * DAY_NS},{100 + k}.00,{104 + k}.00,{96 + k}.00,{100 + k}.00,{1000 + k}"
        for k in range(10)
    ]
    file = str(kit.write(tmp_path / "bars.csv", rows))
    named = ("--instrument", "ACME", "--name", "acme", "--tick-size", "0.01")
    answer(tmp_path / "home", "import", file, *named)
    return tmp_path / "home"


def test_a_file_becomes_a_dataset_and_what_is_wrong_in_it_is_kept_aside(tmp_path: Path) -> None:
    """Lost: one bad line, and all dividends of a share with it; or a split that counts twice."""
    file = write(
        tmp_path / "ACME.csv",
        "date,ratio,dividend,close\n2024-01-09,,0.50,107\n2024-01-06,1.5,,\n2024-01-06,1.5,,\n"
        "1962-05-02,,0.1,\n2024-01-07,,,\n2024-01-08,,-1,\n2024-01-08,0,,\nsixth,2,,\n",
    )
    made = answer(tmp_path, "import", file)
    assert made["dataset"]["kind"] == "actions"
    assert (made["dataset"]["name"], made["dataset"]["instrument"]["id"]) == (
        "acme_actions",
        "ACME",
    )
    quality = made["quality"]
    assert (quality["rows_read"], quality["rows_kept"], quality["duplicates"]) == (8, 3, 1)
    assert {one["rule"] for one in quality["findings"]} == {
        "the same action again",
        "neither a split nor a dividend",
        "a dividend below 0",
        "a split that cannot be",
        "no action; one is written 2024-06-10,10,0",
        "out of order",
    }
    columns = DatasetStore(tmp_path).open("acme_actions").ticks()
    assert isinstance(columns, ActionColumns)
    assert (columns.ts_ns // DAY_NS).tolist() == [-2801, 19728, 19731]
    assert columns.new_shares.tolist() == [1, 3, 1]
    assert columns.old_shares.tolist() == [1, 2, 1]
    assert columns.dividend_e9.tolist() == [100_000_000, 0, 500_000_000]
    assert columns.close_e9.tolist()[2] == 107 * 10**9
    assert "actions" in invoke(tmp_path, "list").stdout
    assert answer(tmp_path, "show", "acme_actions")["dataset"]["rows"] == 3
    assert answer(tmp_path, "validate", "acme_actions")["dataset"]["rows"] == 3


def test_files_of_splits_and_of_dividends_are_one_dataset(tmp_path: Path) -> None:
    """Lost: the splits, or the dividends; or those of another share; or dollars for pounds."""
    split = {"execution_date": "2024-01-06", "split_from": 1, "split_to": 4, "ticker": "ACME"}
    paid = {"ex_dividend_date": "2024-01-09", "cash_amount": 0.5, "ticker": "ACME"}
    documents = {
        "a.json": [split, {**split, "ticker": "OTHER"}],
        "b.json": [paid, {**paid, "currency": "GBP"}],
    }
    files = [
        write(tmp_path / name, json.dumps({"status": "OK", "results": rows}))
        for name, rows in documents.items()
    ]
    made = answer(tmp_path / "h", "import", *files, "--instrument", "ACME")
    assert (made["dataset"]["rows"], made["quality"]["rows_quarantined"]) == (2, 1)
    assert "GBP" in json.dumps(made["quality"]["findings"])
    assert made["dataset"]["instrument"]["calendar"] == "XNYS"
    for more, words in (((), "--instrument"), (("--instrument", "NONE"), "ACME, OTHER")):
        refused = invoke(tmp_path / "h", "import", files[0], *more)
        assert isinstance(refused.exception, Invalid) and words in str(refused.exception)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_what_is_exported_and_imported_again_is_the_same_dataset(home: Path, form: str) -> None:
    """Lost: a digit of a ratio, and with it every price before the split."""
    ratios = "date,new_shares,old_shares,dividend,close\n2024-01-06,1234567,7654321,,\n"
    text = ratios + "2024-01-08,2,3,0.1234567,101.5\n1969-12-31,,,0.25,\n"
    file = write(home.parent / "ACME.csv", text)
    info = answer(home, "import", file)["dataset"]
    back = str(home.parent / f"back.{form}")
    answer(home, "export", "acme_actions", "--output", back)
    named = ("--instrument", "ACME", "--name", "again")
    assert answer(home, "import", back, *named)["dataset"]["hash"] == info["hash"]
    if form == "parquet":
        assert pq.read_table(back)["new_shares"].to_pylist() == [1, 1234567, 2]
    later = write(home.parent / "later.csv", text + "2024-01-09,5,,,\n")
    answer(home, "import", later, *named)
    told = answer(home, "diff", "acme_actions", "again")
    assert (told["added"], told["removed"]) == (1, 0)
    assert len(answer(home, "versions", "again")["versions"]) == 2


def test_shares_that_are_no_whole_numbers_cost_their_row(tmp_path: Path) -> None:
    """Lost: a program that hangs on 1e999999 shares, or a split of a part of a share."""
    bad = ("nan", "1e999999", "0", "-2", "1.5", "inf", "x", "1e-999999")
    rows = [f"2024-01-0{k},{text},1\n" for k, text in enumerate(bad, 1)]
    file = write(
        tmp_path / "ACME.csv", "date,new_shares,old_shares\n2024-02-01,2,1\n" + "".join(rows)
    )
    made = answer(tmp_path / "home", "import", file)["quality"]
    assert (made["rows_kept"], made["rows_quarantined"]) == (1, len(bad))


def test_bars_are_adjusted_by_a_dataset_and_name_both_parents(home: Path) -> None:
    """Lost: which dividends a price was adjusted by, a year later."""
    file = write(home.parent / "ACME.csv", "date,ratio,dividend\n2024-01-06,4,\n2024-01-08,,1.06\n")
    actions = answer(home, "import", file)["dataset"]
    adjust = ("adjust", "acme", "--how", "total", "--actions")
    of_file = answer(home, *adjust, file, "--name", "of_file")
    of_set = answer(home, *adjust, "acme_actions", "--name", "of_set")
    assert of_set["dataset"]["hash"] == of_file["dataset"]["hash"]
    assert of_set["adjustment"]["rows"] == of_file["adjustment"]["rows"]
    lineage = answer(home, "lineage", "of_set")["nodes"]
    assert [node["name"] for node in lineage] == ["of_set", "acme", "acme_actions"]
    parents = lineage[0]["made_by"][0]["parents"]
    assert parents == [DatasetStore(home).open("acme").info.hash, actions["hash"]]
    assert f"acme_actions@{actions['hash'][:12]}" in of_set["adjustment"]["source"]
    early = answer(home, *adjust, "acme_actions", "--as-of", "2024-01-07", "--name", "early")
    assert (early["adjustment"]["later"], len(early["adjustment"]["rows"])) == (1, 1)


def test_actions_that_are_sealed_are_not_read(home: Path) -> None:
    """Lost: a split that nobody may know yet, in prices before it."""
    file = write(home.parent / "ACME.csv", "date,ratio\n2024-01-06,4\n2024-01-09,2\n")
    answer(home, "import", file)
    seal_range(home, "acme_actions", kit.START_NS + 8 * DAY_NS, 2**63 - 1, by="me")
    adjust = ("adjust", "acme", "--how", "splits", "--actions", "acme_actions")
    assert isinstance(invoke(home, *adjust).exception, Denied)
    early = answer(home, *adjust, "--as-of", "2024-01-07")
    assert (early["adjustment"]["later"], len(early["adjustment"]["rows"])) == (1, 1)


def test_what_cannot_be_adjusted_by_is_refused_with_a_way_out(home: Path) -> None:
    """Lost: the dividends of another share, or another currency, in these prices."""
    file = write(home.parent / "OTHER.csv", "date,ratio\n2024-01-06,4\n")
    answer(home, "import", file)
    adjust = ("adjust", "acme", "--how", "splits", "--actions")
    for more, code, words in (
        (("other_actions",), "data.bad_action", "--symbol OTHER"),
        (("acme",), "data.not_actions", "--kind actions"),
        (("nothing",), "data.dataset_not_found", "other_actions"),
        (("nothing.csv",), "data.no_file", "nothing.csv"),
    ):
        error = invoke(home, *adjust, *more).exception
        assert isinstance(error, FksError) and error.code == code, more
        assert words in str(error)
    assert answer(home, *adjust, "other_actions", "--symbol", "OTHER")["dataset"]["rows"] == 10
    for command in (("backtest", "run", "sma_cross", "--dataset", "other_actions"),):
        assert "actions" in str(
            CliRunner().invoke(program, ["--home", str(home), *command]).exception
        )


def test_polygons_actions_are_fetched_and_rebuilt(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost: dividends that come on a page of their own, or bytes that make other actions later."""
    split = {"execution_date": "2024-01-06", "split_from": 1, "split_to": 4, "ticker": "ACME"}
    paid = {"ex_dividend_date": "2024-01-08", "cash_amount": 1.06, "ticker": "ACME"}

    def polygon(path: str, params: dict[str, str]) -> Answer:
        if path.startswith("/v3/reference/tickers/"):
            return ok({"status": "OK", "results": {"market": "stocks", "currency_name": "usd"}})
        rows = [split] if path.endswith("/splits") else [paid, {**paid, "currency": "CAD"}]
        return ok({"status": "OK", "results": rows})

    with served(polygon) as server:
        monkeypatch.setenv("FKS__PROVIDER_POLYGON__BASE_URL", server.url)
        monkeypatch.setenv("FKS__FETCHING__ALLOW_LOOPBACK", "true")
        monkeypatch.setenv("FKS_KEY_POLYGON", "secret")
        made = answer(home, "fetch", "ACME", "--from", "polygon", "--kind", "actions")
        assert (made["dataset"]["kind"], made["dataset"]["rows"]) == ("actions", 2)
        assert made["dataset"]["name"] == "polygon_acme_actions"
        assert made["quality"]["rows_quarantined"] == 1
        assert answer(home, "rebuild", "polygon_acme_actions")["same"] is True
    adjusted = answer(home, "adjust", "acme", "--how", "total", "--actions", "polygon_acme_actions")
    assert [row["ratio"] for row in adjusted["adjustment"]["rows"]] == ["4", "1"]


@pytest.mark.real_data
@pytest.mark.parametrize("symbol", ["aapl", "spy"])
def test_leans_factors_adjust_alike_as_file_and_as_dataset(tmp_path: Path, symbol: str) -> None:
    """Lost: a dividend rounded away between the file and the dataset made of it."""
    factors = str(kit.real(f"{EQUITY}/factor_files/{symbol}.csv"))
    bars = str(kit.real(f"{EQUITY}/daily/{symbol}.zip"))
    answer(tmp_path, "import", bars, "--name", "bars")
    made = answer(tmp_path, "import", factors, "--name", "told")
    assert made["quality"]["rows_quarantined"] == 0
    adjust = ("adjust", "bars", "--how", "total", "--tick-size", "0.000001", "--actions")
    files = [answer(tmp_path, *adjust, one, "--name", "x") for one in (factors, "told")]
    assert files[0]["dataset"]["hash"] == files[1]["dataset"]["hash"]
    assert files[0]["adjustment"]["rows"] == files[1]["adjustment"]["rows"]
