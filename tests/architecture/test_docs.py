"""The documentation: what the code can tell is told by the code, and links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .sources import PACKAGE, ROOT, files, shown

PAGES = [*files("docs", "changelog.d", "plugins", suffix=".md"), *sorted(ROOT.glob("*.md"))]
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:|#)([^)#\s]+)")


def test_the_generated_pages_are_those_of_the_code() -> None:
    """Lost: the reference would describe an older FKS."""
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), *sys.path])},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", PAGES, ids=shown)
def test_links_lead_to_files_that_are_there(path: Path) -> None:
    """Lost: a reader would end at a page that does not exist."""
    text = path.read_text(encoding="utf-8")
    broken = [link for link in LINK.findall(text) if not (path.parent / link).exists()]
    assert not broken


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("contexts/*/plugin.py")), ids=shown)
def test_every_context_is_explained(path: Path) -> None:
    """Lost: who calls whom, what is stored and what can fail would be known to its author only."""
    page = ROOT / "docs/explanation" / f"{path.parent.name}.md"
    assert len(page.read_text(encoding="utf-8").split()) >= 100


@pytest.mark.parametrize("path", sorted((ROOT / "docs/decisions").glob("0*.md")), ids=shown)
def test_a_decision_tells_its_case_and_its_price(path: Path) -> None:
    """Lost: nobody could tell later whether the reasons still hold."""
    text = path.read_text(encoding="utf-8").lower()
    assert all(f"**{word}.**" in text for word in ("case", "decision", "price"))
