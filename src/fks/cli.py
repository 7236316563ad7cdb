"""The `fks` program: its own commands, those of every context, and one place for errors.

Contexts are loaded only when a command needs them, so that `fks --version` answers at once. Every
`FksError` becomes one line on stderr and the exit code of its kind (docs/reference/exit-codes.md).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from fks import __version__
from fks.kernel.commands import CommandContext, command_context, json_option
from fks.kernel.errors import Conflict, FksError, Invalid, NotFound

if TYPE_CHECKING:
    from fks.kernel.benchmarks import Benchmark
    from fks.kernel.host import Host
    from fks.kernel.settings import Settings

__all__ = ["main", "program"]

INTERRUPTED = 130
BROKEN_PIPE = 141


class _ReaderGone(Exception):
    """Whoever read stdout went away; click would make an exit code of its own of it."""


class _Program(click.RichGroup):
    """The root group: its own commands at once, those of the contexts once they are asked for."""

    group_class = click.RichGroup  # groups below it have their own commands only

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all command names."""
        return sorted({*super().list_commands(ctx), *_contributed(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; only an unknown name makes the contexts load."""
        return super().get_command(ctx, cmd_name) or _contributed(ctx).get(cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command and write out what it said."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            raise _ReaderGone from None
        return result


def _contributed(ctx: click.Context) -> dict[str, click.Command]:
    """Return the commands of the contexts by name."""
    surroundings = ctx.find_object(CommandContext) or _surroundings(ctx.params)
    ctx.obj = surroundings
    found: dict[str, click.Command] = {}
    for plugin, commands in surroundings.host.call("fks_commands"):
        for command in commands:
            if command.name in found or command.name in program.commands:
                raise Invalid(
                    f"plugin {plugin!r}: the command {command.name!r} is taken",
                    code="host.plugin",
                )
            found[str(command.name)] = command
    return found


def _surroundings(params: dict[str, Any]) -> CommandContext:
    """Return the context of a command from the options of the program."""
    home = params.get("home") or Path.home() / ".local/share/fks"
    return CommandContext(
        home=Path(home).expanduser().absolute(),
        config=params.get("config"),
        load_host=_load_host,
        load_settings=_load_settings,
    )


def _load_host() -> Host:
    from fks.app import load_host

    return load_host()


def _load_settings(surroundings: CommandContext) -> Settings:
    from fks.app import load_settings

    return load_settings(surroundings.host, home=surroundings.home, config=surroundings.config)


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fks", message="%(prog)s %(version)s")
@click.option(
    "--home",
    envvar="FKS_HOME",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder in which FKS keeps its files.  [default: ~/.local/share/fks]",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Settings file.  [default: fks.toml in the home folder, if there]",
)
@click.pass_context
def program(ctx: click.Context, home: Path | None, config: Path | None) -> None:
    """Systematic trading, from raw market data to risk-checked orders."""
    if ctx.obj is None:
        ctx.obj = _surroundings(ctx.params)


def _names(context: click.Context, parameter: click.Parameter, value: str | None) -> list[str]:
    """Split a list written with commas."""
    return [name.strip() for name in (value or "").split(",") if name.strip()]


@program.command()
@click.option("--only", metavar="A,B", callback=_names, help="Run only these contexts.")
@click.option("--without", metavar="C", callback=_names, help="Run all contexts but these.")
@click.option("--bus", metavar="URL", help="Network bus, such as nats://127.0.0.1:4222.")
@click.option("--host", help="Loopback address to serve on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; 0 is any.  [default: 8000]")
@click.option("--open", "open_browser", is_flag=True, help="Open the screen in a browser.")
@click.option("--database", metavar="URL", help="Database.  [default: SQLite in the home folder]")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Settings file.  [default: fks.toml in the home folder, if there]",
)
def serve(
    *,
    only: list[str],
    without: list[str],
    bus: str | None,
    host: str | None,
    port: int | None,
    open_browser: bool,
    database: str | None,
    config: Path | None,
) -> None:
    """Run the contexts and serve their screens and interfaces until stopped."""
    from fks.serve import serve as run

    surroundings = command_context()
    run(
        surroundings.host,
        home=surroundings.home,
        config=config or surroundings.config,
        only=only,
        without=without,
        overrides=_overrides(
            http={"host": host, "port": port}, bus={"url": bus}, database={"url": database}
        ),
        open_browser=open_browser,
    )


def _overrides(**sections: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the options that were given, by section."""
    return {
        name: {key: value for key, value in values.items() if value is not None}
        for name, values in sections.items()
    }


@program.command()
@json_option
def plugins() -> None:
    """List the loaded plugins: name, version, hooks, origin."""
    from rich.table import Table

    surroundings = command_context()
    table = Table(title="Plugins, in start order")
    for heading in ("name", "version", "origin", "hooks", "summary"):
        table.add_column(heading)
    rows = []
    for plugin in surroundings.host.plugins:
        manifest = plugin.manifest
        hooks = [hook.removeprefix("fks_") for hook in plugin.hooks]
        rows.append(
            {
                "name": plugin.name,
                "version": plugin.version,
                "origin": plugin.origin,
                "hooks": hooks,
                "summary": manifest.summary,
                "requires": list(manifest.requires),
                "uses": list(manifest.uses),
            }
        )
        table.add_row(
            plugin.name, plugin.version, plugin.origin, ", ".join(hooks), manifest.summary
        )
    surroundings.emit({"plugins": rows}, table)


@program.command()
@click.argument("context", required=False)
@click.option("--database", metavar="URL", help="Database.  [default: SQLite in the home folder]")
@click.option("--sql", is_flag=True, help="Print the statements instead of running them.")
@json_option
def migrate(context: str | None, database: str | None, sql: bool) -> None:
    """Bring the database to the newest tables, of all contexts or of CONTEXT."""
    from fks.kernel import migrations
    from fks.kernel.sections import DatabaseSettings
    from fks.kernel.settings import hide_password

    surroundings = command_context()
    url = database or surroundings.settings.section("database", DatabaseSettings).url.reveal()
    url = url or migrations.embedded_url(surroundings.home)
    if sql:
        migrations.upgrade(url, context, sql=sys.stdout)
        return
    surroundings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    before = migrations.pending(url)
    migrations.upgrade(url, context)
    done = sorted(set(before) - set(migrations.pending(url)))
    text = f"migrated {', '.join(done)}" if done else "nothing to migrate"
    surroundings.emit({"database": hide_password(url), "migrated": done}, text)


@program.group()
def schemas() -> None:
    """Write or check the schemas of HTTP, events and messages."""


@schemas.command("export")
@click.option("--to", "folder", type=click.Path(path_type=Path), default=Path("schemas"))
@json_option
def export_schemas(folder: Path) -> None:
    """Write openapi.json, asyncapi.json and one JSON Schema a message."""
    from fks.app import exported_schemas
    from fks.kernel import schemas as files

    surroundings = command_context()
    written = files.write(exported_schemas(surroundings.host), folder)
    surroundings.emit(
        {"folder": folder, "files": written}, f"{len(written)} schemas written to {folder}"
    )


@schemas.command("check")
@click.option("--in", "folder", type=click.Path(path_type=Path), default=Path("schemas"))
@json_option
def check_schemas(folder: Path) -> None:
    """Fail when the code and the exported schemas differ."""
    from fks.app import exported_schemas
    from fks.kernel import schemas as files

    surroundings = command_context()
    drift = files.drift(exported_schemas(surroundings.host), folder)
    if drift:
        raise Conflict(
            f"schemas differ from the code: {', '.join(drift)}; run fks schemas export",
            code="schemas.drift",
        )
    surroundings.emit({"folder": folder, "drift": []}, "the schemas match the code")


class _Benchmarks(click.RichGroup):
    """A command for each benchmark that the kernel and the contexts bring, with its options."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the benchmarks."""
        return sorted(_benchmarks(ctx))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """Return the command of a benchmark. Raises `NotFound` that names the known ones."""
        known = _benchmarks(ctx)
        if cmd_name not in known:
            raise NotFound(
                f"no benchmark {cmd_name!r}; there are {', '.join(sorted(known))}",
                code="bench.not_found",
            )
        return _bench_command(known[cmd_name])


def _benchmarks(ctx: click.Context) -> dict[str, Benchmark]:
    from fks.kernel.benchmarks import known_benchmarks

    surroundings = ctx.find_object(CommandContext) or _surroundings(ctx.params)
    return known_benchmarks(surroundings.host.call("fks_benchmarks"))


def _bench_command(benchmark: Benchmark) -> click.Command:
    """Return the command that measures and tells."""
    import pkgutil

    def run(*, quick: bool, **chosen: Any) -> None:
        from fks.kernel.benchmarks import Measured, machine, table

        surroundings = command_context()
        found = pkgutil.resolve_name(benchmark.factory)(quick, **chosen)
        rows, facts = found if isinstance(found, Measured) else (found, {})
        document = {"bench": benchmark.name, "machine": machine(), "rows": rows, "facts": facts}
        lines = [f"{name}: {value}" for name, value in facts.items()]
        surroundings.emit(document, table(benchmark.name, rows), *lines)

    command: Any = json_option(run)
    for choice in reversed(benchmark.choices):
        command = click.option(
            f"--{choice.name}", default=choice.default, show_default=True, help=choice.help
        )(command)
    command = click.option("--quick", is_flag=True, help="Smaller workloads, coarser figures.")(
        command
    )
    made: click.Command = click.command(benchmark.name, help=f"{benchmark.summary}.")(command)
    return made


@program.group(cls=_Benchmarks, invoke_without_command=True)
@json_option
@click.pass_context
def bench(ctx: click.Context) -> None:
    """Measure one path against its goal and its peers; without a name, list the benchmarks."""
    if ctx.invoked_subcommand is not None:
        return
    known = _benchmarks(ctx)
    listed = [{"name": key, "summary": known[key].summary} for key in sorted(known)]
    lines = [f"{one['name']}: {one['summary']}" for one in listed]
    command_context().emit({"benchmarks": listed}, *lines)


@program.command()
@click.option("--once", is_flag=True, help="Only the backtest; no server.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; 0 is any.  [default: 8000]")
@click.option("--open", "open_browser", is_flag=True, help="Open the chart in a browser.")
@json_option
def demo(*, once: bool, port: int | None, open_browser: bool) -> None:
    """Backtest a strategy on sample prices, then serve a paper session to watch."""
    from fks import demo as job

    surroundings = command_context()
    result = job.backtest(surroundings.host, surroundings.home)
    found = job.summary(result)
    text = (
        f"{found['strategy']} on {found['dataset']}: {found['bars']:,} bars, "
        f"{found['fills']} fills, final equity {found['final_equity']:,.2f}"
    )
    surroundings.emit(found, text, f"tear sheet: {found['report']}")
    if once:
        return
    sys.stdout.flush()
    from fks.serve import serve as run

    run(
        surroundings.host,
        home=surroundings.home,
        config=surroundings.config,
        overrides=_overrides(http={"port": port}),
        open_browser=open_browser,
        once_up=job.start_session,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    try:
        code = program.main(args=arguments, prog_name="fks", standalone_mode=False)
    except click.ClickException as error:
        where = getattr(error, "ctx", None)
        path = where.command_path if where is not None else "fks"
        message = " ".join(error.format_message().split())
        click.echo(f"fks: {message} ({path} --help says more)", err=True)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except FksError as error:
        line = " ".join(error.message.split())
        click.echo(f"fks: {line} [{error.code}]", err=True)
        return error.exit_code
    except _ReaderGone:
        # That is its right; nothing more can be written, not even what is flushed at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    return code if isinstance(code, int) else 0
