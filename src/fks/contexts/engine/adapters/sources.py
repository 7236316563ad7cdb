"""Name the code that computes a result: the version and a hash of the sources themselves.

A version number alone is not enough: in a checkout the code changes under it.
"""

from __future__ import annotations

import functools
import inspect
from pathlib import Path

import fks
from fks.contracts.engine import Strategy
from fks.kernel.errors import Unavailable
from fks.kernel.ids import content_hash

__all__ = ["code_version"]

# The parts of FKS that a result passes through; screens and routes do not change it.
_PARTS = (
    "contracts",
    "contexts/data",
    "contexts/engine",
    "contexts/execution",
    "contexts/transformer",
)
_SOURCES = (".py", ".pyx", ".pxi", ".h")


def code_version(kind: type[Strategy]) -> str:
    """Return `<version>+<12 hex>` for FKS's sources and those of the strategy.

    Raises `Unavailable` when a source file cannot be read.
    """
    return f"{getattr(fks, '__version__', '0')}+{content_hash(_core(), _own(kind))[:12]}"


@functools.cache
def _core() -> bytes:
    """Return a hash of the sources; they do not change within a process."""
    root = Path(str(fks.__file__)).parent
    parts: list[bytes] = []
    for name in _PARTS:
        for path in sorted((root / name).rglob("*.*")):
            if path.suffix in _SOURCES:
                parts += [path.relative_to(root).as_posix().encode(), _read(path)]
    return content_hash(*parts).encode()


def _own(kind: type[Strategy]) -> bytes:
    """Return what names the strategy's own code: its file, or where it has none its bytecode."""
    if kind.__module__.startswith("fks."):
        return b""
    try:
        file = inspect.getsourcefile(kind)
    except (TypeError, OSError):  # typed in at a prompt or a notebook: there is no file
        file = None
    if file is not None and Path(file).is_file():
        return _read(Path(file))
    codes = [
        member.__code__.co_code + _constants(member.__code__.co_consts)
        for _, member in sorted(vars(kind).items())
        if inspect.isfunction(member)
    ]
    return content_hash(*codes).encode()


def _constants(values: tuple[object, ...]) -> bytes:
    """Return constants as bytes; nested code is left out, its text would be an address."""
    return repr([value for value in values if not hasattr(value, "co_code")]).encode()


def _read(path: Path) -> bytes:
    """Return a file's bytes."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unavailable(f"cannot read {path.name}: {error.strerror}") from error
