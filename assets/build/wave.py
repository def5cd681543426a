"""A built-in animation: a friendly wave of the right hand, two and a half seconds, ours (CC0).

Run: python -m assets.build.wave
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from assets import HOME
from assets.build.licences import record
from avatar.clip.body import STANDARD
from avatar.clip.clip import Clip, clip_of
from avatar.clip.vrma_write import vrma_bytes
from avatar.perform.idle import Idle
from avatar.quat import F64, from_axis_angle, multiply, slerp
from flow.pose import BONE_INDEX, HUMAN_BONES

SECONDS, FPS = 2.6, 30
RAISED_S, LOWERED_S = 0.55, 2.1
SWINGS_HZ, SWING_DEG, WRIST_DEG = 1.9, 17.0, 14.0
_X, _Y, _Z = np.eye(3)
_ARM = ("rightShoulder", "rightUpperArm", "rightLowerArm", "rightHand")
_FINGERS = [b for b in HUMAN_BONES if b.startswith("right") and b.endswith(("al", "ate"))]
_SPREAD_DEG = {"Index": -5.0, "Middle": 0.0, "Ring": 5.0, "Little": 10.0}


def _turn(axis: F64, deg: float | F64) -> F64:
    return from_axis_angle(axis, np.radians(deg))


def _up(times: F64) -> dict[str, F64]:
    """The raised arm (k, 4) each: elbow at the side and bent, the palm to the audience."""
    phase = 2.0 * np.pi * SWINGS_HZ * (times - RAISED_S)
    swing, late = np.sin(phase), np.sin(phase - 0.7)
    still = np.zeros_like(times)
    # The right arm points to -X in the T-pose: about +Z it comes down, about -Y it comes forward.
    upper = multiply(_turn(_Z, 42.0 + 2.0 * swing), _turn(_Y, 18.0 + still))
    # Bent upwards, and turned about its own length until the palm, which faced down, looks ahead.
    lower = multiply(_turn(_Z, -112.0 + SWING_DEG * swing), _turn(_X, -78.0 + still))
    out = {
        "rightShoulder": _turn(_Z, -5.0 + still),
        "rightUpperArm": upper,
        "rightLowerArm": lower,
        "rightHand": multiply(_turn(_Y, WRIST_DEG * late), _turn(_Z, 2.0 + still)),
    }
    for bone in _FINGERS:
        spread = next((d for f, d in _SPREAD_DEG.items() if f in bone), 0.0)
        first = bone.endswith("Proximal") and "Thumb" not in bone
        out[bone] = multiply(_turn(_Y, (spread if first else 0.0) + still), _turn(_Z, 4.0 + still))
    return out


def wave() -> Clip:
    """The clip: up from the resting arm, four swings, down again."""
    times = np.arange(int(SECONDS * FPS) + 1) / FPS
    rest = Idle().pose(0).rotations.astype(np.float64)
    way = np.minimum(times / RAISED_S, (times[-1] - times) / (times[-1] - LOWERED_S))
    way = np.clip(way, 0.0, 1.0)
    way = way * way * (3.0 - 2.0 * way)
    rotations = np.tile([0.0, 0.0, 0.0, 1.0], (len(times), len(HUMAN_BONES), 1))
    moved = np.zeros(len(HUMAN_BONES), np.bool_)
    for bone, up in _up(times).items():
        row = BONE_INDEX[bone]
        rotations[:, row] = slerp(np.broadcast_to(rest[row], up.shape), up, way)
        moved[row] = True
    smile = (0.5 * way).astype(np.float32)
    return clip_of("wave", times, rotations=rotations, bones=moved, expressions={"happy": smile})


def build(path: Path) -> int:
    """Write the animation; returns its size in bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = vrma_bytes(wave(), STANDARD)
    path.write_bytes(data)
    return len(data)


if __name__ == "__main__":
    out = HOME / "animations" / "wave.vrma"
    print(f"{out}: {build(out)} bytes")
    record(out, "python -m assets.build.wave")
