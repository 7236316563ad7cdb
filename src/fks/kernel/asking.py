"""Questions: one responder each, a time limit, and commands that take effect once.

A responder runs in the asker's task, not in the queue of events: an event listener may ask. A
command runs in a task of its own to its end, whatever becomes of those who asked; who repeats a
command's key shares its outcome.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog

from fks.kernel.errors import Conflict, FksError, TimedOut, Unavailable
from fks.kernel.messages import Command, Query, reply_type, topic_of

__all__ = ["Responders", "nobody_answers"]

_log = structlog.get_logger("fks.bus")
_REMEMBERED = 4096


def nobody_answers(topic: str) -> Unavailable:
    """Return the error for a question without a responder."""
    context = topic.partition(".")[0]
    return Unavailable(
        f"nobody answers {topic}: start the {context} context", code="bus.no_responder"
    )


@dataclass(frozen=True)
class _Responder:
    """Who answers one kind of question, and the type of the reply."""

    name: str
    call: Callable[[Any, Any], Any]
    reply: Any


@dataclass(frozen=True)
class _Issued:
    """A command under way or done."""

    command: Command[Any]
    task: asyncio.Task[Any]


class Responders:
    """The responders of one process."""

    def __init__(self, *, verify_wire: bool) -> None:
        self._verify_wire = verify_wire
        self._by_kind: dict[type[Any], _Responder] = {}
        self._issued: OrderedDict[tuple[str, str], _Issued] = OrderedDict()

    def __contains__(self, kind: object) -> bool:
        """Tell whether questions of a class are answered here."""
        return kind in self._by_kind

    @property
    def kinds(self) -> tuple[type[Any], ...]:
        """Return the classes of questions that are answered here."""
        return tuple(self._by_kind)

    def add(self, kind: type[Query[Any]], call: Callable[[Any, Any], Awaitable[Any]]) -> None:
        """Let `call` answer questions of `kind`. Raises `Conflict` if somebody does already."""
        name = f"{call.__module__}.{getattr(call, '__qualname__', type(call).__qualname__)}"
        if kind in self._by_kind:
            raise Conflict(
                f"{topic_of(kind)} is answered by {self._by_kind[kind].name}; "
                f"{name} cannot answer it too",
                code="bus.two_responders",
            )
        self._by_kind[kind] = _Responder(name, call, reply_type(kind))

    async def ask(self, request: Query[Any], meta: Any, timeout_s: float) -> Any:
        """Return the reply. Raises as `Bus.ask` does."""
        kind = type(request)
        responder = self._by_kind.get(kind)
        if responder is None:
            raise nobody_answers(topic_of(kind))
        if self._verify_wire:
            request = msgspec.msgpack.decode(msgspec.msgpack.encode(request), type=kind)
        try:
            async with asyncio.timeout(timeout_s):
                if isinstance(request, Command):
                    reply = await self._once(responder, request, meta)
                else:
                    reply = await _answered(responder, request, meta)
        except TimeoutError:
            raise TimedOut(
                f"{topic_of(kind)} was not answered within {timeout_s:g} s", code="bus.timed_out"
            ) from None
        if self._verify_wire:
            wire = msgspec.msgpack.encode(reply)
            reply = msgspec.msgpack.decode(wire, type=responder.reply)
        return reply

    async def stop(self) -> None:
        """Cancel the commands that are still under way."""
        tasks = [issued.task for issued in self._issued.values() if not issued.task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _once(self, responder: _Responder, command: Command[Any], meta: Any) -> Any:
        """Run a command, or share the outcome of the one with its key.

        Only what succeeded is remembered: after a failure the same key may be tried again.
        """
        key = (topic_of(type(command)), command.key)
        issued = self._issued.get(key)
        if issued is None:
            task = asyncio.create_task(_answered(responder, command, meta), name=key[0])
            issued = self._issued[key] = _Issued(command, task)
            task.add_done_callback(lambda done: self._settle(key, done))
        elif issued.command != command:
            raise Conflict(
                f"the key {command.key!r} was used for another {key[0]}", code="bus.key_reused"
            )
        return await asyncio.shield(issued.task)

    def _settle(self, key: tuple[str, str], task: asyncio.Task[Any]) -> None:
        """Forget a command that failed, and the oldest that are done when there are too many."""
        if task.cancelled() or task.exception() is not None:
            self._issued.pop(key, None)
        if len(self._issued) > _REMEMBERED:
            for old, issued in list(self._issued.items())[: len(self._issued) - _REMEMBERED]:
                if issued.task.done():
                    del self._issued[old]


async def _answered(responder: _Responder, request: Query[Any], meta: Any) -> Any:
    """Call a responder; what is not an `FksError` becomes one, since an asker may be far away."""
    topic = topic_of(type(request))
    try:
        reply = responder.call(request, meta)
        return await reply if inspect.isawaitable(reply) else reply
    except FksError:
        raise
    except Exception as error:
        _log.exception("responder_failed", topic=topic, handler=responder.name)
        raise FksError(
            f"{topic} could not be answered: {type(error).__name__}: {error}",
            code="bus.responder_failed",
        ) from error
