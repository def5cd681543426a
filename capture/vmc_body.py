"""What a VMC sender has said so far, and the pose that it makes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from capture.osc import Argument, Message
from capture.vmc_words import BONE_OF, VRM0_NAMES, expression_of, mirrored
from flow.clock import NS_PER_S
from flow.motion import ARKIT_INDEX
from flow.pose import BONE_INDEX, HUMAN_BONES, AvatarPose, Driver, Part, part_of_bone
from flow.spec import F32

Eyes = Literal["bones", "gaze"]

_PARTS = [part_of_bone(bone) for bone in HUMAN_BONES]
_HIPS = BONE_INDEX["hips"]
_EYES = [BONE_INDEX["leftEye"], BONE_INDEX["rightEye"]]
_LEG = [BONE_INDEX[b] for b in ("leftUpperLeg", "leftLowerLeg", "leftFoot")]
_BODY = np.array([part is not Part.FACE for part in _PARTS])
_LASTING_NS = NS_PER_S
"""A bone that has not been spoken of for this long is not the sender's any more."""
_MOST_NAMES, _LONGEST_NAME = 512, 128
_MOST_DEVICES = 64
_FARTHEST_M = 1000.0
_SHORTEST = 1e-3
_LOWEST_M, _HIGHEST_M = 0.05, 20.0
_ANKLE = (0.04, 0.2)
"""How high an ankle can be over the sole, in leg lengths."""
_OTHER_BODY = 0.02
_KNOWN = frozenset({*ARKIT_INDEX, *VRM0_NAMES})


@dataclass(frozen=True, slots=True)
class RestPose:
    """The rest pose of a sender's model, for senders that say raw local rotations. VRM's axes."""

    above: F32
    """(55, 4) rotation in the room of what each bone hangs on."""
    own: F32
    """(55, 4) each bone's local rotation."""
    hips_on: F32
    """(4, 4) in the room, of what the hips hang on."""
    hips_m: F32
    """(3,) the hips over the ground."""


