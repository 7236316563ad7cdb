"""The error tree: failures of the world, each with a stable code.

Outcomes the business expects (a refused order) are values, not errors; bugs are assertions. An
`FksError` is raised at an edge, carries a stable `code` such as `data.dataset_not_found`, and is
mapped once to problem+json (`kernel.http`) and once to an exit code (`fks.cli`).
"""

from __future__ import annotations

__all__ = [
    "Conflict",
    "Denied",
    "FksError",
    "Invalid",
    "NotFound",
    "TimedOut",
    "Unavailable",
]


class FksError(Exception):
    """Something outside our control failed."""

    code = "fks.failed"
    status = 500
    exit_code = 1

    def __init__(self, message: str | None = None, *, code: str | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        if code is not None:
            self.code = code
        super().__init__(self.message)


class Invalid(FksError):
    """What was given cannot be used."""

    code = "fks.invalid"
    status = 422
    exit_code = 2


class NotFound(FksError):
    """What was asked for does not exist."""

    code = "fks.not_found"
    status = 404
    exit_code = 3


class Conflict(FksError):
    """The request contradicts what is already there."""

    code = "fks.conflict"
    status = 409
    exit_code = 4


class Denied(FksError):
    """This is not allowed."""

    code = "fks.denied"
    status = 403
    exit_code = 5


class Unavailable(FksError):
    """A part that is needed cannot be reached now."""

    code = "fks.unavailable"
    status = 503
    exit_code = 6

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.retry_after_s = retry_after_s


class TimedOut(FksError):
    """No answer came in time."""

    code = "fks.timed_out"
    status = 504
    exit_code = 7
