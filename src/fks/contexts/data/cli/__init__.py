"""`fks data`: its commands, a module each kind of work."""

from __future__ import annotations

import rich_click as click

from fks.contexts.data.cli.adjusting import adjust_command
from fks.contexts.data.cli.aggregating import aggregate_command
from fks.contexts.data.cli.comparing import compare_command
from fks.contexts.data.cli.continuous import continuous_command
from fks.contexts.data.cli.exporting import export_command
from fks.contexts.data.cli.fetching import COMMANDS as FETCHING
from fks.contexts.data.cli.importing import data
from fks.contexts.data.cli.joining import join_command
from fks.contexts.data.cli.keys import keys
from fks.contexts.data.cli.quality import COMMANDS as QUALITY
from fks.contexts.data.cli.raw import raw
from fks.contexts.data.cli.resampling import resample_command
from fks.contexts.data.cli.splits import splits
from fks.contexts.data.cli.streaming import stream_command
from fks.contexts.data.cli.streams import streams
from fks.contexts.data.cli.tracking import track
from fks.contexts.data.cli.vault import vault
from fks.contexts.data.cli.versions import COMMANDS

__all__ = ["command"]


def command() -> click.Group:
    """Return `fks data` with all of its commands."""
    data.add_command(adjust_command)
    data.add_command(aggregate_command)
    data.add_command(compare_command)
    data.add_command(continuous_command)
    data.add_command(export_command)
    data.add_command(join_command)
    data.add_command(resample_command)
    data.add_command(stream_command)
    for one in (*COMMANDS, *FETCHING, *QUALITY, *splits, keys, raw, streams, track, vault):
        data.add_command(one)
    return data
