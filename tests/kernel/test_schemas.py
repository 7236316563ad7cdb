"""Schemas: the same code gives the same files, and a difference is named."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from fks.app import exported_schemas, load_host
from fks.kernel import schemas
from fks.kernel.errors import Unavailable
from fks.kernel.health import HealthReported
from fks.kernel.messages import Command, Event, Query


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A reply."""

    size: int


class Grew(Event, frozen=True, kw_only=True, tag="test.grew.v1"):
    """It grew."""

    by: int = 1


class GetSize(Query[Reply], frozen=True, kw_only=True, tag="test.get_size.v1"):
    """How large is it?"""


class Grow(Command[Reply], frozen=True, kw_only=True, tag="test.grow.v1"):
    """Grow."""

    by: int


KINDS = [Grew, GetSize, Grow]


def test_an_export_is_the_same_every_time_and_in_every_order() -> None:
    """Lost: the drift check would fail for nothing, and be switched off."""
    assert schemas.documents(KINDS, {"b": 1, "a": 2}, "1") == schemas.documents(
        reversed(KINDS), {"a": 2, "b": 1}, "1"
    )


def test_each_message_has_a_schema_with_its_reply() -> None:
    """Lost: a client in another language could not be generated."""
    files = schemas.documents(KINDS, {}, "1")
    event, question, wish = (
        json.loads(files[f"messages/test.{name}.v1.json"]) for name in ("grew", "get_size", "grow")
    )
    assert [one["x-kind"] for one in (event, question, wish)] == ["event", "query", "command"]
    assert event["$defs"]["Grew"]["properties"]["by"] == {"type": "integer", "default": 1}
    assert "x-reply" not in event
    assert question["x-reply"] == wish["x-reply"] == {"$ref": "#/$defs/Reply"}
    channels = json.loads(files["asyncapi.json"])["channels"]
    assert channels.keys() == {"test.grew.v1", "test.get_size.v1", "test.grow.v1"}


def test_a_difference_is_named_by_file(tmp_path: Path) -> None:
    """Lost: an interface would change without anybody deciding it."""
    files = schemas.documents(KINDS, {}, "1")
    schemas.write(files, tmp_path)
    assert schemas.drift(files, tmp_path) == []
    (tmp_path / "openapi.json").write_text("{}")
    (tmp_path / "messages/test.gone.v1.json").write_text("{}")
    (tmp_path / "messages/test.grow.v1.json").unlink()
    assert schemas.drift(files, tmp_path) == [
        "messages/test.gone.v1.json",
        "messages/test.grow.v1.json",
        "openapi.json",
    ]
    schemas.write(files, tmp_path)
    assert schemas.drift(files, tmp_path) == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """Lost: an export would fail with a traceback."""
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="cannot write"):
        schemas.write({}, tmp_path / "file")


def test_the_whole_installation_can_be_exported() -> None:
    """Lost: a message or route of a context would be missing in the exported interface."""
    files = exported_schemas(load_host(entry_points=False))
    openapi = json.loads(files["openapi.json"])
    assert openapi["openapi"].startswith("3.1")
    assert {"/health", "/api/v1/backtests"} <= openapi["paths"].keys()
    assert f"messages/{HealthReported.__struct_config__.tag}.json" in files
