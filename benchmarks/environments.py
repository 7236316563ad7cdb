"""An environment of its own for each peer, made once by package name and pinned version."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import venv
from pathlib import Path

__all__ = ["NotInstalled", "environment"]


class NotInstalled(Exception):
    """A peer cannot be installed here; the text says why."""


def environment(folder: Path, packages: list[str]) -> Path:
    """Make a virtual environment with the packages, unless it is there; return its Python."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = folder / "packages.txt"
    if not done.is_file() or done.read_text().split() != packages:
        venv.create(folder, with_pip=True, clear=True)
        command = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages]
        tried = subprocess.run(command, capture_output=True, text=True, check=False)
        if tried.returncode:
            raise NotInstalled(_reason(tried.stderr))
        done.write_text("\n".join(packages))
    return python


def _reason(said: str) -> str:
    """Return what the installer said, in one line."""
    python = re.findall(r"Requires-Python (\S+)", said)
    if python:
        return f"it wants Python {python[-1]}, this is {platform.python_version()}"
    errors = [line.removeprefix("ERROR: ") for line in said.splitlines() if "ERROR" in line]
    return errors[0] if errors else "the installer gave no reason"
