"""pyorderbook: plain Python with decimals; a replace is a cancel and a new order."""

from pyorderbook import Book, Order, Side
from stream import ADD, CANCEL, folder, messages, tell, timed

SIDES = (Side.BID, Side.ASK)


class Player:
    """The book, its orders by our ids, and what it traded."""

    def __init__(self) -> None:
        self.book = Book()
        self.orders: dict[int, Order] = {}
        self.trades: list[object] = []

    def play(self, flow: list[tuple[int, ...]]) -> None:
        """Send each message by a call of its own; keep what it answered."""
        match, cancel = self.book.match, self.book.cancel
        orders, keep = self.orders, self.trades.extend
        for kind, key, side, price, lots, _ in flow:
            if kind != ADD:
                cancel(orders.pop(key))
            if kind != CANCEL:
                order = orders[key] = Order(SIDES[side], "X", price, lots)
                found = match(order)
                if found.trades:
                    keep(found.trades)


filling, measured = messages(folder())
player = Player()
player.play(filling)
player.trades.clear()
seconds = timed(lambda: player.play(measured))
levels = [
    {price: level for price, level in player.book.level_map["X"][side].items() if level.orders}
    for side in SIDES
]
tell(
    seconds,
    trades=len(player.trades),
    volume=sum(trade.fill_quantity for trade in player.trades),
    notional=int(sum(trade.fill_quantity * trade.fill_price for trade in player.trades)),
    live=len(player.book.order_map),
    best_bid=int(max(levels[0])),
    best_ask=int(min(levels[1])),
)
