"""Write the reference pages that the code itself can tell: commands, settings, hooks.

`python docs/generate.py` writes them under `docs/reference/`; with `--check` it only fails when
one of them differs from the code. Same code, same bytes.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_type_hints

import click
import msgspec

from fks.contexts.execution.domain.risk.limits import limits_page

REFERENCE = Path(__file__).resolve().parent / "reference"
NOTE = "<!-- Written by docs/generate.py from the code: change the code, not this page. -->"


def settings_page() -> str:
    """Return every section with its fields: type, default, what the environment calls it."""
    from fks.app import load_host
    from fks.kernel.sections import SECTIONS

    lines = [
        "# Settings",
        NOTE,
        "Defaults < `fks.toml` in the home folder (or `--config FILE`) < environment < secrets < "
        "command line; how they work together is told in [settings](../explanation/settings.md).",
    ]
    sections = load_host(entry_points=False).sections(SECTIONS)
    for name, kind in sorted(sections.items()):
        lines.append(f"## [{name}]\n\n{inspect.getdoc(kind)}")
        rows = ["| key | type | default | environment |", "| --- | --- | --- | --- |"]
        rows.extend(_field_rows(name, kind))
        lines.append("\n".join(rows))
    return "\n\n".join(lines) + "\n"


def _field_rows(section: str, kind: type[Any], above: str = "") -> Iterator[str]:
    """Yield a table row a field, those of nested tables by their path."""
    hints = get_type_hints(kind, include_extras=True)
    for field in msgspec.structs.fields(kind):
        name = f"{above}{field.name}"
        hint = hints[field.name]
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            yield from _field_rows(section, hint, f"{name}.")
            continue
        variable = f"FKS__{section}__{name.replace('.', '__')}".upper()
        yield f"| `{name}` | {_type(hint)} | `{_default(field)}` | `{variable}` |"


def _type(hint: Any) -> str:
    """Return a type for people, with its limits."""
    described = msgspec.json.schema(hint, schema_hook=lambda _: {"type": "text"})
    limits = {
        "minimum": ">= {}",
        "exclusiveMinimum": "> {}",
        "maximum": "<= {}",
        "exclusiveMaximum": "< {}",
    }
    if "enum" in described:
        return ", ".join(f"`{value}`" for value in described["enum"])
    if "anyOf" in described:
        return " or ".join(str(one.get("type", "table")) for one in described["anyOf"])
    words = [str(described.get("type", "table")).replace("string", "text")]
    words += [text.format(described[key]) for key, text in limits.items() if key in described]
    return " ".join(words)


def _default(field: Any) -> str:
    """Return a default as one would write it in the file."""
    value = field.default
    if value is msgspec.NODEFAULT:
        value = field.default_factory()
    plain = msgspec.to_builtins(value, enc_hook=lambda one: "" if not one else str(one))
    return msgspec.json.encode(plain).decode() if plain is not None else "not set"


def hooks_page() -> str:
    """Return every hook with its exact signature and who implements it."""
    from fks.app import contract_specs, load_host
    from fks.kernel import hookspecs
    from fks.kernel.hooks import PROJECT

    users: dict[str, list[str]] = {}
    for plugin in load_host(entry_points=False).plugins:
        for hook in plugin.hooks:
            users.setdefault(hook, []).append(plugin.name)
    lines = [
        "# Hooks",
        NOTE,
        "A plugin is a module with functions marked `@impl` (`from fks.kernel.hooks import impl`), "
        "announced under the entry-point group `fks`. Hooks only declare: they are synchronous, "
        "do no work of their own, and import what is heavy inside what they return.",
    ]
    for module in (hookspecs, *contract_specs()):
        for name, member in vars(module).items():
            if hasattr(member, f"{PROJECT}_spec") and member.__module__.startswith(module.__name__):
                lines.append(f"## `{name}{inspect.signature(member)}`")
                lines.append(inspect.getdoc(member) or "")
                used = ", ".join(sorted(users.get(name, []))) or "plugins outside FKS"
                lines.append(f"Specified in `{module.__name__}`; implemented by {used}.")
    return "\n\n".join(lines) + "\n"


def commands_page() -> str:
    """Return every command with its options."""
    from fks.cli import program

    lines = [
        "# Commands",
        NOTE,
        "Every command answers in tables on a terminal, and where it takes `--json` with one JSON "
        "document. Failures are one line on stderr and an [exit code](exit-codes.md).",
    ]
    with click.Context(program, info_name="fks") as root:
        lines.extend(_command(program, root, "fks"))
    return "\n\n".join(lines) + "\n"


def _command(command: click.Command, context: click.Context, path: str) -> Iterator[str]:
    """Yield a command and those below it."""
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"## `{path}`\n\n```\n{path} {usage}\n```"
    if command.help:
        yield inspect.cleandoc(command.help)
    rows = [_option(one, context) for one in command.get_params(context)]
    shown = [row for row in rows if row]
    if shown:
        yield "\n".join(["| option | |", "| --- | --- |", *shown])
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                inner = click.Context(below, parent=context, info_name=name)
                yield from _command(below, inner, f"{path} {name}")


def _option(parameter: click.Parameter, context: click.Context) -> str:
    """Return the table row of an option; arguments stand in the usage line."""
    record = parameter.get_help_record(context)
    if record is None or isinstance(parameter, click.Argument):
        return ""
    names, text = (part.replace("|", "\\|") for part in record)
    return f"| `{names}` | {' '.join(text.split())} |"


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "hooks.md": hooks_page,
    "limits.md": limits_page,
    "settings.md": settings_page,
}


def main(arguments: list[str]) -> int:
    """Write the pages, or check them; return the exit code."""
    stale = []
    for name, make in PAGES.items():
        path, text = REFERENCE / name, make()
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
    if stale:
        names = ", ".join(stale)
        sys.stderr.write(f"out of date: {names}; run python docs/generate.py\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
