"""The VRM extensions: who she is, her bones, her expressions, her springs."""

from __future__ import annotations

from typing import Any

import numpy as np

from assets.build.mira.morphs import BLOCKS_BLINK, PRESETS
from assets.build.mira.skeleton import EYE, PLACES
from assets.build.mira.springs import Chain, Collider, colliders
from flow.motion import ARKIT_NAMES
from flow.pose import HUMAN_BONES


def extensions(
    index: dict[str, int], meshes: dict[str, tuple[int, list[str]]], chains: list[Chain]
) -> dict[str, Any]:
    def binds(weights: dict[str, float]) -> list[dict[str, Any]]:
        return [
            {"node": node, "index": targets.index(name), "weight": weight}
            for name, weight in weights.items()
            for node, targets in meshes.values()
            if name in targets
        ]

    def expression(weights: dict[str, float], name: str) -> dict[str, Any]:
        out: dict[str, Any] = {
            "isBinary": False,
            "overrideBlink": "block" if name in BLOCKS_BLINK else "none",
            "overrideLookAt": "none",
            "overrideMouth": "none",
        }
        made = binds(weights)
        if made:
            out["morphTargetBinds"] = made
        return out

    reach = {"inputMaxValue": 45.0}
    vrm = {
        "specVersion": "1.0",
        "meta": {
            "name": "Mira",
            "version": "1.0",
            "authors": ["Mirrorstage"],
            "copyrightInformation": "CC0 1.0: no rights reserved",
            # Readers accept only VRM's own licence here, with every permission below; CC0 follows.
            "licenseUrl": "https://vrm.dev/licenses/1.0/",
            "otherLicenseUrl": "https://creativecommons.org/publicdomain/zero/1.0/",
            "avatarPermission": "everyone",
            "allowExcessivelyViolentUsage": True,
            "allowExcessivelySexualUsage": True,
            "commercialUsage": "corporation",
            "allowPoliticalOrReligiousUsage": True,
            "allowAntisocialOrHateUsage": True,
            "creditNotation": "unnecessary",
            "allowRedistribution": True,
            "modification": "allowModificationRedistribution",
        },
        "humanoid": {"humanBones": {bone: {"node": index[bone]} for bone in HUMAN_BONES}},
        "firstPerson": {
            "meshAnnotations": [
                {"node": node, "type": "both" if name == "Body" else "thirdPersonOnly"}
                for name, (node, _) in meshes.items()
            ]
        },
        "lookAt": {
            "type": "bone",
            "offsetFromHeadBone": [
                0.0, round(EYE[1] - float(PLACES["head"][1]), 6), 0.06,
            ],
            "rangeMapHorizontalInner": {**reach, "outputScale": 5.6},
            "rangeMapHorizontalOuter": {**reach, "outputScale": 6.0},
            "rangeMapVerticalDown": {**reach, "outputScale": 4.6},
            "rangeMapVerticalUp": {**reach, "outputScale": 4.2},
        },
        "expressions": {
            "preset": {name: expression(w, name) for name, w in PRESETS.items()},
            "custom": {name: expression({name: 1.0}, name) for name in ARKIT_NAMES},
        },
    }  # fmt: skip
    shapes = colliders()
    groups = sorted({c.group for c in shapes})
    springs = {
        "specVersion": "1.0",
        "colliders": [_collider(c, index) for c in shapes],
        "colliderGroups": [
            {"name": g, "colliders": [i for i, c in enumerate(shapes) if c.group == g]}
            for g in groups
        ],
        "springs": [_spring(c, index, groups) for c in chains],
    }
    return {"VRMC_vrm": vrm, "VRMC_springBone": springs}


def _collider(c: Collider, index: dict[str, int]) -> dict[str, Any]:
    def local(p: tuple[float, float, float]) -> list[float]:
        return [round(float(v), 5) for v in np.array(p) - PLACES[c.bone]]

    shape: dict[str, Any] = {"offset": local(c.centre), "radius": c.radius}
    if c.tail is not None:
        shape["tail"] = local(c.tail)
    return {"node": index[c.bone], "shape": {"capsule" if c.tail else "sphere": shape}}


def _spring(c: Chain, index: dict[str, int], groups: list[str]) -> dict[str, Any]:
    joint = {
        "hitRadius": c.radius, "stiffness": c.stiffness, "gravityPower": c.gravity,
        "gravityDir": [0.0, -1.0, 0.0], "dragForce": c.drag,
    }  # fmt: skip
    return {
        "name": c.name,
        "joints": [{"node": index[b], **joint} for b in c.bones()],
        "colliderGroups": [groups.index(g) for g in c.groups],
    }
