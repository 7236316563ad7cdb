"""limit-order-book: C++ behind ctypes, tells no trades; a replace is a cancel and a limit."""

from limit_order_book import LimitOrderBook
from stream import ADD, CANCEL, folder, messages, tell, timed


def play(book: LimitOrderBook, flow: list[tuple[int, ...]]) -> None:
    """Send each message by a call of its own."""
    limit, cancel = book.limit, book.cancel
    for kind, key, side, price, lots, _ in flow:
        if kind == ADD:
            limit(side == 0, key, lots, price)
        elif kind == CANCEL:
            cancel(key)
        else:
            cancel(key)
            limit(side == 0, key, lots, price)


filling, measured = messages(folder())
book = LimitOrderBook()
play(book, filling)
seconds = timed(lambda: play(book, measured))
tell(
    seconds,
    live=book.count_buy() + book.count_sell(),
    open=book.volume(),
    best_bid=book.best_buy(),
    best_ask=book.best_sell(),
)
