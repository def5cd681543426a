"""Puts the built browser client into wheels; editable installs leave it to `make setup`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WebClient(BuildHookInterface[Any]):
    """Runs tools/build_web.py before a wheel is packed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, or fail with the sentence that build_web printed."""
        del build_data
        if version == "editable":
            return
        script = Path(self.root, "tools", "build_web.py")
        if subprocess.run([sys.executable, str(script)], check=False).returncode:
            raise RuntimeError("The browser client could not be built; see the lines above.")
