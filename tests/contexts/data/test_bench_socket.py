"""What `fks bench stream` measures over a socket: events that were heard, of messages sent."""

from __future__ import annotations

import msgspec

from fks.contexts.data.adapters.streaming.sender import workload
from fks.contexts.data.service.bench_socket import heard_by_fks, heard_plainly


async def test_every_trade_is_timed_from_when_it_was_due() -> None:
    """Lost: a figure for messages that nobody heard, or for others than were sent."""
    work = workload("book", 1500)
    events = [msgspec.json.decode(one)["data"].get("e", "") for one in work.measured]
    heard = await heard_by_fks("book", 1500, 3000)
    trades = {number for number, event in enumerate(events) if event == "trade"}
    assert trades <= set(heard.numbers)
    assert {events[number] for number in heard.numbers} == {"trade", "depthUpdate"}
    assert heard.messages == len(work.measured)
    assert min(heard.late_us()) > 0, "an event before its message"
    assert heard.per_s() > 0


async def test_the_bare_client_hears_all_that_is_sent_as_fast_as_it_goes() -> None:
    """Lost: a reference that did less than it says."""
    heard = await heard_plainly("quotes", 1000, 0)
    assert list(heard.numbers) == list(range(1000))
    assert list(heard.at_ns) == sorted(heard.at_ns)
    assert heard.at_ns[0] > heard.began_ns
