"""Combinations of parameters, written as `5,10,20` or `30:90:10`."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from fks.contexts.engine.domain.parameters import decode_params
from fks.contracts.engine import Strategy
from fks.kernel.errors import Invalid

__all__ = ["expand_grid", "valid_params"]

_MOST = 1_000_000


def expand_grid(texts: Mapping[str, str]) -> list[dict[str, str]]:
    """Return every combination of the values written in `texts`, in their order.

    Raises `Invalid` for a range that is none, and for more than a million combinations.
    """
    choices = [_values(name, text) for name, text in texts.items()]
    count = 1
    for values in choices:
        count *= len(values)
    if count > _MOST:
        raise Invalid(
            f"{count:,} combinations; sweep {_MOST:,} at most", code="engine.sweep_too_large"
        )
    return [dict(zip(texts, chosen, strict=True)) for chosen in itertools.product(*choices)]


def valid_params(
    kind: type[Strategy], grid: Sequence[Mapping[str, str]]
) -> list[Mapping[str, str]]:
    """Return the combinations that a strategy takes. Raises `Invalid` when it takes none."""
    valid: list[Mapping[str, str]] = []
    refusal: Invalid | None = None
    for params in grid:
        try:
            decode_params(kind, params)
        except Invalid as error:
            if error.code == "engine.unknown_parameter":
                raise
            refusal = refusal or error
        else:
            valid.append(params)
    if not valid:
        assert refusal is not None, "a grid has at least one combination"
        raise refusal
    return valid


def _values(name: str, text: str) -> list[str]:
    """Return the values of one parameter."""
    if ":" not in text:
        return [value.strip() for value in text.split(",")]
    try:
        first, last, step = (Decimal(part) for part in text.split(":"))
    except (ValueError, InvalidOperation):
        raise _bad_range(name, text) from None
    if not (first.is_finite() and last.is_finite() and step.is_finite() and step > 0):
        raise _bad_range(name, text)
    count = int((last - first) / step) + 1
    if not 0 < count <= _MOST:
        raise _bad_range(name, text)
    return [f"{first + step * number:f}" for number in range(count)]


def _bad_range(name: str, text: str) -> Invalid:
    """Return the error for a range that is none."""
    return Invalid(
        f"{name}={text[:40]}: write a range as FIRST:LAST:STEP with a positive step, or 5,10,20",
        code="engine.bad_range",
    )
