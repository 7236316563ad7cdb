"""Damaged files of every format: rows or one clear line, never anything else."""

from __future__ import annotations

import json
import os
import random
import struct
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from fks.contexts.data.adapters.formats.reading import (
    FORMAT_NAMES,
    FoundTicks,
    ReadOptions,
    silent,
)
from fks.contexts.data.adapters.formats.registry import read_file
from fks.kernel.errors import FksError

TIMES = 40 if os.environ.get("FKS_TORTURE") is None else 4000
MS = 1_704_067_200_123


def _dbn() -> bytes:
    """Return a file of two orders in Databento's encoding, made by hand."""
    body = b"GLBX.MDP3".ljust(16, b"\0") + struct.pack("<HQQQBBB", 0, 0, 0, 0, 1, 0, 0)
    body += struct.pack("<H", 71) + bytes(53) + struct.pack("<5I", 0, 0, 0, 0, 0)
    order = struct.pack(
        *("<BBHIQQqIBBccQiI", 14, 0xA0, 1, 7, MS * 10**6, 5, 10**9, 3, 128, 0),
        *(b"A", b"B", MS * 10**6, 0, 9),
    )
    return b"DBN\x03" + struct.pack("<I", len(body)) + body + order * 2


BAR = {"o": 1.5, "h": 2, "l": 1, "c": 1.5, "v": 7, "t": MS}
DEPTH = {"e": "depthUpdate", "s": "X", "U": 1, "u": 2, "b": [["1.5", "2"]], "a": [["2.5", "0"]]}
BOOK = {"s": "X", "u": 5, "seq": 9, "b": [["1.5", "2"]], "a": []}
MATCH = {
    **{"type": "match", "trade_id": 7, "product_id": "A-USD", "side": "buy", "sequence": 1},
    **{"size": "0.5", "price": "1.5", "time": "2023-11-14T22:13:20.125Z"},
}
LOBSTER = "AAPL_2012-06-21_34200000_57600000_message_2.csv"
SAMPLES: dict[str, tuple[str, bytes, str | None]] = {
    # format: the file's name, its bytes, and the kind to read
    "binance": ("BTCUSDT-aggTrades-2024-01.csv", f"7,4.1,0.5,1,2,{MS},true\n".encode() * 3, None),
    "ticks": ("x.csv", f"time,price,size,side\n{MS},1.5,2,buy\n{MS},1.5,2,sell\n".encode(), None),
    "capture": ("x.txt", f"{MS}000000 {json.dumps(DEPTH)}\n".encode() * 3, "depth"),
    "truefx": ("x.csv", b"USD/JPY,20130101 21:59:59.999,86.655,86.728\n" * 3, None),
    "histdata": ("DAT_ASCII_EURUSD_T_202001.csv", b"20200101 170014552,1.1,1.2,0\n" * 3, None),
    "fxcm": (
        "x.csv",
        b"DateTime,BidOpen,BidHigh,BidLow,BidClose,AskOpen,AskHigh,AskLow,AskClose\n"
        + b"01/04/2015 22:00:00.000,1.5,1.75,1.25,1.5,1.5,1.75,1.25,1.5\n" * 2,
        None,
    ),
    "databento": ("x.dbn", _dbn(), None),
    "lobster": (LOBSTER, b"34200.1,1,11,18,5853300,1\n34200.2,4,11,5,5853300,1\n", None),
    "tardis": (
        "x.csv",
        b"exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n"
        + f"x,B,{MS}000,{MS}001,true,bid,10,1\n".encode() * 2,
        None,
    ),
    "bybit": (
        "x.json",
        json.dumps(
            {"topic": "orderbook.500.X", "type": "snapshot", "ts": MS, "data": BOOK}
        ).encode(),
        None,
    ),
    "json": ("x.json", json.dumps({"ticker": "A", "results": [BAR, BAR]}).encode(), None),
    "ninja": ("ES 03-25.Last.txt", b"20240102 093000 1234567;10.5;3\n" * 3, None),
    "recording": (
        "x.txt",
        b"wss://ws-feed.exchange.coinbase.com <-> 1700000000.5\n"
        + f"1700000000.25: {json.dumps(MATCH)}\n".encode() * 2,
        "trades",
    ),
    "actions": ("x.csv", b"date,symbol,ratio\n2020-08-31,AAPL,4\n2022-08-31,AAPL,2\n", None),
}
STRANGE = (
    *(b"nan", b"inf", b"-1", b"1e308", b"1e-400", b"9" * 25, b"-9223372036854775808", b"", b"\xff"),
    *(b"null", b"[]", b"{}", b'"', b",", b";", b"\n", b"\0", "٣".encode(), b"2024-02-30", b"1.2.3"),
)


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Return the bytes with one to three damages."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(data) + 1)
        end = min(at + rng.randint(0, 12), len(data))
        way = rng.randrange(4)
        if way == 0:
            data = data[:at]
        elif way == 1:
            data = data[:at] + rng.choice(STRANGE) + data[end:]
        elif way == 2:
            data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        else:
            data = data[:at] + data[at:end] * 2 + data[end:]
        if not data:
            return b"x"
    return data


