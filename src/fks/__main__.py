"""`python -m fks` is the `fks` program."""

from __future__ import annotations

import sys

from fks.cli import main

if __name__ == "__main__":
    sys.exit(main())
