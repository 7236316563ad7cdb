"""`fks data lineage, versions, diff, tag, gc`."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

from fks.contexts.data.domain.quality import iso
from fks.kernel.commands import command_context, json_option
from fks.kernel.sections import DatabaseSettings

if TYPE_CHECKING:
    from rich.tree import Tree

    from fks.contexts.data.store.collecting import Collectable
    from fks.contracts.data.datasets import Lineage, LineageNode, Versions
    from fks.contracts.data.differences import DatasetDifference

__all__ = ["COMMANDS"]

_HOUR_NS = 3_600_000_000_000


@click.command()
@click.argument("dataset")
@json_option
def lineage(dataset: str) -> None:
    """Show where a dataset comes from, up to the hashes of the source files."""
    from fks.contexts.data.service.lineage import lineage_of
    from fks.contexts.data.store import DatasetStore

    surroundings = command_context()
    found = lineage_of(DatasetStore(surroundings.home), dataset)
    surroundings.emit(msgspec.to_builtins(found, str_keys=True), _tree(found))


@click.command()
@click.argument("name")
@json_option
def versions(name: str) -> None:
    """Show all versions of a dataset: when each was stored, its tags, whether it is there."""
    from fks.contexts.data.service.lineage import versions_of
    from fks.contexts.data.store import DatasetStore

    surroundings = command_context()
    found = versions_of(DatasetStore(surroundings.home), name)
    surroundings.emit(msgspec.to_builtins(found, str_keys=True), _versions_table(found))


@click.command()
@click.argument("before")
@click.argument("after")
@click.option(
    "--sample", type=click.IntRange(0, 1000), default=10, show_default=True, help="Rows to show."
)
@json_option
def diff(before: str, after: str, sample: int) -> None:
    """Show which rows were added, removed and changed between two datasets or versions."""
    from fks.contexts.data.store import DatasetStore
    from fks.contexts.data.store.differing import difference

    surroundings = command_context()
    store = DatasetStore(surroundings.home)
    found = difference(store.open(before), store.open(after), store.vault, sample=sample)
    surroundings.emit(msgspec.to_builtins(found, str_keys=True), _difference_table(found))


@click.command()
@click.argument("version", metavar="NAME[@HASH]")
@click.argument("tag")
@click.option("--move", is_flag=True, help="Take the tag from the version that has it.")
@json_option
def tag(version: str, tag: str, move: bool) -> None:
    """Give a version a name: NAME@TAG then opens it wherever a dataset may be named."""
    from fks.contexts.data.service.lineage import versions_of
    from fks.contexts.data.store import DatasetStore

    surroundings = command_context()
    store = DatasetStore(surroundings.home)
    tagged = store.tag(version, tag, move=move)
    found = versions_of(store, tagged.info.name)
    surroundings.emit(msgspec.to_builtins(found, str_keys=True), _versions_table(found))


@click.command()
@click.option("--remove", is_flag=True, help="Remove them; else they are only shown.")
@click.option(
    "--older-than",
    metavar="HOURS",
    type=click.FloatRange(0, 1e6),
    default=24.0,
    show_default=True,
    help="Keep versions that were stored in the last hours.",
)
@json_option
def gc(remove: bool, older_than: float) -> None:
    """Show, or remove, versions that no tag, run, session, split or other dataset needs.

    The latest version of a name always stays.
    """
    from rich.table import Table

    from fks.contexts.data.service.collecting import collect_unneeded

    surroundings = command_context()
    found = asyncio.run(
        collect_unneeded(
            surroundings.home,
            surroundings.hook,
            surroundings.settings.section("database", DatabaseSettings).url.reveal(),
            older_than_ns=time.time_ns() - int(older_than * _HOUR_NS),
            remove=remove,
        )
    )
    done = "removed" if remove else "not needed; --remove takes it away"
    table = Table(title="Versions of datasets")
    for heading in ("version", "stored", "bytes", ""):
        table.add_column(heading)
    for one in found.collectable:
        table.add_row(*_cells(one), f"[yellow]{done}[/]")
    for one in found.kept:
        table.add_row(*_cells(one), "kept: " + ", ".join(one.kept_for))
    surroundings.emit(msgspec.to_builtins(found, str_keys=True), table)


def _cells(one: Collectable) -> tuple[str, str, str]:
    """Return what names a version in a table."""
    return f"{one.name}@{one.hash[:12]}", iso(one.stored_at_ns), f"{one.bytes:,}"


def _tree(found: Lineage) -> Tree:
    """Return a lineage as a tree; a dataset that stands in it twice is spelt out once."""
    from rich.text import Text
    from rich.tree import Tree

    def whole(text: str) -> Text:
        return Text(text, overflow="fold", no_wrap=False)

    nodes = {node.hash: node for node in found.nodes}
    seen: set[str] = set()

    def branch(of: str, above: Tree | None) -> Tree:
        node = nodes[of]
        label = f"{node.name or 'unknown'}  {of[:12]}  {_what(node)}"
        tree = Tree(whole(label)) if above is None else above.add(whole(label))
        if of in seen:
            return tree
        seen.add(of)
        for made_by in node.made_by:
            told = ": ".join(part for part in (made_by.kind, made_by.command) if part)
            stem = tree.add(whole(f"{told}  (FKS {made_by.code_version or '?'})"))
            for source in made_by.sources:
                leaf = stem.add(whole(f"{source.name}, {source.bytes:,} bytes"))
                leaf.add(whole(f"sha256 {source.sha256}"))
            for payload in made_by.payloads:
                stem.add(whole(f"payload {payload}"))
            for parent in made_by.parents:
                branch(parent, stem)
        return tree

    return branch(found.root, None)


def _what(node: LineageNode) -> str:
    """Return what a node holds."""
    if not node.stored:
        return "not stored any more"
    what = "ticks" if node.timeframe == "tick" else f"bars of {node.timeframe}"
    return f"{node.rows:,} {what}, {node.instrument}"


def _versions_table(found: Versions) -> Any:
    """Return versions as a table."""
    from rich.table import Table

    table = Table(title=found.name)
    for heading in ("version", "stored first", "stored last", "rows", "tags"):
        table.add_column(heading)
    for one in found.versions:
        marks = [*one.tags, *(["[bold]latest[/]"] if one.latest else [])]
        table.add_row(
            one.hash[:12],
            iso(one.first_at_ns),
            iso(one.last_at_ns),
            f"{one.rows:,}" if one.stored else "collected",
            ", ".join(marks),
        )
    return table


def _difference_table(found: DatasetDifference) -> Any:
    """Return a difference as a table."""
    from rich.table import Table

    title = (
        f"{found.added:,} added, {found.removed:,} removed, {found.changed:,} changed "
        f"of {found.rows_a:,} and {found.rows_b:,} rows"
    )
    by_column = ", ".join(f"{name} {count:,}" for name, count in found.columns.items() if count)
    table = Table(title=title, caption="; ".join((by_column, *found.notes)).strip("; "))
    for heading in ("time", "", "before", "after"):
        table.add_column(heading)
    for row in found.sample:
        table.add_row(iso(row.ts_ns), row.what, _values(row.before), _values(row.after))
    return table


def _values(values: dict[str, int | float]) -> str:
    """Return a row's values."""
    told = (f"{one:g}" if isinstance(one, float) else str(one) for one in values.values())
    return " ".join(told)


COMMANDS = (lineage, versions, diff, tag, gc)
