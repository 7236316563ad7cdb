"""Secrets of venues: settings name where one is kept, never the secret itself."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from fks.kernel.errors import Invalid

__all__ = ["secret"]


def secret(what: str, variable: str, file: str) -> str:
    """Return a secret out of an environment variable, or else a file; empty when neither is named.

    Raises `Invalid` when the one that is named holds nothing.
    """
    if variable:
        found = os.environ.get(variable, "")
        where = f"the environment variable {variable}"
    elif file:
        where = f"the file {file}"
        try:
            if stat.S_IMODE(Path(file).stat().st_mode) & 0o077:
                raise Invalid(
                    f"{what}: {where} can be read by others: chmod 600",
                    code="execution.bad_config",
                )
            found = Path(file).read_text("utf-8").strip()
        except OSError as error:
            raise Invalid(f"{what}: {where}: {error}", code="execution.bad_config") from error
    else:
        return ""
    if not found:
        raise Invalid(f"{what}: {where} is empty", code="execution.bad_config")
    return found