class VmcBody:
    """The state that messages change. Rotations are taken as of the *normalised* humanoid.

    Args:
        hip_height_m: How high the sender's hips stand in its T-pose; 0 finds it out from its legs.
        eyes: ``bones`` turns eye bones as they were turned there; ``gaze`` lets the avatar look
            where they pointed, by whatever it looks with.
        root: Whether the place of the sender's whole body counts.
        rest: What the sender's rotations start from, when they are those of a model's own bones.
    """

    def __init__(
        self,
        *,
        hip_height_m: float = 0.0,
        eyes: Eyes = "bones",
        root: bool = True,
        rest: RestPose | None = None,
    ) -> None:
        self.unusable = 0
        """Messages with too few, wrong or impossible arguments."""
        self.unknown = 0
        """Messages that the protocol does not have, or that say nothing to us."""
        self.loaded = True
        self.tracking = True
        self.calibrated = True
        self.devices: dict[str, tuple[str, tuple[float, ...]]] = {}
        """Serial number to kind (Hmd, Con, Tra) and place, rotation in Unity's axes."""
        self._rest = rest
        self._given_height = hip_height_m if rest is None else float(rest.hips_m[1])
        self._eyes: Eyes = eyes
        self._root = root
        self._places = np.zeros((len(HUMAN_BONES), 3), np.float64)
        self._turns = np.zeros((len(HUMAN_BONES), 4), np.float32)
        self._turns[:, 3] = 1.0
        self._seen = np.full(len(HUMAN_BONES), -1, np.int64)
        self._root_at = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
        self._faces: dict[str, float] = {}
        self._pending: dict[str, float] = {}
        self._face_seen = -1
        self._leg_m = 0.0
        self._height = 0.0
        self._take: dict[str, Callable[[tuple[Argument, ...], int], bool]] = {
            "/VMC/Ext/Bone/Pos": self._bone,
            "/VMC/Ext/Blend/Val": self._value,
            "/VMC/Ext/Blend/Apply": self._apply,
            "/VMC/Ext/Root/Pos": self._place,
            "/VMC/Ext/OK": self._ok,
            "/VMC/Ext/T": self._time,
        }
        for kind in ("Hmd", "Con", "Tra"):
            for form in ("Pos", "Pos/Local"):
                self._take[f"/VMC/Ext/{kind}/{form}"] = self._device(kind)

    def hear(self, message: Message, now: int) -> None:
        """Take a message; surplus arguments are ignored."""
        take = self._take.get(message.address)
        if take is None:
            self.unknown += 1
        elif not take(message.arguments, now):
            self.unusable += 1

    def forget(self) -> None:
        """Another sender: nothing that the last one said holds."""
        self._seen[:] = -1
        self._faces.clear()
        self._pending.clear()
        self._face_seen = -1
        self._leg_m = self._height = 0.0
        self._root_at = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
        self._places[:] = 0.0
        self._turns[:] = (0.0, 0.0, 0.0, 1.0)
        self.loaded = self.tracking = self.calibrated = True
        self.devices.clear()

    def pose(self, now: int) -> AvatarPose | None:
        """The pose that was said, or None when nothing is. Parts not spoken of are not in it."""
        fresh = (self._seen >= 0) & (now - self._seen <= _LASTING_NS)
        face = self._face_seen >= 0 and now - self._face_seen <= _LASTING_NS
        if not self.loaded or not (face or fresh[_BODY].any()):
            return None
        rotations = mirrored(self._turns)
        if self._rest is not None:  # raw = P⁻¹ · pose · P · L, as avatar.rig.humanoid has it
            whole = _product(self._rest.above, _product(rotations, _back(self._rest.own)))
            rotations = _product(whole, _back(self._rest.above))
        rotations[~fresh] = (0.0, 0.0, 0.0, 1.0)
        parts = {part for part, here in zip(_PARTS, fresh.tolist(), strict=True) if here}
        hips = np.zeros(3, np.float32)
        if fresh[_HIPS]:
            hips, rotations[_HIPS] = self._hips(rotations[_HIPS])
        gaze = np.zeros(2, np.float32)
        if self._eyes == "gaze" and fresh[_EYES].any():
            gaze = _gaze(rotations[_EYES][fresh[_EYES]])
            rotations[_EYES] = (0.0, 0.0, 0.0, 1.0)
        # Eyes alone are no face: lids and mouth stay with whoever has them.
        parts = parts | {Part.FACE} if face else parts - {Part.FACE}
        driver = dict.fromkeys(sorted(parts), Driver.HUMAN)
        return AvatarPose(now, hips, rotations, dict(self._faces), gaze, driver)

    @property
    def hip_height_m(self) -> float:
        """How high the sender's hips stand in its T-pose, as far as is known; else 0."""
        return self._given_height or self._height

    def _hips(self, turn: F32) -> tuple[F32, F32]:
        """Their offset for a body whose hips are 1 m high, and their turn, root included."""
        place = self._places[_HIPS] * (-1.0, 1.0, 1.0)
        if self._rest is not None:
            place = self._rest.hips_on[:3, :3] @ place + self._rest.hips_on[:3, 3]
            place = place - self._rest.hips_m * (1.0, 0.0, 1.0)
        if not self._given_height:
            self._measure(float(self._places[_HIPS, 1]))
        height = self.hip_height_m
        if self._root:
            x, y, z, *spin = self._root_at
            root = mirrored(np.array(spin, np.float32))
            place = _rotated(root, place) + np.array([-x, y, z])
            turn = _product(root, turn)
        if height <= 0.0:  # a sender without places: its hips stand where ours do
            return np.zeros(3, np.float32), turn
        offset = np.clip(place / height - (0.0, 1.0, 0.0), -_FARTHEST_M, _FARTHEST_M)
        return offset.astype(np.float32), turn

    def _measure(self, hips_y: float) -> None:
        """Find the height of the sender's hips: legs do not change length, hips go up and down."""
        thigh, shin, foot = self._places[_LEG]
        leg = abs(float(thigh[1])) + float(np.linalg.norm([shin, foot], axis=1).sum())
        if self._height and abs(leg - self._leg_m) <= _OTHER_BODY * max(leg, self._leg_m):
            return
        if leg > _LOWEST_M:
            ankle = min(max(hips_y - leg, _ANKLE[0] * leg), _ANKLE[1] * leg)
            self._height, self._leg_m = leg + ankle, leg
        elif _LOWEST_M < hips_y < _HIGHEST_M:
            self._height, self._leg_m = hips_y, leg
        else:
            self._height = 0.0

    # -- what messages say ------------------------------------------------------------------

    def _bone(self, arguments: tuple[Argument, ...], now: int) -> bool:
        placed = _placed(arguments)
        if placed is None:
            return False
        row = BONE_OF.get(placed[0])
        if row is None:
            return placed[0] in ("LastBone", "Jaw")
        self._places[row], self._turns[row] = placed[1][:3], placed[1][3:]
        self._seen[row] = now
        return True

    def _place(self, arguments: tuple[Argument, ...], now: int) -> bool:  # noqa: ARG002
        placed = _placed(arguments)
        if placed is not None:
            x, y, z, a, b, c, d = placed[1]
            self._root_at = (x, y, z, a, b, c, d)
        return placed is not None

    def _value(self, arguments: tuple[Argument, ...], now: int) -> bool:  # noqa: ARG002
        if len(arguments) < 2 or not isinstance(arguments[0], str):  # noqa: PLR2004
            return False
        value = _number(arguments[1])
        if value is None or len(arguments[0]) > _LONGEST_NAME:
            return False
        if arguments[0] not in self._pending and len(self._pending) >= _MOST_NAMES:
            return False
        self._pending[arguments[0]] = min(max(value, 0.0), 1.0)
        return True

    def _apply(self, arguments: tuple[Argument, ...], now: int) -> bool:  # noqa: ARG002
        said: dict[str, float] = {}
        for wire, value in self._pending.items():
            # A sender that says one expression in VRM 0.x's and VRM 1.0's words means it once.
            name = expression_of(wire)
            said[name] = max(value, said.get(name, 0.0))
        for name, value in said.items():
            if name in _KNOWN or name in self._faces or len(self._faces) < _MOST_NAMES:
                self._faces[name] = value
        if said:
            self._pending.clear()
            self._face_seen = now
        return True

    def _ok(self, arguments: tuple[Argument, ...], now: int) -> bool:  # noqa: ARG002
        states = [a for a in arguments[:4] if isinstance(a, int)]
        if not arguments or len(states) != len(arguments[:4]):
            return False
        self.loaded = states[0] == 1
        self.calibrated = len(states) < 3 or states[1] == 3  # noqa: PLR2004
        self.tracking = len(states) < 4 or states[3] != 0  # noqa: PLR2004
        return True

    def _time(self, arguments: tuple[Argument, ...], now: int) -> bool:  # noqa: ARG002
        return bool(arguments) and _number(arguments[0]) is not None

    def _device(self, kind: str) -> Callable[[tuple[Argument, ...], int], bool]:
        def take(arguments: tuple[Argument, ...], now: int) -> bool:  # noqa: ARG001
            placed = _placed(arguments)
            if placed is None or len(placed[0]) > _LONGEST_NAME:
                return False
            if placed[0] in self.devices or len(self.devices) < _MOST_DEVICES:
                self.devices[placed[0]] = (kind, placed[1])
            return True

        return take


