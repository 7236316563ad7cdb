"""Install FKS and the example plugin as a stranger would, and do the main job with them.

Builds the wheel from this checkout (screens included), installs it and the plugin into a fresh
environment outside the checkout, and runs the commands a newcomer runs. Prints one line a step
and exits non-zero at the first that fails.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLUGIN = ROOT / "plugins" / "fks-example"
EXPORT = """<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>
"""


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run a command outside the checkout and return its standard output."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True
    )
    if done.returncode != 0:
        sys.stderr.write(done.stdout + done.stderr)
        raise SystemExit(f"failed ({done.returncode}): {' '.join(map(str, command))}")
    return done.stdout


def say(step: str) -> None:
    """Print what was just shown to hold."""
    sys.stdout.write(f"ok: {step}\n")
    sys.stdout.flush()


def write_export(path: Path) -> None:
    """Write a MetaTrader export of 300 minutes that rises and falls."""
    lines = [EXPORT]
    for i in range(300):
        price = 1.1 + 0.0001 * abs(60 - i % 120)
        lines.append(
            f"2024.01.0{2 + i // 1440}\t{i // 60:02d}:{i % 60:02d}:00\t{price:.5f}\t"
            f"{price + 0.0002:.5f}\t{price - 0.0002:.5f}\t{price + 0.0001:.5f}\t{100 + i}\t0\t1\n"
        )
    path.write_text("".join(lines))


def main() -> None:
    """Do it all in a folder that vanishes afterwards."""
    with tempfile.TemporaryDirectory(prefix="fks-stranger-") as folder:
        there = Path(folder)
        pip = (sys.executable, "-m", "pip", "-q", "--disable-pip-version-check")
        run(*pip, "wheel", "--no-deps", "-w", there / "dist", ROOT, cwd=there)
        (wheel,) = (there / "dist").glob("fks-*.whl")
        size_mb = wheel.stat().st_size / 1e6
        say(f"the wheel builds, {size_mb:.1f} MB")
        venv.create(there / "env", with_pip=True)
        python = there / "env" / "bin" / "python"
        install = (python, "-m", "pip", "install", "-q", "--disable-pip-version-check")
        run(*install, wheel, cwd=there)
        fks = there / "env" / "bin" / "fks"
        env = {**os.environ, "FKS_HOME": str(there / "home"), "HOME": str(there)}
        env.pop("PYTHONPATH", None)
        say(run(fks, "--version", cwd=there, env=env).strip())
        main_job(fks, there, env)
        run(*install, PLUGIN, cwd=there)
        plugin_job(fks, there, env)
        static = run(
            python,
            "-c",
            "import fks.contexts.web as w, pathlib; "
            "print((pathlib.Path(w.__file__).parent / 'static' / 'index.html').is_file())",
            cwd=there,
            env=env,
        )
        assert static.strip() == "True", "the wheel carries no screens"
        say("the wheel carries the screens")


def main_job(fks: Path, there: Path, env: dict[str, str]) -> None:
    """Run the demo once and check what it reports."""
    demo = json.loads(run(fks, "demo", "--once", "--json", cwd=there, env=env))
    wanted = {"dataset_hash", "bars", "signals", "orders", "fills", "final_equity", "run_id"}
    assert wanted <= demo.keys(), f"missing: {wanted - demo.keys()}"
    assert demo["bars"] > 4000 and demo["fills"] > 10
    assert Path(demo["report"]).is_file()
    say(f"the demo runs: {demo['fills']} fills, equity {demo['final_equity']}")


def plugin_job(fks: Path, there: Path, env: dict[str, str]) -> None:
    """Use the plugin's strategy and provider."""
    listed = json.loads(run(fks, "plugins", "--json", cwd=there, env=env))["plugins"]
    names = {plugin["name"] for plugin in listed}
    assert "example" in names, f"plugins: {sorted(names)}"
    exports = there / "exports"
    exports.mkdir()
    write_export(exports / "EURUSD_M1.csv")
    with_folder = {**env, "FKS__METATRADER__FOLDER": str(exports)}
    chosen = ("--provider", "metatrader", "--symbol", "EURUSD", "--timeframe", "1m")
    run(fks, "data", "import", *chosen, "--name", "eurusd", "--json", cwd=there, env=with_folder)
    sizes = ("--quantity", "1", "--json")
    done = json.loads(
        run(
            *(fks, "backtest", "run", "macd_trend", "--dataset", "eurusd", *sizes),
            cwd=there,
            env=env,
        )
    )
    assert done["bars"] == 300 and done["fills"] > 0
    say(f"a stranger's strategy trades a stranger's data: {done['fills']} fills")


if __name__ == "__main__":
    main()
