"""The file of bars gives back what was put in, whichever of its two layouts it has."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fks.contexts.data.domain.table import RawTable
from fks.contexts.data.store import bars
from fks.contracts.columns import Float64, prices_to_ticks

TICKS = ("0.01", "0.25", "0.03125", "0.0000001", "5", "0.1", "0.005", "1", "0.00000001", "12.5")
PRICES = ("open", "high", "low", "close")
STRANGE = (0.0, -0.0, float("nan"), float("inf"), 1e300, 5e-324, 2.0**53, 1e16 + 2, 0.1 + 0.2)


@st.composite
def columns(draw: st.DrawFn) -> tuple[RawTable, Decimal, bool]:
    """Return bars, a tick, and whether all prices are its ticks."""
    tick = Decimal(draw(st.sampled_from(TICKS)))
    count = draw(st.integers(1, 3000))
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    reach = 10 ** draw(st.integers(1, 10))
    found: list[Float64] = []
    for _ in PRICES:
        ticks = chance.integers(-reach, reach, count)
        # As a parser reads the decimals, one by one.
        found.append(np.array([float(Decimal(int(one)) * tick) for one in ticks]))
    odd = draw(st.sampled_from((None, None, *STRANGE, "bit")))
    if odd is not None:
        column, at = draw(st.integers(0, 3)), draw(st.integers(0, count - 1))
        value = found[column][at]
        found[column][at] = np.nextafter(value, np.inf) if odd == "bit" else odd
    ts_ns = np.cumsum(chance.integers(1, 10**12, count)) - 5 * 10**17
    row = np.arange(1, count + 1, dtype=np.int64)
    first, high, low, last = found
    table = RawTable(row, ts_ns, first, high, low, last, chance.lognormal(2, 3, count))
    return table, tick, odd is None


def same_bits(a: RawTable, b: RawTable) -> bool:
    """Tell whether two tables have the same bytes in every column."""
    names = ("row", "ts_ns", *PRICES, "volume")
    return all(getattr(a, name).tobytes() == getattr(b, name).tobytes() for name in names)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(made=columns(), group=st.sampled_from((64, 1 << 17)))
def test_what_is_written_is_read_to_the_last_bit(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    made: tuple[RawTable, Decimal, bool],
    group: int,
) -> None:
    """Lost: a dataset would not be what its hash says, or a price a tick beside it."""
    kept, tick, whole = made
    monkeypatch.setattr(bars, "GROUP_ROWS", group)
    path = tmp_path / bars.BARS
    bars.write_bars(path, kept, tick)
    names = pq.read_schema(path).names
    if whole:
        assert "open_ticks" in names
    rows = len(kept.ts_ns)
    assert same_bits(bars.read_rows(path, rows, tick), kept)
    assert bars.read_times(path, rows).tobytes() == kept.ts_ns.tobytes()
    read = bars.read_bars(path, rows, tick)
    if "open_ticks" in names:
        for name in PRICES:
            slow = prices_to_ticks(getattr(kept, name), tick)
            assert (getattr(read, f"{name}_ticks") == slow).all()
            assert getattr(read, name).tobytes() == getattr(kept, name).tobytes()
    with duckdb.connect(":memory:") as connection:
        found = connection.read_parquet(str(path)).project(bars.prices_in_sql(path, tick)).to_df()
    for name in ("ts_ns", *PRICES, "volume"):
        assert found[name].to_numpy().tobytes() == getattr(kept, name).tobytes()


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(made=columns())
def test_a_file_of_prices_is_read_as_one_of_ticks(
    tmp_path: Path, made: tuple[RawTable, Decimal, bool]
) -> None:
    """Lost: datasets of an older FKS would not open, or have other ticks."""
    kept, tick, whole = made
    old, new, rows = tmp_path / "old.parquet", tmp_path / "new.parquet", len(kept.ts_ns)
    pq.write_table(pa.table({k: getattr(kept, k) for k in ("ts_ns", *PRICES, "volume")}), old)
    bars.write_bars(new, kept, tick)
    assert same_bits(bars.read_rows(old, rows, tick), bars.read_rows(new, rows, tick))
    if whole:
        a, b = bars.read_bars(old, rows, tick), bars.read_bars(new, rows, tick)
        assert all((getattr(a, n) == getattr(b, n)).all() for n in bars.AS_TICKS)


def test_damage_is_an_error_or_harmless(tmp_path: Path) -> None:
    """Lost: a spoilt disk would end the process, or hand out columns that nobody wrote."""
    chance = np.random.default_rng(1)
    ticks = chance.integers(100, 10_000, (4, 500))
    row = np.arange(1, 501, dtype=np.int64)
    first, high, low, last = ticks / 4
    kept = RawTable(row, row * 10**9, first, high, low, last, np.ones(500))
    tick, path = Decimal("0.25"), tmp_path / bars.BARS
    bars.write_bars(path, kept, tick)
    whole = path.read_bytes()
    failed = 0
    for seed in range(300):
        rng = random.Random(seed)
        at = rng.randrange(len(whole))
        spoilt = (
            whole[:at]
            if rng.random() < 0.2
            else whole[:at] + bytes([whole[at] ^ (1 << rng.randrange(8))]) + whole[at + 1 :]
        )
        path.write_bytes(spoilt)
        try:
            found = bars.read_bars(path, 500, tick)
        except (OSError, ArithmeticError, pa.ArrowException):
            failed += 1
        else:
            assert len(found.volume) == len(found.ts_ns) == 500, f"seed {seed}"
    assert failed > 50


@pytest.mark.parametrize(
    ("rows", "tick", "said"),
    [
        (3, "0.25", "4 rows where 3"),
        (5, "0.25", "4 rows where 5"),
        (4, "0.5", "not in ticks of 0.5"),
    ],
)
def test_a_file_of_another_dataset_is_not_read(
    tmp_path: Path, rows: int, tick: str, said: str
) -> None:
    """Lost: files that were mixed up would be read as prices they never were."""
    row = np.arange(1, 5, dtype=np.int64)
    price = np.array([1.25, 1.5, 1.75, 2.0])
    path = tmp_path / bars.BARS
    bars.write_bars(path, RawTable(row, row, price, price, price, price, price), Decimal("0.25"))
    with pytest.raises(ArithmeticError, match=said):
        bars.read_bars(path, rows, Decimal(tick))
    with pytest.raises(ArithmeticError, match=said):
        bars.read_rows(path, rows, Decimal(tick))
