"""VRM 1.0's extensions to our own values: VRMC_vrm, VRMC_springBone, VRMC_node_constraint.

A piece that makes no sense is left out and noted; only a missing hips bone refuses the file.
"""

from __future__ import annotations

from typing import Literal, cast

from avatar.read.document import Document
from avatar.read.gltf import Gltf
from avatar.read.jsonat import At
from avatar.read.materials import emissive_strength
from avatar.read.problem import Problems
from avatar.rig.constraint import Constraint, in_order
from avatar.rig.expression import ColorBind, Expression, MorphBind, Override, UvBind
from avatar.rig.look_at import LookAt, RangeMap
from flow.pose import BONE_INDEX, PRESET_EXPRESSIONS

_LEFT_OUT = "It is left out."
_AXES = {"X": (1.0, 0.0, 0.0), "Y": (0.0, 1.0, 0.0), "Z": (0.0, 0.0, 1.0)}
COLOR_FIELDS = {
    "color": "base_color",
    "emissionColor": "emissive",
    "shadeColor": "shade_color",
    "matcapColor": "matcap_color",
    "rimColor": "rim_color",
    "outlineColor": "outline_color",
}
VERSIONS = frozenset({"1.0", "1.0-beta"})


def read_bones(at: At, gltf: Gltf, problems: Problems) -> dict[str, int]:
    """``humanoid.humanBones``: bone name → model node."""
    found: dict[str, int] = {}
    # Hips first: where two bones claim one node, the one that cannot be missed gets it.
    for name, bone in sorted(at.members(), key=lambda member: member[0] != "hips"):
        with problems.tolerate(bone, "The bone counts as missing."):
            add_bone(found, name, bone.get("node"), gltf, problems)
    return found


def add_bone(found: dict[str, int], name: str, ref: At, gltf: Gltf, problems: Problems) -> None:
    """Note one bone, unless its name or node makes no sense."""
    if name not in BONE_INDEX:
        problems.add("avatar.bone", ref, f"is for {name!r}, which is no bone", _LEFT_OUT)
        return
    node = gltf.node[ref.index(len(gltf.node), "node")]
    if node in found.values() or name in found:
        problems.add("avatar.bone", ref, "is a node that already is another bone", _LEFT_OUT)
        return
    found[name] = node


def read_expressions(
    at: At, gltf: Gltf, problems: Problems, materials: At
) -> dict[str, Expression]:
    """``expressions.preset`` and ``.custom``; `materials` are the file's."""
    out: dict[str, Expression] = {}
    for group in ("preset", "custom"):
        with problems.tolerate(at.get(group), "These expressions are left out."):
            for name, item in at.get(group).members():
                if item.absent:
                    continue
                preset = name in PRESET_EXPRESSIONS
                if preset != (group == "preset"):
                    problems.add(
                        "avatar.expression", item, f"has a name that is no {group} name", _LEFT_OUT
                    )
                    continue
                with problems.tolerate(item, "The expression is left out."):
                    out[name] = _expression(name, item, gltf, problems, materials)
    return out


def _expression(name: str, at: At, gltf: Gltf, problems: Problems, materials: At) -> Expression:
    morphs: list[MorphBind] = []
    for bind in at.get("morphTargetBinds").items():
        with problems.tolerate(bind, _LEFT_OUT):
            node = bind.get("node").index(len(gltf.node), "node")
            first, count = gltf.slots.get(node, (0, 0))
            index = bind.get("index").index(count, "morph target")
            morphs.append(MorphBind(first + index, bind.get("weight").number(1.0, 0.0, 1.0)))
    colors: list[ColorBind] = []
    for bind in at.get("materialColorBinds").items():
        with problems.tolerate(bind, _LEFT_OUT):
            field = COLOR_FIELDS.get(bind.get("type").text())
            if field is None:
                raise bind.get("type").fault("is no colour of a material")
            r, g, b, a = bind.get("targetValue").numbers(4)
            material = bind.get("material").index(gltf.material_count, "material")
            if field == "emissive":
                # The target stands for emissiveFactor; our colour has the strength in it.
                k = emissive_strength(materials.element(bind.get("material"), "material"))
                r, g, b = r * k, g * k, b * k
            colors.append(ColorBind(material, field, (r, g, b, a)))
    uvs: list[UvBind] = []
    for bind in at.get("textureTransformBinds").items():
        with problems.tolerate(bind, _LEFT_OUT):
            sx, sy = bind.get("scale").numbers(2, (1.0, 1.0))
            ox, oy = bind.get("offset").numbers(2, (0.0, 0.0))
            material = bind.get("material").index(gltf.material_count, "material")
            uvs.append(UvBind(material, (sx, sy), (ox, oy)))
    return Expression(
        name=name,
        preset=name in PRESET_EXPRESSIONS,
        morphs=tuple(morphs),
        colors=tuple(colors),
        uvs=tuple(uvs),
        is_binary=at.get("isBinary").flag(),
        override_blink=_override(at.get("overrideBlink"), problems),
        override_look_at=_override(at.get("overrideLookAt"), problems),
        override_mouth=_override(at.get("overrideMouth"), problems),
    )


