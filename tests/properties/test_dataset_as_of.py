"""What was known when, against a reference that keeps a copy of everything after every step."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contexts.data import kit

from fks.contexts.data.service.source import Source
from fks.contexts.data.store import DatasetStore
from fks.kernel.clock import ManualClock
from fks.kernel.errors import NotFound

STEP = st.tuples(
    st.sampled_from(["store", "tag"]),
    st.integers(0, 3),  # which content
    st.sampled_from(["v1", "v2"]),
    st.integers(0, 50),  # how much later
)


def answered(source: Source, text: str, as_of_ns: int) -> Any:
    """Return how many bars a read gets, or None where nothing was known."""
    try:
        return len(source.open(text, as_of_ns=as_of_ns).columns())
    except NotFound:
        return None


@settings(max_examples=25, deadline=None)
@given(st.lists(STEP, min_size=1, max_size=8))
def test_a_read_as_of_a_time_gets_what_a_read_at_that_time_got(steps: list[Any]) -> None:
    """Lost: an import or a tag of today would change what a study of last year saw."""
    with tempfile.TemporaryDirectory() as folder:
        clock = ManualClock(1_000_000)
        store = DatasetStore(Path(folder) / "home", now_ns=clock.now_ns)
        contents = [
            kit.read(kit.write(Path(folder) / "A.csv", kit.lines(5 + k)), name="mine")
            for k in range(4)
        ]
        copies: list[tuple[int, dict[str, int]]] = []
        latest: dict[str, int] = {}
        for what, content, tag, later in steps:
            clock.advance_ns(100 + later)
            if what == "store":
                store.save(contents[content])
                latest = {**latest, "mine": 5 + content}
            elif "mine" in latest:
                store.tag("mine", tag, move=True)
                latest = {**latest, f"mine@{tag}": latest["mine"]}
            copies.append((clock.now_ns(), latest))
        source = Source(DatasetStore(Path(folder) / "home"))
        moments = {at + off for at, _ in copies for off in (-1, 0, 1, 40)} | {0}
        for moment in sorted(moments):
            known = [copy for at, copy in copies if at <= moment]
            for text in ("mine", "mine@v1", "mine@v2"):
                expected = known[-1].get(text) if known else None
                assert answered(source, text, moment) == expected, (moment, text)
