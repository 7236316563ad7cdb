"""lightmatchingengine: plain Python; it numbers orders itself, a replace is a cancel and an add."""

from lightmatchingengine.lightmatchingengine import LightMatchingEngine
from stream import ADD, CANCEL, folder, messages, tell, timed


class Player:
    """The engine, the numbers it gave, and what it traded."""

    def __init__(self) -> None:
        self.engine = LightMatchingEngine()
        self.numbers: dict[int, int] = {}
        self.trades: list[list[object]] = []

    def play(self, flow: list[tuple[int, ...]]) -> None:
        """Send each message by a call of its own; keep what it answered."""
        add, cancel = self.engine.add_order, self.engine.cancel_order
        numbers, keep = self.numbers, self.trades.append
        for kind, key, side, price, lots, _ in flow:
            if kind != ADD:
                cancel(numbers.pop(key), "X")
            if kind != CANCEL:
                order, trades = add("X", price, lots, side + 1)
                numbers[key] = order.order_id
                if trades:
                    keep((order.order_id, trades))


filling, measured = messages(folder())
player = Player()
player.play(filling)
player.trades.clear()
seconds = timed(lambda: player.play(measured))
# Each meeting is told for the taker once a price and for every maker: the makers' count.
made = [trade for taker, trades in player.trades for trade in trades if trade.order_id != taker]
book = player.engine.order_books["X"]
tell(
    seconds,
    trades=len(made),
    volume=sum(trade.trade_qty for trade in made),
    notional=sum(trade.trade_qty * trade.trade_price for trade in made),
    live=sum(len(level) for side in (book.bids, book.asks) for level in side.values()),
    best_bid=max(book.bids),
    best_ask=min(book.asks),
)
