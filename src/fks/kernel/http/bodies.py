"""Read request bodies so that no input makes the server fail.

The framework's JSON reader raises on bytes that are not UTF-8 and on deep nesting, and takes
whole numbers of any length, which nothing behind it can hold; here each is the sender's mistake.
"""

from __future__ import annotations

import re
from typing import Any

from litestar import Request
from litestar.exceptions import ClientException, SerializationException

__all__ = ["CheckedRequest"]

_LONG_NUMBER = re.compile(rb"[0-9]{19}")
_DIGITS = re.compile(r"[+-]?[0-9]{19,4000}\Z")
_LOWEST, _HIGHEST = -(2**63), 2**63 - 1


class CheckedRequest(Request[Any, Any, Any]):
    """A request whose JSON body can be handled, or is refused with 400."""

    async def json(self) -> Any:
        """Return the decoded body. Raises a client error for anything that cannot be used."""
        try:
            decoded = await super().json()
        except (UnicodeDecodeError, SerializationException):
            raise ClientException("the body is not JSON in UTF-8") from None
        except RecursionError:
            raise ClientException("the body is nested too deep") from None
        if _LONG_NUMBER.search(await self.body()) and not _fits(decoded):
            raise ClientException("a number in the body does not fit 64 bits")
        return decoded


def _fits(decoded: Any) -> bool:
    """Tell whether every whole number fits 64 bits; depth is bounded by the decoder."""
    waiting = [decoded]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, str):
            # The framework reads digits in quotes as a number where a number is wanted.
            waiting.extend([int(value)] if _DIGITS.match(value) else [])
        elif isinstance(value, int) and not _LOWEST <= value <= _HIGHEST:
            return False
    return True
