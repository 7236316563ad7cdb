"""FKS as a library: backtests in a script or a notebook, without a server.

The same strategies, features and desks as everywhere else, called in the caller's thread. The
home folder is `FKS_HOME`, as for the program, unless given.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from fks.app import load_host
from fks.contracts.columns import BarColumns, Int64
from fks.contracts.engine import BacktestRequest, BacktestResult, Strategy
from fks.contracts.values import Instrument
from fks.kernel.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from fks.contracts.data import Dataset
    from fks.kernel.host import Host

__all__ = ["backtest", "default_home", "join", "load"]


def default_home() -> Path:
    """Return the home folder: `FKS_HOME`, or `~/.local/share/fks`."""
    given = os.environ.get("FKS_HOME")
    return Path(given).expanduser().absolute() if given else Path.home() / ".local/share/fks"


def load(name_or_path: str | Path, *, home: Path | None = None) -> Dataset:
    """Open a dataset by name or hash, or read a CSV, zip or Parquet file.

    Raises `NotFound` with the names that exist, `Invalid` when a file cannot be used.
    """
    source = _host().hook.fks_dataset_source(home=home or default_home())
    if source is None:
        raise Unavailable("no plugin opens datasets: the data context is not loaded")
    dataset: Dataset = source.open(str(name_or_path))
    return dataset


def join(
    left: Dataset | str | Path,
    right: Dataset | str | Path,
    *,
    direction: Literal["backward", "forward", "nearest"] = "backward",
    tolerance_ns: int | None = None,
    exact: bool = True,
    stamp: Literal["close", "open"] = "close",
    home: Path | None = None,
) -> Int64:
    """Return for each row of `left` the row of `right` that was known at its time, or -1.

    `load` says what may be named. So `load("quotes").ticks().bid_ticks[join("trades", "quotes")]`
    is the bid at each trade (where a row is -1, nothing was known). Bars are known at their close,
    unless `stamp` says that their opens count; `direction` and `tolerance_ns` say where a match
    may be. Raises as `load`, and `Invalid` for bars that follow no clock.
    """
    source = _host().hook.fks_dataset_source(home=home or default_home())
    if source is None:
        raise Unavailable("no plugin opens datasets: the data context is not loaded")
    sides = [
        source.open(str(side)) if isinstance(side, str | Path) else side for side in (left, right)
    ]
    rows: Int64 = source.join(
        *sides, direction=direction, tolerance_ns=tolerance_ns, exact=exact, stamp=stamp
    )
    return rows


def backtest(
    strategy: str | type[Strategy],
    dataset: str | Path | BarColumns,
    *,
    instrument: Instrument | None = None,
    home: Path | None = None,
    **options: Any,
) -> BacktestResult:
    """Run a strategy over a dataset and return the result; nothing is written until `save()`.

    `strategy` is a registered name or a `Strategy` class; `dataset` a name, a hash, a file, or
    bars of `instrument`. `options` are fields of `BacktestRequest` in their plain form, such as
    `params={"fast": 10}`, `cash=50_000`, `fill_rule="same_close"`, `costs={"fee_bps": 10}`.
    Raises `Invalid` or `NotFound` before anything runs where that can be known.
    """
    host, folder = _host(), home or default_home()
    backtester = host.hook.fks_backtester(home=folder, hook=host.hook)
    if backtester is None:
        raise Unavailable("no plugin runs backtests: the engine context is not loaded")
    custom = strategy if isinstance(strategy, type) else None
    bars = dataset if isinstance(dataset, BarColumns) else None
    if (bars is None) is not (instrument is None):
        raise Invalid("bars and their instrument go together", code="library.bars")
    given = {
        **options,
        "strategy": strategy if custom is None else custom.name,
        "dataset": str(dataset) if bars is None else f"bars of {instrument and instrument.id}",
    }
    try:
        request = msgspec.convert(_plain(given), BacktestRequest)
    except msgspec.ValidationError as error:
        raise Invalid(f"backtest: {error}", code="library.option") from None
    result: BacktestResult = backtester.run(
        request, strategy_class=custom, bars=bars, instrument=instrument
    )
    return result


def _plain(options: dict[str, Any]) -> Any:
    """Return the options as plain data, whether they came as Structs or as dicts."""
    return msgspec.to_builtins(options)


@lru_cache(maxsize=1)
def _host() -> Host:
    """Return the plugins of this installation, loaded once a process."""
    return load_host()
