"""Declare what pyproject cannot: compiled extensions, built screens, and the migrations.

Every `_*.pyx` under `src/fks` becomes an extension module of the same dotted name, so adding a
compiled file needs no change here. The screens are built by `build_web.py` (see there).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
SOURCE = ROOT / "src"

sys.path.insert(0, str(ROOT))


def extensions() -> list[Extension]:
    """Return one extension per `.pyx`, compiled for speed but never for one CPU model only."""
    found = []
    for path in sorted(SOURCE.glob("fks/**/_*.pyx")):
        relative = path.relative_to(ROOT)
        module = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        found.append(
            Extension(
                module,
                [str(relative)],
                depends=[
                    str(p.relative_to(ROOT))
                    for p in path.parent.glob("*.[hp]*")
                    if p.suffix in {".h", ".pxi"}
                ],
                include_dirs=[numpy.get_include()],
                define_macros=[("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION")],
                extra_compile_args=["-O3", "-fno-math-errno", "-fno-trapping-math"],
            )
        )
    return found


class BuildWithScreens(build_py):
    """Build the single-page app into package data, and take the migrations along.

    The revisions lie at the top of the checkout, where people look for them; an installed FKS
    finds them in `fks/_migrations`.
    """

    def run(self) -> None:
        """Build the screens unless told not to (`FKS_SKIP_WEB=1`), then the package."""
        if os.environ.get("FKS_SKIP_WEB") != "1" and (ROOT / "build_web.py").exists():
            import build_web

            build_web.build()
        super().run()
        if not self.editable_mode:
            for source, target in self._migrations():
                self.mkpath(str(Path(target).parent))
                self.copy_file(source, target)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        """Return what is built, the migrations among it."""
        outputs = super().get_outputs(include_bytecode)
        return [*outputs, *(target for _, target in self._migrations())]

    def _migrations(self) -> list[tuple[str, str]]:
        """Return where each file of the migrations is and where it goes."""
        target = Path(self.build_lib) / "fks" / "_migrations"
        found = (*(ROOT / "migrations").glob("*.*"), *(ROOT / "migrations").glob("*/*.py"))
        return [
            (str(path.relative_to(ROOT)), str(target / path.relative_to(ROOT / "migrations")))
            for path in sorted(found)
        ]


setup(
    cmdclass={"build_py": BuildWithScreens},
    ext_modules=cythonize(
        extensions(),
        compiler_directives={
            "language_level": "3",
            "boundscheck": False,
            "wraparound": False,
            "cdivision": True,
            "embedsignature": True,
        },
    ),
)