def _number(value: Argument) -> float | None:
    """A finite number; senders write whole ones as integers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _placed(arguments: tuple[Argument, ...]) -> tuple[str, tuple[float, ...]] | None:
    """Name, place and unit rotation of "s fff ffff", or None."""
    if len(arguments) < 8 or not isinstance(arguments[0], str):  # noqa: PLR2004
        return None
    values = [_number(a) for a in arguments[1:8]]
    numbers = [v for v in values if v is not None and abs(v) <= _FARTHEST_M]
    if len(numbers) != len(values):
        return None
    size = math.sqrt(sum(v * v for v in numbers[3:]))
    if size < _SHORTEST:
        return None
    return arguments[0], (*numbers[:3], *(v / size for v in numbers[3:]))


def _product(a: F32, b: F32) -> F32:
    """The rotations (..., 4) `a` after `b` (xyzw)."""
    out = np.zeros(np.broadcast_shapes(a.shape, b.shape), np.float32)
    u, v, p, q = a[..., :3], b[..., :3], a[..., 3:], b[..., 3:]
    out[..., :3] = p * v + q * u + np.cross(u, v)
    out[..., 3] = (p * q)[..., 0] - np.vecdot(u, v)
    return out


def _back(q: F32) -> F32:
    """The rotations (..., 4) that undo `q`."""
    return q * np.array([-1.0, -1.0, -1.0, 1.0], np.float32)


def _rotated(q: F32, v: np.ndarray[tuple[int], np.dtype[np.float64]]) -> F32:
    axis = q[:3].astype(np.float64)
    across = 2.0 * np.cross(axis, v)
    return np.asarray(v + q[3] * across + np.cross(axis, across))


def _gaze(eyes: F32) -> F32:
    """(2,) the mean yaw and pitch in degrees of eyes (n, 4) in the head's axes."""
    x, y, z, w = eyes.T.astype(np.float64)
    ahead = np.stack([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)])
    level = np.hypot(ahead[0], ahead[2])
    yaw, pitch = np.arctan2(ahead[0], ahead[2]), np.arctan2(-ahead[1], level)
    return np.degrees([yaw.mean(), pitch.mean()]).astype(np.float32)
