"""``mirrorstage inspect``: what is inside an avatar, what is odd and what it costs."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

import assets
from avatar.licence.decide import summary
from avatar.rig.avatar import Avatar
from flow.errors import AssetError
from flow.motion import ARKIT_NAMES
from flow.paths import user_path
from flow.pose import HUMAN_BONES, PRESET_EXPRESSIONS
from host.gate import table
from host.wardrobe import open_avatar


def run(arguments: argparse.Namespace) -> int:
    """Print the description; exit status 3 when the file cannot be used."""
    name = arguments.file
    if name.endswith(".take") or (
        name in assets.built_in("takes") and name not in assets.built_in("avatars")
    ):
        return _take(arguments)
    avatar = open_avatar(arguments.file)
    data = facts(avatar)
    if arguments.picture:
        from host.portrait import portrait

        data["picture"] = str(portrait(avatar, user_path(arguments.picture)))
    if arguments.json:
        sys.stdout.write(json.dumps(data, ensure_ascii=False, default=str) + "\n")
    else:
        sys.stdout.write(words(data) + "\n")
    return 0


def facts(avatar: Avatar) -> dict[str, Any]:
    """Everything worth knowing about an avatar, as plain data."""
    model = avatar.model
    texture_bytes = sum(t.rgba.nbytes for t in model.textures)
    expressions = {name.lower() for name in avatar.expressions}
    return {
        "file": str(avatar.path),
        "name": avatar.name,
        "version": avatar.version,
        "meta": {k: v for k, v in asdict(avatar.meta).items() if k != "said"},
        "licence": {use: d.as_dict() for use, d in summary(avatar.meta).items()},
        "licence_table": table(avatar.meta),
        "bones": {
            "found": len(avatar.humanoid.bones),
            "missing": [b for b in HUMAN_BONES if b not in avatar.humanoid.bones],
        },
        "expressions": {
            "presets": [n for n in PRESET_EXPRESSIONS if n.lower() in expressions],
            "arkit": sum(n.lower() in expressions for n in ARKIT_NAMES),
            "all": sorted(avatar.expressions),
        },
        "triangles": model.triangle_count,
        "vertices": model.vertex_count,
        "primitives": len(model.primitives),
        "nodes": len(model.node_names),
        "materials": [
            {"name": m.name, "shading": str(m.shading), "alpha": str(m.alpha)}
            for m in model.materials
        ],
        "textures": [
            {"name": t.name, "size": f"{t.rgba.shape[1]}x{t.rgba.shape[0]}"} for t in model.textures
        ],
        "texture_mb": round(texture_bytes / 1e6, 1),
        "problems": [asdict(p) for p in avatar.problems],
    }


def words(data: dict[str, Any]) -> str:
    """The facts as a text."""
    versions = {"vrm1": "VRM 1.0", "vrm0": "VRM 0.x", "glb": "plain glTF humanoid"}
    bones, faces = data["bones"], data["expressions"]
    lines = [
        f"{data['name']}: {versions[data['version']]}, {data['file']}",
        (
            f"  {data['triangles']} triangles, {data['vertices']} vertices, "
            f"{len(data['materials'])} materials, {len(data['textures'])} textures "
            f"of {data['texture_mb']} MB"
        ),
        f"  {bones['found']} of {len(HUMAN_BONES)} humanoid bones"
        + (f" (without {', '.join(bones['missing'])})" if bones["missing"] else ""),
        (
            f"  {len(faces['presets'])} of {len(PRESET_EXPRESSIONS)} VRM expressions, "
            f"{faces['arkit']} of 52 ARKit shapes"
        ),
    ]
    terms = {k: v for k, v in data["meta"].items() if v not in (None, "", (), [])}
    lines += [
        f"  {key}: {', '.join(v) if isinstance(v, list | tuple) else v}" for key, v in terms.items()
    ]
    lines += [f"  show for {row}" for row in data["licence_table"]]
    for problem in data["problems"]:
        lines.append(f"  ! {problem['json_path']}: {problem['sentence']} {problem['remedy']}")
    if "picture" in data:
        lines.append(f"  drawn in {data['picture']}")
    return "\n".join(lines)


def _take(arguments: argparse.Namespace) -> int:
    from capture.take_file import TakeReader

    if arguments.picture:
        raise AssetError("A take has no picture.", code="take.picture")
    with TakeReader(assets.locate("takes", arguments.file)) as take:
        frames = list(take)
        data = {
            "file": arguments.file,
            "header": take.header,
            "frames": len(frames),
            "seconds": round((frames[-1].captured - frames[0].captured) / 1e9, 3) if frames else 0,
            "face": sum(f.face is not None for f in frames),
            "body": sum(f.body is not None for f in frames),
            "left_hand": sum(f.left_hand is not None for f in frames),
            "right_hand": sum(f.right_hand is not None for f in frames),
            "damage": take.damage,
        }
    text = (
        json.dumps(data, ensure_ascii=False, default=str)
        if arguments.json
        else "\n".join(f"{key}: {value}" for key, value in data.items())
    )
    sys.stdout.write(text + "\n")
    return 0
