"""Random bytes in random parts: the compiled digest is that of hashlib."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fks.contexts.execution.domain.journal._frames import Digest, without_vectors
from fks.contexts.execution.domain.journal.digest import plain_digest


@pytest.fixture(params=[False, True], ids=["as this processor can", "without vectors"])
def processor(request: Any) -> Iterator[bool]:
    """Run once as this processor does and once as a plain one."""
    without_vectors(request.param)
    yield request.param
    without_vectors(False)


@pytest.mark.usefixtures("processor")
def test_parts_of_any_size_give_the_digest_of_the_whole() -> None:
    """Lost: a segment could not be proved on another machine, or by other software."""

    @settings(max_examples=150, deadline=None)
    @given(st.lists(st.binary(max_size=1300), max_size=8), st.integers(0, 5000))
    def holds(parts: list[bytes], size: int) -> None:
        digest, whole = Digest(), b""
        for part in [*parts, bytes(size)]:
            digest.update(part)
            whole += part
            assert digest.digest() == plain_digest(whole)

    holds()


@pytest.mark.usefixtures("processor")
def test_every_length_around_the_blocks_is_right() -> None:
    """Lost: the flags of last blocks would be wrong for lengths that a random test seldom draws."""
    data = bytes(range(256)) * 10
    for size in range(0, 2200):
        assert Digest(data[:size]).digest() == plain_digest(data[:size]), size
