"""The compiled engine under the address and undefined-behaviour sanitizers (claim C3).

The C that Cython writes is compiled a second time with `-fsanitize=address,undefined` into a
temporary folder, and random commands run through it in a process of its own. By hand, with
10 million commands:

    FKS_TORTURE=1 python -m pytest tests/contexts/execution/matching/test_sanitized.py
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import fks

SOURCE = Path(fks.__file__).parent / "contexts/execution/domain/matching"
CHILD = Path(__file__).with_name("sanitized_child.py")
COMMANDS = 10_000_000 if os.environ.get("FKS_TORTURE") == "1" else 200_000
SEED = int(os.environ.get("FKS_SEED", "20261123"))
FLAGS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]


def runtimes(compiler: str) -> list[str]:
    """Return the libraries of the sanitizers, which have to be loaded before Python."""
    found = []
    for name in ("libasan.so", "libubsan.so"):
        where = subprocess.run(
            [compiler, f"-print-file-name={name}"], capture_output=True, text=True, check=True
        ).stdout.strip()
        if not Path(where).is_file():
            pytest.skip(f"the compiler has no {name}")
        found.append(where)
    return found


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the sanitized engine."""
    compiler = shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("needs gcc on Linux")
    if importlib.util.find_spec("Cython") is None or not (SOURCE / "_matching.pyx").exists():
        pytest.skip("needs Cython and the sources")
    runtimes(compiler)
    folder = tmp_path_factory.mktemp("sanitized")
    for path in [*SOURCE.glob("*.pxi"), *SOURCE.glob("*.h"), SOURCE / "_matching.pyx"]:
        shutil.copy(path, folder)
    directives = ("boundscheck=False", "wraparound=False", "cdivision=True")
    options = [word for directive in directives for word in ("-X", directive)]
    cython = [sys.executable, "-m", "cython", "-3", *options, "_matching.pyx"]
    subprocess.run(cython, cwd=folder, check=True, capture_output=True)
    include = sysconfig.get_paths()["include"]
    flags = ["-shared", "-fPIC", "-O1", "-g1", "-w", *FLAGS, f"-I{include}"]
    subprocess.run([compiler, *flags, "_matching.c", "-o", "_matching.so"], cwd=folder, check=True)
    return folder


def test_random_commands_touch_no_foreign_memory_and_nothing_undefined(build: Path) -> None:
    """Lost: a write past a table would corrupt a book, and nobody would know which one."""
    root = CHILD.parents[4]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(root), str(Path(fks.__file__).parents[1])]),
        "LD_PRELOAD": " ".join(runtimes(str(shutil.which("gcc")))),
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0:allocator_may_return_null=1",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "PYTHONMALLOC": "malloc",
    }
    done = subprocess.run(
        [sys.executable, str(CHILD), str(build), str(COMMANDS), str(SEED)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"seed {SEED}\n{done.stdout[-2000:]}\n{done.stderr[-8000:]}"
    told = [int(count) for count in done.stdout.split()]
    assert all(told[1:]), f"an event kind never came: {told}"
    assert told[1] * 20 > COMMANDS, f"too few orders got as far as a book: {told}"
