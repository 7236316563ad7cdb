"""The hash by which a repeated request is told from another one under the same id."""

from __future__ import annotations

import hashlib
from decimal import Decimal

import msgspec

from fks.contracts.execution import OrderRequest

__all__ = ["request_hash"]

_ENCODER = msgspec.json.Encoder(order="deterministic")


def request_hash(request: OrderRequest) -> str:
    """Return the BLAKE2b-128 of a request's fields; 1.0 and 1.00 are one quantity."""
    plain = {
        name: value.normalize() + 0 if isinstance(value, Decimal) else value
        for name, value in msgspec.structs.asdict(request).items()
    }
    return hashlib.blake2b(_ENCODER.encode(plain), digest_size=16).hexdigest()
