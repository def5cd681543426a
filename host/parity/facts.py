"""What three-vrm's script says of an avatar before it moves, said of ours."""

from __future__ import annotations

import re
from typing import Any

from avatar.rig.avatar import Avatar
from avatar.rig.look_at import RangeMap

DIGITS = 6
_KINDS = {
    "roll": "VRMRollConstraint",
    "aim": "VRMAimConstraint",
    "rotation": "VRMRotationConstraint",
}


def node_name(name: str) -> str:
    """A node's name as three.js keeps it: no spaces, none of ``[ ] . : /``."""
    return re.sub(r"[\[\]\.:/]", "", re.sub(r"\s", "_", name))


def rounded(values: Any) -> list[float]:
    """Numbers to six digits, as the other side writes them."""
    return [round(float(v), DIGITS) for v in values]


def head(avatar: Avatar) -> dict[str, Any]:
    """The part of the result that does not change."""
    names = [node_name(n) for n in avatar.model.node_names]
    touched = {c for j in avatar.springs.joints for c in j.colliders}
    return {
        "model": str(avatar.path),
        "metaVersion": {"vrm0": "0", "vrm1": "1", "glb": None}[avatar.version],
        "name": avatar.name,
        "humanBones": {b: names[avatar.humanoid.node(b)] for b in avatar.humanoid.bones},
        "expressions": _expressions(avatar),
        "lookAt": _look_at(avatar),
        "springJoints": len(avatar.springs.joints),
        "springColliders": len(touched),
        "constraints": [
            {
                "type": _KINDS[c.kind],
                "dst": names[c.destination],
                "src": names[c.source],
                "weight": c.weight,
            }
            for c in avatar.constraints
        ],
        "firstPerson": _first_person(avatar, names),
    }


def _expressions(avatar: Avatar) -> list[dict[str, Any]]:
    out = []
    for e in avatar.expressions.values():
        kinds = {
            "VRMExpressionMorphTargetBind": e.morphs,
            "VRMExpressionMaterialColorBind": e.colors,
            "VRMExpressionTextureTransformBind": e.uvs,
        }
        out.append(
            {
                "name": e.name,
                "isBinary": e.is_binary,
                "overrideBlink": e.override_blink,
                "overrideLookAt": e.override_look_at,
                "overrideMouth": e.override_mouth,
                "binds": sum(map(len, kinds.values())),
                "bindKinds": [name for name, binds in kinds.items() if binds],
            }
        )
    return out


def _look_at(avatar: Avatar) -> dict[str, Any] | None:
    look = avatar.look_at
    if look is None:
        return None

    def entry(name: str, it: RangeMap) -> list[Any]:
        return [name, it.input_max_deg, it.output_scale]

    return {
        "type": look.kind,
        "offsetFromHeadBone": rounded(look.offset_from_head),
        "faceFront": [0, 0, -1 if avatar.version == "vrm0" else 1],
        "rangeMap": [
            entry("HorizontalInner", look.inner),
            entry("HorizontalOuter", look.outer),
            entry("VerticalDown", look.down),
            entry("VerticalUp", look.up),
        ],
    }


def _first_person(avatar: Avatar, names: list[str]) -> list[dict[str, Any]]:
    meshes: dict[int, str] = {p.node: p.first_person for p in avatar.model.primitives}
    return [{"type": flag, "meshes": [names[node]]} for node, flag in meshes.items()]
