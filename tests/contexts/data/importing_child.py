"""A process that imports datasets until it is killed: `home count [file to import]`."""

from __future__ import annotations

import sys
from pathlib import Path

from fks.contexts.data.service.importing import FileRequest, import_file
from fks.contexts.data.store import DatasetStore


def main(home: Path, count: int, path: Path) -> None:
    """Import with another timeframe each time, so that each version has its own hash."""
    store = DatasetStore(home)
    for k in range(count):
        request = FileRequest(path=path, name="made", timeframe=f"{k % 50 + 1}s")
        info = store.save(import_file(request, now_ns=k, code_version="child"))
        sys.stdout.write(info.hash + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
