"""What a strategy's own code does wrong, told apart from what we do wrong.

A strategy is foreign code: whatever it raises must end its run, never the process. This is the
one place where any exception is taken, and it is turned into a value that names the line.
"""

from __future__ import annotations

from pathlib import PurePath
from types import CodeType, TracebackType
from typing import Any

from fks.contracts.engine import Strategy
from fks.kernel.errors import FksError

__all__ = ["Cancelled", "StrategyFailed", "strategy_code"]


class StrategyFailed(FksError):
    """The strategy's code failed."""

    code = "engine.strategy_failed"
    status = 422
    exit_code = 1


class Cancelled(FksError):
    """The run was cancelled."""

    code = "engine.run_cancelled"
    status = 409
    exit_code = 4


class strategy_code:  # noqa: N801  # reads as a statement: with strategy_code(strategy): ...
    """Turn what a strategy raises inside this block into `StrategyFailed`.

    An exception that passed through a line of the strategy's files is the strategy's, whatever
    its type. One that did not is ours and passes unchanged, except a `TypeError`: Python raises
    that in the caller when a method has the wrong parameters.
    """

    def __init__(self, strategy: Strategy) -> None:
        self._kind = type(strategy)

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Translate what was raised."""
        if not isinstance(error, Exception) or isinstance(error, StrategyFailed | Cancelled):
            return
        place = _place(traceback, _files(self._kind))
        if not place and not isinstance(error, TypeError):
            return
        text = str(error) or "no message"
        where = f" at {place}" if place else ""
        raise StrategyFailed(
            f"strategy {self._kind.name} failed{where}: {type(error).__name__}: {text}"
        ) from error


def _files(kind: type[Strategy]) -> frozenset[str]:
    """Return the files in which a strategy class and its own bases are written."""
    found = set()
    for owner in kind.__mro__:
        if owner is Strategy or owner is object:
            continue
        for member in vars(owner).values():
            code = getattr(_plain(member), "__code__", None)
            if isinstance(code, CodeType):
                found.add(code.co_filename)
    return frozenset(found)


def _plain(member: Any) -> Any:
    """Return the function behind a property, static or class method."""
    if isinstance(member, property):
        return member.fget
    return getattr(member, "__func__", member)


def _place(traceback: TracebackType | None, files: frozenset[str]) -> str:
    """Return `file:line` of the innermost frame in `files`, or an empty text."""
    place = ""
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if file in files:
            place = f"{PurePath(file).name}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place
