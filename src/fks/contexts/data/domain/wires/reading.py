"""What all wires share: units of symbols, times, and the one error of a damaged message."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import msgspec

from fks.contexts.data.domain.wires._units import Units
from fks.contracts.data.streams import CHANNELS, Scale
from fks.kernel.errors import Invalid, Unavailable

__all__ = [
    "EMPTY",
    "MILLISECOND",
    "Identifier",
    "Millis",
    "Symbols",
    "chosen",
    "damaged",
    "decimals_of",
    "decoding",
    "iso_ns",
    "number_of",
    "side_of",
    "text_of",
]

MILLISECOND = 1_000_000
EMPTY = msgspec.Raw()
Identifier = Annotated[int, msgspec.Meta(ge=-1, le=(1 << 63) - 1)]
"""A number that an exchange gives, within 64 bits."""
Millis = Annotated[int, msgspec.Meta(ge=0, le=9_000_000_000_000)]
"""A time in milliseconds, whose nanoseconds have 64 bits."""
_MOST_SYMBOLS = 50_000
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z")
_NUMBER = re.compile(r"-?\d{1,18}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
_T = TypeVar("_T")


def damaged(what: str) -> Unavailable:
    """Return the error for bytes that are not what the exchange documents."""
    return Unavailable(f"malformed stream message: {what}", code="data.malformed_payload")


class Symbols(dict[str, Units]):
    """The units of each symbol, made when a symbol is first seen."""

    def __init__(self, scales: Mapping[str, Scale] | None = None) -> None:
        super().__init__(
            {symbol: Units(scale, damaged) for symbol, scale in (scales or {}).items()}
        )

    def __missing__(self, symbol: str) -> Units:
        if not symbol or len(symbol) > 64 or len(self) >= _MOST_SYMBOLS:
            raise damaged(f"a symbol of {len(symbol)} characters, after {len(self)} others")
        units = self[symbol] = Units(Scale(0, 0), damaged)
        return units


def decoding(kind: type[_T]) -> Callable[[bytes | msgspec.Raw], _T]:
    """Return what decodes JSON as a type, and raises `Unavailable` where it is not one."""
    decode = msgspec.json.Decoder(kind).decode

    def decoded(payload: bytes | msgspec.Raw) -> _T:
        try:
            return decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise damaged(str(error)) from error

    return decoded


def chosen(
    name: str, channels: Iterable[str], offered: Mapping[str, Sequence[str]]
) -> list[tuple[str, ...]]:
    """Return what an exchange calls each channel. Raises `Invalid` for one it has not."""
    found = []
    for channel in channels:
        if channel not in offered:
            known = ", ".join(known for known in CHANNELS if known in offered)
            raise Invalid(f"{name} streams no {channel!r}: it has {known}", code="data.no_channel")
        found.append(tuple(offered[channel]))
    return found


def iso_ns(text: str) -> int:
    """Return UTC nanoseconds of a time such as `2021-04-17T16:43:37.075687Z`."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise damaged(f"no time: {text[:40]!r}")
    try:
        whole = datetime.fromisoformat(match[1]).replace(tzinfo=UTC)
    except ValueError as error:
        raise damaged(f"no time: {text[:40]!r}") from error
    return int(whole.timestamp()) * 1_000_000_000 + int((match[2] or "").ljust(9, "0"))


def decimals_of(text: str, places: int) -> int:
    """Return units of `10**-places` of a time written as a decimal, such as seconds with a dot."""
    whole, _, rest = text.partition(".")
    if not (whole + rest).isascii() or not (whole + rest).isdigit() or len(whole) > 19:
        raise damaged(f"no time: {text[:40]!r}")
    return int(whole) * int(10**places) + int(rest[:places].ljust(places, "0") or "0")


def side_of(text: str) -> int:
    """Return the aggressor's side of `buy`, `Sell`, `b`, `s`: 1, -1; 0 for anything else."""
    first = text[:1].lower()
    return 1 if first == "b" else -1 if first == "s" else 0


def text_of(raw: msgspec.Raw) -> str:
    """Return an identifier, a JSON number or string, as text."""
    return bytes(raw).decode(errors="replace").strip('"')


def number_of(raw: msgspec.Raw) -> str:
    """Return a number, or one in quotes, as it is written; empty where there is none."""
    text = text_of(raw)
    if text in ("", "null"):
        return ""
    if _NUMBER.fullmatch(text) is None:
        raise damaged("not a number")
    return text
