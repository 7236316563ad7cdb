"""Every assumption of a simulated fill, in one value with a version, and what it leaves out.

A run's manifest carries the hash of this value and the list of `not_modelled`. The defaults are
the careful ones: nothing is faster, cheaper or nearer the front of the queue than was said.
"""

from __future__ import annotations

import enum
import hashlib
from typing import Annotated

import msgspec

__all__ = [
    "VERSION",
    "DataKind",
    "FeeModel",
    "FeeTier",
    "FillModel",
    "ImpactKind",
    "ImpactModel",
    "LatencyKind",
    "LatencyModel",
    "LatencyPoint",
    "MarginModel",
    "QueueKind",
    "QueueModel",
    "SettlementModel",
    "SimulationModels",
    "model_hash",
    "not_modelled",
]

VERSION = 1

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Rate = Annotated[int, msgspec.Meta(ge=0, le=10**9)]
Signed = Annotated[int, msgspec.Meta(ge=-(10**9), le=10**9)]


class DataKind(enum.Enum):
    """What a run is fed with; it limits what any model can know."""

    BARS = "bars"
    TRADES = "trades"
    QUOTES = "quotes"
    DEPTH = "depth"
    ORDERS = "orders"


class QueueKind(enum.Enum):
    """What is assumed about the place of an own order among strangers' at its price.

    `risk_averse`: strangers who cancel stood behind. `power` and `log`: they stood ahead with
    probability F(ahead) / (F(ahead) + F(behind)), F(x) = x**n or ln(1 + x). `fifo`: known from
    a feed by order; from other feeds it is `risk_averse`. `front`: nobody stands ahead.
    """

    RISK_AVERSE = "risk_averse"
    POWER = "power"
    LOG = "log"
    FIFO = "fifo"
    FRONT = "front"


class QueueModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The queue model; `exponent_milli` is n of `power` in thousandths."""

    kind: QueueKind = QueueKind.RISK_AVERSE
    exponent_milli: Annotated[int, msgspec.Meta(ge=100, le=10_000)] = 2000


class LatencyKind(enum.Enum):
    """Where the delays of orders come from.

    `constant`; `series`: measured points, interpolated in time; `quantiles`: drawn for each
    message from a measured distribution, by the seed.
    """

    CONSTANT = "constant"
    SERIES = "series"
    QUANTILES = "quantiles"


class LatencyPoint(msgspec.Struct, frozen=True, array_like=True):
    """A measurement: when it was sent, and its delays there and back."""

    ts_ns: int
    entry_ns: Count
    response_ns: Count


class LatencyModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Delays in ns, per direction: order entry (we to venue) and response (venue to us).

    Quantiles are equally spaced from the smallest to the largest delay. `extra_ns` is added to
    both directions of whatever kind it is.
    """

    kind: LatencyKind = LatencyKind.CONSTANT
    entry_ns: Count = 0
    response_ns: Count = 0
    points: tuple[LatencyPoint, ...] = ()
    entry_quantiles_ns: tuple[Count, ...] = ()
    response_quantiles_ns: tuple[Count, ...] = ()
    extra_ns: Count = 0
    seed: Count = 0


class ImpactKind(enum.Enum):
    """How a taking order moves its own price: not, in proportion, or with the square root."""

    NONE = "none"
    LINEAR = "linear"
    SQUARE_ROOT = "square_root"


class ImpactModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ticks against the taker: coefficient * lots / volume, or * sqrt(lots / volume).

    `volume_lots` is the volume that a coefficient was fitted for; 0 takes the bar's own. Where the
    book is recorded in depth the walk through it is the impact, and this is not added.
    """

    kind: ImpactKind = ImpactKind.NONE
    coefficient_milliticks: Count = 0
    volume_lots: Count = 0


class FillModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How what was traded or shown becomes a fill.

    `participation_ppm`: the share of a traded volume that own orders may have (0: no limit).
    `penetration_ticks`: how far beyond its price the market must trade before a limit order fills
    on bars, or on trades without a book. `slippage_ticks`: against the taker, everywhere but in
    a recorded depth. `half_spread_ticks`: the same, where no quote is known.
    """

    participation_ppm: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 1_000_000
    penetration_ticks: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 1
    slippage_ticks: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    half_spread_ticks: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0


