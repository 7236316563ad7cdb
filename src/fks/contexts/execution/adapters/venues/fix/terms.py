"""What the FIX venue has to be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

__all__ = ["FixSettings"]


class FixSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The venue's section. `numbers` is the folder of the sequence numbers, one file a session.

    `password_env` or `password_file` name where the password is kept. `account` is the
    counterparty's name of our account; `symbols` its names of our instruments, where they differ.
    `tells` are the questions it answers beside the status of orders: "trades", "positions",
    "balances". Seconds: `heartbeat_s`, `connect_timeout_s` for a log-on, and `answer_timeout_s`
    until an order without an answer is unknown and a question unanswered.
    """

    host: str
    port: int
    sender: str
    target: str
    numbers: str
    account: str = ""
    username: str = ""
    password_env: str = ""
    password_file: str = ""
    tls: bool = False
    reset: bool = False
    heartbeat_s: float = 30.0
    connect_timeout_s: float = 10.0
    answer_timeout_s: float = 5.0
    symbols: Mapping[str, str] = {}
    tells: frozenset[Literal["trades", "positions", "balances"]] = frozenset()
    post_only: bool = True
    reduce_only: bool = True
