"""`fks instruments`: what is known of products, and what a symbol means on a day."""

from __future__ import annotations

import re
import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

from fks.kernel.commands import command_context, json_option
from fks.kernel.errors import Invalid, NotFound

if TYPE_CHECKING:
    from fks.contexts.data.domain.registry.registry import Registry
    from fks.contracts.data.instruments import CommissionEntry, InstrumentDetails, MarginEntry

__all__ = ["instruments"]

_SCHEDULES = ("commission", "margin")
_LISTS = re.compile(r"(unverified|aliases\.[A-Za-z0-9_-]{1,20})\Z")
_KEY = re.compile(r"[A-Za-z0-9_-]{1,40}(\.[A-Za-z0-9_-]{1,40}){0,2}\Z")
_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,15}\Z")


@click.group()
def instruments() -> None:
    """Say what is traded: ticks, values, months, rolls, commissions, margins and aliases."""


@instruments.command("list")
@json_option
def list_command() -> None:
    """List all products."""
    from rich.table import Table

    from fks.contexts.data.service.instruments import listed

    surroundings = command_context()
    found = listed(_registry())
    table = Table(title="Instruments")
    for heading in ("symbol", "tick", "tick value", "venue", "months", "origin", "description"):
        table.add_column(heading, no_wrap=heading != "description")
    for one in found.instruments:
        of = one.instrument
        table.add_row(
            of.id,
            _plain(of.tick_size),
            f"{_plain(one.tick_value)} {of.currency}",
            of.venue,
            one.months,
            one.origin,
            of.description,
        )
    surroundings.emit(msgspec.to_builtins(found, str_keys=True), table)


@instruments.command("show")
@click.argument("symbol")
@json_option
def show_command(symbol: str) -> None:
    """Show all that is known of a product, by any of its spellings."""
    from fks.contexts.data.service.instruments import details_of

    found = details_of(_registry(), symbol)
    command_context().emit(msgspec.to_builtins(found, str_keys=True), _details_table(found))


@instruments.command("resolve")
@click.argument("symbol")
@click.option("--on", metavar="DATE", help="The day, such as 2025-01-15; else today.")
@json_option
def resolve_command(symbol: str, on: str | None) -> None:
    """Say what SYMBOL means on a day: which contract, until when, at what cost."""
    from rich.table import Table

    from fks.contexts.data.service.instruments import resolved

    found = resolved(_registry(), symbol, _day(on))
    table = Table(title=f"{found.symbol} on {found.on}", show_header=False)
    table.add_column("", style="dim")
    table.add_column("")
    of = found.instrument
    for heading, text in (
        ("means", f"{found.code or of.id}, {of.description} ({found.meaning})"),
        ("delivery", found.delivery),
        ("last trading day", found.expires),
        ("next in front from", found.rolls),
        ("in front", found.front),
        ("also written", ", ".join(found.spellings.values())),
        ("commission", _cost(found.commission)),
        ("margin", _cost(found.margin)),
        ("not known", found.unknown),
    ):
        if text:
            table.add_row(heading, text)
    command_context().emit(msgspec.to_builtins(found, str_keys=True), table)


@instruments.command("names")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--on", metavar="DATE", help="The day, such as 2013-01-01; else today.")
@json_option
def names_command(file: Path, on: str | None) -> None:
    """Say under which ticker a share traded on a day, by FILE, a map file of LEAN."""
    from fks.contexts.data.adapters.actions import read_names
    from fks.contexts.data.domain.lean_actions import ticker_on

    day, rows = _day(on), read_names(file)
    ticker = ticker_on(rows, day)
    until = [f"{row.ticker} until {date(1970, 1, 1) + timedelta(row.day)}" for row in rows]
    document = {"file": file.name, "on": day.isoformat(), "ticker": ticker, "names": until}
    said = f"{file.name}: {ticker or 'not listed'} on {day}"
    command_context().emit(document, said, *until)


@instruments.command("set")
@click.argument("symbol")
@click.argument("values", nargs=-1, required=True, metavar="KEY=VALUE...")
@click.option("--since", metavar="DATE", help="When a commission or margin begins; else today.")
@json_option
def set_command(symbol: str, values: tuple[str, ...], since: str | None) -> None:
    """Set keys of a product in instruments.toml, or add a product.

    Keys are tick, multiplier, lot, currency, venue, calendar, kind, months, roll, description,
    expiries.CODE, aliases.SOURCE (separated by commas), commission.per_side,
    commission.exchange_fee, commission.note, margin.initial, margin.maintenance, margin.intraday,
    margin.note.
    """
    from fks.contexts.data.domain.registry.lines import with_value
    from fks.contexts.data.service.instruments import check_registry, details_of
    from fks.contexts.data.store.instruments import RegistryFile

    places = [_place(symbol, key, since) for key, _ in map(_parted, values)]
    texts = [_literal(key, value) for key, value in map(_parted, values)]

    def edit(text: str) -> str:
        for (table, key), value in zip(places, texts, strict=True):
            text = with_value(text, table, key, value)
        return text

    def checked(registry: Registry) -> None:
        check_registry(registry)
        for (table, key), value in zip(places, texts, strict=True):
            _stands(registry, table, key, value)

    made = RegistryFile(command_context().home).change(edit, checked)
    found = details_of(made, symbol)
    command_context().emit(msgspec.to_builtins(found, str_keys=True), _details_table(found))


