"""What callers of the public face may send, where it differs from a contract's Struct."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from fks.contracts.data import DatasetInfo
from fks.contracts.execution import CostModel, DeskConfig, RiskLimits
from fks.contracts.transformer import IndicatorSpec
from fks.contracts.values import FillRule
from fks.kernel.errors import Invalid

__all__ = ["SessionRequest", "desk_config", "parse_period_s", "parse_specs"]

MAX_SPECS = 24
_PERIOD = re.compile(r"(\d{1,4})(d|wk|mo|y)\Z")
_PERIOD_DAYS = {"d": 1, "wk": 7, "mo": 30.4375, "y": 365.25}
_SPEC = re.compile(r"[a-z][a-z0-9_]{0,31}(?::[a-z0-9_=.,+-]{0,120})?\Z")


class SessionRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A paper session to start.

    `last_bars` begins that many bars before the dataset's end and excludes `from_ts_ns`.
    `bars_per_second` 0 is as fast as possible. Limits left out are the settings' defaults.
    """

    strategy: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    dataset: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    params: Mapping[str, Any] = {}
    quantity: Annotated[float, msgspec.Meta(gt=0, le=1e12)] = 1.0
    cash: Annotated[float, msgspec.Meta(gt=0, le=9e9)] = 100_000.0
    fill_rule: FillRule = FillRule.NEXT_OPEN
    costs: CostModel = CostModel()
    limits: RiskLimits | None = None
    from_ts_ns: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 0
    to_ts_ns: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 2**63 - 1
    last_bars: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    bars_per_second: Annotated[float, msgspec.Meta(ge=0, le=100_000)] = 0.0


def desk_config(request: SessionRequest, dataset: DatasetInfo) -> DeskConfig:
    """Return how the desk shall trade; limits left out are None and filled by execution."""
    unset = RiskLimits(max_order_quantity=None, max_position_quantity=None, max_order_notional=None)
    return DeskConfig(
        instrument=dataset.instrument,
        cash=request.cash,
        quantity=request.quantity,
        fill_rule=request.fill_rule,
        costs=request.costs,
        limits=request.limits or unset,
    )


def parse_specs(specs: list[str]) -> dict[str, IndicatorSpec]:
    """Read indicator specs such as `sma:period=20` or `ema:period=9,source=high`.

    Each is named by its own text. Raises `Invalid` naming the first that cannot be read.
    """
    if not 1 <= len(specs) <= MAX_SPECS:
        raise Invalid(
            f"give 1 to {MAX_SPECS} indicators, such as spec=sma:period=20", code="api.bad_spec"
        )
    return {text: _parse_spec(text) for text in specs}


def _parse_spec(text: str) -> IndicatorSpec:
    """Read one indicator spec."""
    if not _SPEC.match(text):
        raise Invalid(f"cannot read {text[:60]!r}: write kind:name=number,...", code="api.bad_spec")
    kind, _, rest = text.partition(":")
    params: dict[str, float] = {}
    source = "close"
    for part in filter(None, rest.split(",")):
        name, _, value = part.partition("=")
        if name == "source":
            source = value
            continue
        try:
            params[name] = float(value)
        except ValueError:
            raise Invalid(
                f"cannot read {part!r} in {text!r}: write {name or 'name'}=number",
                code="api.bad_spec",
            ) from None
    return IndicatorSpec(kind=kind, params=params, source=source)


def parse_period_s(period: str) -> int | None:
    """Return the seconds of a period such as `2y`, `6mo`, `30d`; None for `max`."""
    if period == "max":
        return None
    match = _PERIOD.match(period)
    if match is None:
        raise Invalid(
            f"cannot read period {period[:20]!r}: write 30d, 8wk, 6mo, 2y or max",
            code="api.bad_period",
        )
    return int(int(match[1]) * _PERIOD_DAYS[match[2]] * 86_400)
