"""Fitting the models to own acknowledgements and fills.

What is fitted is what was seen: delays as quantiles of both directions, slippage as the mean
distance of taking fills from the touch at sending, and the queue as the model under which the
recorded levels and trades at own prices give the fills that were had. The queue is fitted on the
first seven tenths of the orders and scored on the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from fks.contexts.execution.domain.simulation.events import BUY
from fks.contexts.execution.domain.simulation.models import (
    LatencyKind,
    LatencyModel,
    QueueKind,
    QueueModel,
    SimulationModels,
)
from fks.contexts.execution.domain.simulation.queueing import MILLI, after_cancel

__all__ = [
    "Bucket",
    "Calibration",
    "LatencyFit",
    "OwnEvent",
    "QueueFit",
    "SlippageFit",
    "calibrate",
]

QUANTILES = 33
LEAST = 20  # samples under which nothing is fitted
_COARSE = (250, 500, 750, 1000, 1500, 2000, 3000, 5000, 8000)
_FINE = 8
_FIT_SHARE = 7  # tenths
_BUCKETS = 4


class OwnEvent(NamedTuple):
    """Something that happened to an own order, or at its price while it rested.

    `sent`, `cancel_sent`: our time; side, lots, limit (None: market) and touch, the best opposite
    price then. `acknowledged`, `filled`, `cancelled`: the venue's time, ours in `heard_ns`; a
    fill's lots and price, `maker`. `level`: strangers' lots at its price from now on. `trade`:
    lots traded at `price` (None: its own). Prices are ticks.
    """

    order_id: str
    event: str
    ts_ns: int
    heard_ns: int | None = None
    side: int = BUY
    lots: int = 0
    price: int | None = None
    touch: int | None = None
    maker: bool = False


class LatencyFit(msgspec.Struct, frozen=True, kw_only=True):
    """Delays of one direction. `negative` ones (clocks out of step) were left out."""

    samples: int
    negative: int
    quantiles_ns: tuple[int, ...]


class SlippageFit(msgspec.Struct, frozen=True, kw_only=True):
    """Distance of taking fills from the touch, in thousandths of a tick; positive: against us."""

    samples: int
    mean_milliticks: int
    worst_ticks: int


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """Resting orders by the lots that stood ahead at first, and how many of them filled."""

    ahead_from: int
    ahead_to: int
    orders: int
    filled: int


class QueueFit(msgspec.Struct, frozen=True, kw_only=True):
    """The queue model, its mean squared error of the filled share, in and out of sample (ppm).

    `errors_ppm` are the in-sample errors of every candidate, by name.
    """

    samples: int
    kind: QueueKind
    exponent_milli: int
    error_ppm: int
    error_out_ppm: int
    errors_ppm: dict[str, int]
    buckets: tuple[Bucket, ...]


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """What was fitted, from how much, over which days. None: too few samples, kept as it was."""

    orders: int
    from_ns: int
    to_ns: int
    entry: LatencyFit | None
    response: LatencyFit | None
    slippage: SlippageFit | None
    queue: QueueFit | None
    models: SimulationModels


class _Resting(NamedTuple):
    """The story of a resting order: (level lots) and (traded lots, beyond its price) in turn."""

    ts_ns: int
    lots: int
    ahead: int
    steps: tuple[tuple[str, int], ...]
    filled: int


def calibrate(events: Sequence[OwnEvent], models: SimulationModels) -> Calibration:
    """Fit the models; what has too few samples stays as in `models`."""
    orders: dict[str, list[OwnEvent]] = {}
    for event in events:
        orders.setdefault(event.order_id, []).append(event)
    entry = _latency(delay for story in orders.values() for delay in _entries(story))
    response = _latency(
        event.heard_ns - event.ts_ns for event in events if event.heard_ns is not None
    )
    slippage = _slippage(orders.values())
    resting = [found for story in orders.values() if (found := _resting(story)) is not None]
    queue = _queue(sorted(resting, key=lambda story: story.ts_ns))
    return Calibration(
        orders=len(orders),
        from_ns=min((event.ts_ns for event in events), default=0),
        to_ns=max((event.ts_ns for event in events), default=0),
        entry=entry,
        response=response,
        slippage=slippage,
        queue=queue,
        models=_fitted(models, entry, response, slippage, queue),
    )


def _fitted(
    models: SimulationModels,
    entry: LatencyFit | None,
    response: LatencyFit | None,
    slippage: SlippageFit | None,
    queue: QueueFit | None,
) -> SimulationModels:
    """Put what was fitted in the place of what was assumed."""
    latency, fill, queued = models.latency, models.fill, models.queue
    if entry is not None and response is not None:
        latency = LatencyModel(
            kind=LatencyKind.QUANTILES,
            entry_quantiles_ns=entry.quantiles_ns,
            response_quantiles_ns=response.quantiles_ns,
            seed=latency.seed,
        )
    if slippage is not None:
        ticks = max((slippage.mean_milliticks + MILLI // 2) // MILLI, 0)
        fill = msgspec.structs.replace(fill, slippage_ticks=ticks)
    if queue is not None:
        queued = QueueModel(kind=queue.kind, exponent_milli=queue.exponent_milli)
    return msgspec.structs.replace(models, latency=latency, fill=fill, queue=queued)


# --- latency and slippage -------------------------------------------------------------------


def _entries(story: list[OwnEvent]) -> Iterable[int]:
    """Yield the delays from a message's leaving to the venue's time of its answer."""
    answers = {"sent": "acknowledged", "cancel_sent": "cancelled"}
    waiting: dict[str, int] = {}
    for event in story:
        if event.event in answers:
            waiting[answers[event.event]] = event.ts_ns
        elif event.event in waiting:
            yield event.ts_ns - waiting.pop(event.event)


def _latency(delays: Iterable[int]) -> LatencyFit | None:
    """Return equally spaced quantiles, on the line between neighbours."""
    found = sorted(delays)
    positive = [delay for delay in found if delay >= 0]
    if len(positive) < LEAST:
        return None
    quantiles = []
    for number in range(QUANTILES):
        at, part = divmod(number * (len(positive) - 1), QUANTILES - 1)
        low, high = positive[at], positive[min(at + 1, len(positive) - 1)]
        quantiles.append(low + (high - low) * part // (QUANTILES - 1))
    return LatencyFit(
        samples=len(positive), negative=len(found) - len(positive), quantiles_ns=tuple(quantiles)
    )


def _slippage(stories: Iterable[list[OwnEvent]]) -> SlippageFit | None:
    """Return the mean distance of taking fills from the touch, weighted by lots."""
    distance = lots = samples = worst = 0
    for story in stories:
        sent = next((event for event in story if event.event == "sent"), None)
        if sent is None or sent.touch is None:
            continue
        sign = 1 if sent.side == BUY else -1
        for fill in story:
            if fill.event == "filled" and not fill.maker and fill.price is not None:
                off = (fill.price - sent.touch) * sign
                distance += off * fill.lots
                lots += fill.lots
                samples += 1
                worst = max(worst, off)
    if samples < LEAST or not lots:
        return None
    return SlippageFit(samples=samples, mean_milliticks=distance * MILLI // lots, worst_ticks=worst)


# --- the queue ------------------------------------------------------------------------------


def _resting(story: list[OwnEvent]) -> _Resting | None:
    """Return the story of an order that rested at a level that was watched."""
    sent = next((event for event in story if event.event == "sent"), None)
    first = next((event for event in story if event.event == "level"), None)
    if sent is None or sent.price is None or first is None:
        return None
    if any(event.event == "filled" and not event.maker for event in story):
        return None
    steps: list[tuple[str, int]] = []
    filled = 0
    for event in story[story.index(first) + 1 :]:
        if event.event == "level":
            steps.append(("level", event.lots))
        elif event.event == "trade":
            beyond = event.price is not None and event.price != sent.price
            steps.append(("beyond" if beyond else "trade", event.lots))
        elif event.event == "filled":
            filled += event.lots
    return _Resting(sent.ts_ns, sent.lots, first.lots, tuple(steps), min(filled, sent.lots))


def _predicted(story: _Resting, model: QueueModel) -> int:
    """Return the lots that a model lets an order have of its story."""
    level, ahead, traded, left = story.ahead, story.ahead * MILLI, 0, story.lots
    for what, lots in story.steps:
        if what == "level":
            before = max(level - traded, 0)
            if before > lots:
                ahead = after_cancel(model, ahead, before * MILLI, (before - lots) * MILLI)
            ahead, level, traded = min(ahead, lots * MILLI), lots, 0
            continue
        if what == "beyond":
            ahead = 0
        reach = max(lots * MILLI - ahead, 0) // MILLI
        ahead = max(ahead - lots * MILLI, 0)
        traded += lots if level and what == "trade" else 0
        left -= min(left, reach)
        if left == 0:
            break
    return story.lots - left


def _error_ppm(stories: Sequence[_Resting], model: QueueModel) -> int:
    """Return the mean squared error of the filled share."""
    if not stories:
        return 0
    total = sum(
        (_predicted(story, model) - story.filled) ** 2 * 10**6 // story.lots**2 for story in stories
    )
    return total // len(stories)


def _queue(stories: Sequence[_Resting]) -> QueueFit | None:
    """Return the model of the smallest error; among equals the most careful one."""
    stories = [story for story in stories if story.lots > 0]
    if len(stories) < LEAST:
        return None
    fitted = stories[: len(stories) * _FIT_SHARE // 10]
    held_out = stories[len(fitted) :]
    errors = {
        "risk_averse": _error_ppm(fitted, QueueModel(kind=QueueKind.RISK_AVERSE)),
        "log": _error_ppm(fitted, QueueModel(kind=QueueKind.LOG)),
    }
    powers = {exponent: _error_ppm(fitted, _power(exponent)) for exponent in _COARSE}
    best = min(powers, key=lambda exponent: (powers[exponent], exponent))
    place = _COARSE.index(best)
    low = _COARSE[max(place - 1, 0)]
    high = _COARSE[min(place + 1, len(_COARSE) - 1)]
    for number in range(1, _FINE):
        exponent = low + (high - low) * number // _FINE
        if exponent not in powers:
            powers[exponent] = _error_ppm(fitted, _power(exponent))
    least = min(powers.values())
    plateau = sorted(exponent for exponent, error in powers.items() if error == least)
    exponent = plateau[len(plateau) // 2]
    errors["power"] = least
    kind = min(errors, key=lambda name: (errors[name], ("risk_averse", "power", "log").index(name)))
    model = QueueModel(kind=QueueKind(kind), exponent_milli=exponent)
    return QueueFit(
        samples=len(stories),
        kind=model.kind,
        exponent_milli=exponent,
        error_ppm=errors[kind],
        error_out_ppm=_error_ppm(held_out, model),
        errors_ppm=errors | {f"power {n / 1000:g}": error for n, error in sorted(powers.items())},
        buckets=_buckets(stories),
    )


def _power(exponent_milli: int) -> QueueModel:
    return QueueModel(kind=QueueKind.POWER, exponent_milli=exponent_milli)


def _buckets(stories: Sequence[_Resting]) -> tuple[Bucket, ...]:
    """Return how many orders filled by what stood ahead of them, in four groups of equal size."""
    ordered = sorted(stories, key=lambda story: story.ahead)
    found = []
    for number in range(_BUCKETS):
        part = ordered[number * len(ordered) // _BUCKETS : (number + 1) * len(ordered) // _BUCKETS]
        found.append(
            Bucket(
                ahead_from=part[0].ahead,
                ahead_to=part[-1].ahead,
                orders=len(part),
                filled=sum(story.filled == story.lots for story in part),
            )
        )
    return tuple(found)
