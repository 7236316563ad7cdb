"""Six exchanges' own words, over one market."""

from __future__ import annotations

import json
import zlib
from typing import Any

from .venues import Changes, Market, Speaker, price, quantity, rows

__all__ = ["SPEAKERS"]

_AT_MS = 1_700_000_000_000
_AT = "2023-11-14T22:13:20.000000Z"


class Kraken:
    """Version 2: JSON numbers whose zeros count, and a checksum of the ten best levels."""

    name, symbol, shows_losses = "kraken", "BTC/USD", True

    def word(self, asked: dict[str, Any]) -> str:
        """Only the book's channel starts the market."""
        if asked["method"] == "ping" or asked["params"]["channel"] != "book":
            return ""
        return str(asked["method"])

    def answers(self, asked: dict[str, Any]) -> list[str]:
        """Acknowledge each symbol."""
        if asked["method"] == "ping":
            return [json.dumps({"method": "pong", "time_in": _AT, "time_out": _AT})]
        params = asked["params"]
        result = {"channel": params["channel"], "symbol": self.symbol, "snapshot": True}
        if params["channel"] == "book":
            result["depth"] = params["depth"]
        status = {"channel": "status", "type": "update", "data": [{"system": "online"}]}
        told = {"method": asked["method"], "result": result, "success": True, "time_in": _AT}
        return [json.dumps(status), json.dumps(told)]

    def denial(self, asked: dict[str, Any]) -> str:
        """Refuse in words."""
        return json.dumps({"method": "subscribe", "success": False, "error": "denied"})

    def snapshot(self, market: Market) -> str:
        """Return all levels."""
        return self._book("snapshot", market, *market.whole())

    def change(self, market: Market, bids: Changes, asks: Changes) -> str:
        """Return levels with the checksum of what they make."""
        return self._book("update", market, bids, asks)

    def trade(self, market: Market, number: int) -> str:
        """Return a trade."""
        data = {"symbol": self.symbol, "side": "buy", "price": 1000.5, "qty": 0.1}
        data |= {"ord_type": "limit", "trade_id": number, "timestamp": _AT}
        return json.dumps({"channel": "trade", "type": "update", "data": [data]})

    def beat(self) -> str:
        """Return its heartbeat."""
        return '{"channel":"heartbeat"}'

    def _book(self, kind: str, market: Market, bids: Changes, asks: Changes) -> str:
        """Return a message of the book, its numbers written digit by digit."""
        sides = [
            ",".join(f'{{"price":{price(one)},"qty":{quantity(many)}}}' for one, many in side)
            for side in (bids, asks)
        ]
        text = "".join(
            (price(one).replace(".", "").lstrip("0") + quantity(many).replace(".", "").lstrip("0"))
            for side in reversed(market.whole())
            for one, many in side[:10]
        )
        return (
            f'{{"channel":"book","type":"{kind}","data":[{{"symbol":"{self.symbol}",'
            f'"bids":[{sides[0]}],"asks":[{sides[1]}],"checksum":{zlib.crc32(text.encode())},'
            f'"timestamp":"{_AT}"}}]}}'
        )


class Bitstamp:
    """Changes by their microsecond; the book is a page."""

    name, symbol, shows_losses = "bitstamp", "btcusd", False

    def word(self, asked: dict[str, Any]) -> str:
        """Only the book's channel starts the market."""
        channel = asked.get("data", {}).get("channel", "")
        return "subscribe" if channel.startswith("diff_order_book") else ""

    def answers(self, asked: dict[str, Any]) -> list[str]:
        """Acknowledge, or answer the heartbeat."""
        if asked["event"] == "bts:heartbeat":
            told = {"event": "bts:heartbeat", "channel": "", "data": {"status": "success"}}
        else:
            channel = asked["data"]["channel"]
            told = {"event": "bts:subscription_succeeded", "channel": channel, "data": {}}
        return [json.dumps(told)]

    def denial(self, asked: dict[str, Any]) -> str:
        """Refuse in words."""
        data = {"code": None, "message": "Bad subscription string: denied."}
        return json.dumps({"event": "bts:error", "channel": "", "data": data})

    def snapshot(self, market: Market) -> str:
        """Return nothing: it is a page."""
        return ""

    def change(self, market: Market, bids: Changes, asks: Changes) -> str:
        """Return levels at the next microsecond."""
        data = {
            "timestamp": "1700000000",
            "microtimestamp": str(1_700_000_000_000_000 + market.number),
            "bids": rows(bids),
            "asks": rows(asks),
        }
        channel = f"diff_order_book_{self.symbol}"
        return json.dumps({"event": "data", "channel": channel, "data": data})

    def trade(self, market: Market, number: int) -> str:
        """Return a trade."""
        data = {"id": number, "amount_str": "0.10000000", "price_str": "1000.5", "type": 0}
        data |= {"microtimestamp": "1700000000000000", "timestamp": "1700000000"}
        channel = f"live_trades_{self.symbol}"
        return json.dumps({"event": "trade", "channel": channel, "data": data})

    def beat(self) -> str:
        """Return nothing: it only answers."""
        return ""


