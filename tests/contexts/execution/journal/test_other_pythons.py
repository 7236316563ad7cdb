"""Goal D7: other versions of Python replay a journal to the same state, and say the same.

`FKS_OTHER_PYTHONS` names the interpreters (separated as PATH is), each with numpy, msgspec, Cython
and setuptools; `nox -s torture` makes them of the versions it finds. What is compiled is compiled
for each of them in a copy of the sources.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import fks

from .matching_flow import HashedMachine, orders, prepared
from .test_matching import CHILD, journaled

OTHERS = [path for path in os.environ.get("FKS_OTHER_PYTHONS", "").split(os.pathsep) if path]
COMPILED = ("matching/_matching", "matching/_ledger", "matching/_floor", "journal/_frames")
GOLDEN = Path(__file__).with_name("golden")


def built(python: str, folder: Path) -> Path:
    """Return a copy of the sources, compiled for an interpreter."""
    source = folder / "src"
    shutil.copytree(Path(fks.__file__).parents[1], source, ignore=shutil.ignore_patterns("*.so"))
    directives = ("boundscheck=False", "wraparound=False", "cdivision=True")
    options = [word for directive in directives for word in ("-X", directive)]
    names = [f"fks/contexts/execution/domain/{name}.pyx" for name in COMPILED]
    command = [python, "-m", "Cython.Build.Cythonize", "-3", "-i", "-q", *options, *names]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    return source


def told(python: str, source: Path, child: Path, journal: Path) -> str:
    """Return what a process of that interpreter says of a journal."""
    path = os.pathsep.join([str(source), str(child.parents[4])])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "random"}
    done = subprocess.run(
        [python, str(child), str(journal)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.skipif(not OTHERS, reason="needs other versions: FKS_OTHER_PYTHONS")
@pytest.mark.parametrize("python", OTHERS)
def test_another_python_reaches_the_same_state(python: str, tmp_path: Path) -> None:
    """Lost: an upgrade of Python would change the books of everyone who has some."""
    source = built(python, tmp_path)
    machine = HashedMachine()
    rows = np.concatenate([prepared(), orders(1_000_000, 3)])
    journaled(tmp_path / "j", rows, 700, machine)
    expected = f"{machine.state_hash().hex()} {machine.said.hexdigest()}"
    assert told(python, source, CHILD, tmp_path / "j") == expected
    for folder in sorted(GOLDEN.iterdir()):
        _, state_hash = (folder / "STATE").read_text().split()
        copy = shutil.copytree(folder, tmp_path / folder.name)
        child = CHILD.with_name("replay_child.py")
        assert told(python, source, child, copy) == state_hash, folder.name