def _override(at: At, problems: Problems) -> Override:
    if at.value in ("block", "blend"):
        return cast(Override, at.value)
    if at.value not in (None, "none"):
        problems.add("avatar.expression", at, "is not none, block or blend", "It counts as none.")
    return "none"


def read_look_at(at: At) -> LookAt | None:
    """``lookAt``."""
    if at.absent:
        return None
    kind: Literal["bone", "expression"] = (
        "expression" if at.get("type").text() == "expression" else "bone"
    )
    x, y, z = at.get("offsetFromHeadBone").numbers(3, (0.0, 0.06, 0.0))
    scale = 1.0 if kind == "expression" else 10.0

    def range_map(key: str) -> RangeMap:
        m = at.get(key)
        return RangeMap(
            m.get("inputMaxValue").number(90.0, 0.01, 180.0),
            m.get("outputScale").number(scale, 0.0, 180.0),
        )

    return LookAt(
        kind,
        (x, y, z),
        inner=range_map("rangeMapHorizontalInner"),
        outer=range_map("rangeMapHorizontalOuter"),
        down=range_map("rangeMapVerticalDown"),
        up=range_map("rangeMapVerticalUp"),
    )


def read_first_person(at: At, gltf: Gltf, problems: Problems) -> dict[int, str]:
    """``firstPerson.meshAnnotations``: model node → flag."""
    out: dict[int, str] = {}
    for item in at.get("meshAnnotations").items():
        with problems.tolerate(item, _LEFT_OUT):
            out[gltf.node[item.get("node").index(len(gltf.node), "node")]] = item.get("type").text(
                "auto"
            )
    return out


def read_constraints(document: Document, gltf: Gltf) -> tuple[Constraint, ...]:
    """The ``VRMC_node_constraint`` of every node."""
    out: list[Constraint] = []
    places: dict[int, At] = {}
    for g, node in enumerate(document.root.get("nodes").items()):
        if not isinstance(node.get("extensions").value, dict):
            continue
        at = node.extension("VRMC_node_constraint")
        if at.absent:
            continue
        with document.problems.tolerate(at, "The node is not constrained."):
            found = _constraint(at.get("constraint"), gltf.node[g], gltf)
            if found.source == found.destination:
                raise at.fault("constrains a node by itself", code="asset.cycle")
            out.append(found)
            places[found.destination] = at
    kept = {c.destination for c in in_order(tuple(out), gltf.model.parents)}
    for c in out:
        if c.destination not in kept:
            document.problems.add(
                "avatar.constraint",
                places[c.destination],
                "is in a ring of constraints, or waits for one",
                "The node is not constrained.",
            )
    return tuple(c for c in out if c.destination in kept)


def _constraint(at: At, destination: int, gltf: Gltf) -> Constraint:
    roll, aim, rotation = (at.get(k) for k in ("roll", "aim", "rotation"))
    it = next((k for k in (roll, aim, rotation) if not k.absent), None)
    if it is None:
        raise at.fault("is no roll, aim or rotation")
    source = gltf.node[it.get("source").index(len(gltf.node), "node")]
    weight = it.get("weight").number(1.0, 0.0, 1.0)
    if it is rotation:
        return Constraint("rotation", destination, source, weight=weight)
    key = it.get("rollAxis" if it is roll else "aimAxis")
    name = key.text()
    axis = _AXES.get(name[-1:])
    if axis is None:
        raise key.fault(f"is {key.value!r}, which is no axis")
    if name.startswith("Negative"):
        axis = (-axis[0], -axis[1], -axis[2])
    return Constraint("roll" if it is roll else "aim", destination, source, axis, weight)