class Bybit:
    """Changes counted by ones."""

    name, symbol, shows_losses = "bybit", "BTCUSDT", True

    def word(self, asked: dict[str, Any]) -> str:
        """Any topic of the book starts or ends the market."""
        books = any(topic.startswith("orderbook") for topic in asked.get("args", ()))
        return str(asked["op"]) if books else ""

    def answers(self, asked: dict[str, Any]) -> list[str]:
        """Acknowledge, or answer the ping."""
        told = {"success": True, "ret_msg": "", "conn_id": "1", "op": asked["op"]}
        if asked["op"] == "ping":
            told["ret_msg"] = "pong"
        return [json.dumps(told)]

    def denial(self, asked: dict[str, Any]) -> str:
        """Refuse in words."""
        return json.dumps({"success": False, "ret_msg": "denied", "op": "subscribe"})

    def snapshot(self, market: Market) -> str:
        """Return all levels."""
        return self._book("snapshot", market, *market.whole())

    def change(self, market: Market, bids: Changes, asks: Changes) -> str:
        """Return levels with their number."""
        return self._book("delta", market, bids, asks)

    def trade(self, market: Market, number: int) -> str:
        """Return a trade."""
        data = {"T": _AT_MS, "s": self.symbol, "S": "Buy", "v": "0.1", "p": "1000.5"}
        data |= {"i": str(number), "BT": False}
        topic = f"publicTrade.{self.symbol}"
        return json.dumps({"topic": topic, "type": "snapshot", "ts": _AT_MS, "data": [data]})

    def beat(self) -> str:
        """Return nothing: it only answers."""
        return ""

    def _book(self, kind: str, market: Market, bids: Changes, asks: Changes) -> str:
        data = {"s": self.symbol, "b": rows(bids), "a": rows(asks), "u": market.number, "seq": 7}
        topic = f"orderbook.50.{self.symbol}"
        return json.dumps({"topic": topic, "type": kind, "ts": _AT_MS, "data": data})


class Coinbase:
    """Changes that bear a time and no number."""

    name, symbol, shows_losses = "coinbase", "BTC-USD", False

    def word(self, asked: dict[str, Any]) -> str:
        """Any request names the book's channel."""
        return str(asked["type"]) if "level2_batch" in asked["channels"] else ""

    def answers(self, asked: dict[str, Any]) -> list[str]:
        """Tell what is subscribed to."""
        if asked["type"] == "unsubscribe":
            return [json.dumps({"type": "subscriptions", "channels": []})]
        channels = [{"name": name, "product_ids": [self.symbol]} for name in asked["channels"]]
        return [json.dumps({"type": "subscriptions", "channels": channels})]

    def denial(self, asked: dict[str, Any]) -> str:
        """Refuse in words."""
        return json.dumps({"type": "error", "message": "Failed to subscribe", "reason": "denied"})

    def snapshot(self, market: Market) -> str:
        """Return all levels."""
        bids, asks = market.whole()
        sides = {"bids": rows(bids), "asks": rows(asks)}
        return json.dumps({"type": "snapshot", "product_id": self.symbol, **sides})

    def change(self, market: Market, bids: Changes, asks: Changes) -> str:
        """Return levels, each with its side."""
        changes = [["buy", *row] for row in rows(bids)] + [["sell", *row] for row in rows(asks)]
        told = {"type": "l2update", "product_id": self.symbol, "changes": changes, "time": _AT}
        return json.dumps(told)

    def trade(self, market: Market, number: int) -> str:
        """Return a trade; the side is the maker's."""
        told = {"type": "match", "trade_id": number, "side": "sell", "size": "0.1"}
        told |= {"price": "1000.5", "product_id": self.symbol, "sequence": number, "time": _AT}
        return json.dumps(told)

    def beat(self) -> str:
        """Return its heartbeat."""
        told = {"type": "heartbeat", "sequence": 90, "last_trade_id": 20, "time": _AT}
        return json.dumps({**told, "product_id": self.symbol})


