"""A disk in memory whose power can be cut: it knows what was synced and what was only written.

After a cut, of what was written but not synced any subset of 512-byte sectors may be there, each
in any version it had, or torn inside; names made, changed or removed since the folder was synced
may be as before or after. `image` draws one such outcome. The model assumes what SQLite calls
powersafe overwrite: a torn write harms no byte outside the range that was written.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

SECTOR = 512

Watch = Callable[[str, str], None]


class Inode:
    """One file: what a reader sees, what is on disk, and the writes in between."""

    def __init__(self) -> None:
        self.now = bytearray()
        self.disk = bytearray()
        self.writes: list[tuple[int, bytes]] = []  # offset, data; since the last sync

    def write(self, offset: int, data: bytes) -> None:
        """Write into memory."""
        if len(self.now) < offset + len(data):
            self.now.extend(bytes(offset + len(data) - len(self.now)))
        self.now[offset : offset + len(data)] = data
        self.writes.append((offset, data))

    def resize(self, size: int) -> None:
        """Cut or lengthen in memory."""
        del self.now[size:]
        self.now.extend(bytes(size - len(self.now)))

    def sync(self) -> None:
        """Bring to disk what memory holds."""
        if self.writes or len(self.disk) != len(self.now):
            self.disk[:] = self.now
        self.writes.clear()

    def after_cut(self, draw: random.Random) -> bytes:
        """Return one content that may be found after a cut."""
        if not self.writes and len(self.disk) == len(self.now):
            return bytes(self.disk)
        out = bytearray(self.disk)
        if len(self.now) != len(self.disk) and draw.random() < 0.5:
            out = out[: len(self.now)] + bytes(max(0, len(self.now) - len(out)))
        likely = draw.choice((0.05, 0.5, 0.95))
        for offset, data in self.writes:
            at = offset
            while at < offset + len(data):
                end = min((at // SECTOR + 1) * SECTOR, offset + len(data))
                if draw.random() < likely:
                    torn = draw.randint(at, end) if draw.random() < 0.1 else end
                    if len(out) < torn:
                        out.extend(bytes(torn - len(out)))
                    out[at:torn] = data[at - offset : torn - offset]
                at = end
        return bytes(out)


class PowerDisk:
    """The `Files` of the journal, in memory. `watch(operation, name)` is called before each."""

    def __init__(self, watch: Watch | None = None) -> None:
        self.watch = watch
        self.names_now: dict[str, Inode] = {}
        self.names_disk: dict[str, Inode] = {}
        self.changes: list[tuple[str, str, Inode | None]] = []  # folder, name, inode or removed
        self._handles: dict[int, tuple[str, Inode]] = {}
        self._next = 1

    def _see(self, operation: str, path: Path | str) -> None:
        if self.watch is not None:
            self.watch(operation, Path(path).name)

    def _open(self, path: Path, inode: Inode) -> int:
        self._next += 1
        self._handles[self._next] = (str(path), inode)
        return self._next

    def _name(self, path: Path, inode: Inode | None) -> None:
        if inode is None:
            self.names_now.pop(str(path), None)
        else:
            self.names_now[str(path)] = inode
        self.changes.append((str(path.parent), str(path), inode))

    def names(self, folder: Path) -> list[str]:
        """Return the names in a folder."""
        start = f"{folder}/"
        cut = len(start)
        found = [name[cut:] for name in self.names_now if name.startswith(start)]
        return [name for name in found if "/" not in name]

    def make_folder(self, folder: Path) -> None:
        """Folders are there once something is in them."""

    def read(self, path: Path) -> bytes:
        """Return what memory holds."""
        if str(path) not in self.names_now:
            raise FileNotFoundError(str(path))
        return bytes(self.names_now[str(path)].now)

    def read_part(self, path: Path, offset: int, size: int) -> bytes:
        """Return a part of what memory holds."""
        return self.read(path)[offset : offset + size]

    def create(self, path: Path) -> int:
        """Make a new file."""
        self._see("create", path)
        inode = Inode()
        self._name(path, inode)
        return self._open(path, inode)

    def open(self, path: Path) -> int:
        """Open a file that is there."""
        return self._open(path, self.names_now[str(path)])

    def allocate(self, handle: int, size: int) -> None:
        """Lengthen with zeros."""
        path, inode = self._handles[handle]
        self._see("allocate", path)
        inode.resize(size)

    def write(self, handle: int, data: bytes, offset: int) -> int:
        """Write into memory."""
        path, inode = self._handles[handle]
        self._see("write", path)
        inode.write(offset, bytes(data))
        return len(data)

    def truncate(self, handle: int, size: int) -> None:
        """Cut in memory."""
        path, inode = self._handles[handle]
        self._see("truncate", path)
        inode.resize(size)

    def sync(self, handle: int) -> None:
        """Bring the content to disk, not the name."""
        path, inode = self._handles[handle]
        self._see("sync", path)
        inode.sync()

    def forget(self, handle: int) -> None:
        """Nothing is kept twice."""

    def close(self, handle: int) -> None:
        """Close a handle."""
        del self._handles[handle]

    def rename(self, source: Path, target: Path) -> None:
        """Rename in memory."""
        self._see("rename", target)
        inode = self.names_now[str(source)]
        self._name(target, inode)
        self._name(source, None)
        for handle, (_, opened) in self._handles.items():
            if opened is inode:
                self._handles[handle] = (str(target), inode)

    def remove(self, path: Path) -> None:
        """Remove in memory."""
        self._see("remove", path)
        if str(path) not in self.names_now:
            raise FileNotFoundError(str(path))
        self._name(path, None)

    def sync_folder(self, folder: Path) -> None:
        """Bring the names of a folder to disk."""
        self._see("sync_folder", folder)
        kept = []
        for change in self.changes:
            if change[0] == str(folder):
                _apply(self.names_disk, change)
            else:
                kept.append(change)
        self.changes = kept

    def lock(self, path: Path) -> int | None:
        """Return a handle: no other process is there."""
        return self._open(path, Inode())

    def image(self, draw: random.Random) -> PowerDisk:
        """Return a disk as it may be found after the power was cut now."""
        names = dict(self.names_disk)
        keep = draw.choice((0.0, 0.5, 1.0))
        if draw.random() < 0.5:  # a journaling file system: up to some change, in order
            upto = draw.randint(0, len(self.changes))
            for change in self.changes[:upto]:
                _apply(names, change)
        else:
            for change in self.changes:
                if draw.random() < keep:
                    _apply(names, change)
        found = PowerDisk()
        for name, inode in names.items():
            found.put(name, inode.after_cut(draw))
        return found

    def put(self, name: str, content: bytes) -> None:
        """Put a durable file in place."""
        inode = Inode()
        inode.now[:] = inode.disk[:] = content
        self.names_now[name] = self.names_disk[name] = inode

    def contents(self) -> dict[str, bytes]:
        """Return every file as memory holds it."""
        return {name: bytes(inode.now) for name, inode in self.names_now.items()}

    @staticmethod
    def of(contents: dict[str, bytes]) -> PowerDisk:
        """Return a disk with these files, durable."""
        disk = PowerDisk()
        for name, content in contents.items():
            disk.put(name, content)
        return disk


def _apply(names: dict[str, Inode], change: tuple[str, str, Inode | None]) -> None:
    _, name, inode = change
    if inode is None:
        names.pop(name, None)
    else:
        names[name] = inode
