"""The raw log is a list of what was appended, whoever reads it and however."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contexts.data.rawlog.made import record, without_index

from fks.contexts.data.store.rawlog import RawLog, RawRecord

RECORDS = st.builds(
    record,
    number=st.integers(0, 5) | st.integers(0, 2**63 - 1),
    body=st.binary(max_size=300) | st.just(b"\x89FKSRAW\n" * 30),
    provider=st.sampled_from(["a", "b:c", "../x"]),
    job=st.sampled_from(["j1", "j2"]) | st.text(st.characters(codec="utf-8"), min_size=1),
    status=st.sampled_from([200, 429, 500]),
    method=st.sampled_from(["GET", "POST"]),
    params=st.lists(st.tuples(st.sampled_from("abc"), st.text(max_size=9)), max_size=3).map(tuple),
    received_at_ns=st.integers(-(2**63), 2**63 - 1),
)
STEPS = st.one_of(
    RECORDS,
    st.lists(RECORDS, min_size=2, max_size=4),
    st.sampled_from(["other writer", "no index", "torn"]),
)


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(STEPS, max_size=20), size=st.integers(1, 3000))
def test_it_is_a_list_of_what_was_appended(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[RawRecord | list[RawRecord] | str],
    size: int,
) -> None:
    """Lost: a payload under another job, in another order, or with another body."""
    home = tmp_path_factory.mktemp("raw")
    log = RawLog(home, segment_bytes=size)
    kept: list[tuple[str, RawRecord]] = []
    for step in steps:
        if isinstance(step, RawRecord):
            kept.append((log.append(step), step))
        elif isinstance(step, list):
            group = [one for one in step if one.provider == step[0].provider]
            kept += zip(log.append_many(group), group, strict=True)
        elif step == "other writer":
            log = RawLog(home, segment_bytes=size)
        elif step == "no index":
            without_index(home)
        elif files := sorted((home / "raw").glob("*/*.log")):
            with files[-1].open("ab") as stream:
                stream.write(b"\x89FKSRAW\nhalf a frame")
    jobs = {(one.provider, one.job) for _, one in kept}
    for reader in (log, RawLog(home), without_index(home)):
        assert all(reader.read(of) == one for of, one in kept)
        for provider, job in jobs:
            wanted = [one for one in kept if (one[1].provider, one[1].job) == (provider, job)]
            wanted.sort(key=lambda one: one[1].number)  # stable: as appended within one
            assert list(reader.of_job(provider, job)) == wanted
        heads = reader.jobs()
        assert {(one.provider, one.job) for one in heads} == jobs
        assert sum(one.payloads for one in heads) == len(kept)
        assert sum(one.bytes for one in heads) == sum(len(one.body) for _, one in kept)
        found = reader.verify()
        assert (found.whole, found.damaged) == (len(kept), ())
