"""Files as cryptofeed writes them, and their rows as an independent reader expects them."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path

from fks.contracts.data.ticks import CLEAR, LAST, SET, SNAPSHOT, DepthRows

BEGIN_S = 1_633_998_512


def recorded(path: Path, address: str, messages: Iterable[bytes | None]) -> Path:
    """Write a connection's file; None is a connection that was made anew."""
    lines = [f"{address} <-> {BEGIN_S}.5".encode()]
    lines.append(f'{address} <- {BEGIN_S}.75: {{"event":"subscribe"}}'.encode())
    for k, message in enumerate(messages, start=1):
        if message is None:
            lines.append(f"{address} <-> {BEGIN_S + k}.0".encode())
        else:
            lines.append(f"{BEGIN_S + k}.25: ".encode() + message)
    path.write_bytes(gzip.compress(b"\n".join([*lines, b"", b""])))
    return path


def ns(k: int) -> int:
    """Return the time of the k-th message, counted from 1."""
    return (BEGIN_S + k) * 10**9 + 250_000_000


def asked(path: Path, pages: Iterable[tuple[str, bytes]]) -> Path:
    """Write the file of answers to requests."""
    lines = [f"{at} -> {BEGIN_S + k}.5: ".encode() + body for k, (at, body) in enumerate(pages)]
    path.write_bytes(gzip.compress(b"\n".join([*lines, b""])))
    return path


def book_at_the_end(*parts: object) -> tuple[dict[float, float], dict[float, float]]:
    """Return the book that rows of depth make, one part after the other, as two dictionaries."""
    sides: dict[int, dict[float, float]] = {1: {}, -1: {}}
    for rows in parts:
        assert isinstance(rows, DepthRows)
        columns = (rows.action, rows.side, rows.price, rows.quantity)
        for action, side, price, size in zip(*(column.tolist() for column in columns), strict=True):
            if action == CLEAR:
                sides = {1: {}, -1: {}}
                continue
            assert action == SET
            sides[side].pop(price, None)
            if size:
                sides[side][price] = size
        assert rows.flags[-1] in (LAST, LAST | SNAPSHOT)
    return sides[1], sides[-1]
