"""VRM 0.x's extension to the same values as VRM 1.0's (vrm-specification, migration guide)."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import numpy as np

from avatar.read.document import Document
from avatar.read.gltf import Gltf
from avatar.read.jsonat import At
from avatar.read.mtoon0 import to_linear
from avatar.read.problem import Problems
from avatar.read.vrm1 import add_bone
from avatar.rig.expression import ColorBind, Expression, MorphBind, UvBind
from avatar.rig.look_at import LookAt, RangeMap
from flow.spec import F32

PRESETS = {
    "a": "aa", "i": "ih", "u": "ou", "e": "ee", "o": "oh",
    "joy": "happy", "angry": "angry", "sorrow": "sad", "fun": "relaxed", "neutral": "neutral",
    "blink": "blink", "blink_l": "blinkLeft", "blink_r": "blinkRight",
    "lookup": "lookUp", "lookdown": "lookDown", "lookleft": "lookLeft", "lookright": "lookRight",
}  # fmt: skip
_COLORS = {
    "_Color": "base_color",
    "_EmissionColor": "emissive",
    "_ShadeColor": "shade_color",
    "_RimColor": "rim_color",
    "_OutlineColor": "outline_color",
}
_FIRST_PERSON = {
    "Auto": "auto",
    "FirstPersonOnly": "firstPersonOnly",
    "ThirdPersonOnly": "thirdPersonOnly",
    "Both": "both",
}
_LEFT_OUT = "It is left out."
_KEY, _MOST_KEYS, _BENT = 4, 64, 0.02

HALF_TURN: F32 = np.diag(np.array([-1, 1, -1, 1], np.float32))
"""About +Y: 0.x models face -Z."""


def bone_name(name: str) -> str:
    """0.x bone names are 1.0's except for the thumb, which was one joint further out."""
    for side in ("left", "right"):
        if name == f"{side}ThumbProximal":
            return f"{side}ThumbMetacarpal"
        if name == f"{side}ThumbIntermediate":
            return f"{side}ThumbProximal"
    return name


def read_bones(at: At, gltf: Gltf, problems: Problems) -> dict[str, int]:
    """``humanoid.humanBones``: bone name → model node."""
    found: dict[str, int] = {}
    for item in at.items():
        with problems.tolerate(item, "The bone counts as missing."):
            if item.get("node").value != -1:
                name = bone_name(item.get("bone").text())
                add_bone(found, name, item.get("node"), gltf, problems)
    return found


def read_expressions(at: At, document: Document, gltf: Gltf) -> dict[str, Expression]:
    """``blendShapeMaster.blendShapeGroups``; unknown presets are the author's own."""
    out: dict[str, Expression] = {}
    for item in at.get("blendShapeGroups").items():
        with document.problems.tolerate(item, "The expression is left out."):
            preset = PRESETS.get(item.get("presetName").text().lower())
            name = preset or item.get("name").text()
            if not name:
                raise item.fault("has no name")
            if name in out:
                raise item.fault(f"is a second {name!r}")
            colors, uvs = _materials(item, document, gltf)
            out[name] = Expression(
                name=name,
                preset=preset is not None,
                morphs=_morphs(item, gltf, document.problems),
                is_binary=item.get("isBinary").flag(),
                colors=colors,
                uvs=uvs,
            )
    return out


def _morphs(at: At, gltf: Gltf, problems: Problems) -> tuple[MorphBind, ...]:
    out: list[MorphBind] = []
    for bind in at.get("binds").items():
        with problems.tolerate(bind, _LEFT_OUT):
            mesh = bind.get("mesh").integer(low=-(1 << 31))
            nodes = gltf.mesh_nodes.get(mesh)
            if not nodes:
                raise bind.get("mesh").fault("is a mesh that is not drawn", code="asset.range")
            weight = bind.get("weight").number(100.0, 0.0, 100.0) / 100.0
            for node in nodes:
                first, count = gltf.slots[node]
                index = bind.get("index").index(count, "morph target")
                out.append(MorphBind(first + index, weight))
    return tuple(out)


def _materials(
    at: At, document: Document, gltf: Gltf
) -> tuple[tuple[ColorBind, ...], tuple[UvBind, ...]]:
    colors: list[ColorBind] = []
    uvs: list[UvBind] = []
    names = [m.name for m in gltf.model.materials[: gltf.material_count]]
    for bind in at.get("materialValues").items():
        with document.problems.tolerate(bind, _LEFT_OUT):
            name, prop = bind.get("materialName").text(), bind.get("propertyName").text()
            x, y, z, w = bind.get("targetValue").numbers(4)
            if name not in names:
                raise bind.fault(f"names no material ({name!r})", code="asset.range")
            material = names.index(name)
            if prop == "_MainTex_ST":
                # Unity's texture origin is the lower left corner, glTF's the upper left.
                uvs.append(UvBind(material, (x, y), (z, 1.0 - w - y)))
            elif prop in _COLORS:
                target = (to_linear(x), to_linear(y), to_linear(z), w)
                colors.append(ColorBind(material, _COLORS[prop], target))
    return tuple(colors), tuple(uvs)


def read_look_at(at: At, problems: Problems) -> LookAt | None:
    """``firstPerson``'s look-at half. Curves become straight lines: VRM 1.0 has no others."""
    if at.absent:
        return None
    kind: Literal["bone", "expression"] = (
        "expression" if at.get("lookAtTypeName").text() == "BlendShape" else "bone"
    )
    x, y, z = at.get("firstPersonBoneOffset").vector("xyz", (0.0, 0.06, 0.0))
    scale = 1.0 if kind == "expression" else 10.0

    def range_map(key: str) -> RangeMap:
        m = at.get(key)
        curve = m.get("curve")
        if _bends(curve.value):
            problems.add(
                "avatar.look_at", curve, "is no straight line", "A straight line is followed."
            )
        return RangeMap(
            m.get("xRange").number(90.0, 0.01, 180.0), m.get("yRange").number(scale, 0.0, 180.0)
        )

    return LookAt(
        kind,
        (x, y, -z),
        inner=range_map("lookAtHorizontalInner"),
        outer=range_map("lookAtHorizontalOuter"),
        down=range_map("lookAtVerticalDown"),
        up=range_map("lookAtVerticalUp"),
    )


def _bends(curve: object) -> bool:
    """Whether keys of (time, value, slope in, slope out), 0..1, leave the straight line visibly."""
    if not isinstance(curve, list) or not all(isinstance(v, int | float) for v in curve):
        return False
    keys = [curve[i : i + _KEY] for i in range(0, len(curve) - _KEY + 1, _KEY)][:_MOST_KEYS]
    for (t0, v0, _, out), (t1, v1, into, _) in pairwise(keys):
        long, h = t1 - t0, 0.5
        middle = (v0 + v1) * h + (out - into) * long / 8.0
        if not abs(middle - (t0 + long * h)) <= _BENT or not abs(v1 - t1) <= _BENT:
            return True
    return False


def read_first_person(at: At, gltf: Gltf, problems: Problems) -> dict[int, str]:
    """``firstPerson.meshAnnotations``: model node → flag."""
    out: dict[int, str] = {}
    for item in at.get("meshAnnotations").items():
        with problems.tolerate(item, _LEFT_OUT):
            flag = _FIRST_PERSON.get(item.get("firstPersonFlag").text(), "auto")
            for g in gltf.mesh_nodes.get(item.get("mesh").integer(low=-(1 << 31)), ()):
                out[gltf.node[g]] = flag
    return out
