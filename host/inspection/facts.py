"""Everything worth knowing about an avatar, as plain data with keys that stay."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

import numpy as np

from avatar.licence.decide import summary
from avatar.rig.avatar import Avatar
from avatar.rig.expression import Expression
from avatar.rig.extent import extent
from avatar.rig.runtime import Runtime
from avatar.rig.skeleton import depths
from avatar.rig.spelling import arkit_name
from avatar.solve.express import expressions
from flow.errors import AssetError
from flow.mesh import Map, Material, Model
from flow.motion import ARKIT_INDEX, ARKIT_NAMES
from flow.pose import HUMAN_BONES, PRESET_EXPRESSIONS, REQUIRED_BONES, AvatarPose, t_pose
from host.gate import table
from host.inspection.cost import HOW, drawn_triangles, estimate_ms, memory
from host.inspection.images import images

_SHOWN = 0.05
_STILL = {
    "blink": "nothing closes its eyes (no blink, no eyeBlink shapes)",
    "speech": "nothing opens its mouth (no aa, no jawOpen shape)",
    "smile": "nothing smiles (no happy, no mouthSmile shapes)",
    "gaze": "nothing turns its eyes (no eye bones, no look presets)",
}
_MOVEMENTS: dict[str, dict[str, float]] = {
    "blink": {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
    "speech": {"jawOpen": 0.6, "mouthLowerDownLeft": 0.3, "mouthLowerDownRight": 0.3},
    "lips": {"mouthPucker": 0.9, "jawOpen": 0.1},
    "smile": {"mouthSmileLeft": 0.9, "mouthSmileRight": 0.9, "jawOpen": 0.3},
    "brows": {"browInnerUp": 0.9, "browOuterUpLeft": 0.9, "browOuterUpRight": 0.9},
}
"""What a camera sees of a face that does one thing."""


def facts(avatar: Avatar) -> dict[str, Any]:
    """What `mirrorstage inspect --json` prints."""
    model, runtime = avatar.model, Runtime(avatar)
    return {
        "file": str(avatar.path),
        "size_bytes": _size(avatar),
        "name": avatar.name,
        "version": avatar.version,
        "meta": {k: v for k, v in asdict(avatar.meta).items() if k != "said"},
        "licence": {use: d.as_dict() for use, d in summary(avatar.meta).items()},
        "licence_table": table(avatar.meta),
        "bones": _bones(avatar),
        "skeleton": _skeleton(avatar, runtime),
        "expressions": _expressions(avatar),
        "driven_by": driven_by(runtime),
        "look_at": asdict(avatar.look_at) if avatar.look_at is not None else None,
        "springs": _springs(avatar, runtime),
        "constraints": _constraints(avatar),
        "first_person": dict(Counter(p.first_person for p in model.primitives)),
        "triangles": model.triangle_count,
        "vertices": model.vertex_count,
        "primitives": len(model.primitives),
        "nodes": len(model.node_names),
        "skins": len(model.skins),
        "morph_targets": len(model.morph_names),
        "materials": _materials(model),
        "textures": [
            {"name": t.name, "size": f"{t.rgba.shape[1]}x{t.rgba.shape[0]}"} for t in model.textures
        ],
        "images": _images(avatar),
        "texture_mb": memory(model)["textures_mb"],
        "memory": memory(model),
        "cost": {
            "triangles_drawn": drawn_triangles(model),
            "picture_ms": estimate_ms(avatar),
            "how": HOW,
        },
        "problems": [asdict(p) for p in avatar.problems],
    }


def _size(avatar: Avatar) -> int:
    try:
        return avatar.path.stat().st_size
    except OSError:
        return 0


def _images(avatar: Avatar) -> list[dict[str, Any]]:
    try:
        return images(avatar.path)
    except AssetError:  # it has gone since it was loaded
        return []


def _bones(avatar: Avatar) -> dict[str, Any]:
    have = avatar.humanoid.bones
    return {
        "found": len(have),
        "present": list(have),
        "missing": [b for b in HUMAN_BONES if b not in have],
        "required_missing": [b for b in HUMAN_BONES if b in REQUIRED_BONES and b not in have],
    }


def _skeleton(avatar: Avatar, runtime: Runtime) -> dict[str, Any]:
    box = extent(avatar.model)
    size = np.zeros(3) if box is None else box[1] - box[0]
    depth = depths(avatar.model.parents)
    return {
        "width_m": round(float(size[0]), 3),
        "height_m": round(float(size[1]), 3),
        "depth_m": round(float(size[2]), 3),
        "hip_height_m": round(runtime.hip_height_m, 3),
        "levels": int(depth.max(initial=-1)) + 1,
    }


def _expressions(avatar: Avatar) -> dict[str, Any]:
    all_of_them = avatar.expressions.values()
    lower = {name.lower() for name in avatar.expressions}
    arkit = {arkit_name(name) for name in avatar.expressions} & set(ARKIT_NAMES)
    return {
        "presets": [n for n in PRESET_EXPRESSIONS if n.lower() in lower],
        "presets_missing": [n for n in PRESET_EXPRESSIONS if n.lower() not in lower],
        "custom": sorted(e.name for e in all_of_them if not e.preset),
        "arkit": len(arkit),
        "arkit_missing": [n for n in ARKIT_NAMES if n not in arkit],
        "all": sorted(avatar.expressions),
        "empty": sorted(e.name for e in all_of_them if not (e.morphs or e.colors or e.uvs)),
        "entries": [_expression(e, avatar.model) for e in all_of_them],
    }


def _expression(e: Expression, model: Model) -> dict[str, Any]:
    rules = {"blink": e.override_blink, "look_at": e.override_look_at, "mouth": e.override_mouth}
    return {
        "name": e.name,
        "preset": e.preset,
        "binary": e.is_binary,
        "morphs": {model.morph_names[b.slot]: b.weight for b in e.morphs},
        "colors": [f"{model.materials[b.material].name}: {b.field}" for b in e.colors],
        "textures": [model.materials[b.material].name for b in e.uvs],
        "overrides": {what: rule for what, rule in rules.items() if rule != "none"},
    }


def driven_by(runtime: Runtime) -> dict[str, list[str]]:
    """Movement of a face → the avatar's own names that show it, found by trying."""
    out: dict[str, list[str]] = {}
    for movement, shapes in _MOVEMENTS.items():
        weights = np.zeros(len(ARKIT_NAMES), np.float32)
        for name, weight in shapes.items():
            weights[ARKIT_INDEX[name]] = weight
        out[movement] = _shown(runtime, expressions(weights), np.zeros(2, np.float32))
    # A smile shows teeth: what merely opens the mouth is no smile.
    out["smile"] = [n for n in out["smile"] if n not in out["speech"]]
    idle = _shown(runtime, {}, np.zeros(2, np.float32))
    out["gaze"] = _shown(runtime, {}, np.array([20.0, 10.0], np.float32))
    if runtime.looks_by_bone:
        out["gaze"] = ["eye bones", *out["gaze"]]
    return {movement: [n for n in names if n not in idle] for movement, names in out.items()}


