"""nautilus_trader's L3 book. It does not match: it is told what the messages lead to.

Its order objects are made beforehand and cost nothing here.
"""

from nautilus_trader.model.book import OrderBook
from nautilus_trader.model.data import BookOrder
from nautilus_trader.model.enums import BookType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.model.objects import Price, Quantity
from stream import folder, read, tell, timed

SIDES = (OrderSide.BUY, OrderSide.SELL)


def orders(name: str) -> list[tuple[int, BookOrder]]:
    """Return what happens to the book: 1 add, 2 update, 3 delete."""
    return [
        (what, BookOrder(SIDES[side], Price(price, 0), Quantity(lots, 0), key))
        for what, key, side, price, lots in read(folder() / name, 5)
    ]


def play(book: OrderBook, changes: list[tuple[int, BookOrder]]) -> None:
    """Tell the book each change by a call of its own."""
    calls = (None, book.add, book.update, book.delete)
    for what, order in changes:
        calls[what](order, 0)


book = OrderBook(InstrumentId.from_str("X.SIM"), BookType.L3_MBO)
play(book, orders("filling.book"))
changes = orders("measured.book")
seconds = timed(lambda: play(book, changes))
tell(
    seconds,
    live=sum(len(level.orders()) for side in (book.bids(), book.asks()) for level in side),
    best_bid=int(book.best_bid_price()),
    best_ask=int(book.best_ask_price()),
)
