"""What a context is handed when it starts: everything it may use of its surroundings.

The composition root (`fks.app`) builds one `Runtime` a process. Contexts keep no module state:
a long-lived object (a context's service) is made once through `singleton` and lives here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from fks.kernel.bus import Bus
from fks.kernel.clock import Clock
from fks.kernel.ids import IdSource

if TYPE_CHECKING:
    import pluggy

    from fks.kernel.persistence import Database

__all__ = ["Runtime"]

T = TypeVar("T")


class Runtime(Protocol):
    """The surroundings of a context in one process."""

    @property
    def bus(self) -> Bus:
        """Return the bus."""
        ...

    @property
    def database(self) -> Database:
        """Return the SQL database of this process."""
        ...

    @property
    def clock(self) -> Clock:
        """Return the clock."""
        ...

    @property
    def ids(self) -> IdSource:
        """Return the source of sortable ids."""
        ...

    @property
    def home(self) -> Path:
        """Return the folder in which FKS keeps its files (datasets, runs, database)."""
        ...

    @property
    def hook(self) -> pluggy.HookRelay:
        """Return the hooks of all loaded plugins, for the extension points a context owns."""
        ...

    @property
    def active(self) -> frozenset[str]:
        """Return the names of the contexts whose services run in this process."""
        ...

    def section(self, name: str, kind: type[T]) -> T:
        """Return the settings section `name`, decoded and checked as `kind`."""
        ...

    def singleton(self, kind: type[T], make: Callable[[], T]) -> T:
        """Return this process's one `kind`, made by `make` at the first call."""
        ...

    def state(self) -> dict[str, Any]:
        """Return facts about this process for `/info` (version, contexts, bus, database)."""
        ...
