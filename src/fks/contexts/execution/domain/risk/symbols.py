"""Names of symbols as rules speak of them: lists, starts, roots of futures, groups."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["groups_of", "listed", "matches", "may_trade", "root_of", "words_of"]

_CONTRACT = re.compile(r"^([A-Z0-9]{1,4}?)(?:[FGHJKMNQUVXZ]\d{1,2}|=F| \d\d-\d\d)$")


@lru_cache(maxsize=4096)
def root_of(symbol: str) -> str:
    """Return the root of a futures contract (ESH5, `ES 03-25`, ES=F: ES), or the symbol itself."""
    found = _CONTRACT.match(symbol)
    return found[1] if found else symbol


@lru_cache(maxsize=1024)
def words_of(text: str) -> tuple[str, ...]:
    """Return the entries of a list, each once, in their order."""
    return tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def matches(pattern: str, name: str) -> bool:
    """Say whether a name is meant: by itself, or by a start that ends in *."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def listed(symbol: str, text: str) -> bool:
    """Say whether a list of symbols names this one, or its root."""
    root = root_of(symbol)
    return any(matches(word, symbol) or word == root for word in words_of(text))


def may_trade(principal: str, symbol: str, text: str) -> bool:
    """Say whether a list of principals lets this one trade this symbol."""
    for entry in words_of(text):
        who, restricted, symbols = entry.partition("=")
        if matches(who, principal) and (
            not restricted or listed(symbol, symbols.replace("+", ","))
        ):
            return True
    return False


@lru_cache(maxsize=256)
def groups_of(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return groups as (name, symbols). Raises `ValueError` where one has no name or members."""
    groups = []
    for part in text.split(";"):
        if not part.strip():
            continue
        name, _, members = part.partition("=")
        if not name.strip() or not words_of(members):
            raise ValueError(part)
        groups.append((name.strip(), words_of(members)))
    return tuple(groups)
