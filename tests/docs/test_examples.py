"""The examples in the documentation run as they stand there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/tutorial/first-strategy.md")
COMMANDS = ("fks strategies", "fks backtest run", "fks data list", "fks --version")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: str, language: str) -> list[str]:
    """Return the fenced blocks of a page in a language."""
    text = (ROOT / page).read_text()
    return [block for found, block in _BLOCK.findall(text) if found == language]


def run(arguments: list[str], home: Path) -> None:
    """Run a command with an empty home; it must succeed."""
    done = subprocess.run(
        arguments,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "FKS_HOME": str(home)},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES)
def test_python_examples_run(page: str, tmp_path: Path) -> None:
    """Lost: the first thing a newcomer copies would fail."""
    found = blocks(page, "python")
    assert found
    for block in found:
        # A file, as the tutorial says: a run's manifest hashes its strategy's source.
        example = tmp_path / "example.py"
        example.write_text(block)
        run([sys.executable, str(example)], tmp_path)


def test_commands_of_the_tutorial_run(tmp_path: Path) -> None:
    """Lost: options would be renamed and the tutorial forgotten."""
    lines = [line for block in blocks(PAGES[1], "sh") for line in block.splitlines()]
    commands = [line for line in lines if line.startswith(COMMANDS)]
    assert len(commands) >= 2
    for line in commands:
        words = shlex.split(line, comments=True)
        run([sys.executable, "-m", "fks", *words[1:]], tmp_path)