class FeeTier(msgspec.Struct, frozen=True, array_like=True):
    """Fees from a traded volume of 30 days on, in nanos of the instrument's currency."""

    volume_nanos: Annotated[int, msgspec.Meta(ge=0)]
    maker_ppb: Signed
    taker_ppb: Signed


class FeeModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fees: parts in 1e9 of notional (negative: a rebate), nanos per lot, at least so much a fill.

    Tiers, in growing volume, replace the rates once the volume of 30 days before reaches theirs.
    """

    maker_ppb: Signed = 0
    taker_ppb: Signed = 0
    per_lot_nanos: Count = 0
    minimum_nanos: Count = 0
    tiers: tuple[FeeTier, ...] = ()


class MarginModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Margin as parts in 1e9 of notional; `initial_ppb` 0 leaves margin out altogether.

    Equity under maintenance at the mark closes the position at the market, at an extra fee.
    """

    initial_ppb: Rate = 0
    maintenance_ppb: Rate = 0
    liquidation_fee_ppb: Rate = 0


class SettlementModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When money is there, and in which currency.

    `delay_ns`: what a sale brings can be used this much later. `convert`: profit, fees and
    funding are turned into the account's currency at the rate given to the simulator.
    """

    delay_ns: Count = 0
    convert: bool = False


class SimulationModels(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All models of a run. `source` says where fitted values came from."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = "default"
    version: int = VERSION
    data: DataKind = DataKind.BARS
    latency: LatencyModel = LatencyModel()
    queue: QueueModel = QueueModel()
    fill: FillModel = FillModel()
    impact: ImpactModel = ImpactModel()
    fees: FeeModel = FeeModel()
    margin: MarginModel = MarginModel()
    settlement: SettlementModel = SettlementModel()
    funding: bool = False
    source: Annotated[str, msgspec.Meta(max_length=200)] = ""


def model_hash(models: SimulationModels) -> str:
    """Return the SHA-256 of the models' canonical JSON: equal values, equal hash."""
    return hashlib.sha256(msgspec.json.encode(models, order="deterministic")).hexdigest()


def not_modelled(models: SimulationModels) -> tuple[str, ...]:
    """Name what a run with these models leaves out, for its manifest."""
    data, latency, fill = models.data, models.latency, models.fill
    delays = any(
        getattr(latency, name) for name in latency.__struct_fields__ if name not in ("kind", "seed")
    )
    by_price = data in (DataKind.DEPTH, DataKind.ORDERS)
    taken = models.impact.kind is not ImpactKind.NONE or by_price
    spread = fill.half_spread_ticks or fill.slippage_ticks
    left_out = (
        ("order latency", not delays),
        ("queue position: strangers ahead of an order", models.queue.kind is QueueKind.FRONT),
        ("queue position: not known from bars and trades", not _shows_queue(data)),
        ("queue position: exact places, the feed is not by order", _blind_fifo(models)),
        ("price path within a bar", data is DataKind.BARS),
        ("bid and ask", data in (DataKind.BARS, DataKind.TRADES) and not spread),
        ("depth beyond the best price", data is DataKind.QUOTES),
        ("limits of volume on fills", data is DataKind.BARS and not fill.participation_ppm),
        ("market impact of own taking orders", not taken),
        ("lasting market impact, and the reactions of others to own orders", True),
        ("fees", models.fees == FeeModel()),
        ("funding payments", not models.funding),
        ("margin and liquidation", not models.margin.initial_ppb),
        ("delayed settlement", not models.settlement.delay_ns),
        ("currency conversion", not models.settlement.convert),
        ("auctions: what own orders would do to their price", True),
    )
    return tuple(name for name, absent in left_out if absent)


def _shows_queue(data: DataKind) -> bool:
    return data in (DataKind.QUOTES, DataKind.DEPTH, DataKind.ORDERS)


def _blind_fifo(models: SimulationModels) -> bool:
    return models.queue.kind is QueueKind.FIFO and models.data is not DataKind.ORDERS
