"""The WebSocket side of the local exchange: who hears what happens to whose orders.

Spot as Binance has it since listen keys ended there: a signed `userDataStream.subscribe.signature`
on `/ws-api/v3`. Futures: `/ws/<listenKey>` below any prefix.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from typing import Any

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from fks.testing.exchange.faults import Fault, Faults
from fks.testing.exchange.gate import Gate, Trouble
from fks.testing.exchange.listings import Market
from fks.testing.exchange.orders import User

__all__ = ["Streams"]

_KEY_LIFE_MS = 3600 * 1000


class _Ear:
    """One subscription: what is put is sent in order."""

    def __init__(self, user: User, connection: ServerConnection, key: str) -> None:
        self.user, self.connection, self.key = user, connection, key
        self.silent = False
        self.queue: asyncio.Queue[bytes] = asyncio.Queue()

    async def speak(self) -> None:
        """Send what is put, until the connection ends."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.connection.send((await self.queue.get()).decode("utf-8"))


class Streams:
    """All subscriptions of one exchange."""

    def __init__(
        self, market: Market, gate: Gate, faults: Faults, now_ms: Callable[[], int]
    ) -> None:
        self._market, self._gate, self._faults, self._now_ms = market, gate, faults, now_ms
        self._server: Server | None = None
        self._ears: dict[ServerConnection, _Ear] = {}
        self._keys: dict[str, tuple[User, int]] = {}
        self.port = 0

    async def start(self) -> None:
        """Listen on loopback; on the same port again after a stop."""
        self._server = await serve(
            self._connected, "127.0.0.1", self.port, ping_interval=20, close_timeout=0.5
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        """Cut everybody and listen no more."""
        self.cut()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    @property
    def subscriptions(self) -> int:
        """Return how many subscriptions there are."""
        return len(self._ears)

    # --- listen keys -----------------------------------------------------------------------

    def new_key(self, user: User) -> dict[str, str]:
        """Return the user's listen key, living another hour."""
        self._drop_dead()
        for key, (owner, _) in self._keys.items():
            if owner is user:
                self._keys[key] = (user, self._now_ms() + _KEY_LIFE_MS)
                return {"listenKey": key}
        key = secrets.token_urlsafe(48)
        self._keys[key] = (user, self._now_ms() + _KEY_LIFE_MS)
        return {"listenKey": key}

    def keep_key(self, user: User) -> dict[str, str]:
        """Let the user's listen key live another hour."""
        self._drop_dead()
        if all(owner is not user for owner, _ in self._keys.values()):
            raise Trouble(-1125, "This listenKey does not exist.")
        return self.new_key(user)

    def drop_key(self, user: User) -> dict[str, str]:
        """End the user's listen key."""
        self._keys = {key: kept for key, kept in self._keys.items() if kept[0] is not user}
        return {}

    # --- what is said ----------------------------------------------------------------------

    def tell(self, user: User, event: dict[str, Any], *, again: bool = False) -> None:
        """Say something to a user; `again` says it twice."""
        for ear in self._ears.values():
            if ear.user is user and not ear.silent:
                if self._faults.on_stream(Fault.MALFORMED_EVENT):
                    ear.queue.put_nowait(b'{"e":"executionReport","c":')
                for _ in range(2 if again else 1):
                    ear.queue.put_nowait(msgspec.json.encode(self._wrapped(event)))

    def cut(self) -> None:
        """Cut all connections, in the middle of whatever they do."""
        for connection in list(self._ears):
            connection.transport.abort()

    def silence(self) -> None:
        """Say nothing more on the connections there are, and answer no ping."""
        for connection, ear in self._ears.items():
            ear.silent = True
            connection.transport.pause_reading()

    def expire(self, ended: Callable[[int, str], dict[str, Any]]) -> None:
        """End all subscriptions as they end when their time is over; the connections stay."""
        for ear in self._ears.values():
            self.tell(ear.user, ended(self._now_ms(), ear.key))
            ear.silent = True
        self._keys.clear()

    # --- inside ----------------------------------------------------------------------------

    def _wrapped(self, event: dict[str, Any]) -> dict[str, Any]:
        return {"subscriptionId": 0, "event": event} if self._market is Market.SPOT else event

    def _drop_dead(self) -> None:
        now_ms = self._now_ms()
        self._keys = {key: kept for key, kept in self._keys.items() if kept[1] > now_ms}

    async def _connected(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        path = connection.request.path.partition("?")[0]
        speaking: asyncio.Task[None] | None = None
        try:
            if self._market is Market.USDM:
                key = path.rpartition("/")[2]
                self._drop_dead()
                if key not in self._keys:
                    await connection.close(1008, "no such listenKey")
                    return
                speaking = self._hear(connection, self._keys[key][0], key)
            async for message in connection:
                user, answer = self._answer(message)
                if user is not None and speaking is None:
                    speaking = self._hear(connection, user, "")
                await connection.send(msgspec.json.encode(answer).decode("utf-8"))
        except ConnectionClosed:
            return
        finally:
            self._ears.pop(connection, None)
            if speaking is not None:
                speaking.cancel()

    def _hear(self, connection: ServerConnection, user: User, key: str) -> asyncio.Task[None]:
        ear = self._ears[connection] = _Ear(user, connection, key)
        return asyncio.create_task(ear.speak())

    def _answer(self, message: str | bytes) -> tuple[User | None, dict[str, Any]]:
        """Answer a request of the WebSocket API; return who subscribes with it."""
        asked: dict[str, Any] = {}
        try:
            asked = msgspec.json.decode(message, type=dict[str, Any])
            if asked.get("method") == "ping":
                return None, {"id": asked.get("id"), "status": 200, "result": {}}
            if asked.get("method") != "userDataStream.subscribe.signature":
                raise Trouble(-1104, "Unknown method.")
            params = {name: str(value) for name, value in asked.get("params", {}).items()}
            signature = params.pop("signature", "")
            payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
            user = self._gate.user(params.get("apiKey"))
            self._gate.verify(user, payload, signature, params, self._now_ms())
        except msgspec.DecodeError:
            return None, {"id": None, "status": 400, "error": {"code": -1104, "msg": "JSON"}}
        except Trouble as trouble:
            error = {"code": trouble.code, "msg": trouble.text}
            return None, {"id": asked.get("id"), "status": trouble.status, "error": error}
        return user, {"id": asked.get("id"), "status": 200, "result": {"subscriptionId": 0}}
