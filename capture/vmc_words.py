"""VMC protocol: its names of bones and expressions, and its axes.

VMC speaks Unity's language (protocol.vmc.info, "Marionette"): left-handed, metres, +Y up, the
body faces +Z, its left hand points to -X. Ours (VRM 1.0) is the mirror image in X.
"""

from __future__ import annotations

import numpy as np

from flow.motion import ARKIT_NAMES
from flow.pose import HUMAN_BONES, PRESET_EXPRESSIONS
from flow.spec import F32

BONE_PORT, ASSISTANT_PORT = 39539, 39540
"""Where a receiver of whole bodies listens, and where a program that is helped by others does."""


def _unity(bone: str) -> str:
    """VRM 1.0 names the thumb's joints after its bones, Unity counts them."""
    for ours, theirs in (("ThumbProximal", "ThumbIntermediate"), ("Metacarpal", "Proximal")):
        if bone.endswith(ours):
            bone = bone.removesuffix(ours) + theirs
            break
    return bone[0].upper() + bone[1:]


UNITY_BONES: tuple[str, ...] = tuple(_unity(bone) for bone in HUMAN_BONES)
"""Unity's HumanBodyBones in the order of `HUMAN_BONES`."""
BONE_OF: dict[str, int] = {name: i for i, name in enumerate(UNITY_BONES)}

VRM0_NAMES: dict[str, str] = {
    "neutral": "Neutral", "happy": "Joy", "angry": "Angry", "sad": "Sorrow", "relaxed": "Fun",
    "surprised": "Surprised", "aa": "A", "ih": "I", "ou": "U", "ee": "E", "oh": "O",
    "blink": "Blink", "blinkLeft": "Blink_L", "blinkRight": "Blink_R", "lookUp": "LookUp",
    "lookDown": "LookDown", "lookLeft": "LookLeft", "lookRight": "LookRight",
}  # fmt: skip
"""What VRM 1.0's presets are called on the wire: every VMC program knows VRM 0.x's names."""


def _expressions() -> dict[str, str]:
    known = {name.lower(): name for name in (*ARKIT_NAMES, *PRESET_EXPRESSIONS)}
    known |= {theirs.lower(): ours for ours, theirs in VRM0_NAMES.items()}
    for name in ARKIT_NAMES:
        for side in ("Left", "Right"):
            if name.endswith(side) and len(name) > len("mouthRight"):
                known[f"{name.removesuffix(side)}_{side[0]}".lower()] = name
    return known


_KNOWN = _expressions()


def expression_of(name: str) -> str:
    """VRM 1.0's or ARKit's name of an expression on the wire; an author's own stays as it is."""
    return _KNOWN.get(name.lower(), name)


def mirrored(rotations: F32) -> F32:
    """Quaternions (..., 4) from VRM's axes to Unity's or back: the mirror image in X."""
    return rotations * np.array([1.0, -1.0, -1.0, 1.0], np.float32)
