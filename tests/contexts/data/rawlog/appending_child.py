"""A process that appends until it is killed: `home first job`."""

from __future__ import annotations

import sys
from pathlib import Path

from fks.contexts.data.store.rawlog import RawLog, RawRecord


def main(home: Path, first: int, job: str) -> None:
    """Append, in groups now and then, and say of each record that it is kept."""
    log = RawLog(home, segment_bytes=20_000)
    number = first
    while True:
        group = [
            RawRecord(
                provider="binance",
                job=job,
                number=k,
                path="/x",
                params=(("k", str(k)),),
                requested_at_ns=k,
                received_at_ns=k,
                status=200,
                body=(b"%d," % k) * (k * k % 20_011),
            )
            for k in range(number, number + (5 if number % 7 == 0 else 1))
        ]
        kept = log.append_many(group)
        number += len(group)
        for one, payload in zip(group, kept, strict=True):
            sys.stdout.write(f"{one.number} {payload}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
