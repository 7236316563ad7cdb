"""Lines of a registry file: where a key stands, and how one value is set or removed.

Only that line changes, so that comments and order stay as their author wrote them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["line_of", "with_value", "without_value"]

_HEADER = re.compile(r"\s*\[([^\[\]]+)\]\s*(#.*)?\Z")
_KEY = re.compile(r"""\s*([A-Za-z0-9_.\-"' ]+?)\s*=""")


def line_of(text: str, key: str) -> int:
    """Return the line (from 1) of a key such as `ES.margin.2025-01-01.initial`.

    Where the key itself does not stand, that of what it belongs to; 0 where nothing does.
    """
    wanted, best, line = _parts(key), 0, 0
    for number, path in _paths(text):
        if path == wanted[: len(path)] and len(path) > best:
            best, line = len(path), number
    return line


def with_value(text: str, table: str, key: str, value: str) -> str:
    """Return the text in which `key = value` stands in `[table]`, in place of an earlier line."""
    lines = text.splitlines()
    header = _header(lines, table)
    if header is None:
        gap = [""] if lines and lines[-1].strip() else []
        return "\n".join([*lines, *gap, f"[{table}]", f"{key} = {value}"]) + "\n"
    place = _key_line(lines, header, key)
    if place is None:
        lines.insert(_end(lines, header), f"{key} = {value}")
    else:
        lines[place] = f"{key} = {value}"
    return "\n".join(lines) + "\n"


def without_value(text: str, table: str, key: str) -> str | None:
    """Return the text without that line, and without the header if nothing is left below it.

    None where there is no such line.
    """
    lines = text.splitlines()
    header = _header(lines, table)
    place = None if header is None else _key_line(lines, header, key)
    if header is None or place is None:
        return None
    del lines[place]
    if not any(line.strip() for line in lines[header + 1 : _end(lines, header)]):
        del lines[header : _end(lines, header)]
    return "\n".join(lines) + "\n" if lines else ""


def _paths(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that name a table or a key, with the whole path of each."""
    table: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header is not None:
            table = _parts(header[1])
            yield number, table
        elif key is not None:
            yield number, [*table, *_parts(key[1])]


def _parts(key: str) -> list[str]:
    """Return the names of a dotted key; quoted ones keep their dots."""
    found = re.findall(r""""([^"]*)"|'([^']*)'|([^.\s"']+)""", key)
    return ["".join(one) for one in found]


def _header(lines: list[str], table: str) -> int | None:
    """Return the line of a table's header."""
    wanted = _parts(table)
    for place, line in enumerate(lines):
        found = _HEADER.match(line)
        if found is not None and _parts(found[1]) == wanted:
            return place
    return None


def _end(lines: list[str], header: int) -> int:
    """Return where a table ends: after its last line that is not empty."""
    end = header + 1
    while end < len(lines) and _HEADER.match(lines[end]) is None:
        end += 1
    while end > header + 1 and not lines[end - 1].strip():
        end -= 1
    return end


def _key_line(lines: list[str], header: int, key: str) -> int | None:
    """Return the line of a key in a table."""
    wanted = _parts(key)
    for place in range(header + 1, _end(lines, header)):
        found = _KEY.match(lines[place])
        if found is not None and _parts(found[1]) == wanted:
            return place
    return None
