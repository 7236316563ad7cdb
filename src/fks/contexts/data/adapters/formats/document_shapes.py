"""The shapes of providers' JSON answers: which of their parts are which column.

Each shape is looked for by what only it has, and gives columns of text under the names that bars
and ticks use. Numbers are taken as they are written, so that none is rounded on its way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from fks.contexts.data.adapters.formats.headers import SYMBOL, columns_of_header
from fks.contexts.data.adapters.formats.tick_headers import columns_of_ticks
from fks.kernel.errors import Invalid

__all__ = ["Table", "table_of"]

_BARS = ("ts", "open", "high", "low", "close", "volume")
_POLYGON = dict(zip(("t", "o", "h", "l", "c", "v"), _BARS, strict=True))
_POLYGON_PATH = re.compile(r"v3__(?:trades|quotes)__([A-Z0-9.:\-]{1,20}?)(?:\.json|_|&|\?)")
_POLYGONS = "America/New_York"
_KLINE, _CANDLE, _TRADE = 12, 6, 7
_CURRENCY = re.compile(r" \([A-Z]{2,5}\)\Z")
_REFUSALS = ("Error Message", "Note", "Information")  # Alpha Vantage's
_DAILY = ("1d", "5d", "1wk", "1mo", "3mo")


class Table(NamedTuple):
    """Columns of one length; `kind` is bars or a kind of ticks, `zone` that of naive times.

    `daily` bars are stamped by their date in that zone; None: those that begin at its midnight.
    """

    kind: str
    columns: dict[str, list[str]]
    symbols: list[str] | None = None
    symbol: str | None = None
    notes: tuple[str, ...] = ()
    zone: str = "UTC"
    calendar: str | None = None
    daily: bool | None = False


def table_of(document: Any, name: str, wanted: str | None) -> Table:
    """Return what a document holds. Raises `Invalid` where it is none of the shapes known here."""
    try:
        for shape in _SHAPES:
            found = shape(document, name, wanted)
            if found is not None:
                return found
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise Invalid(
            f"{name} begins as an answer that is known here, but lacks a part of it "
            f"({type(error).__name__}: {str(error)[:60]})",
            code="data.bad_table",
        ) from None
    raise Invalid(
        f"{name} is no answer that is known here: bars, trades, quotes or funding of Polygon, "
        "Kraken, Yahoo, Alpha Vantage, Binance or freqtrade",
        code="data.wrong_columns",
    )


def _text(value: Any) -> str:
    """Return a cell; nothing for null."""
    return "" if value is None else str(value)


def _columns(rows: Iterable[Iterable[Any]], names: Iterable[str | None]) -> dict[str, list[str]]:
    """Return named columns of rows of one length."""
    listed = [tuple(row) for row in rows]
    places = [(k, name) for k, name in enumerate(names) if name is not None]
    return {name: [_text(row[k]) for row in listed] for k, name in places}


def _refusal(document: Any, name: str, wanted: str | None) -> Table | None:
    """Raise what a provider said instead of data."""
    if not isinstance(document, dict):
        return None
    chart = document.get("chart")
    error = chart.get("error") if isinstance(chart, dict) else None
    said = error.get("description") if isinstance(error, dict) else None
    said = said or next((document[one] for one in _REFUSALS if document.get(one)), None)
    if isinstance(said, str) and not document.keys() & {"results", "Meta Data"}:
        raise Invalid(f"{name} is a refusal: {said:.120}", code="data.wrong_columns")
    if document.get("resultsCount") == 0 and "results" not in document:
        raise Invalid(f"{name} has no rows", code="data.empty_file")
    return None


def _yahoo(document: Any, name: str, wanted: str | None) -> Table | None:
    if not isinstance(document, dict) or "chart" not in document:
        return None
    result = document["chart"]["result"][0]
    meta, quote = result["meta"], result["indicators"]["quote"][0]
    columns = {"ts": [_text(one) for one in result["timestamp"]]}
    columns |= {one: [_text(cell) for cell in quote[one]] for one in _BARS[1:]}
    return Table(
        "bars",
        columns,
        symbol=str(meta["symbol"]),
        zone=str(meta.get("exchangeTimezoneName") or "America/New_York"),
        daily=meta.get("dataGranularity", "1d") in _DAILY,
    )


def _alpha_vantage(document: Any, name: str, wanted: str | None) -> Table | None:
    if not isinstance(document, dict) or "Meta Data" not in document:
        return None
    meta = {key.partition(" ")[2]: value for key, value in document["Meta Data"].items()}
    series = next(value for key, value in document.items() if "Time Series" in key)
    columns: dict[str, list[str]] = {one: [] for one in _BARS}
    for day in sorted(series):
        # `1. open`, and of crypto currencies in two currencies `1a. open (EUR)`: the first counts.
        cells: dict[str, Any] = {}
        for key, value in series[day].items():
            cells.setdefault(_CURRENCY.sub("", key.partition(" ")[2]), value)
        columns["ts"].append(day)
        for one in _BARS[1:-1]:
            columns[one].append(_text(cells[one]))
        columns["volume"].append(_text(cells.get("volume", 0)))
    zone = str(meta.get("Time Zone", "US/Eastern"))
    if any(len(day) == 10 for day in columns["ts"][:1]):
        zone = "UTC"  # dates alone are midnight UTC, as everywhere here
    notes = ("the adjusted close was left out: prices are as traded",)
    adjusted = any("adjusted" in key.lower() for one in list(series.values())[:1] for key in one)
    pairs = (("From Symbol", "To Symbol"), ("Digital Currency Code", "Market Code"))
    pair = next((str(meta[one]) + str(meta[two]) for one, two in pairs if one in meta), "")
    symbol = str(meta.get("Symbol", pair))
    return Table("bars", columns, symbol=symbol, notes=notes if adjusted else (), zone=zone)


def _kraken(document: Any, name: str, wanted: str | None) -> Table | None:
    if not isinstance(document, dict) or not isinstance(document.get("error"), list):
        return None
    if document["error"]:
        raise Invalid(
            f"{name} is a refusal: {document['error'][0]!s:.80}", code="data.wrong_columns"
        )
    pairs = [key for key in document["result"] if key != "last"]
    pair = _one_of(pairs, wanted, name)
    rows = document["result"][pair]
    if rows and rows[0][3] in ("b", "s"):
        names = ("price", "quantity", "ts", "side", None, None, "id")[: len(rows[0])]
        return Table("trades", _columns(rows, names), symbol=pair, calendar="24/7")
    columns = _columns(rows, (*_BARS[:5], None, "volume"))
    note = "the last bar may not have been over when it was asked for"
    return Table("bars", columns, symbol=pair, notes=(note,), calendar="24/7")


def _one_of(names: list[str], wanted: str | None, name: str) -> str:
    """Return the symbol to read. Raises `Invalid` where there are several."""
    if len(names) == 1:
        return names[0]
    if wanted in names:
        return str(wanted)
    raise Invalid(
        f"{name} holds {', '.join(names[:10]) or 'no symbol'}; choose one with --instrument",
        code="data.several_instruments",
    )


def _open_close(document: Any, name: str, wanted: str | None) -> Table | None:
    if not isinstance(document, dict) or not {"from", "symbol", "open"} <= document.keys():
        return None
    row = [document[one] for one in ("from", *_BARS[1:])]
    return Table("bars", _columns([row], _BARS), symbol=str(document["symbol"]))


def _polygon(document: Any, name: str, wanted: str | None) -> Table | None:
    if not isinstance(document, dict) or "results" not in document:
        return None
    results = document["results"]
    rows = results if isinstance(results, list) else [results]
    if not rows or not isinstance(rows[0], dict):
        raise Invalid(f"{name} has no rows", code="data.empty_file")
    if set(_POLYGON) <= rows[0].keys():
        columns = {to: [_text(row.get(own)) for row in rows] for own, to in _POLYGON.items()}
        symbols = [str(row["T"]) for row in rows] if "T" in rows[0] else None
        ticker = document.get("ticker")
        return Table("bars", columns, symbols=symbols, symbol=ticker, zone=_POLYGONS, daily=None)
    if {"p", "s", "t", "T"} <= rows[0].keys():
        own = {"ts": "t", "price": "p", "quantity": "s"}
        if "P" in rows[0]:
            own = {"ts": "t", "bid": "p", "bid_quantity": "s", "ask": "P", "ask_quantity": "S"}
        columns = {to: [_text(row.get(one)) for row in rows] for to, one in own.items()}
        kind = "quotes" if "P" in rows[0] else "trades"
        return Table(kind, columns, symbol=str(rows[0]["T"]))
    found = _records(rows, name, wanted)
    path = _POLYGON_PATH.search(name)
    return found if found is None or path is None else found._replace(symbol=path[1])


def _snapshot(document: Any, name: str, wanted: str | None) -> Table | None:
    """Read the last quotes of Polygon's snapshots, or the last trades where there are no quotes."""
    if not isinstance(document, dict):
        return None
    found = document.get("tickers", document.get("ticker"))
    rows = [found] if isinstance(found, dict) else found
    if not isinstance(rows, list) or not rows or "lastTrade" not in rows[0]:
        return None
    kind, part, own = "trades", "lastTrade", {"ts": "t", "price": "p", "quantity": "s"}
    if all("lastQuote" in row for row in rows):
        kind, part = "quotes", "lastQuote"
        own = {"ts": "t", "bid": "p", "bid_quantity": "s", "ask": "P", "ask_quantity": "S"}
    columns = {to: [_text(row[part][one]) for row in rows] for to, one in own.items()}
    note = f"of a snapshot the last {kind} were read: its bars were not over when it was taken"
    return Table(kind, columns, symbols=[str(row["ticker"]) for row in rows], notes=(note,))


