"""Messages: a tag tells module, name and version; what is exported is what the code says."""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import Any, get_args

import msgspec
import pytest

import fks.contracts
from fks.app import load_host
from fks.kernel.health import HealthReported
from fks.kernel.messages import Command, Event, Query, topic_of
from fks.kernel.schemas import all_messages, reply_of


def declared() -> list[type[Any]]:
    """Return every message class of the contracts and the kernel."""
    found: list[type[Any]] = [HealthReported]
    for module in pkgutil.walk_packages(fks.contracts.__path__, "fks.contracts."):
        for member in vars(importlib.import_module(module.name)).values():
            ours = isinstance(member, type) and member.__module__ == module.name
            if ours and issubclass(member, Event | Query):
                found.append(member)
    return found


MESSAGES = declared()
NAMES = [kind.__name__ for kind in MESSAGES]


@pytest.mark.parametrize("kind", MESSAGES, ids=NAMES)
def test_the_tag_is_module_name_and_version(kind: type[Any]) -> None:
    """Lost: a topic could not be found in the code, nor a class on the wire."""
    owner = "kernel" if kind is HealthReported else kind.__module__.split(".")[2]
    words = re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
    assert re.fullmatch(rf"{owner}\.{words}\.v[1-9][0-9]*", topic_of(kind))


@pytest.mark.parametrize("kind", MESSAGES, ids=NAMES)
def test_messages_are_frozen_and_their_fields_named(kind: type[Any]) -> None:
    """Lost: a listener could change what the next one hears; fields could not be added."""
    config = kind.__struct_config__
    assert config.frozen and not config.array_like
    assert all(
        parameter.kind is parameter.KEYWORD_ONLY
        for parameter in __import__("inspect").signature(kind).parameters.values()
    )


@pytest.mark.parametrize("kind", MESSAGES, ids=NAMES)
def test_every_message_can_be_read_from_the_wire(kind: type[Any]) -> None:
    """Lost: a message would work in one process and fail over a network."""
    msgspec.msgpack.Decoder(kind)
    if not issubclass(kind, Event):
        reply = reply_of(kind)
        assert reply is not None and not get_args(reply)
        msgspec.msgpack.Decoder(reply)


@pytest.mark.parametrize("kind", MESSAGES, ids=NAMES)
def test_names_tell_facts_wishes_and_questions_apart(kind: type[Any]) -> None:
    """Lost: nobody could tell from a name whether it may be refused."""
    questions = ("Get", "List", "Compare", "Scan", "Check")
    if issubclass(kind, Command):
        assert "key" in kind.__struct_fields__
        assert not kind.__name__.startswith(questions)
    elif issubclass(kind, Query):
        assert kind.__name__.startswith(questions)
    else:
        assert kind.__name__.endswith(("ed", "Rewritten"))
    assert (kind.__doc__ or "").strip()


def test_every_message_belongs_to_a_loaded_context() -> None:
    """Lost: a message would be missing in the schemas, the outbox could not read it back."""
    assert set(all_messages(load_host(entry_points=False))) == set(MESSAGES)
