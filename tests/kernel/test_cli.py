"""The program: quick to start, one line for every failure, one document with --json."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

import fks
from fks.cli import main, program
from fks.kernel import errors
from fks.kernel.commands import command_context, json_option

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("litestar", "sqlalchemy", "duckdb", "numpy", "pyarrow", "alembic")


def run(*arguments: str, code: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a process of its own."""
    command = [sys.executable, *(("-c", code) if code else ("-m", "fks"))]
    surroundings = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environ}
    return subprocess.run(
        [*command, *arguments], env=surroundings, capture_output=True, text=True, timeout=60
    )


def test_the_version_is_told_without_loading_anything_heavy() -> None:
    """Lost: every shell completion and every script would wait for libraries it does not use."""
    code = (
        "import sys; from fks.cli import main; code = main(['--version']);"
        f"print([name for name in {HEAVY!r} if name in sys.modules]); sys.exit(code)"
    )
    done = run(code=code)
    assert done.stdout == f"fks {fks.__version__}\n[]\n"
    assert done.returncode == 0


def test_the_version_is_that_of_the_package() -> None:
    """Lost: an installed FKS would report another version than its wheel."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{fks.__version__}"\n' in text


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """Add a command that raises what the list holds."""
    held: list[BaseException] = []

    @click.command("fail")
    @json_option
    def fail() -> None:
        raise held[0]

    monkeypatch.setitem(program.commands, "fail", fail)
    return held


KINDS = {
    errors.FksError: 1,
    errors.Invalid: 2,
    errors.NotFound: 3,
    errors.Conflict: 4,
    errors.Denied: 5,
    errors.Unavailable: 6,
    errors.TimedOut: 7,
}


@pytest.mark.parametrize(("kind", "code"), KINDS.items())
def test_every_failure_is_one_line_with_its_code(
    failing: list[BaseException],
    capsys: pytest.CaptureFixture[str],
    kind: type[errors.FksError],
    code: int,
) -> None:
    """Lost: scripts could not tell failures apart, people would read tracebacks."""
    failing.append(kind("two\nlines", code="x.y"))
    assert main(["fail", "--json"]) == code
    out, err = capsys.readouterr()
    assert (out, err) == ("", "fks: two lines [x.y]\n")


def test_the_documented_exit_codes_are_those_of_the_errors() -> None:
    """Lost: the page would promise codes that the program does not keep."""
    page = (ROOT / "docs/reference/exit-codes.md").read_text(encoding="utf-8")
    rows = {
        cells[1].strip(): cells[2].strip()
        for cells in (line.split("|") for line in page.splitlines() if line.startswith("| "))
        if cells[1].strip().isdigit()
    }
    for kind, code in KINDS.items():
        assert rows[str(code)].startswith(f"`{kind.__name__}`")
    assert {"0", "130", "141"} <= rows.keys()


def test_a_usage_error_is_one_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    """Lost: a typing error would print a page instead of what is wrong."""
    assert main(["schemas", "export", "--nope"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1 and "--nope" in err and "fks schemas export --help" in err


def test_ctrl_c_ends_with_130(failing: list[BaseException]) -> None:
    """Lost: a shell loop could not be stopped by the person at the keyboard."""
    failing.append(KeyboardInterrupt())
    assert main(["fail"]) == 130


def test_json_is_one_document_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    """Lost: no other program could read what this one says."""
    assert main(["plugins", "--json"]) == 0
    out, err = capsys.readouterr()
    assert out.count("\n") == 1 and err == ""
    names = [plugin["name"] for plugin in json.loads(out)["plugins"]]
    assert "api" in names and names.index("api") > names.index("execution")


def test_a_reader_that_goes_away_is_no_failure_to_report() -> None:
    """Lost: `fks plugins | head -1` would end in a traceback."""
    read, write = os.pipe()
    os.close(read)
    code = "import sys; from fks.cli import main; sys.exit(main(['plugins', '--json']))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


def test_home_and_config_reach_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lost: a command would work in another folder than the person named."""
    seen: list[object] = []

    @click.command("look")
    def look() -> None:
        context = command_context()
        seen.extend((context.home, context.settings.masked()["http"]["port"]))

    monkeypatch.setitem(program.commands, "look", look)
    monkeypatch.setenv("FKS_HOME", str(tmp_path / "ignored"))
    (tmp_path / "other.toml").write_text("[http]\nport = 8123\n")
    arguments = ["--home", str(tmp_path / "home"), "--config", str(tmp_path / "other.toml")]
    assert main([*arguments, "look"]) == 0
    assert seen == [tmp_path / "home", 8123]
    (tmp_path / "other.toml").write_text("[http]\nport = 'x'\n")
    assert main([*arguments, "look"]) == 2
    expected = "fks: other.toml: http.port: Expected int, got str [settings.invalid]\n"
    assert capsys.readouterr().err == expected


def test_serving_beyond_this_machine_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Lost: without identity, anyone on the network could trade."""
    for address in ("0.0.0.0", "::", "10.1.2.3"):
        assert main(["serve", "--host", address]) == 5
        assert "identity is not built yet" in capsys.readouterr().err


def test_an_unknown_context_names_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    """Lost: a typing error in --only would start something else."""
    assert main(["serve", "--only", "engin"]) == 3
    assert "no context 'engin'; there are api, " in capsys.readouterr().err


def test_an_unknown_benchmark_names_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    """Lost: a typing error would measure nothing and say nothing."""
    assert main(["bench", "gone"]) == 3
    assert "there are" in capsys.readouterr().err