def read(path: Path, form: str | None, kind: str | None) -> None:
    """Read a file; whatever comes is whole."""
    found = read_file(path, form, ReadOptions(kind=kind), silent)
    columns = found.rows if isinstance(found, FoundTicks) else found.table[1:7]
    rows = [np.asarray(column) for column in columns]
    assert len({len(column) for column in rows}) == 1
    row = found.row if isinstance(found, FoundTicks) else found.table.row
    assert len(row) == len(rows[0])
    assert (np.diff(row) >= 0).all() or (np.diff(row) <= 0).all()


def test_each_format_has_a_sample_here() -> None:
    """Lost: a new format would come without being damaged."""
    known = {"csv", "yahoo", "lean", "parquet"}  # damaged in the tests of their own
    assert set(SAMPLES) | known == set(FORMAT_NAMES)


@pytest.mark.parametrize("form", SAMPLES)
def test_the_samples_are_read_as_what_they_are(tmp_path: Path, form: str) -> None:
    """Lost: what follows would damage files that nobody can read anyway."""
    name, data, kind = SAMPLES[form]
    (tmp_path / name).write_bytes(data)
    read(tmp_path / name, None, kind)
    read(tmp_path / name, form, kind)


@pytest.mark.parametrize("form", SAMPLES)
def test_damage_costs_rows_or_one_line(tmp_path: Path, form: str) -> None:
    """Lost: a stranger's file would end the process, or leave columns of different lengths."""
    name, data, kind = SAMPLES[form]
    for seed in range(TIMES):
        rng = random.Random(f"{form} {seed}")
        (tmp_path / name).write_bytes(damaged(data, rng))
        for chosen in (form, None):
            try:
                read(tmp_path / name, chosen, kind)
            except FksError as error:
                assert "\n" not in error.message, f"seed {seed}"
                assert len(error.message) < 700, f"seed {seed}"
            except AssertionError as error:
                raise AssertionError(f"seed {seed}, format {chosen}: {error}") from error
            except Exception as error:  # noqa: BLE001  # the seed has to be told
                pytest.fail(f"seed {seed}, format {chosen}: {type(error).__name__}: {error}")


@pytest.mark.parametrize("form", SAMPLES)
@pytest.mark.parametrize("other", SAMPLES)
def test_a_file_of_another_format_costs_one_line(tmp_path: Path, form: str, other: str) -> None:
    """Lost: --format by mistake would show a traceback."""
    name, data, kind = SAMPLES[other]
    (tmp_path / name).write_bytes(data)
    try:
        read(tmp_path / name, form, kind)
    except FksError as error:
        assert "\n" not in error.message


@pytest.mark.parametrize("form", FORMAT_NAMES)
def test_bytes_that_are_nothing_cost_one_line(tmp_path: Path, form: str) -> None:
    """Lost: a picture named .csv would be an error of ours."""
    rng = np.random.default_rng(4)
    noise = rng.integers(0, 256, 100_000, dtype=np.uint8).tobytes()
    packed = pa.compress(b"\0" * (80 << 20), "zstd", asbytes=True)
    for number, data in enumerate(
        (b"", b"\n\n\n", noise, b"a" * (1 << 17), packed, b"\x1f\x8b\x08")
    ):
        path = tmp_path / f"x{number}.csv"
        path.write_bytes(data)
        with pytest.raises(FksError) as refused:
            read(path, form, None)
        assert "\n" not in refused.value.message
