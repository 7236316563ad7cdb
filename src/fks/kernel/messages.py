"""What crosses a boundary: facts, questions and wishes, with their envelope.

An `Event` is a fact in the past tense, a `Query` a question with a typed reply, a `Command` a
wish with a key that makes it idempotent. A message class carries a tag `<context>.<name>.v<n>`,
which is at once its topic, its schema id and the discriminator on the wire. New fields need
defaults; any other change is a new version beside the old one.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

__all__ = ["Command", "Envelope", "Event", "Message", "Meta", "Query", "R", "topic_of"]

R = TypeVar("R")


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that happened. Subclasses set `tag=`."""


class Query(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """A question; `R` is the type of the reply. Subclasses set `tag=`."""


class Command(Query[R], Generic[R], frozen=True, kw_only=True):
    """A wish. Two commands with one key have one effect and one reply."""

    key: str


Message = Event | Query[object]


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """Where a message came from.

    `correlation_id` is shared by everything one cause set off; `caused_by` is the id of the
    message whose handler made this one; `traceparent` is the W3C trace context or empty.
    """

    id: str
    at_ns: int
    source: str
    correlation_id: str
    caused_by: str = ""
    traceparent: str = ""


class Envelope(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A message on the wire: topic, ordering key, meta and the encoded body (msgpack)."""

    topic: str
    key: str
    meta: Meta
    body: bytes


def topic_of(kind: type[object]) -> str:
    """Return the topic of a message class; a class without a tag is a bug."""
    config = getattr(kind, "__struct_config__", None)
    tag = None if config is None else config.tag
    assert isinstance(tag, str), f"{kind.__qualname__} has no tag"
    return tag
