"""``mirrorstage inspect``: what is inside avatars or a take, what is odd and what it costs."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import assets
from flow.errors import AssetError, MirrorstageError
from flow.paths import user_path
from host import border
from host.inspection.facts import facts
from host.inspection.words import words
from host.wardrobe import open_avatar


def run(arguments: argparse.Namespace) -> int:
    """Print the description; exit status 3 when a file cannot be used.

    Of several files each is described; the first fault decides the exit status.
    """
    if len(arguments.files) == 1:
        _print([_one(arguments.files[0], arguments)], arguments, many=False)
        return 0
    if arguments.picture:
        raise AssetError(
            "One picture cannot show several avatars.",
            code="inspect.picture",
            hint="Inspect one file with --picture.",
        )
    status = 0
    found: list[dict[str, Any]] = []
    for name in arguments.files:
        try:
            found.append(_one(name, arguments))
        except MirrorstageError as fault:
            status = status or fault.exit_status
            if arguments.json:
                found.append({"file": name, "error": fault.as_dict()})
            else:
                border.tell(fault, as_json=False)
    _print(found, arguments, many=True)
    return status


def _one(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    if name.endswith(".take") or (
        name in assets.built_in("takes") and name not in assets.built_in("avatars")
    ):
        return _take(name, arguments)
    avatar = open_avatar(name)
    data = facts(avatar)
    if arguments.measure:
        from host.inspection.cost import measure

        data["cost"]["measured"] = measure(avatar, backend=arguments.backend)
    if arguments.picture:
        from host.portrait import portrait

        out = user_path(arguments.picture)
        data["picture"] = str(
            portrait(avatar, out, backdrop=arguments.backdrop, backend=arguments.backend)
        )
    return data


def _print(found: list[dict[str, Any]], arguments: argparse.Namespace, *, many: bool) -> None:
    if arguments.json:
        data = found if many else found[0]
        sys.stdout.write(json.dumps(data, ensure_ascii=False, default=str) + "\n")
        return
    sys.stdout.write("\n\n".join(map(_text, found)) + "\n" if found else "")


def _text(data: dict[str, Any]) -> str:
    if "bones" in data:
        return words(data)
    return "\n".join(f"{key}: {value}" for key, value in data.items())


def _take(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    from capture.take_file import TakeReader

    if arguments.picture or arguments.measure:
        raise AssetError("A take has no picture.", code="take.picture")
    with TakeReader(assets.locate("takes", name)) as take:
        frames = list(take)
        return {
            "file": name,
            "header": take.header,
            "frames": len(frames),
            "seconds": round((frames[-1].captured - frames[0].captured) / 1e9, 3) if frames else 0,
            "face": sum(f.face is not None for f in frames),
            "body": sum(f.body is not None for f in frames),
            "left_hand": sum(f.left_hand is not None for f in frames),
            "right_hand": sum(f.right_hand is not None for f in frames),
            "damage": take.damage,
        }
