"""The digest of a segment, by hashlib: the twin of `Digest` in `_frames.pyx`.

BLAKE2b in tree mode with four leaves and one root (RFC 7693; BLAKE2 paper, section 2.10): leaf i
reads the blocks i, i + 4, i + 8, ... of 128 bytes.
"""

from __future__ import annotations

import hashlib

__all__ = ["DIGEST_BYTES", "plain_digest"]

DIGEST_BYTES = 32
_LEAVES, _BLOCK = 4, 128


def plain_digest(data: bytes | memoryview) -> bytes:
    """Return the 32 bytes of the digest."""
    blocks = [bytes(data[at : at + _BLOCK]) for at in range(0, len(data), _BLOCK)]
    root = hashlib.blake2b(
        digest_size=DIGEST_BYTES,
        fanout=_LEAVES,
        depth=2,
        node_depth=1,
        inner_size=64,
        last_node=True,
    )
    for number in range(_LEAVES):
        leaf = hashlib.blake2b(
            b"".join(blocks[number::_LEAVES]),
            fanout=_LEAVES,
            depth=2,
            node_offset=number,
            inner_size=64,
            last_node=number == _LEAVES - 1,
        )
        root.update(leaf.digest())
    return root.digest()
