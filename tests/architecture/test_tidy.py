"""What a reviewer would otherwise have to see with the eye, every time."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

from .sources import PACKAGE, ROOT, files, functions, imported, shown, tree

SOURCES = files("src", "plugins", "migrations")
TESTS = [path for path in files("tests", "plugins") if path.name.startswith("test_")]
PYX = files("src", suffix=".pyx")

# Those who call what others wrote and must outlive it; everywhere else a failure has a name.
OUTLIVE_ANYTHING = {
    "src/fks/kernel/asking.py",
    "src/fks/kernel/dispatch.py",
    "src/fks/kernel/lanes.py",
    "src/fks/kernel/pump.py",
    "src/fks/kernel/services.py",
}
VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
UNSAFE = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}


WHY_LONG = "In one file because"


def says_why_long(path: Path) -> bool:
    """Tell whether a module's docstring gives the reason for its length."""
    return WHY_LONG in " ".join((ast.get_docstring(tree(path)) or "").split())


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function."""
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_a_module_and_its_functions_fit_on_a_screen_or_two(path: Path) -> None:
    """Lost: modules would grow until nobody reads them whole."""
    lines = len(path.read_text(encoding="utf-8").splitlines())
    limit = 150 if path.name == "plugin.py" else 400
    if "contracts" in path.parts:
        limit = 700  # messages and protocols: read by name, not from end to end
    if not says_why_long(path):
        assert lines <= limit, f"{lines} lines; the limit is {limit}"
    if path.is_relative_to(ROOT / "migrations"):
        return  # a list of tables has no steps to split
    long = {node.name: length(node) for node in functions(path) if length(node) > 60}
    assert not long, f"functions of more than 60 lines: {long}"


@pytest.mark.parametrize("path", PYX, ids=shown)
def test_compiled_code_stands_alone(path: Path) -> None:
    """Lost: the import graph cannot see into .pyx, so a rule could be broken there unseen."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 500 or WHY_LONG in text
    assert not re.search(r"^\s*(from|import|cimport)\s+(fks|\.)", text, re.MULTILINE)
    assert "cimport numpy" not in text


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_a_module_says_why_it_exists(path: Path) -> None:
    """Lost: a newcomer would have to guess."""
    assert (ast.get_docstring(tree(path)) or "").strip()


@pytest.mark.parametrize("path", [*SOURCES, *files("tests"), ROOT / "noxfile.py"], ids=shown)
def test_nothing_is_left_for_later(path: Path) -> None:
    """Lost: what is promised in a comment is done never; it belongs into an issue."""
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    source = io.StringIO(path.read_text(encoding="utf-8"))
    for token in tokenize.generate_tokens(source.readline):
        if token.type == tokenize.COMMENT:
            assert not marks.search(token.string), f"line {token.start[0]}: {token.string}"


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_no_failure_is_swallowed_whole(path: Path) -> None:
    """Lost: a bug would pass as an expected failure and go on with wrong numbers."""
    broad = {"Exception", "BaseException"}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ExceptHandler):
            kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            caught = {getattr(kind, "id", None) for kind in kinds}
            silent = len(node.body) == 1 and isinstance(node.body[0], ast.Pass)
            assert node.type is not None, f"line {node.lineno}: a bare except"
            assert not silent, f"line {node.lineno}: except ...: pass"
            if shown(path) not in OUTLIVE_ANYTHING:
                assert not caught & broad, f"line {node.lineno}: catches everything"
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "suppress":
            assert not {getattr(one, "id", None) for one in node.args} & broad


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_no_text_becomes_code_and_no_bytes_become_objects(path: Path) -> None:
    """Lost: a strategy name, a cache file or a setting could run code of its author."""
    assert not {name.partition(".")[0] for name in imported(path)} & UNSAFE
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("eval", "exec", "compile", "__import__"), node.lineno


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_no_name_says_nothing(path: Path) -> None:
    """Lost: whatever has no place would end in the same drawer."""
    assert not VAGUE & set(path.relative_to(ROOT).with_suffix("").parts)


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("contexts/*/__init__.py")), ids=shown)
def test_a_context_exports_nothing(path: Path) -> None:
    """Lost: importing an event of a context would run the context."""
    assert len(tree(path).body) == 1


@pytest.mark.parametrize("path", TESTS, ids=shown)
def test_each_test_says_what_would_be_lost(path: Path) -> None:
    """Lost: nobody would dare to change or to delete a test."""
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 400, f"{lines} lines"
    silent = [
        node.name
        for node in functions(path)
        if node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert not silent
