"""Hold the built screens in memory, and say whether there are any."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fks.contexts.web.adapters.build import INDEX, STATIC, Asset, built_at_ns, read_build
from fks.kernel.errors import NotFound
from fks.kernel.health import CheckResult, Status

__all__ = ["Screens"]

NOT_BUILT = "the screens are not built: run `python build_web.py` in the source folder"


class Screens:
    """The files of the build. They are read once, and again when the page was built anew."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._folder = folder
        self._read_at_ns = -1
        self._files: Mapping[str, Asset] = {}

    def page(self) -> Asset | None:
        """Return the one page behind every address of the app; None if it was never built."""
        built_ns = built_at_ns(self._folder)
        if built_ns != self._read_at_ns:
            self._files = read_build(self._folder) if built_ns else {}
            self._read_at_ns = built_ns
        return self._files.get(INDEX)

    def file(self, name: str) -> Asset:
        """Return the file of that path below the build. Raises `NotFound`."""
        self.page()
        try:
            return self._files[name]
        except KeyError:
            raise NotFound(
                f"the screens have no file {name[:80]!r}: load the page again",
                code="web.file_not_found",
            ) from None

    async def probe(self) -> CheckResult:
        """Tell whether there is a page to serve."""
        if self.page() is None:
            return CheckResult(Status.DEGRADED, NOT_BUILT)
        return CheckResult(Status.HEALTHY)
