"""Compare the corpus with what is recorded; with `--record` take what is seen as recorded.

`python -m tests.contexts.engine.corpus [--record] [NAME ...]`, from the root of the checkout. Both
print what differs, line by line. CONTRIBUTING.md says when recording anew is right.
"""

from __future__ import annotations

import argparse
import difflib
import sys

from tests.contexts.engine.corpus.trial import EXPECTED, case_of, names, observe, paths_of, text_of


def say(line: str) -> None:
    """Write a line out."""
    sys.stdout.write(line + "\n")


def main() -> int:
    """Run the named cases, print what changed, and record it when told to."""
    parser = argparse.ArgumentParser(prog="corpus", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--record", action="store_true", help="write down what is seen")
    parser.add_argument("names", nargs="*", metavar="NAME", help="all when left out")
    arguments = parser.parse_args()
    changed = 0
    for name in arguments.names or names():
        case = case_of(name)
        market = case.market()
        if market is None:
            say(f"{name}: left out, its recorded bars are not here")
            continue
        tier, compiled = next(paths_of(case))
        seen = text_of(observe(case, market, tier, compiled=compiled))
        path = EXPECTED / f"{name}.json"
        known = path.read_text() if path.exists() else ""
        if seen == known:
            continue
        changed += 1
        lines = (known.splitlines(), seen.splitlines())
        names_of = (f"{name} recorded", f"{name} seen")
        for line in difflib.unified_diff(*lines, *names_of, lineterm="", n=0):
            say(line)
        if arguments.record:
            path.write_text(seen)
    say(f"{changed} changed" + (", recorded" if arguments.record and changed else ""))
    return int(bool(changed) and not arguments.record)


if __name__ == "__main__":
    raise SystemExit(main())
