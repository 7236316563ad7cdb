"""What the ccxt venue has to be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

__all__ = ["CcxtSettings"]


class CcxtSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The venue's section. `exchange` is ccxt's name of it; keys are named, not written.

    `symbols` are ccxt's names of our instruments ("BTC/USDT"), where the exchange's own id is not
    ours. `options` and `urls` are ccxt's, merged into the exchange's. `sure`: this exchange keeps
    its orders and refuses a used client order id, so that its "no such order" is a proof.
    """

    exchange: str
    api_key_env: str = ""
    api_key_file: str = ""
    api_secret_env: str = ""
    api_secret_file: str = ""
    passphrase_env: str = ""
    passphrase_file: str = ""
    market: Literal["spot", "swap"] = "spot"
    symbols: Mapping[str, str] = {}
    options: Mapping[str, Any] = {}
    urls: Mapping[str, Any] = {}
    sandbox: bool = False
    sure: bool = False
    poll_s: float = 1.0
    timeout_s: float = 5.0
