"""What a file shows before it is read: its place, its first bytes, and its first line as cells."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from fks.contexts.data.adapters.archives import is_zip, members_of, opened
from fks.contexts.data.adapters.formats.reading import ReadOptions
from fks.contexts.data.adapters.tabular import sniff
from fks.kernel.errors import Invalid

__all__ = ["Shown", "only_member", "show"]

_HEAD = 1 << 14
_BINARY = (b"DBN", b"\x28\xb5\x2f\xfd", b"PAR1", b"ARROW1")
# Documents, recordings, and lines with a time before each message; their first line may be long.
_NO_TABLE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*[{\[]|(?:https?|wss)://|\d{16,19} \{|\d{9,11}\.\d+: [{\[]"
)
_TEXTS = (".csv", ".txt", ".json", ".jsonl", ".data")


class Shown(NamedTuple):
    """`name` is the member's in an archive, else the file's; no `cells` where it is no table."""

    path: Path
    name: str
    member: str | None
    head: bytes
    cells: list[str]
    delimiter: str


def show(path: Path, options: ReadOptions) -> Shown:
    """Look at a file. Raises `Invalid` for an empty or damaged one, `NotFound` for none."""
    member = only_member(path, options)
    with opened(path, member) as stream:
        head = stream.read(_HEAD)
        stream.seek(0)
        if b"\0" in head or head.startswith(_BINARY) or _NO_TABLE.match(head):
            cells, delimiter = list[str](), ","
        else:
            cells, delimiter = sniff(stream, path.name)
    name = path.name if member is None else member.replace("\\", "/").rpartition("/")[2]
    return Shown(path, name, member, head, cells, delimiter)


def only_member(path: Path, options: ReadOptions) -> str | None:
    """Return the member to read of an archive; None where a file is none.

    Files that only go with the data (a vendor's `.txt` beside a `.csv`) are no choice. Raises
    `Invalid` where several could be meant.
    """
    if not is_zip(path):
        return options.member
    names = members_of(path)  # looked at before anything is unpacked, whichever is chosen
    if options.member is not None:
        return options.member
    if not names:
        raise Invalid(f"{path.name} is an empty archive", code="data.empty_file")
    for suffix in _TEXTS:
        found = [name for name in names if name.lower().endswith(suffix)]
        if len(found) == 1:
            return found[0]
        if found:
            break
    if len(names) == 1:
        return names[0]
    raise Invalid(
        f"{path.name} holds {len(names)} files; choose one with --member: {', '.join(names[:10])}",
        code="data.choose_member",
    )
