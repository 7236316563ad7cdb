"""What crosses a boundary: facts, questions and wishes, with their envelope.

An `Event` is a fact in the past tense, a `Query` a question with a typed reply, a `Command` a
wish with a key that makes it idempotent. A message class carries a tag `<context>.<name>.v<n>`,
which is at once its topic, its schema id and the discriminator on the wire. New fields need
defaults; any other change is a new version beside the old one.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Generic, TypeVar, get_args, get_origin

import msgspec

__all__ = [
    "Command",
    "Envelope",
    "Event",
    "Message",
    "Meta",
    "Query",
    "R",
    "key_of",
    "reply_type",
    "topic_of",
]

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
    message whose handler made this one; `traceparent` is the W3C trace context or empty. What a
    handler receives has these attributes, but makes id and time only when they are read
    (`kernel.bus.plain` returns this Struct); they are fixed from then on.
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


# The field by which messages of a kind stay in order, the first a class has. Everything about
# one session shares its id: a replay's `stream` is the id of the session it feeds.
_KEY_FIELDS = ("session_id", "stream", "run_id", "account", "instrument", "symbol")


@cache
def _key_field(kind: type[Any]) -> str:
    """Return the name of the field that orders messages of a class, or an empty string."""
    fields = frozenset(kind.__struct_fields__)
    return next((name for name in _KEY_FIELDS if name in fields), "")


def key_of(message: Event | Query[Any]) -> str:
    """Return the ordering key: messages with one key and one listener are handled in order."""
    field = _key_field(type(message))
    value = getattr(message, field) if field else ""
    return value if isinstance(value, str) else ""


@cache
def reply_type(kind: type[Query[Any]]) -> Any:
    """Return the type with which a question of this class is answered."""
    for ancestor in kind.__mro__:
        for base in getattr(ancestor, "__orig_bases__", ()):
            origin, arguments = get_origin(base), get_args(base)
            asks = isinstance(origin, type) and issubclass(origin, Query) and bool(arguments)
            if asks and not isinstance(arguments[0], TypeVar):
                return arguments[0]
    raise AssertionError(f"{kind.__qualname__} does not say how it is answered: Query[Reply]")
