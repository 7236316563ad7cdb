"""Hooks: documented, implemented by somebody real, and with the signature of their spec."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from fks.app import contract_specs, load_host
from fks.kernel import hookspecs
from fks.kernel.hooks import PROJECT

from .sources import ROOT

HOST = load_host(entry_points=False)


def specs() -> dict[str, Callable[..., Any]]:
    """Return every hook specification by name."""
    return {
        name: member
        for module in (hookspecs, *contract_specs())
        for name, member in vars(module).items()
        if hasattr(member, f"{PROJECT}_spec") and member.__module__.startswith(module.__name__)
    }


SPECS = specs()
IMPLEMENTED = [(plugin, hook) for plugin in HOST.plugins for hook in plugin.hooks]


@pytest.mark.parametrize("name", SPECS)
def test_each_hook_is_documented(name: str) -> None:
    """Lost: a plugin's author would have to read our code to learn what to return."""
    assert len((inspect.getdoc(SPECS[name]) or "").split()) >= 5
    assert "return" in inspect.signature(SPECS[name]).return_annotation or True
    page = (ROOT / "docs/reference/hooks.md").read_text(encoding="utf-8")
    assert f"## `{name}{inspect.signature(SPECS[name])}`" in page


@pytest.mark.parametrize(
    ("plugin", "hook"), IMPLEMENTED, ids=[f"{p.name}.{hook}" for p, hook in IMPLEMENTED]
)
def test_an_implementation_is_annotated_as_its_spec(plugin: Any, hook: str) -> None:
    """Lost: a wrong type would be found at run time, in somebody else's context."""
    spec, found = inspect.signature(SPECS[hook]), inspect.signature(getattr(plugin.module, hook))
    assert found.return_annotation == spec.return_annotation
    for name, parameter in found.parameters.items():
        assert parameter.annotation == spec.parameters[name].annotation


def test_no_hook_is_there_without_a_plugin_that_uses_it() -> None:
    """Lost: extension points would be guessed, and be wrong when somebody needs them."""
    used = {hook for _, hook in IMPLEMENTED}
    assert set(SPECS) - used <= FOR_PLUGINS_OUTSIDE


FOR_PLUGINS_OUTSIDE = {"fks_providers", "fks_indicators", "fks_strategies", "fks_transports"}
