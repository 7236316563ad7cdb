"""The sections [data], [fetching] and [streams]."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

__all__ = ["DataSettings", "FetchSettings", "KeptStreamSettings", "Mirror"]


class DataSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far a replay runs ahead, and how many opened datasets are kept in memory.

    `master_key_file` names the file that holds the master key of the providers' keys; else the
    variable FKS_MASTER_KEY holds it, or FKS makes one below its home. `hot_bytes` bounds the
    unpacked copies of datasets that are opened often, below `cache/hot`; 0 keeps none.
    """

    replay_ahead_bars: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 64
    cached_datasets: Annotated[int, msgspec.Meta(ge=1, le=100)] = 4
    master_key_file: str = ""
    hot_bytes: Annotated[int, msgspec.Meta(ge=0)] = 4 << 30


class FetchSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How remote providers are asked: time-outs, tries, pauses.

    `longest_wait_s` is the longest a request waits for a provider that says when it may be asked
    again; beyond that it fails and says so. `allow_loopback` lets base URLs lead to this machine,
    for a mirror of your own. Once an hour, `recheck_pages` pages that came before are asked for
    again, to see whether a provider rewrote its past; 0 asks for none.
    """

    connect_timeout_s: Annotated[float, msgspec.Meta(gt=0, le=300)] = 5.0
    read_timeout_s: Annotated[float, msgspec.Meta(gt=0, le=300)] = 15.0
    deadline_s: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 60.0
    tries: Annotated[int, msgspec.Meta(ge=1, le=10)] = 4
    first_pause_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 0.5
    longest_pause_s: Annotated[float, msgspec.Meta(gt=0, le=600)] = 20.0
    longest_wait_s: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 90.0
    allow_loopback: bool = False
    recheck_pages: Annotated[int, msgspec.Meta(ge=0, le=20)] = 2


class Mirror(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an exchange is reached instead of its own place: its socket, and its snapshots."""

    url: str
    pages_url: str = ""


class KeptStreamSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the streams of a server are kept; what is streamed stands in `streams/streams.json`.

    A symbol is stale when it said nothing for `stale_after_s`. `most_waiting` trades wait for slow
    listeners before a stream ends. `mirrors` by exchange: only who may change the settings of a
    server decides where it connects.
    """

    stale_after_s: Annotated[float, msgspec.Meta(gt=0, le=86_400)] = 10.0
    most_waiting: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 10_000
    mirrors: Mapping[str, Mirror] = {}
