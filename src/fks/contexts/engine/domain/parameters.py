"""Strategies by name, and their parameters: typed, limited, explained in one line.

A request names a strategy and gives values; nothing of it is ever executed or imported. What
exists comes from the classes that plugins registered.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import inspect

from fks.contracts.engine import ParamInfo, Strategy, StrategyInfo
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid, NotFound

__all__ = ["Catalog", "decode_params", "describe", "make_strategy", "tiers_of"]

_METHOD = {"batch": "on_batch", "trigger": "on_trigger", "bar": "on_bar"}


class Catalog:
    """The strategies of all plugins."""

    def __init__(self, kinds: Iterable[type[Strategy]]) -> None:
        self._kinds: dict[str, type[Strategy]] = {}
        for kind in kinds:
            other = self._kinds.setdefault(kind.name, kind)
            if other is not kind:
                raise Invalid(
                    f"two strategies are called {kind.name!r}: {_origin(other)} and "
                    f"{_origin(kind)}; remove one of the plugins",
                    code="engine.duplicate_strategy",
                )

    def get(self, name: str) -> type[Strategy]:
        """Return the class of that name. Raises `NotFound` naming what exists."""
        try:
            return self._kinds[name]
        except KeyError:
            raise NotFound(
                f"no strategy {name[:60]!r}; there are: {', '.join(sorted(self._kinds))}",
                code="engine.strategy_not_found",
            ) from None

    def all(self) -> tuple[type[Strategy], ...]:
        """Return all classes by name."""
        return tuple(self._kinds[name] for name in sorted(self._kinds))


def tiers_of(kind: type[Strategy]) -> tuple[str, ...]:
    """Return the tiers a strategy implements, fastest first."""
    return tuple(
        tier
        for tier, method in _METHOD.items()
        if getattr(kind, method) is not getattr(Strategy, method)
    )


def describe(kind: type[Strategy]) -> StrategyInfo:
    """Return what help texts and forms need to know of a strategy."""
    found = inspect.type_info(kind.Params)
    assert isinstance(found, inspect.StructType)
    return StrategyInfo(
        name=kind.name,
        summary=kind.summary,
        params=tuple(_describe_param(field) for field in found.fields),
        tiers=tiers_of(kind),
        origin=_origin(kind),
    )


def make_strategy(
    kind: type[Strategy], values: Mapping[str, Any], instrument: Instrument
) -> Strategy:
    """Return a fresh strategy. Raises `Invalid` for a parameter it cannot take."""
    return kind(decode_params(kind, values), instrument)


def decode_params(kind: type[Strategy], values: Mapping[str, Any]) -> Any:
    """Return the `Params` of a strategy; texts are read as numbers where numbers are due.

    Raises `Invalid` for an unknown name, a wrong type, a value out of its limits, or values
    that do not go together (what the Struct's own `__post_init__` says).
    """
    known = [field.name for field in msgspec.structs.fields(kind.Params)]
    for name, value in values.items():
        if name not in known:
            there = f"it has {', '.join(known)}" if known else "it has none"
            raise Invalid(
                f"{kind.name} has no parameter {str(name)[:60]!r}; {there}",
                code="engine.unknown_parameter",
            )
        if isinstance(value, float) and not math.isfinite(value):
            raise Invalid(
                f"{kind.name}: parameter {name} must be a finite number",
                code="engine.bad_parameter",
            )
    try:
        params = msgspec.convert(dict(values), kind.Params, strict=False)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$.")
        name = path.rstrip("`")
        subject = f"parameter {name}" if name else "parameters"
        raise Invalid(
            f"{kind.name}: {subject}: {text[:1].lower()}{text[1:]}", code="engine.bad_parameter"
        ) from None
    for name in known:
        value = getattr(params, name)
        if isinstance(value, float) and not math.isfinite(value):
            raise Invalid(
                f"{kind.name}: parameter {name} must be a finite number",
                code="engine.bad_parameter",
            )
    return params


def _describe_param(field: inspect.Field) -> ParamInfo:
    """Return name, type, default, limits and summary of one field."""
    kind, summary = field.type, ""
    if isinstance(kind, inspect.Metadata):
        extra = kind.extra_json_schema or {}
        summary = str(extra.get("description", ""))
        kind = kind.type
    choices: tuple[str, ...] = ()
    if isinstance(kind, inspect.LiteralType):
        choices = tuple(str(value) for value in kind.values)
    elif isinstance(kind, inspect.EnumType):
        choices = tuple(str(member.value) for member in kind.cls)
    return ParamInfo(
        name=field.name,
        type=_type_name(kind),
        default=None if field.default is msgspec.NODEFAULT else field.default,
        minimum=_limit(kind, "ge", "gt"),
        maximum=_limit(kind, "le", "lt"),
        choices=choices,
        summary=summary,
    )


def _type_name(kind: inspect.Type) -> str:
    """Return the word for a type."""
    return type(kind).__name__.removesuffix("Type").lower()


def _limit(kind: inspect.Type, *names: str) -> float | None:
    """Return the first limit that is set."""
    for name in names:
        value = getattr(kind, name, None)
        if value is not None:
            return float(value)
    return None


def _origin(kind: type[Strategy]) -> str:
    """Return the distribution-like name of the package a strategy comes from."""
    return kind.__module__.partition(".")[0]
