"""The one door to every check; CI calls nothing else.

Sessions run in the environment nox itself runs in (`pip install -e .[dev]`), so that `nox -s lint`
costs seconds and the compiled modules are built once.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import nox

nox.options.default_venv_backend = "none"
nox.options.error_on_external_run = False
nox.options.sessions = [
    "lint",
    "types",
    "tests",
    "properties",
    "web",
    "schemas",
    "docs",
    "e2e",
    "wheel",
]

# Everything by path: the environment need not be activated.
SCRIPTS = Path(sys.executable).parent
PYTHON = (sys.executable, "-m")
PYTEST = (*PYTHON, "pytest", "-q")


@nox.session
def lint(session: nox.Session) -> None:
    """Style, import rules (no exemption) and the tests of the architecture."""
    session.run(*PYTHON, "ruff", "check", ".")
    session.run(*PYTHON, "ruff", "format", "--check", ".")
    session.run(str(SCRIPTS / "lint-imports"), "--no-cache", env={"PYTHONPATH": "src"})
    session.run(*PYTEST, "tests/architecture", *session.posargs)


@nox.session
def types(session: nox.Session) -> None:
    """Types, strictly."""
    session.run(*PYTHON, "mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """Everything fast: kernel, contracts, contexts, migrations, the example plugin."""
    session.run(
        *PYTEST,
        "tests/kernel",
        "tests/contracts",
        "tests/contexts",
        "tests/migration",
        "tests/plugins",
        *session.posargs,
    )


@nox.session
def properties(session: nox.Session) -> None:
    """Properties over random inputs: twins agree, replays equal, nothing looks ahead."""
    session.run(*PYTEST, "tests/properties", *session.posargs)


@nox.session
def web(session: nox.Session) -> None:
    """Check the screens: types, unit tests, size, and a client that matches the schemas."""
    session.run(sys.executable, "build_web.py", "--check")


@nox.session
def schemas(session: nox.Session) -> None:
    """No drift between the code and `schemas/`."""
    session.run(sys.executable, "-m", "fks", "schemas", "check")


@nox.session
def docs(session: nox.Session) -> None:
    """Documentation: generated pages are current, links resolve, examples run."""
    session.run(sys.executable, "docs/generate.py", "--check")
    session.run(*PYTEST, "tests/docs", *session.posargs)


@nox.session
def e2e(session: nox.Session) -> None:
    """Real processes, real servers, a real browser."""
    session.run(*PYTEST, "tests/e2e", *session.posargs)


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel, install it with the example plugin as a stranger would, run the demo."""
    session.run(sys.executable, "tests/stranger.py")


def other_pythons(session: nox.Session) -> str:
    """Return interpreters of other versions, with what the journal's replay needs."""
    found = []
    for version in ("3.12", "3.13"):
        python = shutil.which(f"python{version}")
        if python is None:
            continue
        asked = (python, "-c", "print('here')")
        if session.run(*asked, silent=True, success_codes=range(256)).strip() != "here":
            continue  # a shim of a version that was not chosen
        folder = Path(session.create_tmp()) / version
        session.run(python, "-m", "venv", str(folder))
        made = folder / "bin" / "python"
        needed = ("numpy", "msgspec", "cython", "setuptools")
        session.run(str(made), "-m", "pip", "install", "-q", *needed)
        found.append(str(made))
    return os.pathsep.join(found)


@nox.session
def torture(session: nox.Session) -> None:
    """Run faults, kills and random scripts at release figures; hours, not part of CI.

    `FKS_TORTURE_SCALE` says how many times the figures of CI (100 by default here).
    """
    scale = os.environ.get("FKS_TORTURE_SCALE", "100")
    session.run(
        *PYTEST,
        "tests/properties",
        "tests/contexts/execution",
        "tests/e2e/test_trading_kill.py",
        "--timeout=0",
        *session.posargs,
        env={
            "FKS_TORTURE": "1",
            "FKS_TORTURE_SCALE": scale,
            "FKS_OTHER_PYTHONS": other_pythons(session),
        },
    )


@nox.session
def bench(session: nox.Session) -> None:
    """All benchmarks at full size; not part of CI, since its machine is shared."""
    for name in ("bus", "backtest", "matching", "execution"):
        session.run(sys.executable, "-m", "fks", "bench", name, "--json")
