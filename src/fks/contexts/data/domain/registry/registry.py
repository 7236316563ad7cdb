"""The registry: all products, and which name or alias means which."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from importlib import resources
from typing import Any

import msgspec

from fks.contexts.data.domain.registry.lines import line_of
from fks.contexts.data.domain.registry.products import Product, product_of
from fks.kernel.errors import Invalid
from fks.kernel.ids import content_hash

__all__ = ["BUILT_IN", "Registry", "registry_of"]

MOST_BYTES = 1 << 20
_LAYOUT = b"fks-registry-1"


class Registry:
    """Products by symbol; `own` are those that the user added or changed.

    `version` is the hash of everything in it: the same version gives the same answers.
    """

    def __init__(self, products: Mapping[str, Product], own: Mapping[str, Any]) -> None:
        self.products = dict(products)
        self.own = dict(own)
        told = msgspec.to_builtins(self.products, str_keys=True)
        self.version = content_hash(_LAYOUT, msgspec.json.encode(told, order="sorted"))
        self.aliases = _aliases(self.products)

    def whose(self, symbol: str) -> str:
        """Return whether a product is built in, changed, or the user's."""
        if symbol not in self.own:
            return "built in"
        return "changed" if symbol in _BUILT_IN_TABLES else "yours"


def registry_of(text: str, name: str = "instruments.toml") -> Registry:
    """Return the built-in registry with a user's file over it.

    Raises `Invalid` naming file and line for what cannot be read or cannot be true.
    """
    if len(text) > MOST_BYTES:
        raise Invalid(f"{name} has more than {MOST_BYTES:,} letters", code="data.bad_registry")
    try:
        own = tables_of(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"{name}: {str(error)[:120]}", code="data.bad_registry") from None
    except RecursionError:
        raise Invalid(f"{name} is nested too deep", code="data.bad_registry") from None
    try:
        products = dict(_PRODUCTS)
        for symbol, table in own.items():
            if not isinstance(table, dict):
                raise Invalid(f"{symbol}: write a table, [{symbol}]", code="data.bad_registry")
            merged = _merged(_BUILT_IN_TABLES.get(symbol, {}), table)
            products[symbol] = product_of(symbol, merged)
        return Registry(products, own)
    except Invalid as error:
        key = error.message.partition(":")[0]
        line = line_of(text, key)
        at = f"{name} line {line}: " if line else f"{name}: "
        raise Invalid(at + error.message, code="data.bad_registry") from None


def tables_of(text: str) -> dict[str, Any]:
    """Return the tables of a text; numbers are decimals."""
    return tomllib.loads(text, parse_float=Decimal)


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table over another; tables within them are merged likewise."""
    made = dict(under)
    for key, value in over.items():
        below = made.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        made[key] = _merged(below, value) if both else value  # type: ignore[arg-type]  # a dict
    return made


def _aliases(products: Mapping[str, Product]) -> dict[str, str]:
    """Return what each alias means. Raises `Invalid` for one that means two products."""
    found: dict[str, str] = {}
    for symbol, product in products.items():
        for source, names in product.aliases.items():
            for one in names:
                other = one if one in products else found.get(one, symbol)
                if other != symbol:
                    raise Invalid(
                        f"{symbol}.aliases.{source}: {one} means {other} already",
                        code="data.bad_registry",
                    )
                found[one] = symbol
    return found


# The table is part of the package as its modules are, and read once, as they are.
_BUILT_IN_TABLES = tables_of(
    resources.files(__package__).joinpath("built_in.toml").read_text(encoding="utf-8")
)
_PRODUCTS = {symbol: product_of(symbol, table) for symbol, table in _BUILT_IN_TABLES.items()}
BUILT_IN = Registry(_PRODUCTS, {})
"""What FKS knows by itself."""
