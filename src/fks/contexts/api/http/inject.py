"""What handlers are given."""

from __future__ import annotations

from typing import Annotated

from litestar.params import Dependency, Parameter

from fks.contexts.api.service import Api

__all__ = ["ApiDep", "Key", "Limit"]

ApiDep = Annotated[Api, Dependency(skip_validation=True)]

Key = Annotated[
    str | None,
    Parameter(
        header="Idempotency-Key",
        description="Two requests with one key have one effect and one answer.",
    ),
]

Limit = Annotated[int, Parameter(ge=1, le=10_000, description="At most this many.")]
