"""Who may import whom, and what a start may cost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .sources import PACKAGE, ROOT, files, imported, shown

HEAVY = ("sklearn", "torch", "onnxruntime", "duckdb", "pyarrow", "exchange_calendars", "litestar")


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the checkout."""
    path = os.pathsep.join([str(ROOT / "src"), *sys.path])
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_import_rules_hold() -> None:
    """Lost: contexts would grow together until none can be taken out."""
    done = run(str(Path(sys.executable).with_name("lint-imports")), "--no-cache")
    assert done.returncode == 0, done.stdout[-3000:]


def test_no_rule_has_an_exemption() -> None:
    """Lost: the second exemption would be easier than the first."""
    assert "ignore_imports" not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_loading_all_plugins_imports_nothing_heavy() -> None:
    """Lost: every command of the program would start slowly."""
    code = (
        "import sys; from fks.app import load_host; host = load_host(entry_points=False);"
        "host.sections(); host.call('fks_messages'); host.call('fks_commands');"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = run(sys.executable, "-c", code)
    assert done.stdout == "[]\n", done.stdout + done.stderr


@pytest.mark.parametrize("path", files("plugins"), ids=shown)
def test_a_plugin_imports_the_kernel_and_the_contracts_only(path: Path) -> None:
    """Lost: an installed plugin would break with every change inside a context."""
    allowed = ("fks.kernel", "fks.contracts")
    ours = {name for name in imported(path) if name == "fks" or name.startswith("fks.")}
    assert all(name.startswith(allowed) or name == "fks" for name in ours), ours


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("contexts/*/plugin.py")), ids=shown)
def test_every_context_is_listed(path: Path) -> None:
    """Lost: a finished context would not be loaded by anybody."""
    from fks.contexts import BUILTIN

    assert ".".join(path.relative_to(ROOT / "src").with_suffix("").parts) in BUILTIN
