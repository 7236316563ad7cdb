"""What can go wrong with one page, whoever sends it: on the wire, in the bytes, in the rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ..fetching.fault_server import (
    Fault,
    answer,
    chunked,
    closed,
    cut,
    dripped,
    half_closed,
    head,
    packed,
    raw,
    refusal,
    reset,
    silent,
)
from .worlds import Row, Rows

PAGE_BYTES = 2 << 20
BOMB = packed(bytes(8 << 20))
WAIT_S = 0.45  # longer than what these tests wait for an answer

WIRE: dict[str, Callable[[bytes], Fault]] = {
    "429 with Retry-After": lambda body: refusal(429, Retry_After="2"),
    "429 with a date that is gone": lambda body: refusal(
        429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"
    ),
    "429 without Retry-After": lambda body: refusal(429),
    "418": lambda body: refusal(418, Retry_After="600"),
    "418 without Retry-After": lambda body: refusal(418),
    "400": lambda body: refusal(400),
    "401": lambda body: refusal(401),
    "403": lambda body: refusal(403),
    "404": lambda body: refusal(404),
    "500": lambda body: refusal(500),
    "502 as HTML": lambda body: answer(502, b"<html>bad", Content_Type="text/html"),
    "503": lambda body: refusal(503),
    "503 with Retry-After": lambda body: refusal(503, Retry_After="3600"),
    "204": lambda body: raw(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "206": lambda body: answer(206, body),
    "redirect to a private address": lambda body: refusal(302, Location="http://169.254.169.254/"),
    "redirect to this machine": lambda body: refusal(301, Location="http://127.0.0.1:22/"),
    "closed before the head": lambda body: closed,
    "closed in the head": lambda body: raw(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "reset": lambda body: reset,
    "no head in time": lambda body: silent(WAIT_S),
    "no body in time": lambda body: cut(body, 0, wait_s=WAIT_S),
    "no rest in time": lambda body: cut(body, len(body) // 2, wait_s=WAIT_S),
    "slow drip": lambda body: dripped(body[:200], 0.01),
    "half closed": lambda body: half_closed(body),
    "half open, then reset": lambda body: cut(body, 40, then_reset=True, wait_s=0.1),
    "cut": lambda body: cut(body, len(body) // 2),
    "cut before the last byte": lambda body: cut(body, len(body) - 1),
    "chunks cut": lambda body: chunked([body[:99]], whole=False),
    "no HTTP": lambda body: raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "endless head": lambda body: raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 40_000),
    "packed cut": lambda body: answer(200, packed(body)[:-4], Content_Encoding="gzip"),
    "packed nonsense": lambda body: answer(200, b"\0" * 99, Content_Encoding="gzip"),
    "bomb": lambda body: answer(200, BOMB, Content_Encoding="gzip"),
    "giant": lambda body: answer(200, b" " * (PAGE_BYTES + 1)),
    "a length that no page has": lambda body: raw(head(200, 10**15) + b"[]"),
    "an encoding nobody asked for": lambda body: answer(200, body, Content_Encoding="br"),
    "a clock of 2001": lambda body: answer(200, body, Date="Mon, 01 Jan 2001 00:00:00 GMT"),
    "a clock of 2099": lambda body: answer(200, body, Date="Thu, 01 Jan 2099 00:00:00 GMT"),
    "a date of nonsense": lambda body: answer(200, body, Date="Frogday, 99 Mai 20"),
}
"""Faults between two machines; each gets the right body."""

BYTES: dict[str, Callable[[bytes], bytes]] = {
    "cut and told whole": lambda body: body[: len(body) // 2],
    "nothing": lambda body: b"",
    "null": lambda body: b"null",
    "a list": lambda body: b"[]",
    "an object": lambda body: b"{}",
    "a refusal with 200": lambda body: b'{"error":["EService:Unavailable"],"status":"ERROR"}',
    "a web page": lambda body: b"<!DOCTYPE html><p>maintenance",
    "deep": lambda body: b"[" * 100_000,
    "another provider's": lambda body: b'{"data":[{"open":"1","time":"x"}],"ok":true}',
    "two pages in one": lambda body: body + body,
    "UTF-16": lambda body: body.decode().encode("utf-16"),
    "no text": lambda body: bytes(range(256)) * 4,
    "a byte turned": lambda body: body[:50] + b"\xff" + body[51:],
}
"""Bodies that came whole and are no pages."""


def _one(change: Callable[[Row], Row]) -> Callable[[Rows], Rows]:
    """Change one row in the middle of a page."""

    def changed(rows: Rows) -> Rows:
        middle = len(rows) // 2
        return [change(row) if k == middle else row for k, row in enumerate(rows)]

    return changed


def _value(place: int, value: Any) -> Callable[[Rows], Rows]:
    """Put something in the place of a price or the volume of one row."""
    return _one(lambda row: (*row[:place], value, *row[place + 1 :]))


def _scaled(factor: float) -> Callable[[Rows], Rows]:
    """Multiply all prices of one row."""
    return _one(lambda row: (row[0], *(round(v * factor, 2) for v in row[1:5]), row[5]))


def _twice(rows: Rows) -> Rows:
    """Repeat a row with another close."""
    middle = len(rows) // 2
    other = (*rows[middle][:4], rows[middle][3] + 0.5, rows[middle][5])
    return [*rows[:middle], rows[middle], other, *rows[middle + 1 :]]


def _swapped(rows: Rows) -> Rows:
    """Turn two neighbours round."""
    k = len(rows) // 2
    return [*rows[: k - 1], rows[k], rows[k - 1], *rows[k + 1 :]]


ROWS: dict[str, Callable[[Rows], Rows]] = {
    "NaN": _value(1, float("nan")),
    "Infinity": _value(2, float("inf")),
    "-Infinity": _value(3, float("-inf")),
    "null price": _value(4, None),
    "a word": _value(1, "n/a"),
    "an object for a price": _value(4, {"value": 1}),
    "true for a volume": _value(5, [True]),
    "no price": _value(4, 0.0),
    "negative volume": _value(5, -5.0),
    "high below low": _value(2, 1.0),
    "close above high": _value(4, 90_000.0),
    "10x price": _scaled(10.0),
    "0.1x price": _scaled(0.1),
    "gap": lambda rows: rows[: len(rows) // 2] + rows[len(rows) // 2 + 7 :],
    "one bar missing": lambda rows: rows[:20] + rows[21:],
    "cut short": lambda rows: rows[: len(rows) - 20],
    "empty page": lambda rows: [],
    "the same bar twice": lambda rows: [*rows[:30], rows[30], *rows[30:]],
    "one bar, two closes": _twice,
    "out of order": _swapped,
    "backwards": lambda rows: rows[::-1],
    "from the past": lambda rows: [*rows[:40], (rows[40][0] - 10**8, *rows[40][1:]), *rows[41:]],
    "from the future": lambda rows: [*rows[:-1], (int(time.time()) + 10**7, *rows[-1][1:])],
    "of another century": lambda rows: [*rows[:-1], (10**11, *rows[-1][1:])],
    "a time in other units": _one(lambda row: (row[0] * 1000, *row[1:])),
    "a time that is a word": _one(lambda row: ("yesterday", *row[1:])),
    "every bar a hundred times": lambda rows: [row for row in rows[:200] for _ in range(100)],
}
"""Pages in the right format whose rows are wrong."""
