"""The host: what is wrong with a plugin is an error at start that names it."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fks.kernel.errors import Invalid, NotFound
from fks.kernel.hooks import impl, spec
from fks.kernel.host import Host, PluginFault
from fks.kernel.manifest import Manifest


def plugin(
    name: str,
    *,
    requires: tuple[str, ...] = (),
    uses: tuple[str, ...] = (),
    extensions_only: bool = False,
    **hooks: Callable[..., Any],
) -> types.ModuleType:
    """Return a plugin module with a manifest and the given hooks."""
    module = types.ModuleType(f"plugin_{name}")

    def fks_manifest() -> Manifest:
        return Manifest(
            name=name,
            summary="",
            requires=requires,
            uses=uses,
            extensions_only=extensions_only,
        )

    module.fks_manifest = impl(fks_manifest)  # type: ignore[attr-defined]
    for hook, function in hooks.items():
        setattr(module, hook, function)
    return module


def host_of(*plugins: Any, **options: Any) -> Host:
    """Load plugins given directly."""
    return Host(plugins=plugins, entry_points=False, **options)


def names(host: Host) -> list[str]:
    """Return the names in start order."""
    return [one.name for one in host.plugins]


def test_a_plugin_starts_after_what_it_requires_and_uses() -> None:
    """Lost: a context would be wired before the one whose answers it needs."""
    assert names(host_of(plugin("a", requires=("b",)), plugin("b", uses=("c",)), plugin("c"))) == [
        "c",
        "b",
        "a",
    ]


@given(st.permutations(range(6)), st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5))))
def test_the_order_depends_on_the_manifests_alone(
    registered: list[int], edges: set[tuple[int, int]]
) -> None:
    """Lost: a run would depend on the order in which packages were installed."""
    forward = {(low, high) for low, high in edges if low < high}
    plugins = [
        plugin(f"p{n}", requires=tuple(sorted(f"p{low}" for low, high in forward if high == n)))
        for n in range(6)
    ]
    order = names(host_of(*(plugins[n] for n in registered)))
    assert order == names(host_of(*plugins))
    assert all(order.index(f"p{low}") < order.index(f"p{high}") for low, high in forward)


def test_a_ring_of_requirements_is_named_whole() -> None:
    """Lost: the author of a ring would not see which plugins close it."""
    ring = [
        plugin("b", requires=("c",)),
        plugin("c", requires=("a",)),
        plugin("a", requires=("b",)),
    ]
    with pytest.raises(PluginFault, match="a ring: a -> b -> c -> a"):
        host_of(*ring)


def test_two_plugins_may_use_one_another() -> None:
    """Lost: contexts that hear each other's events could not be loaded together."""
    first, second = plugin("a", uses=("b",)), plugin("b", uses=("a",))
    assert names(host_of(first, second)) == names(host_of(second, first)) == ["b", "a"]


def test_a_missing_requirement_names_both_and_what_is_there() -> None:
    """Lost: the user could not tell which package to install."""
    with pytest.raises(PluginFault, match="'a' requires 'gone', which is not loaded; loaded are a"):
        host_of(plugin("a", requires=("gone",)))


def test_a_missing_use_is_no_fault() -> None:
    """Lost: an optional neighbour would become compulsory."""
    assert names(host_of(plugin("a", uses=("gone",)))) == ["a"]


def test_a_misspelt_hook_names_the_plugin_and_the_hooks_there_are() -> None:
    """Lost: a misspelt hook would silently never be called."""
    with pytest.raises(PluginFault, match=r"plugin_a: there is no hook 'fks_wyre'; .*fks_wire"):
        host_of(plugin("a", fks_wyre=impl(lambda: None)))


def test_a_hook_with_a_misspelt_argument_names_it() -> None:
    """Lost: pluggy's report would reach the user as a traceback."""
    with pytest.raises(PluginFault, match=r"plugin_a: .*runtimme"):
        host_of(plugin("a", fks_wire=impl(lambda runtimme: None)))


def test_an_unmarked_hook_is_a_fault() -> None:
    """Lost: a forgotten @impl would silently switch a context off."""
    with pytest.raises(PluginFault, match="fks_wire is not marked with @impl"):
        host_of(plugin("a", fks_wire=lambda runtime, wiring: None))


def test_two_plugins_of_one_name_are_a_fault() -> None:
    """Lost: one of them would shadow the other."""
    with pytest.raises(PluginFault, match="two plugins are named 'a': plugin_a and plugin_a"):
        host_of(plugin("a"), plugin("a"))


def test_a_plugin_without_manifest_is_a_fault() -> None:
    """Lost: a plugin could not be named in any later message."""
    with pytest.raises(PluginFault, match="plugin bare has no fks_manifest"):
        host_of(types.ModuleType("bare"))


def test_a_broken_shipped_plugin_says_which_module_fails() -> None:
    """Lost: FKS's own contexts would be loaded by other rules than those of strangers."""
    with pytest.raises(PluginFault, match=r"plugin fks\.kernel\.clock has no fks_manifest"):
        Host(builtin=("fks.kernel.clock",), entry_points=False)


def test_two_hosts_in_one_process_share_nothing() -> None:
    """Lost: a second app in a test would see the plugins of the first."""
    first, second = host_of(plugin("a")), host_of(plugin("b"))
    assert (names(first), names(second)) == (["a"], ["b"])


def test_only_the_named_plugins_are_called_and_in_start_order() -> None:
    """Lost: `--only` would start services of contexts that were not chosen."""
    called: list[str] = []

    def section(name: str) -> Callable[[], dict[str, type]]:
        return impl(lambda: called.append(name) or {name: dict})

    host = host_of(
        plugin("a", requires=("b",), fks_settings=section("a")),
        plugin("b", fks_settings=section("b")),
        plugin("c", fks_settings=section("c")),
    )
    assert host.call("fks_settings", {"a", "b"}) == [("b", {"b": dict}), ("a", {"a": dict})]
    assert called == ["b", "a"]


def test_a_first_result_hook_of_a_contract_is_called_by_plugin_too() -> None:
    """Lost: an extension point that returns one thing could not be listed by plugin."""
    contract = types.ModuleType("contract")
    contract.fks_thing = spec(firstresult=True)(lambda: None)  # type: ignore[attr-defined]
    host = host_of(plugin("a", fks_thing=impl(lambda: 7)), specs=[contract])
    assert host.call("fks_thing") == [("a", 7)]
    assert host.hook.fks_thing() == 7


def test_a_settings_section_has_one_owner() -> None:
    """Lost: two plugins would read one section in two ways."""
    settings = impl(lambda: {"shared": dict})
    host = host_of(plugin("a", fks_settings=settings), plugin("b", fks_settings=settings))
    with pytest.raises(PluginFault, match="plugin 'b': settings section 'shared' is taken"):
        host.sections()


def test_an_unknown_context_names_the_known_ones() -> None:
    """Lost: a typing error in --only would start nothing, or everything."""
    host = host_of(plugin("a"), plugin("b"), plugin("x", extensions_only=True))
    assert host.select() == {"a", "b"}
    assert host.select(only=["a"]) == {"a"}
    assert host.select(without=["a"]) == {"b"}
    with pytest.raises(NotFound, match="no context 'x'; there are a, b"):
        host.select(only=["x"])
    with pytest.raises(Invalid, match="no context is left"):
        host.select(only=["a"], without=["a"])
