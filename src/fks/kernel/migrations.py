"""Bring a database to the tables of the code: one alembic branch a context.

The revisions lie under `migrations/<context>/` (in an installed package under
`fks/_migrations/`); `env.py` there runs them. An embedded SQLite database is migrated when a
process starts, a PostgreSQL one only by `fks migrate`.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from fks.kernel.errors import FksError, Invalid, NotFound, Unavailable

if TYPE_CHECKING:
    from alembic.config import Config

__all__ = ["branches", "downgrade", "embedded_url", "pending", "script_folder", "upgrade"]

_PACKAGE = Path(__file__).resolve().parent.parent


def script_folder() -> Path:
    """Return the folder of the revisions: in the package, or in the checkout it runs from."""
    for folder in (_PACKAGE / "_migrations", _PACKAGE.parents[1] / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise Unavailable("this installation brings no migrations", code="migrations.missing")


def embedded_url(home: Path) -> str:
    """Return the database that a process uses when no other is named."""
    return f"sqlite:///{home / 'fks.db'}"


def branches() -> tuple[str, ...]:
    """Return the contexts that have revisions, by name."""
    folder = script_folder()
    return tuple(sorted(path.parent.name for path in folder.glob("*/0001_*.py")))


def upgrade(url: str, context: str | None = None, *, sql: TextIO | None = None) -> None:
    """Bring every branch, or that of `context`, to its newest revision.

    With `sql` the statements are written there and nothing is changed. Raises `NotFound` for an
    unknown context, `Unavailable` when the database cannot be reached or is locked.
    """
    from alembic import command

    target = "heads" if context is None else f"{_known(context)}@head"
    with _reported(), _alone(url):
        command.upgrade(_config(url, sql), target, sql=sql is not None)


def downgrade(url: str, context: str) -> None:
    """Take the tables of a context away again."""
    from alembic import command

    with _reported(), _alone(url):
        command.downgrade(_config(url), f"{_known(context)}@base")


def pending(url: str) -> tuple[str, ...]:
    """Return the branches whose newest revision the database does not have."""
    from alembic.script import ScriptDirectory

    config = _config(url)
    script = ScriptDirectory.from_config(config)
    applied = _applied(config)
    missing: list[str] = []
    for head in script.get_revisions("heads"):
        if head.revision not in applied:
            missing.extend(head.branch_labels)
    return tuple(sorted(missing))


def _applied(config: Config) -> set[str]:
    """Return all revisions the database has, ancestors included."""
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(config)
    found: set[str] = set()

    def note(heads: object, _context: object) -> list[object]:
        # SQLAlchemy hands a tuple of head revisions, or nothing in a fresh database.
        for head in heads if isinstance(heads, (tuple, list)) else ():
            found.update(one.revision for one in script.iterate_revisions(head, "base"))
        return []

    with (
        _reported(),
        _ONE_AT_A_TIME,
        EnvironmentContext(config, script, fn=note, dont_mutate=True),
    ):
        script.run_env()
    return found


def _config(url: str, sql: TextIO | None = None) -> Config:
    """Return an alembic configuration made here: there is no ini file."""
    from alembic.config import Config

    if not url.startswith(("sqlite:", "postgresql:")):
        raise Invalid(
            "the database URL must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME",
            code="database.url",
        )
    folder = script_folder()
    config = Config() if sql is None else Config(output_buffer=sql)
    config.set_main_option("script_location", _escaped(folder))
    config.set_main_option("path_separator", "newline")
    config.set_main_option(
        "version_locations", "\n".join(_escaped(folder / name) for name in branches())
    )
    config.attributes["url"] = url
    return config


def _escaped(path: Path) -> str:
    """Return a path as the configuration parser wants it."""
    return str(path).replace("%", "%%")


def _known(context: str) -> str:
    """Return the name of a context that has revisions."""
    if context not in branches():
        raise NotFound(
            f"no migrations for {context!r}; there are {', '.join(branches()) or 'none'}",
            code="migrations.no_context",
        )
    return context


# alembic keeps the environment it runs in module state: one migration at a time in a process.
_ONE_AT_A_TIME = threading.RLock()


@contextlib.contextmanager
def _alone(url: str) -> Iterator[None]:
    """Let processes that start on one SQLite file migrate it one after the other.

    PostgreSQL has a lock for that itself (see `env.py`); SQLite's own would fail, not wait, when
    two processes read the version before either writes it.
    """
    with _ONE_AT_A_TIME, contextlib.ExitStack() as stack:
        if url.startswith("sqlite"):
            file = Path(url.partition("///")[2].partition("?")[0])
            lock = stack.enter_context(file.with_name(f"{file.name}.migrating").open("w"))
            _lock(lock)
        yield


def _lock(file: TextIO) -> None:
    """Wait until this process holds the file; closing it lets go."""
    try:
        import fcntl
    except ImportError:  # Windows: SQLite's own lock must do
        return
    fcntl.flock(file, fcntl.LOCK_EX)


@contextlib.contextmanager
def _reported() -> Iterator[None]:
    """Turn what the database says into an error of ours, and keep alembic's talk out of the log."""
    from alembic.util.exc import CommandError

    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        yield
    except CommandError as error:
        raise FksError(f"cannot migrate: {error}", code="migrations.failed") from error
    except OSError as error:
        raise Unavailable(
            f"cannot reach the database: {error}", code="migrations.unreachable"
        ) from error
