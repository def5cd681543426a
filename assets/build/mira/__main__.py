"""Builds assets/avatars/mira.vrm and its row in assets/LICENCES.toml."""

from __future__ import annotations

from assets import HOME
from assets.build.licences import record
from assets.build.mira.build import build


def main() -> None:
    """Build, write, and say how big it became."""
    data, triangles = build()
    path = HOME / "avatars" / "mira.vrm"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    record(path, "python -m assets.build.mira")
    print(f"{path.name}: {len(data) / 1e6:.2f} MB, {triangles} triangles")


if __name__ == "__main__":
    main()
