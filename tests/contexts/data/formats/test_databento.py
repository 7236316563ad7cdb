"""Databento's files, read a second time with Databento's own library."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from tests.contexts.data import kit
from tests.contexts.data.formats.tick_kit import agree, ticks

from fks.contexts.data.adapters.formats import dbn_records
from fks.contracts.data import ticks as law
from fks.kernel.errors import Invalid

dbn = pytest.importorskip("databento_dbn")

T = 1_703_462_400_000_000_000
DAY = date(2023, 12, 25)
ACTIONS = {
    "A": law.ADD,
    "C": law.CANCEL,
    "M": law.MODIFY,
    "T": law.TRADE,
    "F": law.FILL,
    "R": law.CLEAR,
}


def dbn_file(
    path: Path,
    records: Iterable[Any],
    *,
    version: int = 3,
    ids: tuple[int, ...] = (7,),
) -> Path:
    """Write a file with Databento's own library."""
    mappings = [
        SimpleNamespace(
            raw_symbol=f"ES{k}",
            intervals=[SimpleNamespace(start_date=DAY, end_date=DAY, symbol=str(k))],
        )
        for k in ids
    ]
    metadata = dbn.Metadata(
        *("GLBX.MDP3", T, dbn.SType.RAW_SYMBOL, dbn.SType.INSTRUMENT_ID, None),
        symbols=[f"ES{k}" for k in ids],
        not_found=["XX"],
        mappings=mappings,
        version=version,
    )
    data = metadata.encode() + b"".join(bytes(record) for record in records)
    if path.suffix == ".zst":
        data = pa.compress(data, "zstd", asbytes=True)
    path.write_bytes(data)
    return path


def order(
    action: str = "A", side: str = "B", flags: int = 128, *, number: int = 7, **more: Any
) -> Any:
    """Return a record of an order."""
    values = {"price": 4_812_250_000_000, "size": 3, "order_id": 42, "sequence": 9} | more
    return dbn.MBOMsg(
        publisher_id=1,
        instrument_id=number,
        ts_event=T,
        ts_recv=T + 5,
        action=dbn.Action.from_str(action),
        side=dbn.Side.from_str(side),
        flags=flags,
        **values,
    )


def decoded(data: bytes) -> Iterator[Any]:
    """Read records with Databento's own library."""
    if data[:3] != b"DBN":
        data = pa.CompressedInputStream(io.BytesIO(data), "zstd").read()
    decoder = dbn.DBNDecoder()
    decoder.write(data)
    yield from (one for one in decoder.decode() if hasattr(one, "rtype"))


def as_depth(record: Any) -> tuple[float, ...]:
    """Return what a record should become."""
    action = ACTIONS[str(record.action)]
    side = {"B": 1, "A": -1}.get(str(record.side), 0)
    price = math.nan if record.price == dbn.UNDEF_PRICE else record.price / 1e9
    flags = (law.LAST if record.flags & 128 else 0) | (law.SNAPSHOT if record.flags & 32 else 0)
    if action == law.CLEAR:
        return record.ts_recv, record.sequence, action, side, 0.0, 0.0, law.NO_ID, flags
    size = float(record.size)
    return record.ts_recv, record.sequence, action, side, price, size, record.order_id, flags


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("suffix", ["", ".zst"])
def test_orders_of_every_version(tmp_path: Path, version: int, suffix: str) -> None:
    """Lost: a book would be built from wrong prices, or end a message too early."""
    records = [
        order("R", "N", 0, price=dbn.UNDEF_PRICE, size=0, order_id=0),
        order("A", "B", 32),
        order("M", "A", 0, price=-5_000_000_000),
        order("T", "A", 0),
        order("F", "B", 0),
        order("C", "B", 128),
        order("N", "N", 0),
        order("A", "B", 0, price=dbn.UNDEF_PRICE),
    ]
    path = dbn_file(tmp_path / f"x.dbn{suffix}", records, version=version)
    found = ticks(path)
    agree(found, [as_depth(one) for one in records if str(one.action) != "N"])
    assert found.symbol == "ES7"
    assert found.row.tolist() == [1, 2, 3, 4, 5, 6, 8]
    assert f"DBN version {version} of GLBX.MDP3" in found.notes
    assert "1 records without action were left out" in found.notes
    traded = ticks(path, kind="trades", columns={"ts": "ts_event"})
    agree(traded, [(T, 4812.25, 3, -1, law.NO_ID)])