class Deribit:
    """Changes that name the one before, and a question whether one still lives."""

    name, symbol, shows_losses = "deribit", "BTC-PERPETUAL", True

    def word(self, asked: dict[str, Any]) -> str:
        """Any channel of the book starts or ends the market."""
        channels = asked["params"].get("channels", ())
        if not any(channel.startswith("book.") for channel in channels):
            return ""
        return str(asked["method"]).removeprefix("public/")

    def answers(self, asked: dict[str, Any]) -> list[str]:
        """Answer each request by its number."""
        params = asked["params"]
        result: Any = params.get("channels", "ok" if params else {"version": "1.2.26"})
        return [json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result})]

    def denial(self, asked: dict[str, Any]) -> str:
        """Refuse in words."""
        error = {"code": 11050, "message": "denied"}
        return json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": error})

    def snapshot(self, market: Market) -> str:
        """Return all levels."""
        bids, asks = market.whole()
        return self._book("snapshot", market, bids, asks)

    def change(self, market: Market, bids: Changes, asks: Changes) -> str:
        """Return levels with the number before."""
        return self._book("change", market, bids, asks)

    def trade(self, market: Market, number: int) -> str:
        """Return a trade."""
        data = {"instrument_name": self.symbol, "timestamp": _AT_MS, "price": 1000.5}
        data |= {"amount": 0.1, "direction": "buy", "trade_id": str(number), "trade_seq": number}
        return self._told(f"trades.{self.symbol}.100ms", [data])

    def beat(self) -> str:
        """Ask whether one still lives."""
        told = {"jsonrpc": "2.0", "method": "heartbeat", "params": {"type": "test_request"}}
        return json.dumps(told)

    def _book(self, kind: str, market: Market, bids: Changes, asks: Changes) -> str:
        data: dict[str, Any] = {"type": kind, "timestamp": _AT_MS, "change_id": market.number * 3}
        data["instrument_name"] = self.symbol
        if kind == "change":
            data["prev_change_id"] = market.number * 3 - 3
        for name, side in (("bids", bids), ("asks", asks)):
            data[name] = [
                ["delete" if not many else "change", one / 10, many / 1000] for one, many in side
            ]
        return self._told(f"book.{self.symbol}.100ms", data)

    def _told(self, channel: str, data: Any) -> str:
        params = {"channel": channel, "data": data}
        return json.dumps({"jsonrpc": "2.0", "method": "subscription", "params": params})


class Gemini:
    """A first message with trades of before, then changes that name nothing."""

    name, symbol, shows_losses = "gemini", "BTCUSD", False

    def word(self, asked: dict[str, Any]) -> str:
        """Any request is about the book."""
        return str(asked["type"])

    def answers(self, asked: dict[str, Any]) -> list[str]:
        """Say nothing: the book is the answer."""
        return []

    def denial(self, asked: dict[str, Any]) -> str:
        """Refuse in words."""
        return json.dumps({"result": "error", "reason": "InvalidJson", "message": "denied"})

    def snapshot(self, market: Market) -> str:
        """Return all levels and trades of before."""
        old = {"type": "trade", "symbol": self.symbol, "event_id": 1, "timestamp": _AT_MS}
        bids, asks = market.whole()
        told = json.loads(self.change(market, bids, asks))
        return json.dumps(told | {"trades": [old | {"price": "1", "quantity": "1", "side": "buy"}]})

    def change(self, market: Market, bids: Changes, asks: Changes) -> str:
        """Return levels, each with its side."""
        changes = [["buy", *row] for row in rows(bids)] + [["sell", *row] for row in rows(asks)]
        return json.dumps({"type": "l2_updates", "symbol": self.symbol, "changes": changes})

    def trade(self, market: Market, number: int) -> str:
        """Return a trade."""
        told = {"type": "trade", "symbol": self.symbol, "event_id": number, "timestamp": _AT_MS}
        return json.dumps(told | {"price": "1000.5", "quantity": "0.1", "side": "buy"})

    def beat(self) -> str:
        """Return its heartbeat."""
        return json.dumps({"type": "heartbeat", "timestamp": _AT_MS})


SPEAKERS: dict[str, type[Speaker]] = {
    one.name: one for one in (Kraken, Bitstamp, Bybit, Coinbase, Deribit, Gemini)
}
