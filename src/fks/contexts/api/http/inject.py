"""What handlers are given."""

from __future__ import annotations

from typing import Annotated

from litestar.di import NamedDependency
from litestar.params import HeaderParameter, QueryParameter, SkipValidation

from fks.contexts.api.service import Api

__all__ = ["ApiDep", "Key", "Limit"]

ApiDep = NamedDependency[SkipValidation[Api]]

Key = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        description="Two requests with one key have one effect and one answer.",
    ),
]

Limit = Annotated[int, QueryParameter(ge=1, le=10_000, description="At most this many.")]
