"""The solver must give back the pose that the landmarks were made from, side by side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from avatar.solve.calibrate import Neutral
from avatar.solve.express import expressions
from avatar.solve.face import blinks
from avatar.solve.solver import Solver
from flow.motion import ARKIT_INDEX
from flow.pose import BONE_INDEX, HUMAN_BONES, Part
from tests.fixtures.performer import MS, Scene, apart_deg, euler, place, turned

BENT = turned(
    hips=euler("yxz", 12, 5, 3),
    spine=euler("xz", 6, 4),
    chest=euler("yxz", 10, 4, -5),
    leftUpperArm=euler("zy", -50, -20),
    leftLowerArm=euler("y", -70),
    rightUpperArm=euler("zy", 20, 35),
    rightLowerArm=euler("y", 95),
    leftUpperLeg=euler("xz", -30, 8),
    leftLowerLeg=euler("x", 50),
    rightUpperLeg=euler("x", 10),
    rightLowerLeg=euler("x", 20),
)


def test_every_limb_must_point_where_the_landmarks_say() -> None:
    solution = Solver().solve(Scene(BENT).frame(0))
    turn, where = place(BENT)
    for bone, child in (
        ("leftUpperArm", "leftLowerArm"), ("rightUpperArm", "rightLowerArm"),
        ("leftLowerArm", "leftHand"), ("rightLowerArm", "rightHand"),
        ("leftUpperLeg", "leftLowerLeg"), ("rightUpperLeg", "rightLowerLeg"),
        ("leftLowerLeg", "leftFoot"), ("rightLowerLeg", "rightFoot"),
    ):  # fmt: skip
        made = where[child] - where[bone]
        rest = place(turned())[1]
        along = rest[child] - rest[bone]
        got = Rotation.from_quat(solution.targets[BONE_INDEX[bone]]).apply(along)
        cosine = got @ made / np.linalg.norm(got) / np.linalg.norm(made)
        assert np.degrees(np.arccos(min(cosine, 1.0))) < 1.0, bone
    # A bent elbow and knee also tell how the limb is turned about itself.
    for bone in ("leftUpperArm", "rightUpperArm", "leftUpperLeg", "leftLowerArm", "leftLowerLeg"):
        apart = apart_deg(solution.targets[BONE_INDEX[bone]], turn[bone].as_quat())
        assert apart < 3.0, bone


@pytest.mark.parametrize("yaw", [-50, -20, 0, 35, 50])
@pytest.mark.parametrize("pitch", [-30, 0, 30])
@pytest.mark.parametrize("roll", [-20, 0, 20])
def test_the_head_must_turn_as_the_face_matrix_says(yaw: int, pitch: int, roll: int) -> None:
    head = euler("yxz", yaw, pitch, roll)
    solution = Solver().solve(Scene(head=head, body=False).frame(0))
    assert apart_deg(solution.targets[BONE_INDEX["head"]], head.as_quat()) < 0.05


def test_without_a_face_ears_and_nose_must_turn_the_head() -> None:
    head = euler("yx", 25, 10)
    solution = Solver().solve(Scene(turned(head=head), face=False).frame(0))
    assert solution.seen[Part.HEAD]
    assert not solution.seen[Part.FACE]
    assert solution.coarse[BONE_INDEX["head"]]
    assert apart_deg(solution.targets[BONE_INDEX["head"]], head.as_quat()) < 2.0


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_wrist_must_follow_the_hands_own_frame(side: str) -> None:
    wrist = euler("xyz", 40, 20, -30)
    pose = turned(**{f"{side}LowerArm": euler("y", 0), f"{side}Hand": wrist})
    solution = Solver().solve(Scene(pose, left=side == "left", right=side == "right").frame(0))
    got = solution.targets[BONE_INDEX[f"{side}Hand"]]
    assert apart_deg(got, place(pose)[0][f"{side}Hand"].as_quat()) < 6.0


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("curl_deg", [0, 20, 45, 70, 90])
def test_fingers_must_curl_as_much_as_they_do(side: str, curl_deg: int) -> None:
    sign = 1.0 if side == "left" else -1.0
    bones = {}
    for finger in ("Index", "Middle", "Ring", "Little"):
        for joint, part in (("Proximal", 1.0), ("Intermediate", 1.0), ("Distal", 0.6)):
            bones[f"{side}{finger}{joint}"] = euler("z", -sign * curl_deg * part)
    solution = Solver().solve(Scene(turned(**bones), left=True, right=True).frame(0))
    for bone, made in bones.items():
        got = solution.targets[BONE_INDEX[bone]]
        bound = 11.0 if "Proximal" in bone else 3.0  # the flat hand's own spread is taken off
        assert apart_deg(got, made.as_quat()) < bound, bone


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_folded_thumb_must_fold(side: str) -> None:
    sign = 1.0 if side == "left" else -1.0
    bones = {
        f"{side}ThumbMetacarpal": euler("xy", 15, sign * 12),
        f"{side}ThumbProximal": euler("y", sign * 25),
        f"{side}ThumbDistal": euler("y", sign * 40),
    }
    solution = Solver().solve(Scene(turned(**bones), left=True, right=True).frame(0))
    for bone, made in bones.items():
        assert apart_deg(solution.targets[BONE_INDEX[bone]], made.as_quat()) < 14.0, bone


def test_fingers_must_never_bend_backwards() -> None:
    bones = {f"left{f}Intermediate": euler("z", 40) for f in ("Index", "Middle", "Ring", "Little")}
    solution = Solver().solve(Scene(turned(**bones), left=True).frame(0))
    for bone in bones:
        assert apart_deg(solution.targets[BONE_INDEX[bone]], np.array([0, 0, 0, 1.0])) < 1.0


def test_legs_must_not_be_invented() -> None:
    hidden = Scene(BENT, legs=False).frame(0)
    assert not Solver().solve(hidden).seen[Part.LEGS]
    assert not Solver().solve(hidden).known[BONE_INDEX["leftUpperLeg"]]
    shown = Scene(BENT).frame(0)
    assert Solver().solve(shown).seen[Part.LEGS]
    assert not Solver(legs="off").solve(shown).seen[Part.LEGS]


def test_joints_outside_of_the_picture_must_not_be_believed() -> None:
    frame = Scene(BENT).frame(0)
    assert frame.body is not None
    image = frame.body.image_points.copy()
    image[[25, 26, 27, 28], 1] = 1.4
    frame = replace(frame, body=replace(frame.body, image_points=image))
    assert not Solver().solve(frame).seen[Part.LEGS]


def test_a_part_that_was_not_searched_must_be_unknown_and_not_lost() -> None:
    solution = Solver().solve(Scene(body=False, looked_for=0b0001).frame(0))
    assert solution.searched[Part.FACE]
    assert solution.seen[Part.FACE]
    for part in (Part.TORSO, Part.LEFT_ARM, Part.LEFT_HAND, Part.RIGHT_HAND, Part.LEGS):
        assert not solution.searched[part]


def test_numbers_that_are_not_finite_must_count_as_not_seen() -> None:
    frame = Scene(BENT, left=True).frame(0)
    assert frame.body is not None
    assert frame.face is not None
    assert frame.left_hand is not None
    points = frame.body.points.copy()
    points[13] = np.nan
    matrix = frame.face.camera_from_head.copy()
    matrix[0, 0] = np.inf
    hand = frame.left_hand.points.copy()
    hand[3] = np.nan
    broken = replace(
        frame,
        body=replace(frame.body, points=points),
        face=replace(frame.face, camera_from_head=matrix),
        left_hand=replace(frame.left_hand, points=hand),
    )
    solution = Solver().solve(broken)
    assert not any(solution.seen.values())
    assert solution.searched[Part.TORSO]
    assert np.isfinite(solution.targets).all()


def test_limbs_must_keep_their_length_when_depth_wanders() -> None:
    solver = Solver()
    for i in range(60):
        solver.solve(Scene(BENT).frame(i * 33 * MS, i))
    frame = Scene(BENT).frame(60 * 33 * MS)
    assert frame.body is not None
    points = frame.body.points.copy()
    points[[15, 17, 19, 21], 2] += 0.08  # the wrist's depth is off by 8 cm
    wrong = replace(frame, body=replace(frame.body, points=points))
    true = place(BENT)[0]["leftLowerArm"].as_quat()
    bone = BONE_INDEX["leftLowerArm"]
    helped = apart_deg(solver.solve(wrong).targets[bone], true)
    alone = apart_deg(Solver().solve(wrong).targets[bone], true)
    assert helped < 0.75 * alone


def observed(neutral: Neutral, weights: np.ndarray, seconds: float, start: int = 0) -> int:
    for _ in range(round(seconds * 30)):
        start += 33 * MS
        neutral.observe(start, weights, np.zeros(2), np.zeros(2))
    return start


def weights_of(**values: float) -> np.ndarray:
    out = np.zeros(52)
    for name, value in values.items():
        out[ARKIT_INDEX[name]] = value
    return out


@pytest.mark.parametrize("floor", [0.0, 0.12, 0.25])
@pytest.mark.parametrize("closed", [0.55, 0.7, 0.85])
def test_blinks_must_span_the_whole_range_for_every_performer(floor: float, closed: float) -> None:
    neutral = Neutral()
    opened = weights_of(eyeBlinkLeft=floor, eyeBlinkRight=floor)
    shut = weights_of(eyeBlinkLeft=closed, eyeBlinkRight=closed)
    now = observed(neutral, opened, 3.0)
    for _ in range(4):
        now = observed(neutral, shut, 0.12, now)
        now = observed(neutral, opened, 0.6, now)
    assert blinks(opened, neutral).max() < 0.1
    assert blinks(shut, neutral).min() > 0.85


def test_looking_down_must_not_be_a_blink() -> None:
    neutral = Neutral()
    observed(neutral, weights_of(eyeBlinkLeft=0.06, eyeBlinkRight=0.06), 3.0)
    down = weights_of(
        eyeBlinkLeft=0.22, eyeBlinkRight=0.22, eyeLookDownLeft=0.7, eyeLookDownRight=0.7
    )
    assert blinks(down, neutral).max() < 0.2


def test_a_wink_must_stay_one_sided() -> None:
    neutral = Neutral()
    observed(neutral, weights_of(eyeBlinkLeft=0.05, eyeBlinkRight=0.05), 3.0)
    wink = blinks(weights_of(eyeBlinkLeft=0.7, eyeBlinkRight=0.15), neutral)
    assert wink[0] > 0.85
    assert wink[1] < 0.25


def test_vowels_must_share_the_mouth() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        names = expressions(rng.random(52).astype(np.float32))
        vowels = [names[v] for v in ("aa", "ih", "ou", "ee", "oh")]
        assert min(vowels) >= 0.0
        assert sum(vowels) <= 1.0 + 1e-6
    wide = expressions(weights_of(jawOpen=0.7).astype(np.float32))
    assert max(("aa", "ih", "ou", "ee", "oh"), key=wide.__getitem__) == "aa"
    round_ = expressions(weights_of(jawOpen=0.4, mouthFunnel=0.8).astype(np.float32))
    assert max(("aa", "ih", "ou", "ee", "oh"), key=round_.__getitem__) == "oh"
    pursed = expressions(weights_of(mouthPucker=0.9).astype(np.float32))
    assert max(("aa", "ih", "ou", "ee", "oh"), key=pursed.__getitem__) == "ou"
    assert sum(expressions(np.zeros(52, np.float32)).values()) == 0.0


def test_gaze_must_follow_both_eyes() -> None:
    left = Scene(weights={"eyeLookOutLeft": 0.6, "eyeLookInRight": 0.6}).frame(0)
    gaze = Solver().solve(left).gaze_deg
    assert gaze is not None
    assert gaze[0] > 5.0
    down = (
        Solver()
        .solve(Scene(weights={"eyeLookDownLeft": 0.6, "eyeLookDownRight": 0.6}).frame(0))
        .gaze_deg
    )
    assert down is not None
    assert down[1] > 5.0


def test_all_targets_must_be_unit_quaternions() -> None:
    solution = Solver().solve(Scene(BENT, left=True, right=True).frame(0))
    assert solution.targets.shape == (len(HUMAN_BONES), 4)
    assert np.allclose(np.linalg.norm(solution.targets, axis=1), 1.0)


def test_a_hand_far_from_the_wrist_must_be_somebody_elses() -> None:
    frame = Scene(BENT, left=True).frame(0)
    assert frame.body is not None
    assert frame.left_hand is not None
    wrist = frame.body.image_points[15]
    for offset, belongs in ((0.01, True), (0.4, False)):
        image = np.tile(wrist, (21, 1)).astype(np.float32)
        image[:, 1] += offset
        hand = replace(frame.left_hand, image_points=image)
        solution = Solver().solve(replace(frame, left_hand=hand))
        assert solution.seen[Part.LEFT_HAND] is belongs
        assert bool(solution.known[BONE_INDEX["leftIndexProximal"]]) is belongs


def test_a_performer_on_a_chair_must_not_make_the_avatar_squat() -> None:
    bones: dict[str, Rotation] = {}
    for side in ("left", "right"):
        bones |= {f"{side}UpperLeg": euler("x", -80), f"{side}LowerLeg": euler("x", 85)}
    frame = Scene(turned(**bones)).frame(0)
    assert not Solver().solve(frame).seen[Part.LEGS]
    assert Solver(legs="on").solve(frame).seen[Part.LEGS]
