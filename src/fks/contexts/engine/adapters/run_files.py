"""The files of finished runs: `<home>/runs/<id>/`, the truth that server and commands share.

    run.json        the record (contracts.engine.Run)
    manifest.json   what the result follows from, sorted; its hash is `run.manifest_hash`
    equity.arrow  orders.arrow  fills.arrow  trades.arrow   Arrow IPC, integers: ticks, lots, nanos
    report.html     the tear sheet

A run that failed or was cancelled has its record alone. A folder is written under a name that no
reader looks at and renamed when it is whole, so there are no half runs, whoever is killed when.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from fks.contexts.engine.domain.backtest import Outcome
from fks.contexts.engine.domain.manifest import RunManifest
from fks.contexts.engine.domain.trades import TradeColumns
from fks.contracts.columns import BarColumns, Int64
from fks.contracts.engine import Run
from fks.kernel.errors import NotFound, Unavailable

__all__ = ["RunFiles"]

_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_WHOLE = "run.json"


class RunFiles:
    """Write and read finished runs."""

    def __init__(self, home: Path) -> None:
        self.root = home / "runs"

    def folder(self, run_id: str) -> Path:
        """Return where a run lies. Raises `NotFound` for what is no run id."""
        if not _ID.fullmatch(run_id):
            raise _not_found(run_id)
        return self.root / run_id

    def ids(self) -> tuple[str, ...]:
        """Return the ids of all runs, newest first."""
        try:
            names = [path.name for path in self.root.iterdir()]
        except FileNotFoundError:
            return ()
        return tuple(sorted((n for n in names if _ID.fullmatch(n)), reverse=True))

    def exists(self, run_id: str) -> bool:
        """Tell whether there is such a run."""
        return (self.folder(run_id) / _WHOLE).is_file()

    def load(self, run_id: str) -> Run:
        """Return a run's record. Raises `NotFound`; `Unavailable` when it cannot be read."""
        return msgspec.json.decode(self._read(run_id, _WHOLE), type=Run)

    def manifest(self, run_id: str) -> RunManifest:
        """Return what a run was made of. Raises `NotFound` where it never ran to its end."""
        return msgspec.json.decode(self._read(run_id, "manifest.json"), type=RunManifest)

    def report(self, run_id: str) -> str:
        """Return the tear sheet. Raises `NotFound` where the run never ran to its end."""
        return self._read(run_id, "report.html").decode()

    def columns(self, run_id: str, table: str) -> dict[str, Any]:
        """Return a table (`equity`, `orders`, `fills`, `trades`) as arrays by column name."""
        data = self._read(run_id, f"{table}.arrow")
        with pa.ipc.open_file(pa.BufferReader(data)) as reader:
            read = reader.read_all()
        return {
            name: read.column(name).to_numpy(zero_copy_only=False) for name in read.column_names
        }

    def trades(self, run_id: str) -> TradeColumns:
        """Return the trades of a run."""
        return TradeColumns(**self.columns(run_id, "trades"))

    def save(
        self,
        run: Run,
        *,
        manifest: bytes = b"",
        outcome: Outcome | None = None,
        bars: BarColumns | None = None,
        report: str = "",
    ) -> Path:
        """Write a run that is over and return its folder; one that is there stays as it is.

        Raises `Unavailable` when the disk refuses; then nothing of the run is left.
        """
        target = self.folder(run.id)
        work = self.root / f".writing-{run.id}"
        try:
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(parents=True)
            if outcome is not None and bars is not None:
                for name, table in _tables(outcome, bars.ts_ns).items():
                    _write_table(work / f"{name}.arrow", table)
                _write(work / "manifest.json", manifest)
                _write(work / "report.html", report.encode())
            _write(work / _WHOLE, msgspec.json.format(msgspec.json.encode(run), indent=2))
            if not target.exists():
                work.rename(target)
            _sync_folder(self.root)
        except OSError as error:
            raise Unavailable(
                f"cannot write run {run.id} under {self.root}: {error.strerror}",
                code="engine.cannot_write",
            ) from error
        finally:
            shutil.rmtree(work, ignore_errors=True)
        return target

    def remove(self, run_id: str) -> None:
        """Delete a run; readers see all of it or nothing."""
        gone = self.root / f".removing-{run_id}"
        with contextlib.suppress(FileNotFoundError):
            self.folder(run_id).rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    def prune(self, keep: int) -> None:
        """Delete all runs but the newest `keep`."""
        for run_id in self.ids()[keep:]:
            self.remove(run_id)

    def sweep(self) -> None:
        """Delete what an interrupted write or removal left behind."""
        for path in (*self.root.glob(".writing-*"), *self.root.glob(".removing-*")):
            shutil.rmtree(path, ignore_errors=True)

    def _read(self, run_id: str, name: str) -> bytes:
        """Return a file of a run."""
        path = self.folder(run_id) / name
        try:
            return path.read_bytes()
        except FileNotFoundError:
            if name != _WHOLE and self.exists(run_id):
                status = self.load(run_id).status.value
                raise NotFound(
                    f"run {run_id} is {status} and has no {name.partition('.')[0]}",
                    code="engine.run_has_no_result",
                ) from None
            raise _not_found(run_id) from None
        except OSError as error:
            raise Unavailable(f"cannot read {path}: {error.strerror}") from error


def _tables(outcome: Outcome, ts_ns: Int64) -> dict[str, Mapping[str, Any]]:
    """Return the tables of a result."""
    return {
        "equity": {
            "ts_ns": ts_ns,
            "equity_nanos": outcome.equity_nanos,
            "position_lots": outcome.position_lots,
        },
        "orders": outcome.orders,
        "fills": outcome.fills,
        "trades": {
            field.name: getattr(outcome.trades, field.name)
            for field in dataclasses.fields(outcome.trades)
        },
    }


def _write_table(path: Path, columns: Mapping[str, Any]) -> None:
    """Write columns as one Arrow IPC file, to the disk itself."""
    table = pa.table({name: pa.array(np.asarray(values)) for name, values in columns.items()})
    with path.open("wb") as file:
        with pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        file.flush()
        os.fsync(file.fileno())


def _write(path: Path, data: bytes) -> None:
    """Write a file, to the disk itself."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    """Make a rename in this folder survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _not_found(run_id: str) -> NotFound:
    """Return the error for a run that is not there."""
    return NotFound(
        f"no run {run_id[:40]!r}; `fks backtest list` shows those there are",
        code="engine.run_not_found",
    )
