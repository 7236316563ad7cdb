"""What a command of the `fks` program stands on: home, hooks, settings, and one way to answer.

A command prints tables for people, or with `--json` exactly one JSON document on stdout and
nothing else; progress and remarks go to stderr. It raises `FksError`; the program turns that
into one line and an exit code.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

if TYPE_CHECKING:
    import pluggy
    from rich.console import Console, RenderableType

    from fks.kernel.host import Host
    from fks.kernel.settings import Settings

__all__ = ["CommandContext", "command_context", "json_option"]

F = TypeVar("F", bound=Callable[..., Any])


class CommandContext:
    """The surroundings of one invocation; the object of the click context.

    `home` is the folder in which FKS keeps its files. Hosts and settings are loaded at first
    use, so that a command which needs neither starts at once.
    """

    def __init__(
        self,
        *,
        home: Path,
        config: Path | None,
        load_host: Callable[[], Host],
        load_settings: Callable[[CommandContext], Settings],
    ) -> None:
        self.home = home
        self.config = config
        self.json = False
        self._load_host = load_host
        self._load_settings = load_settings

    @cached_property
    def host(self) -> Host:
        """Return the loaded plugins. Raises `Invalid` when one of them cannot be loaded."""
        return self._load_host()

    @property
    def hook(self) -> pluggy.HookRelay:
        """Return the hooks of all loaded plugins."""
        return self.host.hook

    @cached_property
    def settings(self) -> Settings:
        """Return the settings. Raises `Invalid` naming the path and source of a bad value."""
        return self._load_settings(self)

    @cached_property
    def out(self) -> Console:
        """Return the console of stdout, for tables and texts."""
        from rich.console import Console

        return Console(soft_wrap=not sys.stdout.isatty())

    @cached_property
    def err(self) -> Console:
        """Return the console of stderr, for progress and remarks."""
        from rich.console import Console

        return Console(stderr=True)

    def emit(self, document: object, *renderables: RenderableType) -> None:
        """Answer: the document as JSON when asked for, else the renderables."""
        if self.json:
            click.echo(msgspec.json.encode(document, enc_hook=_plain).decode())
            return
        for renderable in renderables:
            self.out.print(renderable)


def command_context() -> CommandContext:
    """Return the surroundings of the running command."""
    context = click.get_current_context().find_object(CommandContext)
    assert context is not None, "only commands of the fks program have a CommandContext"
    return context


def json_option(command: F) -> F:
    """Give a command the `--json` switch; its context's `json` then says whether it was set."""

    def note(context: click.Context, parameter: click.Parameter, value: bool) -> None:
        found = context.find_object(CommandContext)
        if value and found is not None:
            found.json = True

    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        expose_value=False,
        callback=note,
        help="Print one JSON document and nothing else.",
    )(command)


def _plain(value: object) -> object:
    """Turn what JSON does not know into what it knows."""
    if isinstance(value, Path):
        return str(value)
    item = getattr(value, "item", None)
    if callable(item):
        return item()
    raise NotImplementedError(f"{type(value).__name__} has no JSON form")
