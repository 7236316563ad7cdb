"""The fast way to read plain rows beside the general one: the same rows, or none."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fks.contexts.data.adapters import plain_rows, tabular
from fks.contexts.data.adapters.formats import delimited
from fks.contexts.data.adapters.formats.reading import ReadOptions, silent
from fks.contexts.data.domain.table import RawTable
from fks.kernel.errors import Invalid

COLUMNS = {"ts": 0, "open": 1, "high": 2, "low": 3, "close": 4, "volume": 6}
CELLS = 8
DIGITS = st.integers(0, 10**19 - 1).map(str)
DECIMAL = (
    st.tuples(st.sampled_from(["", "-"]), DIGITS, st.integers(0, 22)).map(
        lambda one: (
            one[0] + (f"{one[1][: -one[2]] or '0'}.{one[1][-one[2] :]}" if one[2] else one[1])
        )
    )
    | st.floats(-1e9, 1e9).map(repr)
    | st.integers(-(10**6), 10**6).map(lambda cents: f"{cents / 100}")
)
HOSTILE = st.sampled_from(
    (
        *("", " 1", "1 ", "+1", "1.", ".5", "1e5", "nan", "inf", "0x10", "1_0", '"1"', "1\x00"),
        *("é", "--1", "00012.50", "-0", "-0.000", "9" * 25, "1." + "0" * 30, "9007199254740993"),
        *("1\r2", "1;2", "0." + "0" * 18, "1" * 19, "1" * 20),
    )
)
TIME = st.one_of(
    st.integers(10**9, 2 * 10**9),
    st.integers(10**12, 2 * 10**12),
    st.integers(10**15, 2 * 10**15),
    st.integers(10**18, 9 * 10**18),
).map(str) | st.sampled_from(
    ["202001010930", "20200101093000", "5", "2020-01-01", "", "-1", "9" * 20]
)


def general(content: bytes, *, header: bool) -> RawTable | str:
    """Read in the general way; a refusal is its words."""
    patched = pytest.MonkeyPatch()
    patched.setattr(delimited, "plain_table", lambda *args, **options: None)
    try:
        return read(content, header=header)
    finally:
        patched.undo()


def read(content: bytes, *, header: bool) -> RawTable | str:
    """Read as a file is read."""
    try:
        return delimited.read_rows(
            io.BytesIO(content), "f", CELLS, ",", COLUMNS, ReadOptions(), silent, header=header
        )
    except Invalid as error:
        return error.message


def equal(a: RawTable | str, b: RawTable | str) -> bool:
    """Tell whether two readings are the same, to the last bit."""
    if isinstance(a, str) or isinstance(b, str):
        return a == b
    same = all(
        np.asarray(x).tobytes() == np.asarray(y).tobytes()
        for x, y in zip(a[:7], b[:7], strict=True)
    )
    return same and a.refused == b.refused


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Make a file that is plain, or nearly so."""
    hostile = draw(st.booleans())
    rows = []
    for _ in range(draw(st.integers(0, 8))):
        ts = draw(TIME if hostile else TIME.filter(lambda text: len(text) in (10, 13, 16)))
        cells = [ts, *(draw(DECIMAL) for _ in range(CELLS - 1))]
        rows.append(cells)
    if hostile and rows:
        for _ in range(draw(st.integers(0, 2))):
            row = draw(st.sampled_from(rows))
            row[draw(st.integers(0, len(row) - 1))] = draw(HOSTILE)
        if draw(st.booleans()):
            draw(st.sampled_from(rows)).append(draw(DECIMAL))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    body = end.join(",".join(row) for row in rows) + draw(st.sampled_from(["", end, end * 2]))
    head = draw(st.sampled_from(["", "a,b,c,d,e,f,g,h" + end, '"a","b",c,d,e,f,g,"h"' + end]))
    return (head + body).encode()


@settings(deadline=None)
@given(content=files(), block=st.sampled_from([256, 1024, 1 << 20]))
@example(content=b"1600000000,1,2,0.5,1.1,x,5,y\n", block=1024)
@example(content=b'1600000000,1,2,0.5,1.1,"x\n",5,y\n', block=1024)
@example(content=b"1600000000,104.89189999999999,1,1,9007199254740993.5,,3,\r\n", block=1024)
def test_what_is_read_fast_is_what_is_read_at_length(content: bytes, block: int) -> None:
    """Lost: a price that differs in its last bit by the way it was read, or a row."""
    header = content[:1] in (b"a", b'"')
    patched = pytest.MonkeyPatch()
    patched.setattr(plain_rows, "BLOCK_BYTES", block)
    try:
        fast = read(content, header=header)
    finally:
        patched.undo()
    assert equal(fast, general(content, header=header))


@given(steps=st.integers(0, 10**19 - 1), places=st.integers(1, 18))
def test_every_decimal_is_the_nearest_double(steps: int, places: int) -> None:
    """Lost: correct rounding, of which a hash of the content is made."""
    digits = str(steps).rjust(places + 1, "0")[-19:].rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}"
    line = f"1600000000,{text},-{text},1,1,,1,\n".encode()
    found = plain_rows.plain_table(io.BytesIO(line), CELLS, ",", COLUMNS, header=False)
    if found is None:
        assert len(digits) > 19
        return
    assert (found.open[0], found.high[0]) == (float(text), -float(text))


def test_the_usual_file_is_read_fast() -> None:
    """Lost: the speed, without anybody seeing it."""
    rows = [f"{1_600_000_000_000 + k},1.5,2,1,1.25,x,{k}.1234,y" for k in range(50_000)]
    content = "\n".join(rows).encode()
    assert len(content) > tabular.BLOCK_BYTES // 2
    told: list[int] = []
    found = plain_rows.plain_table(
        io.BytesIO(content), CELLS, ",", COLUMNS, header=False, progress=told.append
    )
    assert found is not None
    assert sum(told) == 50_000
    broken = io.BytesIO(content + b"\nx")
    told.clear()
    args = (broken, CELLS, ",", COLUMNS)
    assert plain_rows.plain_table(*args, header=False, progress=told.append) is None
    assert sum(told) == 0
    assert (len(found.row), found.row[-1], found.volume[-1]) == (50_000, 50_000, 49_999.1234)
