"""Providers that are reached over HTTP: what to ask, and how to read what comes.

A remote provider does no I/O of its own. It says which page to ask for first, and reads each page
that came: its rows, and which page is next. So the pages in the raw log are read again by the same
code, and make the same dataset; a backfill that broke off goes on after the last page it has.
Keys are no part of a page: they are added when it is sent, and are in no log.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol, runtime_checkable

import msgspec

from fks.contracts.data.ticks import DepthRows, Rows
from fks.contracts.values import Instrument

__all__ = [
    "BookProvider",
    "Capability",
    "DataQuery",
    "KeyUse",
    "Limits",
    "Page",
    "PageRequest",
    "RemoteProvider",
]


class DataQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Data of one symbol in `[start_ns, end_ns)`; `timeframe` for bars only."""

    kind: str
    symbol: str
    timeframe: str = ""
    start_ns: int = 0
    end_ns: int = 2**63 - 1


class Capability(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of data that a provider has; `timeframes` of its bars."""

    kind: str
    timeframes: tuple[str, ...] = ()


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider lets through, as it documents it.

    `weight_per_minute` counts `PageRequest.weight`; `used_weight_header` names the header in which
    the provider tells how much of it was used. `at_once` bounds open requests.
    """

    weight_per_minute: int
    at_once: int = 4
    used_weight_header: str = ""
    page_bytes: int = 64 << 20


class KeyUse(msgspec.Struct, frozen=True, kw_only=True):
    """Where a provider wants its key: in a header, or in a parameter of the query."""

    place: Literal["header", "parameter"]
    name: str
    prefix: str = ""
    required: bool = True


class PageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A GET: a path below the provider's base URL and its parameters, without any key."""

    path: str
    params: tuple[tuple[str, str], ...] = ()
    weight: int = 1


class Page(NamedTuple):
    """What a page held. `next` is None on the last one.

    `reached_ns` says how far the query is answered: everything before it has come.
    """

    rows: Rows
    next: PageRequest | None
    reached_ns: int


class RemoteProvider(Protocol):
    """A provider by its pages. All methods are pure: the same bytes, the same rows."""

    @property
    def base_url(self) -> str:
        """Return where its paths begin."""
        ...

    @property
    def limits(self) -> Limits:
        """Return what it lets through."""
        ...

    @property
    def capabilities(self) -> tuple[Capability, ...]:
        """Return what it has."""
        ...

    @property
    def key(self) -> KeyUse | None:
        """Return where it wants a key; None where it wants none."""
        ...

    def instrument_page(self, symbol: str) -> PageRequest | None:
        """Return where the sizes of a symbol are told; None where the provider does not."""
        ...

    def read_instrument(self, symbol: str, body: bytes) -> Instrument:
        """Read that page. Raises `NotFound` for a symbol that the provider has not.

        Otherwise as `read_page`.
        """
        ...

    def first_page(self, query: DataQuery) -> PageRequest:
        """Return the first page of a query. Raises `Invalid` for one it cannot answer."""
        ...

    def read_page(self, query: DataQuery, request: PageRequest, body: bytes) -> Page:
        """Read a page that came with status 200.

        Raises `Unavailable` with the code `data.provider_refuses` where the body is a refusal, and
        `data.malformed_payload` where it is not what the provider documents.
        """
        ...


@runtime_checkable
class BookProvider(Protocol):
    """A remote provider that also gives the order book of now, on one page. Both are pure."""

    def book_page(self, symbol: str) -> PageRequest:
        """Return where the book of a symbol is."""
        ...

    def read_book(self, symbol: str, body: bytes, received_ns: int) -> DepthRows:
        """Read that page: the book is emptied, then each level set, all rows flagged a snapshot.

        A book without a time of its own has the one at which it was received. Raises as
        `read_page`, also for a book that cannot be: crossed, out of order, a level twice.
        """
        ...
