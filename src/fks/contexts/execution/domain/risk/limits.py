"""Limits of an account: their texts read, compared, handed to the ledger and written out."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import msgspec

from fks.contexts.execution.domain.matching.layout import UNLIMITED, AccountKey
from fks.contexts.execution.domain.risk.limit_table import LIMITS, Limit, Looser, Unit
from fks.contexts.execution.domain.risk.symbols import groups_of, words_of
from fks.contracts.values import NANOS, Instrument
from fks.kernel.errors import Invalid

__all__ = [
    "DEFAULTS",
    "LIMITS",
    "Limits",
    "Value",
    "ledger_settings",
    "limits_page",
    "loosened",
    "parse_limits",
    "strategy_settings",
]

Value = int | str | None
_BY_NAME = {limit.name: limit for limit in LIMITS}
_SCALE = {
    Unit.SHARE: 1_000_000,
    Unit.MONEY: NANOS,
    Unit.QUANTITY: NANOS,
    Unit.COUNT: 1,
    Unit.SECONDS: NANOS,
    Unit.LEVEL: 1_000,
}
_TIMES = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_MOST = 9 * 10**18


class Limits(msgspec.Struct, frozen=True):
    """The limits of an account, each with a value: `None` is waived on purpose.

    Shares are in parts per million, money and quantities in nanos, durations in nanoseconds, the
    VIX in thousandths, a switch 1. `values` also holds `name@SYMBOL` where one differs.
    """

    values: dict[str, Value]

    def number(self, name: str, symbol: str = "") -> int | None:
        """Return a limit that is a number, of a symbol where it has its own."""
        value = (
            self.values.get(f"{name}@{symbol}", self.values[name])
            if symbol
            else (self.values[name])
        )
        assert not isinstance(value, str), name
        return value

    def text(self, name: str) -> str | None:
        """Return a limit that is a list, a choice or groups."""
        value = self.values[name]
        assert not isinstance(value, int), name
        return value

    def texts(self) -> dict[str, str]:
        """Return every limit as a person writes it."""
        return {name: _shown(_limit(name), value) for name, value in sorted(self.values.items())}


def parse_limits(given: Mapping[str, str], old: Limits | None = None) -> Limits:
    """Return limits with the given texts; the others keep their old value, or the default.

    Raises `Invalid` (`execution.bad_limit`) for a name or a text that cannot be read.
    """
    values = dict(DEFAULTS.values if old is None else {**DEFAULTS.values, **old.values})
    for name, text in given.items():
        values[name] = _read(_limit(name), text)
    return Limits(values)


def _limit(name: str) -> Limit:
    plain, at, symbol = name.partition("@")
    limit = _BY_NAME.get(plain)
    if limit is None:
        raise Invalid(
            f"no limit is called {plain!r}; the names are {', '.join(sorted(_BY_NAME))}",
            code="execution.bad_limit",
        )
    if at and not (symbol and limit.by_symbol):
        raise Invalid(
            f"{plain} is not kept by symbol; write it without @", code="execution.bad_limit"
        )
    return limit


def _read(limit: Limit, text: str) -> Value:
    plain = text.strip()
    if plain.lower() in ("none", "off"):
        return None
    if limit.unit is Unit.SWITCH:
        if plain.lower() == "on":
            return 1
        raise _unreadable(limit, text)
    if limit.unit is Unit.CHOICE:
        if plain in limit.choices:
            return plain
        raise _unreadable(limit, text)
    if limit.unit is Unit.WORDS:
        return ", ".join(words_of(plain))
    if limit.unit is Unit.GROUPS:
        try:
            groups = groups_of(plain)
        except ValueError:
            raise _unreadable(limit, text) from None
        return "; ".join(f"{name}={','.join(members)}" for name, members in groups)
    return _integer(limit, plain)


def _integer(limit: Limit, text: str) -> int:
    factor = Decimal(_SCALE[limit.unit])
    plain = text.replace("_", "")
    if limit.unit is Unit.SHARE and plain.endswith("%"):
        plain, factor = plain[:-1].strip(), factor / 100
    if limit.unit is Unit.SECONDS and plain[-1:] in _TIMES:
        plain, factor = plain[:-1], factor * _TIMES[plain[-1]]
    try:
        value = Decimal(plain) * factor
    except InvalidOperation:
        raise _unreadable(limit, text) from None
    if not value.is_finite() or value != value.to_integral_value() or not 0 <= value <= _MOST:
        raise _unreadable(limit, text)
    return int(value)


def _unreadable(limit: Limit, text: str) -> Invalid:
    wanted = " or ".join(limit.choices) or limit.unit.value
    return Invalid(
        f"{limit.name} cannot be {text!r}; it takes {wanted}, or none", code="execution.bad_limit"
    )


def _shown(limit: Limit, value: Value) -> str:
    if value is None:
        return "none"
    if isinstance(value, str):
        return value
    if limit.unit is Unit.SWITCH:
        return "on"
    number = Decimal(value) / _SCALE[limit.unit]
    return f"{number.normalize():f}"


DEFAULTS = Limits({limit.name: _read(limit, limit.default) for limit in LIMITS})


def loosened(old: Limits, new: Limits) -> tuple[str, ...]:
    """Return the names of the limits that let more through in `new` than in `old`, sorted."""
    names = sorted(set(old.values) | set(new.values))
    return tuple(name for name in names if _looser(name, old, new))


def _looser(name: str, old: Limits, new: Limits) -> bool:
    limit = _limit(name)
    before = old.values.get(name, old.values[limit.name])
    after = new.values.get(name, new.values[limit.name])
    if before == after or before is None:
        return False
    if after is None or limit.looser is Looser.ANY:
        return True
    if isinstance(before, str) or isinstance(after, str):
        return bool(set(words_of(str(after))) - set(words_of(str(before))))
    return after < before if limit.looser is Looser.LOWER else after > before


def ledger_settings(
    limits: Limits, instrument: Instrument | None = None
) -> list[tuple[AccountKey, int]]:
    """Return what the ledger is to be told of an account, or of an account and an instrument.

    Quantities become lots, rounded down, by the instrument's lot size; what was waived becomes
    `UNLIMITED`.
    """
    return [
        (limit.key, _for_ledger(limits, limit, instrument))
        for limit in LIMITS
        if limit.key is not None
        and limit.scope != "strategy"
        and limit.by_symbol == (instrument is not None)
    ]


def strategy_settings(limits: Limits) -> list[tuple[AccountKey, int]]:
    """Return what the ledger is to be told of a strategy."""
    return [
        (limit.key, _for_ledger(limits, limit, None))
        for limit in LIMITS
        if limit.key is not None and limit.scope == "strategy"
    ]


def _for_ledger(limits: Limits, limit: Limit, instrument: Instrument | None) -> int:
    value = limits.number(limit.name, "" if instrument is None else instrument.id)
    if value is None:
        return UNLIMITED
    if limit.unit is Unit.SHARE:
        return value * 1_000
    if limit.unit is Unit.QUANTITY and instrument is not None:
        return int(Decimal(value) / (instrument.lot_size * NANOS))
    return value


def limits_page() -> str:
    """Return the page of reference: every limit with its default, code, scope and meaning."""
    lines = [
        "# Limits of an account",
        "",
        "<!-- Written from domain/risk/limit_table.py: change the table, not this page. -->",
        "",
        "`OpenAccount.limits` and `SetLimits.limits` take these names with a text each; `none` "
        "waives one. A name that is not given has its default. Names marked @ may be given for "
        "one symbol too: `max_position@ES`. A change in the direction of *looser* needs a reason. "
        "*soft*: two people together may let one order past it ([risk](../explanation/risk.md)).",
        "",
        "| name | default | unit | code | scope | looser | kept by | meaning |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for limit in LIMITS:
        name = f"`{limit.name}`" + (" @" if limit.by_symbol else "")
        unit = " / ".join(limit.choices) or limit.unit.value
        kept = "ledger" if limit.key is not None else "policies" + (", soft" if limit.soft else "")
        code = f"{limit.code.value:02d} {limit.code.name}"
        lines.append(
            f"| {name} | `{limit.default}` | {unit} | {code} | {limit.scope} | "
            f"{limit.looser.value} | {kept} | {limit.meaning} |"
        )
    return "\n".join(lines) + "\n"
