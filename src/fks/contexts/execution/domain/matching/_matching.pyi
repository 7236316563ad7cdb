"""What the compiled matching engine offers: the methods of `reference.ReferenceMatcher`."""

from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.void]
Numbers = npt.NDArray[np.int64]

EVENT: np.dtype[np.void]

class Matcher:
    def __init__(
        self,
        instruments: int = 64,
        accounts: int = 1024,
        orders: int = 1 << 20,
        strategies: int = 4096,
    ) -> None: ...
    def apply(self, commands: Rows, ts_ns: Numbers | int) -> Rows: ...
    def apply_into(
        self,
        commands: Rows | bytes | bytearray | memoryview,
        ts_ns: Numbers | int,
        events_out: Rows | bytearray | memoryview,
        offsets_out: Numbers | None = None,
    ) -> tuple[int, int]: ...
    def measure(
        self, commands: Rows, ts_ns: Numbers | int, events_out: Rows, ticks_out: Numbers
    ) -> tuple[int, int]: ...
    def add(
        self,
        instrument: int,
        account: int,
        id: int,  # noqa: A002  # named as in the rows
        side: int,
        kind: int,
        tif: int,
        flags: int,
        price: int,
        quantity: int,
        *,
        ts_ns: int,
        stop: int = 0,
        display: int = 0,
        expire_ns: int = 0,
        link: int = 0,
        strategy: int = 0,
    ) -> int: ...
    def limit(
        self,
        instrument: int,
        account: int,
        id: int,  # noqa: A002  # named as in the rows
        side: int,
        price: int,
        quantity: int,
        ts_ns: int,
        /,
    ) -> int: ...
    def cancel(
        self,
        id: int,  # noqa: A002  # named as in the rows
        ts_ns: int,
        account: int = 0,
    ) -> int: ...
    def replace(
        self,
        id: int,  # noqa: A002  # named as in the rows
        price: int,
        quantity: int,
        ts_ns: int,
        account: int = 0,
        stop: int = 0,
        display: int = 0,
    ) -> int: ...
    def last_events(self) -> Rows: ...
    def depth(self, instrument: int, levels: int) -> tuple[Numbers, Numbers]: ...
    def best(self, instrument: int, side: int) -> int | None: ...
    def order(self, id: int) -> dict[str, Any] | None: ...  # noqa: A002  # named as in the rows
    def open_ids(self, instrument: int) -> tuple[list[int], list[int]]: ...
    def position(self, account: int, instrument: int) -> int: ...
    def cash(self, account: int) -> int: ...
    def facts(self, instrument: int) -> tuple[int, int, int]: ...
    def live(self) -> int: ...
    def warm(self) -> None: ...
    def snapshot(self) -> bytes: ...
    def restore(self, data: bytes) -> None: ...
    def state_hash(self) -> bytes: ...
