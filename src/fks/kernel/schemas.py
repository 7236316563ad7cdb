"""The machine-readable form of every interface, as files that are reviewed like code.

`openapi.json` for HTTP, `asyncapi.json` for events and questions on the bus, and one JSON Schema
a message under `messages/`. Same code, same bytes: keys are sorted, nothing depends on the
machine or the time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec

from fks.kernel.errors import Unavailable
from fks.kernel.health import HealthReported
from fks.kernel.host import Host
from fks.kernel.messages import Command, Event, Query, topic_of

__all__ = ["all_messages", "documents", "drift", "reply_of", "write"]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def all_messages(host: Host) -> list[type[Any]]:
    """Return every message class of the kernel and the plugins, by topic; each once."""
    found: dict[str, type[Any]] = {topic_of(HealthReported): HealthReported}
    for _, kinds in host.call("fks_messages"):
        for kind in kinds:
            known = found.setdefault(topic_of(kind), kind)
            assert known is kind, f"two message classes share the topic {topic_of(kind)}"
    return [found[topic] for topic in sorted(found)]


def reply_of(kind: type[Any]) -> Any:
    """Return the type that answers a question; None for an event."""
    for base in getattr(kind, "__orig_bases__", ()):
        origin = get_origin(base)
        if isinstance(origin, type) and issubclass(origin, Query):
            return get_args(base)[0]
    return None


def documents(
    kinds: Iterable[type[Any]], openapi: Mapping[str, Any], version: str
) -> dict[str, bytes]:
    """Return the files by their names relative to the schemas folder."""
    kinds = list(kinds)
    files = {f"messages/{topic_of(kind)}.json": _bytes(_message(kind)) for kind in kinds}
    files["openapi.json"] = _bytes(openapi)
    files["asyncapi.json"] = _bytes(_asyncapi(kinds, version))
    return files


def write(files: Mapping[str, bytes], folder: Path) -> list[str]:
    """Write the files and remove message schemas that no longer exist; return the names.

    Raises `Unavailable` when the folder cannot be written.
    """
    try:
        (folder / "messages").mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        for path in (folder / "messages").glob("*.json"):
            if f"messages/{path.name}" not in files:
                path.unlink()
    except OSError as error:
        raise Unavailable(f"cannot write {folder}: {error}", code="schemas.not_written") from None
    return sorted(files)


def drift(files: Mapping[str, bytes], folder: Path) -> list[str]:
    """Return the names of files that differ, are missing, or should not be there."""
    present = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in (*folder.glob("*api.json"), *folder.glob("messages/*.json"))
    }
    return sorted(
        name for name in files.keys() | present.keys() if files.get(name) != present.get(name)
    )


def _message(kind: type[Any]) -> dict[str, Any]:
    """Return the JSON Schema of one message; a question's reply stands under `x-reply`."""
    reply = reply_of(kind)
    wanted = [kind] if reply is None else [kind, reply]
    roots, components = msgspec.json.schema_components(wanted, ref_template="#/$defs/{name}")
    schema: dict[str, Any] = {
        "$schema": _DRAFT,
        "$id": f"urn:fks:{topic_of(kind)}",
        "x-kind": _kind(kind),
        **roots[0],
        "$defs": components,
    }
    if reply is not None:
        schema["x-reply"] = roots[1]
    return schema


def _kind(kind: type[Any]) -> str:
    """Return event, command or query."""
    if issubclass(kind, Event):
        return "event"
    return "command" if issubclass(kind, Command) else "query"


def _asyncapi(kinds: Iterable[type[Any]], version: str) -> dict[str, Any]:
    """Return the AsyncAPI document: a channel a topic, its payload by reference."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for kind in kinds:
        topic = topic_of(kind)
        summary = (kind.__doc__ or "").strip().partition("\n")[0]
        channels[topic] = {
            "address": topic,
            "summary": summary,
            "messages": {
                kind.__name__: {
                    "name": topic,
                    "title": kind.__name__,
                    "contentType": "application/msgpack",
                    "payload": {
                        "schemaFormat": f"application/schema+json;version={_DRAFT}",
                        "schema": {"$ref": f"./messages/{topic}.json"},
                    },
                }
            },
        }
        event = issubclass(kind, Event)
        operations[topic] = {
            "action": "send" if event else "receive",
            "channel": {"$ref": f"#/channels/{topic}"},
            "summary": summary,
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "FKS: messages",
            "version": version,
            "description": "Events that contexts publish, and questions that they answer. A "
            "question's reply stands in its schema under `x-reply`.",
        },
        "channels": channels,
        "operations": operations,
    }


def _bytes(document: Mapping[str, Any]) -> bytes:
    """Return a document as sorted, indented JSON."""
    return (json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
