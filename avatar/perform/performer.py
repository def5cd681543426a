"""One performer: frames in at any rate, poses out at the picture's rate."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from avatar.perform.blend import mixed
from avatar.perform.follow import RotationFollower, ValueFollower
from avatar.perform.hips import Hips
from avatar.perform.idle import Idle
from avatar.perform.point_track import PointTrack
from avatar.perform.presence import Presence
from avatar.perform.reach import plausible
from avatar.perform.smooth import Mask, OneEuro, OneEuroRotations, joined, settings
from avatar.perform.speed_bound import LONGEST_STEP_S, MAX_TURN_RAD_S
from avatar.perform.tuning import TRACKED, rotation_settings, weight_settings
from avatar.solve.assemble import (
    CHEST,
    HEAD,
    HIPS,
    NECK,
    SPINE,
    UPPER_CHEST,
    assemble,
    neck_and_head,
)
from avatar.solve.body import HANDS, LOWER_ARMS
from avatar.solve.express import expressions
from avatar.solve.mirror import mirror_pose, other_side
from avatar.solve.rotations import (
    F64,
    about,
    dot,
    exp,
    inv,
    length,
    log,
    mul,
    normalise,
    power,
    rotate,
    same_side,
    slerp,
    turn_rad,
    within,
)
from avatar.solve.solution import FINGER_ROWS, PART_INDEX, PART_OF_BONE, PARTS, Solution
from avatar.solve.solver import Solver, seen_for_sure
from flow.clock import NS_PER_S
from flow.motion import ARKIT_INDEX, MotionFrame
from flow.pose import HUMAN_BONES, AvatarPose, Driver, Part

_N = len(HUMAN_BONES)
_FINE_S = 0.3
"""A guess (head from ears, wrist from knuckles) waits this long for the finer source to return."""
_QUICKEST_RAD_S = np.radians(np.full(_N, 1100.0))
_QUICKEST_RAD_S[HANDS] = np.radians(500.0)
for _part in FINGER_ROWS:
    _QUICKEST_RAD_S[_part] = np.radians(800.0)
"""No joint ever turns faster: about what people can do, less where the tracker jumps."""
_FLIP_RAD, _DOUBTS = np.radians(100.0), 2
_ARM_S, _BACKWARDS = 0.5, -0.3
_FACE, _HEAD = PART_INDEX[Part.FACE], PART_INDEX[Part.HEAD]
_LEGS, _TORSO = PART_INDEX[Part.LEGS], PART_INDEX[Part.TORSO]
_HALF = 0.5
_SWAP_PARTS = [PART_INDEX[Part(other_side(part.value))] for part in PARTS]
_ARMS = [PART_INDEX[Part.LEFT_ARM], PART_INDEX[Part.RIGHT_ARM]]
_PALMS = [PART_INDEX[Part.LEFT_HAND], PART_INDEX[Part.RIGHT_HAND]]
_HIPS_WITHOUT_LEGS = 0.25
"""Legs that nobody sees hang from the hips: the hips keep this share of their turn."""
_Y = np.array([0.0, 1.0, 0.0])
_X = np.array([1.0, 0.0, 0.0])
_KNEES, _ANKLES = [25, 26], [27, 28]
_FOOT_SURE, _FOOT_BLIND = 0.65, 0.4


def _hidden_feet(frame: MotionFrame) -> F64:
    """(2,) left, right: 1 where a foot is a guess, 0 where it is seen."""
    if frame.body is None:
        return np.ones(2)
    shown = np.minimum(frame.body.visibility[_KNEES], frame.body.visibility[_ANKLES])
    return within((_FOOT_SURE - shown) / (_FOOT_SURE - _FOOT_BLIND), 0.0, 1.0)


class Performer:
    """Smooths, fills gaps and hands over to the idle performance. One thread, no I/O.

    Args:
        mirrored: Move like a mirror image (also when a frame asks for it).
        legs: ``auto`` moves legs that are well seen and stand, ``on`` also those on a chair.
        source_driver: What `AvatarPose.driver` says of parts that the frames drive.
        calibrate: Take the resting turn of the head, learnt in the first seconds, for straight.
        hand_over: Ease lost parts into the idle pose; else they stay as last seen (for files).
        roam: Walk wherever the feet lead; else near the place where the performer stands.
        seed: Which idle performance.
    """

    def __init__(
        self,
        *,
        mirrored: bool = False,
        legs: Literal["auto", "on", "off"] = "auto",
        source_driver: Driver = Driver.HUMAN,
        calibrate: bool = True,
        hand_over: bool = True,
        roam: bool = False,
        seed: int = 0,
    ) -> None:
        self.solver = Solver(legs=legs)
        self._mirrored = mirrored
        self._frame_mirrored = False
        self._driver = source_driver
        self._calibrate = calibrate
        self._idle = Idle(seed)
        self._presence = Presence(hand_over=hand_over)
        self._hand_over = hand_over
        self._points = PointTrack()
        self._turns = OneEuroRotations(rotation_settings())
        self._follow = RotationFollower(_N)
        self._fine_s: F64 = np.full(_N, -np.inf)
        self._face = OneEuro(joined(weight_settings(), settings(2, 2.0, 0.05)))
        self._hips = Hips(roam=roam)
        self._face_values = ValueFollower(54)
        self._was_fine: Mask = np.zeros(_N, np.bool_)
        self._doubts = np.full(2, _DOUBTS)
        self._last: F64 | None = None
        self._last_s = -np.inf
        self._handing_over: Mask = np.ones(_N, np.bool_)

    # -- in ---------------------------------------------------------------------------------

    def feed(self, frame: MotionFrame) -> None:
        """Take a new frame; they come in the order of `captured`, and a picture may give two."""
        t = frame.captured / NS_PER_S
        calmed = self._calmed(frame, t)
        solution = self.solver.solve(calmed)
        self._frame_mirrored = frame.mirrored
        self._presence.note(solution, t)
        fine = solution.known & ~solution.coarse
        self._fine_s = np.where(fine, t, self._fine_s)
        mask = fine | (solution.known & (t - self._fine_s > _FINE_S))
        targets = solution.targets
        self._handing_over |= mask & (fine != self._was_fine)
        self._was_fine = np.where(mask, fine, self._was_fine)
        self._doubt_wrists(targets, mask, t)
        if self._calibrate and mask[HEAD]:
            targets[HEAD] = self._recentred(targets[HEAD])
        self._turns.ease[TRACKED] = self._points.ease
        turns = self._turns.update(targets, t, mask)
        self._follow.sample(turns, self._turns.speed, t, mask)
        self._feed_face(solution, t)
        if solution.hips is not None:
            self._hips.feed(solution.hips, t, _hidden_feet(calmed))

    def _doubt_wrists(self, targets: F64, mask: Mask, time_s: float) -> None:
        """Unmask wrists that point backwards, and those that turned over, until a sample agrees.

        Seen along its edge a palm is easily taken for its back.
        """
        if not mask[HANDS].any():
            for part in FINGER_ROWS:
                mask[part] = False
            return
        turned = turn_rad(mul(targets[HANDS], inv(self._turns.value[HANDS])))[:, 0] > _FLIP_RAD
        flipped = mask[HANDS] & turned & (self._doubts < _DOUBTS)
        self._doubts = np.where(flipped, self._doubts + 1, np.where(mask[HANDS], 0, self._doubts))
        mask[HANDS] &= ~flipped
        # A hand that points back along its forearm belongs to somebody else, or is not one.
        forearm = self._turns.value[LOWER_ARMS]
        known = self._fine_s[LOWER_ARMS] > time_s - _ARM_S
        ahead = rotate(np.stack([targets[HANDS], forearm]), _X)
        backwards = dot(ahead[0], ahead[1])[:, 0] < _BACKWARDS
        mask[HANDS] &= ~(known & backwards)
        for side, part in enumerate(FINGER_ROWS):
            mask[part] &= mask[HANDS[side]]

    def _calmed(self, frame: MotionFrame, t: float) -> MotionFrame:
        """The frame with its body's points where they most likely are."""
        body = frame.body
        if body is None or not np.isfinite(body.points).all():
            return frame
        visibility = seen_for_sure(body)
        points, depth = self._points.update(body.points.astype(np.float64), visibility, t)
        points = plausible(points, depth, visibility)
        return replace(frame, body=replace(body, points=points.astype(np.float32)))

    def _recentred(self, head: F64) -> F64:
        yaw, pitch = np.radians(self.solver.neutral.head_deg)
        return mul(mul(about(_Y, -yaw), about(_X, -pitch)), head)

    def _feed_face(self, solution: Solution, t: float) -> None:
        if solution.weights is None or solution.gaze_deg is None:
            return
        values = np.concatenate([solution.weights, solution.gaze_deg])
        self._face_values.sample(self._face.update(values, t), t)

    # -- out --------------------------------------------------------------------------------

    def pose(self, now: int) -> AvatarPose:
        """The pose to show at `now` (ns, the clock of `captured`; must not go back).

        Over an idle performance of its own; `over` lays it over any other pose.
        """
        weight = self._weights_at(now)
        held = self._presence.held
        driver = {p: self._driver if held[i] else Driver.IDLE for i, p in enumerate(PARTS)}
        pose = self._laid(self._idle.pose(now), weight, now, driver, alone=True)
        return mirror_pose(pose) if self._reflects else pose

    def over(self, base: AvatarPose, now: int, weights: F64 | None = None) -> AvatarPose:
        """`base` with the performer over it, at `now` (as in `pose`; a show uses one of the two).

        Args:
            base: What is seen where the performer is not: another layer's pose.
            now: As in `pose`.
            weights: (8,) the most of each part of the avatar, `PARTS` order; None is all.
        """
        weight = self._weights_at(now)
        if weights is not None:
            weight *= weights[_SWAP_PARTS] if self._reflects else weights
        if not weight.any() and (not self._handing_over.any() or self._presence.nobody_yet):
            self._forgo(base, now)
            return base
        under = mirror_pose(base) if self._reflects else base
        driver = {
            p: self._driver if w > _HALF else under.driver.get(p, Driver.IDLE)
            for p, w in zip(PARTS, weight.tolist(), strict=True)
        }
        pose = self._laid(under, weight, now, driver, alone=False)
        return mirror_pose(pose) if self._reflects else pose

    @property
    def _reflects(self) -> bool:
        return self._mirrored or self._frame_mirrored

    def _weights_at(self, now: int) -> F64:
        weight = self._presence.at(now / NS_PER_S)
        weight[_PALMS] *= weight[_ARMS]
        return weight

    def _laid(
        self,
        base: AvatarPose,
        weight: F64,
        now: int,
        driver: dict[Part, Driver],
        *,
        alone: bool,
    ) -> AvatarPose:
        """The performer over `base` (not mirrored yet); `alone` when that is its own idle pose."""
        t = now / NS_PER_S
        shown = self._follow.at(t)
        local = self._blended(shown, base.rotations.astype(np.float64), weight)
        trunk, legs = float(weight[_TORSO]), float(weight[_LEGS])
        hips = self._hips.at(base.hips, shown, trunk, legs, t, standing=alone)
        local = self._limited(local, weight, t, alone=alone)
        names, gaze = self._face_at(base, float(weight[_FACE]), t)
        return AvatarPose(
            captured=now,
            hips=hips.astype(np.float32),
            rotations=local.astype(np.float32),
            expressions=names,
            gaze_deg=gaze.astype(np.float32),
            driver=driver,
            chosen=mixed(base.chosen, {}, float(weight[_FACE])) if base.chosen else {},
        )

    def _forgo(self, base: AvatarPose, now: int) -> None:
        """Nobody is seen: begin from `base` when somebody is."""
        under = mirror_pose(base) if self._reflects else base
        self._last, self._last_s = under.rotations.astype(np.float64), now / NS_PER_S
        self._hips.rest(under.hips, now / NS_PER_S)

    def _blended(self, shown: F64, idle: F64, weight: F64) -> F64:
        """Local rotations: the performer's where seen, idle elsewhere, the chain kept whole."""
        if not weight.any():
            return idle
        room = shown.copy()
        legs = weight[_LEGS]
        room[HIPS] = power(shown[HIPS], _HIPS_WITHOUT_LEGS + (1.0 - _HIPS_WITHOUT_LEGS) * legs)
        local = idle.copy()
        assemble(room, local)
        for rows in FINGER_ROWS:
            local[rows] = shown[rows]
        share = weight[PART_OF_BONE][:, None]
        if ((weight == 0.0) | (weight == 1.0)).all():  # nothing is being handed over
            out = same_side(np.where(share > 0.0, local, idle), idle)
        else:
            out = slerp(idle, local, share)
        if weight[_HEAD] > 0.0 and weight[_TORSO] < 1.0:
            # The trunk is not quite the performer's, but the head keeps its direction in the room.
            chest = mul(mul(out[HIPS], out[SPINE]), mul(out[CHEST], out[UPPER_CHEST]))
            seen = neck_and_head(mul(inv(chest), shown[HEAD]))
            out[[NECK, HEAD]] = slerp(idle[[NECK, HEAD]], seen, weight[_HEAD])
        return out

    def _limited(self, local: F64, weight: F64, t: float, *, alone: bool) -> F64:
        """Bound each joint's speed, more while its part is being handed over.

        Parts that are not the performer's at all move as quickly as whoever has them.
        """
        if self._last is None or not self._hand_over:
            self._last, self._last_s = local, t
            return local
        turning = (weight < 1.0)[PART_OF_BONE] & (weight > 0.0)[PART_OF_BONE]
        self._handing_over |= turning
        dt = min(max(t - self._last_s, 0.0), LONGEST_STEP_S)
        most = np.where(self._handing_over, MAX_TURN_RAD_S, _QUICKEST_RAD_S) * dt
        # Half the angle between two quaternions is the arc between them.
        slow = np.abs(np.vecdot(local, self._last)) < np.cos(0.5 * most)
        if not alone:
            slow &= self._handing_over | (weight > 0.0)[PART_OF_BONE]
        self._handing_over &= slow | turning
        out = local
        if slow.any():
            step = log(mul(local, inv(self._last)))
            share = np.where(slow, most / np.maximum(length(step)[:, 0], 1e-9), 1.0)
            out = normalise(mul(exp(step * share[:, None]), self._last))
        self._last, self._last_s = same_side(out, self._last), t
        return self._last

    def _face_at(self, base: AvatarPose, share: float, t: float) -> tuple[dict[str, float], F64]:
        values = self._face_values.at(t)
        weights = within(values[:52], 0.0, 1.0) * share
        if share < 1.0:
            for name, value in base.expressions.items():
                if name in ARKIT_INDEX:
                    i = ARKIT_INDEX[name]
                    weights[i] = min(1.0, weights[i] + value * (1.0 - share))
        gaze = base.gaze_deg + (values[52:] - base.gaze_deg) * share
        return expressions(weights.astype(np.float32)), gaze
