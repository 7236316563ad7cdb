"""The host: loads plugins, checks what they declare, and puts them in order.

An object without module state, so that two hosts live in one process. Everything wrong with a
plugin is an error at start that names it: a hook nobody specified, a missing requirement, a ring,
a name used twice. FKS's own contexts are registered like those of strangers.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from types import ModuleType
from typing import Any

import pluggy

from fks.kernel import hookspecs
from fks.kernel.errors import Invalid, NotFound
from fks.kernel.hooks import PROJECT
from fks.kernel.manifest import Manifest

__all__ = ["ENTRY_POINT_GROUP", "Host", "Plugin", "PluginFault"]

ENTRY_POINT_GROUP = "fks"
_PREFIX = "fks_"


class PluginFault(Invalid):
    """A plugin cannot be used."""

    code = "host.plugin"


@dataclass(frozen=True)
class Plugin:
    """A loaded plugin: its manifest, the hooks it implements, and where it comes from."""

    manifest: Manifest
    module: Any
    hooks: tuple[str, ...]
    origin: str
    version: str

    @property
    def name(self) -> str:
        """Return the name from the manifest."""
        return self.manifest.name


@dataclass(frozen=True)
class _Found:
    """A plugin module before its manifest was read."""

    module: Any
    origin: str
    version: str


class Host:
    """The plugins of one process, in the order in which they start."""

    def __init__(
        self,
        *,
        specs: Iterable[ModuleType] = (),
        builtin: Iterable[str] = (),
        plugins: Iterable[Any] = (),
        entry_points: bool = True,
        version: str = "",
    ) -> None:
        """Load and check everything. Raises `Invalid` naming the plugin at fault.

        `specs` are modules with further hook specifications (the contracts), `builtin` the
        dotted names of the shipped plugins, whose version is `version`; `plugins` are plugin
        modules or namespaces given directly, `entry_points` says whether installed ones join.
        """
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(hookspecs)
        for spec in specs:
            self._manager.add_hookspecs(spec)
        found = [*_builtin(builtin, version), *(_Found(p, "given", "") for p in plugins)]
        if entry_points:
            found.extend(_installed())
        loaded: dict[str, Plugin] = {}
        for one in found:
            plugin = self._register(one)
            if plugin.name in loaded:
                raise PluginFault(
                    f"two plugins are named {plugin.name!r}: {_where(loaded[plugin.name].module)} "
                    f"and {_where(plugin.module)}"
                )
            loaded[plugin.name] = plugin
        self.plugins: tuple[Plugin, ...] = _in_order(loaded)
        self._by_name = loaded

    @property
    def hook(self) -> pluggy.HookRelay:
        """Return the hooks of all plugins."""
        return self._manager.hook

    @property
    def contexts(self) -> tuple[Plugin, ...]:
        """Return the plugins that run something of their own, in start order."""
        return tuple(p for p in self.plugins if not p.manifest.extensions_only)

    def select(self, only: Sequence[str] = (), without: Sequence[str] = ()) -> frozenset[str]:
        """Return the contexts to run: all, or `only` these, less `without`.

        Raises `NotFound` naming the contexts there are, `Invalid` when none is left.
        """
        known = [plugin.name for plugin in self.contexts]
        for name in (*only, *without):
            if name not in known:
                raise NotFound(
                    f"no context {name!r}; there are {', '.join(sorted(known))}",
                    code="host.no_context",
                )
        chosen = frozenset(only or known) - frozenset(without)
        if not chosen:
            raise Invalid("no context is left to run", code="host.nothing_to_run")
        return chosen

    def call(
        self, hook: str, names: Iterable[str] | None = None, /, **arguments: Any
    ) -> list[tuple[str, Any]]:
        """Call a hook of the named plugins (or all) in start order; return (name, result) pairs.

        Each plugin is called by itself, so that neither the order of registration nor another
        plugin's implementation matters.
        """
        wanted = None if names is None else frozenset(names)
        results: list[tuple[str, Any]] = []
        everyone = [plugin.module for plugin in self.plugins]
        for plugin in self.plugins:
            if hook not in plugin.hooks or (wanted is not None and plugin.name not in wanted):
                continue
            others = [module for module in everyone if module is not plugin.module]
            caller = self._manager.subset_hook_caller(hook, others)
            outcome = caller(**arguments)
            if isinstance(outcome, list):
                results.extend((plugin.name, result) for result in outcome)
            elif outcome is not None:
                results.append((plugin.name, outcome))
        return results

    def sections(self, own: Mapping[str, type[Any]] | None = None) -> dict[str, type[Any]]:
        """Return the settings sections of all plugins, and `own`; one owner each."""
        sections = dict(own or {})
        for name, declared in self.call("fks_settings"):
            for section, kind in declared.items():
                if section in sections:
                    raise PluginFault(f"plugin {name!r}: settings section {section!r} is taken")
                sections[section] = kind
        return sections

    def _register(self, found: _Found) -> Plugin:
        """Register one plugin and read its manifest."""
        where = _where(found.module)
        _check_marks(found.module, where)
        known = {name for name in vars(self._manager.hook) if name.startswith(_PREFIX)}
        try:
            registered = self._manager.register(found.module, name=f"{where}#{id(found.module)}")
            self._manager.check_pending()
        except (pluggy.PluginValidationError, ValueError) as error:
            raise PluginFault(f"plugin {where}: {_first_line(error, known)}") from None
        assert registered is not None
        callers = self._manager.get_hookcallers(found.module) or []
        hooks = tuple(sorted(caller.name for caller in callers))
        if "fks_manifest" not in hooks:
            raise PluginFault(f"plugin {where} has no fks_manifest")
        manifest = found.module.fks_manifest()
        if not isinstance(manifest, Manifest):
            raise PluginFault(f"plugin {where}: fks_manifest must return a Manifest")
        if not manifest.name.isidentifier() or manifest.name != manifest.name.lower():
            raise PluginFault(
                f"plugin {where}: the name {manifest.name!r} is not a lower-case identifier"
            )
        return Plugin(manifest, found.module, hooks, found.origin, found.version)


def _builtin(names: Iterable[str], version: str) -> list[_Found]:
    """Import the shipped plugins."""
    return [_Found(importlib.import_module(name), "built in", version) for name in names]


def _installed() -> list[_Found]:
    """Import the plugins that installed packages announce."""
    found = []
    for point in sorted(
        importlib.metadata.entry_points(group=ENTRY_POINT_GROUP), key=lambda p: p.name
    ):
        package = point.dist
        origin = "installed" if package is None else package.name
        try:
            module = point.load()
        except (ImportError, AttributeError) as error:
            raise PluginFault(
                f"plugin {point.name} of {origin} cannot be imported: {error}"
            ) from error
        found.append(_Found(module, origin, "" if package is None else package.version))
    return found


def _in_order(loaded: Mapping[str, Plugin]) -> tuple[Plugin, ...]:
    """Return the plugins so that each comes after what it requires, and uses if that can be.

    Requirements in a ring are an error. Two plugins may use one another, since each can do
    without the other; the later one by name then starts first.
    """
    graph: dict[str, set[str]] = {}
    for name, plugin in sorted(loaded.items()):
        for required in plugin.manifest.requires:
            if required not in loaded:
                there = ", ".join(sorted(loaded))
                raise PluginFault(
                    f"plugin {name!r} requires {required!r}, which is not loaded; "
                    f"loaded are {there}"
                )
        graph[name] = {other for other in plugin.manifest.requires if other in loaded}
    _sorted(graph)
    for name in sorted(graph):
        for other in sorted(loaded[name].manifest.uses):
            if other in loaded and not _reaches(graph, other, name):
                graph[name].add(other)
    return tuple(loaded[name] for name in _sorted(graph))


def _sorted(graph: Mapping[str, set[str]]) -> list[str]:
    """Return the names in an order that depends on the graph alone."""
    sorter = TopologicalSorter({name: sorted(graph[name]) for name in sorted(graph)})
    try:
        sorter.prepare()
    except CycleError as error:
        ring = list(reversed(error.args[1]))[:-1]
        first = ring.index(min(ring))
        shown = " -> ".join([*ring[first:], *ring[:first], ring[first]])
        raise PluginFault(f"these plugins require one another in a ring: {shown}") from None
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order.extend(ready)
        sorter.done(*ready)
    return order


def _reaches(graph: Mapping[str, set[str]], start: str, goal: str) -> bool:
    """Tell whether `goal` comes before `start` already."""
    waiting, seen = [start], set()
    while waiting:
        name = waiting.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            waiting.extend(graph[name])
    return False


def _check_marks(module: Any, where: str) -> None:
    """Refuse a function that is named like a hook but was not marked as one."""
    for name in dir(module):
        function = getattr(module, name)
        looks_like_one = name.startswith(_PREFIX) and callable(function)
        if looks_like_one and not hasattr(function, f"{PROJECT}_impl"):
            raise PluginFault(f"plugin {where}: {name} is not marked with @impl")


def _where(module: Any) -> str:
    """Return the name under which people find a plugin."""
    return str(getattr(module, "__name__", None) or type(module).__name__)


def _first_line(error: Exception, known: Iterable[str]) -> str:
    """Say in one line what is wrong with a hook, and for an unknown one which there are."""
    text = str(error).strip()
    if "unknown hook" in text:
        hook = text.partition("unknown hook ")[2].partition(" ")[0].strip("'\"")
        return f"there is no hook {hook!r}; there are {', '.join(sorted(known))}"
    return " ".join(line.strip() for line in text.splitlines() if line.strip())