def _records(document: Any, name: str, wanted: str | None) -> Table | None:
    if not isinstance(document, list) or not document or not isinstance(document[0], dict):
        return None
    names = list(dict.fromkeys(key for row in document[:100] for key in row))
    found = columns_of_ticks(names, {}, name)
    if found is None:
        return _bars_of_records(document, names, name)
    columns = {
        column: [_text(row.get(names[place])) for row in document]
        for column, place in found.places.items()
    }
    return Table(found.kind, columns, symbols=columns.pop("symbol", None))


def _bars_of_records(document: list[Any], names: list[str], name: str) -> Table | None:
    """Return the bars of a list of objects, None where they are none."""
    try:
        found = columns_of_header(names, {}, name)
    except Invalid:
        return None
    columns = {
        one: [_text(row.get(names[found[one]])) if one in found else "0" for row in document]
        for one in _BARS
    }
    place = found.get(SYMBOL)
    symbols = None if place is None else [_text(row.get(names[place])) for row in document]
    return Table("bars", columns, symbols=symbols)


def _rows(document: Any, name: str, wanted: str | None) -> Table | None:
    if not isinstance(document, list) or not document or not isinstance(document[0], list):
        return None
    width = len(document[0])
    if any(len(row) != width for row in document):
        raise Invalid(f"{name} has rows of several lengths", code="data.bad_table")
    if width == _KLINE or (width == _CANDLE and _is_millis(document[0][0])):
        names = (*_BARS, *[None] * (width - _CANDLE))
        return Table("bars", _columns(document, names), calendar="24/7")
    if width == _TRADE and document[0][3] in ("buy", "sell"):
        names = ("ts", "id", None, "side", "price", "quantity", None)
        return Table("trades", _columns(document, names), calendar="24/7")
    return None


def _is_millis(value: Any) -> bool:
    """Tell whether a number is a time in milliseconds, which tells candles of venues apart."""
    if not isinstance(value, int):
        return False
    return datetime(2000, 1, 1, tzinfo=UTC).timestamp() * 1000 < value < 10**14


_SHAPES: tuple[Callable[[Any, str, str | None], Table | None], ...] = (
    *(_refusal, _yahoo, _alpha_vantage, _kraken, _open_close, _polygon, _snapshot, _records, _rows),
)
