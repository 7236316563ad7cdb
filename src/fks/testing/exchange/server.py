"""The local exchange: one market, its REST and WebSocket servers on loopback, its faults."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

from fks.contexts.execution.domain.matching.layout import Tif
from fks.testing.exchange.book import Book
from fks.testing.exchange.desk import Desk
from fks.testing.exchange.faults import Fault, Faults
from fks.testing.exchange.gate import Gate, Trouble
from fks.testing.exchange.listings import Listing, Market
from fks.testing.exchange.orders import Happened, User
from fks.testing.exchange.spot import SpotWords
from fks.testing.exchange.streams import Streams
from fks.testing.exchange.usdm import UsdmWords
from fks.testing.exchange.wire import Answer, HttpServer, Request

__all__ = ["LocalExchange"]

_WEIGHTS = {Market.SPOT: 6000, Market.USDM: 2400}
_ORDERS = {Market.SPOT: 100, Market.USDM: 300}
_DONE = {Fault.LOST_ACK, Fault.NO_ANSWER, Fault.LATE_ACK, Fault.SERVER_ERROR, Fault.MALFORMED}
_LISTEN_KEY = "/fapi/v1/listenKey"
_RIGHTS = "/sapi/v1/account/apiRestrictions"
_UNKNOWN = (  # ways of Binance to say that it does not know what became of a request
    Answer(
        {
            "code": -1007,
            "msg": "Timeout waiting for response from backend server. Send status unknown; "
            "execution status unknown.",
        },
        503,
    ),
    Answer({"code": -1006, "msg": "An unexpected response was received."}, 400),
    Answer({"code": 0, "msg": "Unknown error, please check your request."}, 503),
    Answer(status=502, raw=b"<html><body>Bad Gateway</body></html>"),
    Answer(status=504, raw=b""),
    Answer({"code": -1007, "msg": "Timeout waiting for response."}, 408),
)
Level = tuple[Decimal, Decimal]


def _matcher() -> Any:
    from fks.contexts.execution.domain.matching._matching import Matcher

    return Matcher(instruments=64, accounts=64, orders=1 << 16)


class LocalExchange:
    """An exchange on this machine; `url` and `stream_url` are where it listens once started.

    Args:
        listings: what is traded.
        market: which of Binance's interfaces it speaks.
        matcher: makes the matching engine; the compiled one unless given.
        wall_ns: the exchange's clock, to which `faults.skew_ms` is added.
        weight_limit, order_limit: request weight a minute, orders an account and ten seconds.
    """

    def __init__(
        self,
        listings: Iterable[Listing],
        market: Market = Market.SPOT,
        *,
        matcher: Callable[[], Any] = _matcher,
        wall_ns: Callable[[], int] = time.time_ns,
        weight_limit: int | None = None,
        order_limit: int | None = None,
    ) -> None:
        self.market = market
        self.faults = Faults()
        self.book = Book(market, listings, matcher())
        self.gate = Gate(weight_limit or _WEIGHTS[market], order_limit or _ORDERS[market])
        self.gate.users = self.book.users
        self.streams = Streams(market, self.gate, self.faults, self.now_ms)
        self.asked: list[tuple[str, str, dict[str, str]]] = []  # all that came to the door
        self._wall_ns = wall_ns
        desk = Desk(self.book, self._tell)
        self._words = SpotWords(desk) if market is Market.SPOT else UsdmWords(desk)
        self._http = HttpServer(self._serve)

    # --- life ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen."""
        await self._http.start()
        await self.streams.start()

    async def stop(self) -> None:
        """Cut everybody; the ports and the book are kept for another start."""
        self.faults.released.set()
        await self.streams.stop()
        await self._http.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """Return where REST is spoken."""
        return f"http://127.0.0.1:{self._http.port}"

    @property
    def stream_url(self) -> str:
        """Return where the WebSocket interface is."""
        path = "/ws-api/v3" if self.market is Market.SPOT else ""
        return f"ws://127.0.0.1:{self.streams.port}{path}"

    @property
    def connections(self) -> int:
        """Return how many connections of any kind are open."""
        return self._http.connections + self.streams.subscriptions

    def now_ms(self) -> int:
        """Return the exchange's time."""
        return self._wall_ns() // 1_000_000 + self.faults.skew_ms

    def add_user(self, name: str, wallet: dict[str, Decimal], *, withdraws: bool = False) -> User:
        """Open an account; `withdraws` gives its key the right to take money out."""
        user = self.book.add_user(name, (secrets.token_hex(32), secrets.token_hex(32)), wallet)
        user.withdraws = withdraws
        return user

    # --- the market ------------------------------------------------------------------------

    def set_market(
        self, symbol: str, bids: Iterable[Level] = (), asks: Iterable[Level] = ()
    ) -> None:
        """Let these levels, and no others, be everybody else's orders; they trade with users'."""
        listing, now_ms = self.book.listings[symbol], self.now_ms()
        self.book.quotes.pop(symbol, None)
        happened = self.book.undeal(symbol, now_ms)
        for side, levels in (("BUY", bids), ("SELL", asks)):
            for price, quantity in levels:
                happened += self.book.deal(symbol, side, *_steps(listing, price, quantity), now_ms)
        self._tell(happened)

    def play_trade(self, symbol: str, side: str, price: Decimal, quantity: Decimal) -> None:
        """Let somebody buy or sell up to a quantity at a price or better; the rest is gone."""
        ticks, lots = _steps(self.book.listings[symbol], price, quantity)
        self._tell(self.book.deal(symbol, side, ticks, lots, self.now_ms(), Tif.IOC))

    def set_price(self, symbol: str, price: Decimal, depth: Decimal) -> None:
        """Let a dealer stand ready for `depth` at one price, for either side.

        Resting orders that this price reaches are filled up to the depth, at their own prices;
        later ones trade with the dealer when they come.
        """
        listing, now_ms = self.book.listings[symbol], self.now_ms()
        ticks, lots = _steps(listing, price, depth)
        happened = self.book.undeal(symbol, now_ms)
        for side in ("SELL", "BUY"):
            happened += self.book.deal(symbol, side, ticks, lots, now_ms, Tif.IOC)
        happened += self.book.print_trade(symbol, ticks, now_ms)
        happened += self.book.undeal(symbol, now_ms)
        self.book.quotes[symbol] = (ticks, lots)
        self._tell(happened)

    def play_bar(
        self, symbol: str, prices: tuple[Decimal, Decimal, Decimal, Decimal], depth: Decimal
    ) -> None:
        """Play a bar (open, high, low, close): the nearer extreme first, the close stays.

        For a session over bars, `set_price` at the open, let the orders come, then this.
        """
        opened, high, low, close = prices
        first, then = (low, high) if opened - low <= high - opened else (high, low)
        for price in (opened, first, then, close):
            self.set_price(symbol, price, depth)

    def pass_time(self) -> None:
        """Let orders expire whose time has come."""
        self._tell(self.book.pass_time(self.now_ms()))

    def move_money(
        self, user: User, asset: str, amount: Decimal, what: str = "", *, told: bool = True
    ) -> None:
        """Let money come or go by no trade; `what` is Binance's word for it on futures."""
        user.wallet[asset] = user.wallet.get(asset, Decimal(0)) + amount
        if told:
            event = self._words.moved(asset, amount, user.wallet[asset], what, self.now_ms())
            self.streams.tell(user, event)

    # --- trouble with the streams ------------------------------------------------------------

    def cut(self) -> None:
        """Cut all user streams now."""
        self.streams.cut()

    def silence(self) -> None:
        """Let all user streams fall silent now."""
        self.streams.silence()

    def expire_keys(self) -> None:
        """End all subscriptions now."""
        self.streams.expire(self._words.ended)

    # --- inside ----------------------------------------------------------------------------

    def _tell(self, happened: list[Happened]) -> None:
        """Tell users what happened to their orders."""
        if not happened:
            return
        if self.faults.on_stream(Fault.CUT):
            self.cut()
        if self.faults.on_stream(Fault.SILENCE):
            self.silence()
        if self.faults.on_stream(Fault.KEY_EXPIRED):
            self.expire_keys()
        now_ms = self.now_ms()
        told = []
        for one in happened:
            events = self._words.events(one, now_ms)
            told += [(one, event) for event in (events if isinstance(events, list) else [events])]
        if len(told) > 1 and self.faults.on_stream(Fault.FILL_BEFORE_ACK):
            told.reverse()
        for one, event in told:
            doubles = one.trade is not None or one.order.algo
            twice = doubles and self.faults.on_stream(Fault.DUPLICATE_FILL)
            self.streams.tell(one.order.user, event, again=twice)

    async def _serve(self, request: Request) -> Answer | None:
        """Answer a request, or do to it what the faults say."""
        self.asked.append((request.method, request.path, request.params))
        fault = self.faults.of_request(request.method, request.path)
        released = self.faults.released
        if fault is None:
            return self._answer(request)
        if fault is Fault.LOST_REQUEST:
            return None
        if fault is Fault.LATE_REQUEST:
            await asyncio.sleep(self.faults.late_s)
            return self._answer(request)
        answer = self._answer(request) if fault in _DONE else Answer()
        if fault is Fault.LOST_ACK:
            return None
        if fault is Fault.NO_ANSWER:
            await released.wait()
            return None
        if fault is Fault.LATE_ACK:
            await asyncio.sleep(self.faults.late_s)
            return answer
        return self._instead(fault, answer)

    def _instead(self, fault: Fault, answer: Answer) -> Answer:
        """Return the answer that a fault puts in place of the true one."""
        if fault is Fault.MALFORMED:
            return Answer(status=answer.status, raw=answer.encoded().rpartition(b"\r\n")[2][:-7])
        if fault is Fault.REFUSED:
            return _error(Trouble(-2010, "This action is disabled on this account."))
        if fault in (Fault.RATE_LIMITED, Fault.BANNED):
            status = 429 if fault is Fault.RATE_LIMITED else 418
            wait_s = self.faults.retry_after_s
            return _error(Trouble(-1003, "Too many requests.", status, wait_s))
        return self.faults.chosen(_UNKNOWN)

    def _answer(self, request: Request) -> Answer:
        """Answer a request as Binance does."""
        now_ms = self.now_ms()
        headers: dict[str, str] = {}
        try:
            content = self._content(request, now_ms, headers)
        except Trouble as trouble:
            answer = _error(trouble)
            answer.headers = {**headers, **answer.headers}
            return answer
        headers["X-MBX-USED-WEIGHT-1M"] = str(self.gate.used)
        return Answer(content, headers=headers)

    def _content(self, request: Request, now_ms: int, headers: dict[str, str]) -> Any:
        """Return what is answered; raises Trouble."""
        path, route = request.path, (request.method, request.path)
        if path == self._words.clock_path:
            self.gate.weigh(1, now_ms)
            return {"serverTime": now_ms}
        if path in self._words.public:
            weight, say = self._words.public[path]
            self.gate.weigh(weight, now_ms)
            return say(request.params, now_ms)
        if path == _LISTEN_KEY and self.market is Market.USDM:
            self.gate.weigh(1, now_ms)
            user = self.gate.user(request.headers.get("x-mbx-apikey"))
            keys = {
                "POST": self.streams.new_key,
                "PUT": self.streams.keep_key,
                "DELETE": self.streams.drop_key,
            }
            return keys[request.method](user)
        if path == _RIGHTS:
            self.gate.weigh(1, now_ms)
            user = self.gate.check(request, now_ms)
            return {"enableReading": True, "enableWithdrawals": user.withdraws}
        if route not in self._words.signed:
            raise Trouble(-1000, "No such path.", 404)
        weight, answer = self._words.signed[route]
        self.gate.weigh(weight, now_ms)
        user = self.gate.check(request, now_ms)
        if route == ("POST", self._words.order_path):
            headers["X-MBX-ORDER-COUNT-10S"] = str(self.gate.count_order(user, now_ms))
        return answer(user, request.params, now_ms)


def _steps(listing: Listing, price: Decimal, quantity: Decimal) -> tuple[int, int]:
    ticks, lots = listing.ticks(price), listing.lots(quantity)
    assert ticks is not None and lots is not None, "the market is on the grid"
    return ticks, lots


def _error(trouble: Trouble) -> Answer:
    headers = {} if trouble.retry_after_s is None else {"Retry-After": str(trouble.retry_after_s)}
    return Answer({"code": trouble.code, "msg": trouble.text}, trouble.status, headers)