@instruments.command("unset")
@click.argument("symbol")
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@click.option("--since", metavar="DATE", help="The entry of a commission or margin that began so.")
@json_option
def unset_command(symbol: str, keys: tuple[str, ...], since: str | None) -> None:
    """Remove keys from instruments.toml; what is built in holds again."""
    from fks.contexts.data.domain.registry.lines import without_value
    from fks.contexts.data.service.instruments import listed
    from fks.contexts.data.store.instruments import FILE, RegistryFile

    places = [_place(symbol, key, since) for key in keys]

    def edit(text: str) -> str:
        for table, key in places:
            less = without_value(text, table, key)
            if less is None:
                raise NotFound(
                    f"{FILE} has no line {key} in [{table}]", code="data.not_in_registry"
                )
            text = less
        return text

    made = RegistryFile(command_context().home).change(edit)
    left = [one for one in listed(made).instruments if one.instrument.id == symbol]
    tables = [_details_table(one) for one in left] or [f"{symbol} is not known any more"]
    command_context().emit(msgspec.to_builtins(left, str_keys=True), *tables)


@instruments.command("check")
@json_option
def check_command() -> None:
    """Check instruments.toml, and say what your products lack."""
    from fks.contexts.data.service.instruments import check_registry

    registry = _registry()
    lacking = check_registry(registry)
    document = {"own": sorted(registry.own), "lacking": lacking, "version": registry.version}
    said = f"{len(registry.products)} products, {len(registry.own)} of them set by you"
    command_context().emit(document, said, *lacking)


def _registry() -> Registry:
    """Return the registry of this home."""
    from fks.contexts.data.store.instruments import RegistryFile

    return RegistryFile(command_context().home).load()


def _day(text: str | None) -> date:
    """Return a day, or today's in UTC. Raises `Invalid`."""
    from fks.contexts.data.service.instruments import day_of

    return day_of(text or "", time.time_ns())


def _parted(assignment: str) -> tuple[str, str]:
    """Return key and value of `key=value`. Raises `Invalid`."""
    key, equals, value = assignment.partition("=")
    if not equals:
        raise Invalid(
            f"{assignment[:40]!r} sets nothing: write key=value, such as margin.initial=5"
        )
    return key.strip(), value.strip()


def _place(symbol: str, key: str, since: str | None) -> tuple[str, str]:
    """Return the table and the key under which something stands in the file."""
    if not _SYMBOL.match(symbol):
        raise Invalid(
            f"{symbol[:40]!r} is no product: write A-Z, 0-9, . _ and -, at most 16",
            code="data.bad_instrument",
        )
    if not _KEY.match(key):
        raise Invalid(f"{key[:40]!r} is no key: write one such as tick or margin.initial")
    head = f'"{symbol}"' if "." in symbol else symbol
    first, _, rest = key.partition(".")
    if first in _SCHEDULES and rest:
        return f"{head}.{first}.{_day(since).isoformat()}", rest
    return head, key


def _literal(key: str, value: str) -> str:
    """Return a value as TOML: lists for aliases, days for expiries, texts for all else."""
    if key.startswith("expiries."):
        return _day(value).isoformat()
    if _LISTS.match(key):
        return f"[{', '.join(_quoted(one.strip()) for one in value.split(',') if one.strip())}]"
    return _quoted(value)


def _quoted(text: str) -> str:
    """Return a text as TOML writes it. Raises `Invalid` for what is not printable."""
    if not text.isprintable() or len(text) > 200:
        raise Invalid("a value is at most 200 printable letters")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _stands(registry: Registry, table: str, key: str, value: str) -> None:
    """Raise `Invalid` where a line that was written is not what the file now says."""
    import tomllib

    names = [part.strip('"') for part in re.findall(r'"[^"]*"|[^.]+', f"{table}.{key}")]
    found: Any = registry.own
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    if found != tomllib.loads(f"x = {value}")["x"]:
        raise Invalid(
            f"{key} of [{table}] stands in a form that is not edited here; edit instruments.toml",
            code="data.bad_registry",
        )


def _plain(number: Any) -> str:
    """Return a decimal without an exponent."""
    return f"{number.normalize():f}"


def _cost(entry: CommissionEntry | MarginEntry | None) -> str:
    """Return a commission or margin as a line."""
    if entry is None:
        return ""
    told = [
        f"{name.replace('_', ' ')} {value}"
        for name, value in msgspec.structs.asdict(entry).items()
        if value is not None and name not in ("since", "note")
    ]
    note = f" ({entry.note})" if entry.note else ""
    return f"{', '.join(told)} since {entry.since}{note}"


def _details_table(found: InstrumentDetails) -> Any:
    """Return a product as a table."""
    from rich.table import Table

    of = found.instrument
    table = Table(title=f"{of.id}  {of.description}", show_header=False)
    table.add_column("", style="dim")
    table.add_column("")
    aliases = [one for names in found.aliases.values() for one in names]
    for heading, text in (
        ("kind", f"{found.kind}, {found.origin}"),
        ("tick", f"{_plain(of.tick_size)}, worth {_plain(found.tick_value)} {of.currency}"),
        ("multiplier, lot", f"{_plain(of.multiplier)}, {_plain(of.lot_size)}"),
        ("venue, calendar", f"{of.venue}, {of.calendar}"),
        ("months", " ".join(found.months)),
        ("last trading day", found.last_day),
        ("roll", found.roll),
        ("expiries", ", ".join(f"{code} {day}" for code, day in found.expiries.items())),
        ("aliases", ", ".join(aliases)),
        *(("commission", _cost(one)) for one in found.commission),
        *(("margin", _cost(one)) for one in found.margin),
        ("unverified", ", ".join(found.unverified)),
    ):
        if text:
            table.add_row(heading, text)
    return table