def test_best_prices_trades_and_bars(tmp_path: Path) -> None:
    """Lost: an empty side would cost nine billion, or a bar lie where it closed."""
    pair = dbn.BidAskPair(bid_px=1_500_000_000, ask_px=dbn.UNDEF_PRICE, bid_sz=4, ask_sz=0)
    common = {"publisher_id": 1, "instrument_id": 7, "ts_event": T}
    tick = {
        **common,
        **{"price": 1_250_000_000, "size": 2, "side": dbn.Side.BID, "ts_recv": T + 5},
    }
    top = dbn.MBP1Msg(**tick, action=dbn.Action.TRADE, depth=0, levels=pair)
    path = dbn_file(tmp_path / "x.mbp-1.dbn", [top])
    agree(ticks(path), [(T + 5, 1.5, 4, math.nan, 0)])
    agree(ticks(path, kind="trades"), [(T + 5, 1.25, 2, 1, law.NO_ID)])
    trade = dbn.TradeMsg(**tick, action=dbn.Action.TRADE, depth=0)
    agree(ticks(dbn_file(tmp_path / "t.dbn", [trade])), [(T + 5, 1.25, 2, 1, law.NO_ID)])
    prices = {"open": 2 * 10**9, "high": 3 * 10**9, "low": 10**9, "close": 2 * 10**9}
    bar = dbn.OHLCVMsg(dbn.RType.OHLCV_1M, **common, **prices, volume=11)
    imported = kit.read(dbn_file(tmp_path / "b.dbn", [bar]))
    assert (imported.info.timeframe, imported.info.first_ts_ns) == ("1m", T)
    assert imported.cleaned.kept.high.tolist() == [3.0]


def test_an_instrument_among_several_is_chosen(tmp_path: Path) -> None:
    """Lost: two contracts would share a book."""
    records = [order(number=7), order(number=8, size=5), order(number=7)]
    path = dbn_file(tmp_path / "x.dbn", records, ids=(7, 8))
    with pytest.raises(Invalid, match="several instruments, such as ES7 and ES8; choose one with"):
        ticks(path)
    with pytest.raises(Invalid, match="has no NQ; it has ES7, ES8"):
        ticks(path, symbol="NQ")
    assert ticks(path, symbol="es8").row.tolist() == [2]
    assert ticks(path, symbol="7").row.tolist() == [1, 3]


def test_other_records_between_are_skipped_and_alone_are_refused(tmp_path: Path) -> None:
    """Lost: a live recording, which begins with messages of the system, could not be read."""
    system = dbn.SystemMsg(T, "Heartbeat")
    path = dbn_file(tmp_path / "x.dbn", [system, order(), system, system, order(), order()])
    assert ticks(path).row.tolist() == [2, 5, 6]
    with pytest.raises(Invalid, match=r"has no trades .type 0x17, type 0xa0"):
        ticks(path, kind="trades")
    with pytest.raises(Invalid, match=r"has no orders, trades, best prices or bars .type 0x17"):
        ticks(dbn_file(tmp_path / "y.dbn", [system]))


def test_damaged_and_hostile_files_cost_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost: half a file would be half a book, and a bomb all memory."""
    whole = dbn_file(tmp_path / "x.dbn", [order()] * 50).read_bytes()

    def refused(data: bytes, says: str) -> None:
        (tmp_path / "y.dbn").write_bytes(data)
        with pytest.raises(Invalid, match=says) as raised:
            ticks(tmp_path / "y.dbn", "databento")
        assert "\n" not in raised.value.message

    refused(whole[:-10], "ends within a record")
    refused(whole[:60], "ends within its metadata")
    refused(whole[:6], "not in Databento's encoding")
    refused(b"DBN\x09" + whole[4:], "DBN version 9; versions 1 to 3")
    refused(whole[:4] + b"\xff\xff\xff\x7f" + whole[8:], "ends within its metadata")
    refused(whole[:-56] + b"\0" * 56, "record of no length")
    packed = dbn_file(tmp_path / "x.dbn.zst", [order(order_id=k) for k in range(900)]).read_bytes()
    refused(packed[: len(packed) // 2], "damaged|ends within")
    refused(packed[:20] + b"\xff" * 20 + packed[40:], "damaged|ends within")
    refused(pa.compress(b"not it" * 9, "zstd", asbytes=True), "not in Databento's encoding")
    monkeypatch.setattr(dbn_records, "_RATIO_FREE", 1000)
    refused(
        pa.compress(whole + b"\0" * (64 << 20), "zstd", asbytes=True), "200 times its size|no l"
    )


@pytest.mark.real_data
def test_the_real_orders_row_by_row() -> None:
    """Lost: the book of ES would not be the venue's."""
    path = kit.real("databento/esh4-glbx-mdp3-20231224.mbo.dbn.zst")
    found = ticks(path)
    agree(found, [as_depth(one) for one in decoded(path.read_bytes())])
    assert found.symbol.startswith("ES")
