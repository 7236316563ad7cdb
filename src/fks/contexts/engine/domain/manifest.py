"""What a run was made of: enough to make it again, and a hash that names it.

The manifest holds no ids and no times of day. Two runs with one manifest hash are the same
computation, so their results are equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from fks.contracts.execution import CostModel, DeskConfig, RiskLimits
from fks.contracts.values import FillRule, Instrument
from fks.kernel.ids import content_hash

__all__ = ["NOT_MODELLED", "RunManifest", "encode_manifest", "hash_manifest", "make_manifest"]

NOT_MODELLED = (
    "partial fills",
    "volume limits",
    "market impact",
    "queue position",
    "latency",
    "the path of prices inside a bar",
    "trading halts",
    "margin calls",
    "borrow fees",
    "funding",
    "interest on cash",
    "dividends and splits",
    "taxes",
)
"""What no run takes into account; every result and tear sheet says so."""


class RunManifest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a result follows from. Times are UTC nanoseconds, money is in currency."""

    format: int = 1
    code_version: str
    strategy: str
    params: Mapping[str, Any]
    tier: str
    compiled: bool
    seed: int
    dataset_hash: str
    synthetic: bool
    bars: int
    first_ts_ns: int
    last_ts_ns: int
    instrument: Instrument
    quantity: float
    cash: float
    fill_rule: FillRule
    costs: CostModel
    limits: RiskLimits
    not_modelled: tuple[str, ...] = NOT_MODELLED


def make_manifest(
    *,
    code_version: str,
    strategy: str,
    params: Any,
    tier: str,
    compiled: bool,
    seed: int,
    dataset_hash: str,
    synthetic: bool,
    span: tuple[int, int, int],
    config: DeskConfig,
) -> RunManifest:
    """Return the manifest of a run; `span` is (bars, first open, last open)."""
    bars, first_ts_ns, last_ts_ns = span
    return RunManifest(
        code_version=code_version,
        strategy=strategy,
        params=msgspec.to_builtins(params),
        tier=tier,
        compiled=compiled,
        seed=seed,
        dataset_hash=dataset_hash,
        synthetic=synthetic,
        bars=bars,
        first_ts_ns=first_ts_ns,
        last_ts_ns=last_ts_ns,
        instrument=_normal(config.instrument),
        quantity=config.quantity,
        cash=config.cash,
        fill_rule=config.fill_rule,
        costs=config.costs,
        limits=config.limits,
    )


def encode_manifest(manifest: RunManifest) -> bytes:
    """Return the manifest as JSON with sorted keys: equal manifests are equal bytes."""
    return msgspec.json.encode(manifest, order="sorted")


def hash_manifest(manifest: RunManifest) -> str:
    """Return the content hash of the encoded manifest."""
    return content_hash(encode_manifest(manifest))


def _normal(instrument: Instrument) -> Instrument:
    """Return the instrument with decimals in one form, so that 0.10 and 0.1 hash alike."""
    return msgspec.structs.replace(
        instrument,
        tick_size=_plain(instrument.tick_size),
        lot_size=_plain(instrument.lot_size),
        multiplier=_plain(instrument.multiplier),
    )


def _plain(value: Decimal) -> Decimal:
    """Return the value without trailing zeros and without an exponent."""
    return Decimal(f"{value.normalize():f}")