def _shown(runtime: Runtime, asked: dict[str, float], gaze: Any) -> list[str]:
    still = t_pose()
    runtime.update(AvatarPose(0, still.hips, still.rotations, asked, gaze), 0.0)
    weights = zip(runtime.expressions.names, runtime.expressions.output, strict=True)
    moving = {e.name for e in runtime.avatar.expressions.values() if e.morphs or e.colors or e.uvs}
    return [name for name, weight in weights if weight > _SHOWN and name in moving]


def _springs(avatar: Avatar, runtime: Runtime) -> dict[str, Any]:
    joints, colliders = avatar.springs.joints, avatar.springs.colliders
    nodes = {j.node for j in joints}
    parents = avatar.model.parents
    touched = {c for j in joints for c in j.colliders}
    kinds = Counter(("inside " if c.inside else "") + c.shape for c in colliders)
    return {
        "joints": len(joints),
        "swinging": runtime.springs.count,
        "chains": sum(int(parents[j.node]) not in nodes for j in joints),
        "with_centre": sum(j.center >= 0 for j in joints),
        "colliding": sum(bool(j.colliders) for j in joints),
        "colliders": dict(kinds),
        "colliders_unused": len(colliders) - len(touched),
    }


def _constraints(avatar: Avatar) -> list[dict[str, Any]]:
    names = avatar.model.node_names
    return [
        {
            "kind": c.kind,
            "destination": names[c.destination],
            "source": names[c.source],
            "axis": list(c.axis),
            "weight": c.weight,
        }
        for c in avatar.constraints
    ]


def _materials(model: Model) -> list[dict[str, Any]]:
    used = Counter(p.material for p in model.primitives)
    return [
        {
            "name": m.name,
            "shading": str(m.shading),
            "alpha": str(m.alpha),
            "double_sided": m.double_sided,
            "outline": m.mtoon.outline_mode if m.mtoon is not None else "none",
            "textures": sum(_maps(m)),
            "used_by": used[i],
        }
        for i, m in enumerate(model.materials)
    ]


def _maps(material: Material) -> list[bool]:
    owners = [o for o in (material, material.mtoon) if o is not None]
    found = (getattr(o, name) for o in owners for name in o.__dataclass_fields__)
    return [it.texture >= 0 for it in found if isinstance(it, Map)]


def lacking(data: dict[str, Any]) -> list[str]:
    """What people will miss, in words; what the engine does instead stands beside it."""
    out = []
    if data["bones"]["required_missing"]:
        out.append(
            "required bones: " + ", ".join(data["bones"]["required_missing"])
            + " (their movement goes to the bones beside them)"
        )  # fmt: skip
    driven = data["driven_by"]
    out += [sentence for movement, sentence in _STILL.items() if not driven[movement]]
    if not data["springs"]["joints"]:
        out.append("nothing swings (no spring bones)")
    if data["expressions"]["empty"]:
        names = ", ".join(data["expressions"]["empty"][:6])
        out.append(f"expressions that change nothing: {names}")
    if not data["meta"].get("stated"):
        out.append("no licence is stated (the strictest counts)")
    return out
