from collections.abc import Callable

from typing_extensions import Buffer

from fks.contracts.data.streams import Scale

class Units:
    scale: Scale
    def __init__(self, scale: Scale, damaged: Callable[[str], Exception]) -> None: ...
    def sides(
        self, bids: Buffer, asks: Buffer, price_at: int = 0, quantity_at: int = 1
    ) -> tuple[bytes, bytes]: ...
    def mixed(
        self, changes: Buffer, side_at: int, price_at: int, quantity_at: int
    ) -> tuple[bytes, bytes]: ...
    def pairs(
        self,
        bids: list[tuple[str | Buffer, str | Buffer]],
        asks: list[tuple[str | Buffer, str | Buffer]],
    ) -> tuple[bytes, bytes]: ...
    def trade(self, price: str | Buffer, quantity: str | Buffer) -> tuple[int, int]: ...
    def quote(
        self,
        bid: str | Buffer | None,
        bid_quantity: str | Buffer,
        ask: str | Buffer | None,
        ask_quantity: str | Buffer,
    ) -> tuple[int, int, int, int]: ...
    def prices(self, *texts: str | Buffer) -> list[int]: ...
