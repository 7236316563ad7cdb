"""Limits and what-if from the command line, in the figures that the interface says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from .processes import Served

pytestmark = pytest.mark.e2e


def test_the_command_line_shows_limits_in_their_units(tmp_path: Path) -> None:
    """Lost: a person at the terminal would read nanos and lots."""
    home = tmp_path / "home"

    def fks(*words: str) -> Any:
        command = [sys.executable, "-m", "fks", "--home", str(home), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        return done.stdout

    with (
        Served(home, "--port", "0") as served,
        httpx.Client(base_url=f"{served.url}/api/v1", timeout=30) as http,
    ):
        http.post("/accounts", json={"id": "terminal"}).raise_for_status()
        at = ("--url", served.url)
        change = ("--limit", "weekly_loss=5%", *at, "--json")
        rows = json.loads(fks("accounts", "limits", "terminal", *change))["limits"]
        by_name = {row["name"]: row for row in rows}
        weekly = by_name["weekly_loss"]
        assert (weekly["value"], weekly["unit"], weekly["headroom"]) == ("0.05", "share", "0.05")
        assert (by_name["heartbeat"]["limit"], by_name["heartbeat"]["unit"]) == ("10", "seconds")
        assert by_name["max_vix"]["state"] == "reached", "an unknown VIX lets nothing through"
        assert http.get("/risk", params={"account": "terminal"}).json()["limits"] == rows
        table = fks("accounts", "limits", "terminal", *at)
        assert "headroom" in table
