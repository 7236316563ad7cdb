"""Ask a provider for one page: whatever it answers is in the raw log before anybody reads it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from fks.contexts.data.adapters.fetching import Answer, Keep
from fks.contexts.data.store.rawlog import RawLog, RawRecord
from fks.contracts.data.providers import PageRequest, RemoteProvider

__all__ = ["KeptAnswer", "Source", "ask"]

Get = Callable[[PageRequest, Keep], Awaitable[Answer]]


class Source(NamedTuple):
    """A provider that can be asked: its pages, and how they are got (each answer is kept first)."""

    name: str
    wire: RemoteProvider
    get: Get


class KeptAnswer(NamedTuple):
    """An answer as it stands in the raw log, and its id there."""

    id: str
    record: RawRecord


async def ask(
    source: Source, log: RawLog, job: str, number: int, request: PageRequest
) -> KeptAnswer:
    """Ask for the page `number` of a job, and return the usable answer. Raises as the fetcher."""
    last: list[KeptAnswer] = []

    def keep(asked: PageRequest, answer: Answer) -> None:
        record = RawRecord(
            provider=source.name,
            job=job,
            number=number,
            path=asked.path,
            params=asked.params,
            requested_at_ns=answer.requested_at_ns,
            received_at_ns=answer.received_at_ns,
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
        )
        last.append(KeptAnswer(log.append(record), record))

    await source.get(request, keep)
    assert last and last[-1].record.status == 200, "a fetcher returns what it has kept"
    return last[-1]
