"""`fks data streams`: the list that a server keeps, steered without the server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fks.cli import program
from fks.kernel.errors import FksError


def streams(home: Path, *arguments: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(program, ["--home", str(home), "data", "streams", *arguments])


def test_a_stream_is_kept_replaced_listed_and_removed(tmp_path: Path) -> None:
    """Lost: a server without its screens could not be told what to stream."""
    for channels in ("book", "trades,quotes"):
        added = streams(tmp_path, "add", "eth", "binance", "ETHUSDT", "--channels", channels)
        assert added.exception is None, added.output
    listed = json.loads(streams(tmp_path, "list", "--json").stdout)
    assert listed == [
        {
            "name": "eth",
            "exchange": "binance",
            "symbols": ["ETHUSDT"],
            "channels": ["trades", "quotes"],
            "paused": False,
        }
    ]
    assert "ETHUSDT" in streams(tmp_path, "list").stdout
    assert streams(tmp_path, "remove", "eth").exception is None
    assert json.loads(streams(tmp_path, "list", "--json").stdout) == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("add", "eth", "nowhere", "A"), "data.no_stream"),
        (("add", "eth", "binance", "a b"), "data.no_symbol"),
        (("add", "eth", "binance", "A", "--channels", "news"), "data.no_channel"),
        (("add", "coinbase", "coinbase", "A", "--channels", "bars"), "data.no_channel"),
        (("add", "../eth", "binance", "A"), "data.bad_name"),
        (("remove", "eth"), "data.stream_not_found"),
    ],
)
def test_what_cannot_be_kept_is_refused(
    tmp_path: Path, arguments: tuple[str, ...], code: str
) -> None:
    """Lost: a mistake would be told by a server that fails, later."""
    result = streams(tmp_path, *arguments)
    assert isinstance(result.exception, FksError), result.output
    assert result.exception.code == code
    assert json.loads(streams(tmp_path, "list", "--json").stdout) == []
