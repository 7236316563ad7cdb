"""The socket of a real server: subscribe, lose nothing over a reconnect, bear nonsense."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from .processes import Served

pytestmark = pytest.mark.e2e

TOPICS = ["execution.account_marked.v1", "execution.order_filled.v1"]
SESSION = {
    "strategy": "sma_cross",
    "dataset": "sp500_daily",
    "quantity": 1,
    "last_bars": 120,
    "bars_per_second": 60,
}


async def told(socket: ClientConnection, **message: Any) -> dict[str, Any]:
    """Send a message and return the next answer."""
    await socket.send(json.dumps(message))
    return await heard(socket)


async def heard(socket: ClientConnection) -> dict[str, Any]:
    """Return the next message."""
    async with asyncio.timeout(20):
        message: dict[str, Any] = json.loads(await socket.recv())
        return message


async def test_a_reconnecting_socket_gets_every_event_once(tmp_path: Path) -> None:
    """Lost: a fill would be missing on the chart after a hiccup of the network."""
    with Served(tmp_path, "--port", "0") as served:
        url = served.url.replace("http", "ws") + "/ws"
        async with connect(url) as socket, httpx.AsyncClient(base_url=served.url) as http:
            hello = await told(socket, op="subscribe", topics=TOPICS)
            session = (await http.post("/api/v1/sessions", json=SESSION)).json()["id"]
            seen = [await heard(socket) for _ in range(20)]
        await asyncio.sleep(0.3)
        async with connect(url) as socket:
            await told(
                socket,
                op="subscribe",
                topics=TOPICS,
                session=session,
                resume_after=seen[-1]["seq"],
                epoch=hello["epoch"],
            )
            while sum(e["topic"] == TOPICS[0] for e in seen) < 120:
                seen.append(await heard(socket))
        marks = [e["data"]["index"] for e in seen if e["topic"] == TOPICS[0]]
        assert marks == list(range(120))
        numbers = [e["seq"] for e in seen]
        assert numbers == sorted(set(numbers))


async def test_nonsense_is_answered_and_a_restarted_server_is_recognised(tmp_path: Path) -> None:
    """Lost: one bad message would end the stream, or a client would trust old numbers."""
    with Served(tmp_path, "--port", "0") as served:
        async with connect(served.url.replace("http", "ws") + "/ws") as socket:
            for text in ("", "{", "[]", '{"op":"buy"}', "[" * 5000, '{"op":"subscribe"}'):
                await socket.send(text)
                assert (await heard(socket))["op"] == "error", text
            many = ["a."] * 1000
            assert (await told(socket, op="subscribe", topics=many))["op"] == "error"
            assert (await told(socket, op="ping"))["op"] == "pong"
            stale = {"topics": ["a."], "resume_after": 7, "epoch": "another"}
            assert (await told(socket, op="subscribe", **stale))["op"] == "subscribed"
            assert (await heard(socket))["op"] == "lagged"


async def test_a_foreign_page_may_not_open_a_socket(tmp_path: Path) -> None:
    """Lost: any page in the trader's browser could listen to the account."""
    with Served(tmp_path, "--port", "0") as served:
        url = served.url.replace("http", "ws") + "/ws"
        with pytest.raises(InvalidStatus):
            async with connect(url, origin="https://evil.example"):  # type: ignore[arg-type]
                pass
