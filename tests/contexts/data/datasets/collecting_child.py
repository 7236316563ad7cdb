"""A process that removes versions until it is killed: `home`."""

from __future__ import annotations

import sys
from pathlib import Path

from fks.contexts.data.store import DatasetStore
from fks.contexts.data.store.collecting import collect, survey


def main(home: Path) -> None:
    """Remove all that nothing needs, and say when it begins."""
    store = DatasetStore(home)
    found = survey(store, (), older_than_ns=2**62)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    collect(store, found)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
